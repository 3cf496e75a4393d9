//! What the kernels of both divisions do alike.

use cubecl::prelude::*;

use super::super::precision::held;

/// A ReLU's answer, to be kept as `P`.
#[cube]
pub fn relu_as<P: Float, N: Size>(sum: Vector<f32, N>) -> Vector<f32, N> {
    held::<P, N>(max(sum, Vector::new(0.0f32)))
}

/// A `gradient` where the ReLU that gave `output` was open, else 0.
#[cube]
pub fn gated<M: Float, N: Size>(gradient: Vector<f32, N>, output: Vector<M, N>) -> Vector<f32, N> {
    let zero = Vector::<f32, N>::new(0.0f32);
    select_many(Vector::<f32, N>::cast_from(output).greater_than(&zero), gradient, zero)
}

/// Where a pixel lies in a map.
#[derive(CubeType)]
pub struct Place {
    /// Whether it does, or is one of the zeros around.
    pub inside: bool,
    /// Its number; that of another pixel if it does not.
    pub index: usize,
}

/// The place in `x` of a pixel whose row and column count from the padding, so that nothing is
/// below 0.
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

/// The side of the answer, px, for a `side` with so many zeros at both ends and so wide a window.
pub const fn output_side(side: usize, padding: usize, window: usize) -> usize {
    side + 2 * padding + 1 - window
}
