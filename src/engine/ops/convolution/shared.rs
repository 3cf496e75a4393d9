//! Functions that both convolution kernels share.

use cubecl::prelude::*;

use super::super::precision::held;

/// Applies ReLU to `sum` and rounds it to the stored precision `P`.
#[cube]
pub fn relu_as<P: Float, N: Size>(sum: Vector<f32, N>) -> Vector<f32, N> {
    held::<P, N>(max(sum, Vector::new(0.0f32)))
}

/// Returns `gradient` where the ReLU with this `output` was open, else 0.
#[cube]
pub fn gated<M: Float, N: Size>(gradient: Vector<f32, N>, output: Vector<M, N>) -> Vector<f32, N> {
    let zero = Vector::<f32, N>::new(0.0f32);
    select_many(Vector::<f32, N>::cast_from(output).greater_than(&zero), gradient, zero)
}

/// A pixel of a padded feature map.
#[derive(CubeType)]
pub struct Place {
    /// Whether the pixel lies inside the map, not in the padding.
    pub inside: bool,
    /// Index of the pixel; some valid index if it lies in the padding.
    pub index: usize,
}

/// Locates a pixel of `x` whose row and column count from the padding, so that neither is negative.
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

/// Returns the output side, px, for this input `side`, `padding` at both ends and `window`.
pub const fn output_side(side: usize, padding: usize, window: usize) -> usize {
    side + 2 * padding + 1 - window
}
