//! Functions shared by both convolution kernels.

use cubecl::prelude::*;

use super::super::precision::held;

/// Applies ReLU to `sum` and caps it at the largest finite `P`, the stored precision.
#[cube]
pub fn relu_as<P: Float, N: Size>(sum: Vector<f32, N>) -> Vector<f32, N> {
    held::<P, N>(max(sum, Vector::new(0.0f32)))
}

/// Returns `gradient` where `output > 0`, else 0: the backward pass of ReLU.
#[cube]
pub fn gated<M: Float, N: Size>(gradient: Vector<f32, N>, output: Vector<M, N>) -> Vector<f32, N> {
    let zero = Vector::<f32, N>::new(0.0f32);
    select_many(Vector::<f32, N>::cast_from(output).greater_than(&zero), gradient, zero)
}

/// Location of a pixel in a padded feature map.
#[derive(CubeType)]
pub struct Place {
    /// Whether the pixel is inside the map rather than in the padding.
    pub inside: bool,
    /// Index of the pixel; 0 in the padding, so that loads stay in bounds.
    pub index: usize,
}

/// Locates a pixel of `x`. Row and column count from the edge of the padding, so neither is
/// negative.
#[cube]
pub fn place<X: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    row: usize,
    column: usize,
    #[comptime] padding: usize,
) -> Place {
    let height = x.shape(1);
    let width = x.shape(2);
    let inside =
        row >= padding && row < height + padding && column >= padding && column < width + padding;
    Place {
        inside,
        index: select(inside, (row - padding) * width + column - padding, 0usize.runtime()),
    }
}

/// Returns the side of the output, px, for an input `side` with `padding` at both ends.
pub const fn output_side(side: usize, padding: usize, window: usize) -> usize {
    side + 2 * padding + 1 - window
}
