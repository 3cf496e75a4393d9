//! One unit for each vector of channels that is written.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, empty, extents};
use super::grid;

/// The greatest of 2×2 windows: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`.
pub fn max_pool(x: CubeTensor) -> CubeTensor {
    let x = channels_last(x);
    let [batch, height, width, channels] = extents(&x);
    let greatest = empty(&x, [batch, height / 2, width / 2, channels]);
    let client = x.client.clone();
    let (count, units) = grid(&greatest);
    // SAFETY: units beyond the result do nothing, and each window lies within the picture.
    unsafe {
        forward_kernel::launch_unchecked(&client, count, units, VECTOR, x.into_tensor_arg(), greatest.clone().into_tensor_arg());
    }
    channels_first(greatest)
}

/// Each one's gradient for the first of its window that is as great: `[1, C, ⌊H/2⌋, ⌊W/2⌋]` and what was pooled, to `[1, C, H, W]`.
pub fn max_pool_backward(gradient: CubeTensor, x: CubeTensor) -> CubeTensor {
    let [gradient, x] = [gradient, x].map(channels_last);
    let result = empty(&x, extents::<4>(&x));
    let client = gradient.client.clone();
    let (count, units) = grid(&result);
    // SAFETY: units beyond the result do nothing, and what has no window reads the first one.
    unsafe {
        backward_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            gradient.into_tensor_arg(),
            x.into_tensor_arg(),
            result.clone().into_tensor_arg(),
        );
    }
    channels_first(result)
}

#[cube(launch_unchecked)]
fn forward_kernel<N: Size>(x: &Tensor<Vector<f32, N>>, greatest: &mut Tensor<Vector<f32, N>>) {
    let channels = greatest.shape(3) / VECTOR;
    let width = greatest.shape(2);
    let pixel = ABSOLUTE_POS / channels;
    if pixel < greatest.shape(1) * width {
        let down = x.shape(2) * channels;
        let first = pixel / width * 2 * down + pixel % width * 2 * channels + ABSOLUTE_POS % channels;
        let below = first + down;
        greatest[ABSOLUTE_POS] = max(max(x[first], x[first + channels]), max(x[below], x[below + channels]));
    }
}

#[cube(launch_unchecked)]
fn backward_kernel<N: Size>(gradient: &Tensor<Vector<f32, N>>, x: &Tensor<Vector<f32, N>>, result: &mut Tensor<Vector<f32, N>>) {
    let channels = result.shape(3) / VECTOR;
    let width = result.shape(2);
    let pixel = ABSOLUTE_POS / channels;
    if pixel < result.shape(1) * width {
        let channel = ABSOLUTE_POS % channels;
        let row = pixel / width / 2;
        let column = pixel % width / 2;
        let inside = row < gradient.shape(1) && column < gradient.shape(2);
        let first = select(inside, (row * 2 * width + column * 2) * channels + channel, 0usize.runtime());
        let own = pixel / width % 2 * 2 + pixel % width % 2;
        let value = x[ABSOLUTE_POS];
        let mut before = Vector::<f32, N>::min_value();
        let mut behind = Vector::<f32, N>::min_value();
        #[unroll]
        for place in 0..4usize {
            let other = x[first + comptime!(place / 2) * width * channels + comptime!(place % 2) * channels];
            before = select(place < own, max(before, other), before);
            behind = select(place > own, max(behind, other), behind);
        }
        let chosen = value.greater_than(&before).vec_and(value.greater_equal(&behind));
        let zero = Vector::<f32, N>::new(0.0f32);
        let window = select(inside, row * gradient.shape(2) + column, 0usize.runtime());
        let pulled = select_many(chosen, gradient[window * channels + channel], zero);
        result[ABSOLUTE_POS] = select(inside, pulled, zero);
    }
}
