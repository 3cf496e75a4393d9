//! One unit for each vector of channels that is written.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, a_unit_each, channels_first, channels_last, empty, empty_as, extents};
use super::super::precision::element;
use super::Taken;

/// What is taken of 2×2 windows: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`, kept as `x` is.
pub fn pool(x: CubeTensor, taken: Taken) -> CubeTensor {
    let x = channels_last(x);
    let [batch, height, width, channels] = extents(&x);
    let result = empty_as(&x, [batch, height / 2, width / 2, channels], x.dtype);
    let kept = element(&x);
    let (count, units) = a_unit_each(&result, result.meta.num_elements() / VECTOR);
    // SAFETY: units beyond the result do nothing, and each window lies within the picture.
    unsafe {
        forward_kernel::launch_unchecked(
            &x.client.clone(),
            count,
            units,
            VECTOR,
            x.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            taken,
            kept,
        );
    }
    channels_first(result)
}

/// Each window's gradient for those that it was taken from: a quarter for all four of a mean, or all of it for the first of the greatest.
/// `[1, C, ⌊H/2⌋, ⌊W/2⌋]` and what was pooled to `[1, C, H, W]`, both gradients in f32.
pub fn pool_backward(gradient: CubeTensor, x: CubeTensor, taken: Taken) -> CubeTensor {
    let [gradient, x] = [gradient, x].map(channels_last);
    let result = empty(&x, extents::<4>(&x));
    let kept = element(&x);
    let (count, units) = a_unit_each(&result, result.meta.num_elements() / VECTOR);
    // SAFETY: units beyond the result do nothing, and what has no window reads the first one.
    unsafe {
        backward_kernel::launch_unchecked(
            &x.client.clone(),
            count,
            units,
            VECTOR,
            gradient.into_tensor_arg(),
            x.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            taken,
            kept,
        );
    }
    channels_first(result)
}

#[cube(launch_unchecked)]
fn forward_kernel<X: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    result: &mut Tensor<Vector<X, N>>,
    #[comptime] taken: Taken,
    #[define(X)] _element: ElemType,
) {
    let channels = result.shape(3) / VECTOR;
    let width = result.shape(2);
    let pixel = ABSOLUTE_POS / channels;
    if pixel < result.shape(1) * width {
        let down = x.shape(2) * channels;
        let first = pixel / width * 2 * down + pixel % width * 2 * channels + ABSOLUTE_POS % channels;
        let below = first + down;
        if comptime!(taken == Taken::Mean) {
            let above = Vector::<f32, N>::cast_from(x[first]) + Vector::cast_from(x[first + channels]);
            let sum = above + Vector::cast_from(x[below]) + Vector::cast_from(x[below + channels]);
            result[ABSOLUTE_POS] = Vector::cast_from(sum * Vector::new(0.25f32));
        } else {
            result[ABSOLUTE_POS] = max(max(x[first], x[first + channels]), max(x[below], x[below + channels]));
        }
    }
}

#[cube(launch_unchecked)]
fn backward_kernel<X: Float, N: Size>(
    gradient: &Tensor<Vector<f32, N>>,
    x: &Tensor<Vector<X, N>>,
    result: &mut Tensor<Vector<f32, N>>,
    #[comptime] taken: Taken,
    #[define(X)] _element: ElemType,
) {
    let channels = result.shape(3) / VECTOR;
    let width = result.shape(2);
    let pixel = ABSOLUTE_POS / channels;
    if pixel < result.shape(1) * width {
        let channel = ABSOLUTE_POS % channels;
        let row = pixel / width / 2;
        let column = pixel % width / 2;
        let inside = row < gradient.shape(1) && column < gradient.shape(2);
        let window = select(inside, row * gradient.shape(2) + column, 0usize.runtime());
        let whole = gradient[window * channels + channel];
        let zero = Vector::<f32, N>::new(0.0f32);
        if comptime!(taken == Taken::Mean) {
            result[ABSOLUTE_POS] = select(inside, whole * Vector::new(0.25f32), zero);
        } else {
            let first = select(inside, (row * 2 * width + column * 2) * channels + channel, 0usize.runtime());
            let own = pixel / width % 2 * 2 + pixel % width % 2;
            let chosen = first_of_greatest(x, first, own, width * channels, channels);
            result[ABSOLUTE_POS] = select(inside, select_many(chosen, whole, zero), zero);
        }
    }
}

/// Whether this unit's value, the `own`-th of the window that begins at `first`, is greater than those before and no less than those behind.
#[cube]
fn first_of_greatest<X: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    first: usize,
    own: usize,
    down: usize,
    right: usize,
) -> Vector<bool, N> {
    let value = x[ABSOLUTE_POS];
    let mut before = Vector::<X, N>::min_value();
    let mut behind = Vector::<X, N>::min_value();
    #[unroll]
    for place in 0..4usize {
        let other = x[first + comptime!(place / 2) * down + comptime!(place % 2) * right];
        before = select(place < own, max(before, other), before);
        behind = select(place > own, max(behind, other), behind);
    }
    value.greater_than(&before).vec_and(value.greater_equal(&behind))
}
