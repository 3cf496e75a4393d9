//! One unit for each vector of channels that is written.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, empty, extents};
use super::grid;

/// Means over 2×2 windows: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`.
pub fn average_pool(x: CubeTensor) -> CubeTensor {
    let x = channels_last(x);
    let [batch, height, width, channels] = extents(&x);
    let means = empty(&x, [batch, height / 2, width / 2, channels]);
    let client = x.client.clone();
    let (count, units) = grid(&means);
    // SAFETY: units beyond the means do nothing, and each window lies within the picture.
    unsafe {
        forward_kernel::launch_unchecked(&client, count, units, VECTOR, x.into_tensor_arg(), means.clone().into_tensor_arg());
    }
    channels_first(means)
}

/// A quarter of each mean's gradient for the four that it was made of: `[1, C, ⌊H/2⌋, ⌊W/2⌋]` to `[1, C, H, W]`.
pub fn average_pool_backward(gradient: CubeTensor, [height, width]: [usize; 2]) -> CubeTensor {
    let gradient = channels_last(gradient);
    let [batch, _, _, channels] = extents(&gradient);
    let result = empty(&gradient, [batch, height, width, channels]);
    let client = gradient.client.clone();
    let (count, units) = grid(&result);
    // SAFETY: units beyond the result do nothing, and what has no mean reads the first one.
    unsafe {
        backward_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            gradient.into_tensor_arg(),
            result.clone().into_tensor_arg(),
        );
    }
    channels_first(result)
}

#[cube(launch_unchecked)]
fn forward_kernel<N: Size>(x: &Tensor<Vector<f32, N>>, means: &mut Tensor<Vector<f32, N>>) {
    let channels = means.shape(3) / VECTOR;
    let width = means.shape(2);
    let pixel = ABSOLUTE_POS / channels;
    if pixel < means.shape(1) * width {
        let down = x.shape(2) * channels;
        let first = pixel / width * 2 * down + pixel % width * 2 * channels + ABSOLUTE_POS % channels;
        let below = first + down;
        let sum = x[first] + x[first + channels] + x[below] + x[below + channels];
        means[ABSOLUTE_POS] = sum * Vector::new(0.25f32);
    }
}

#[cube(launch_unchecked)]
fn backward_kernel<N: Size>(gradient: &Tensor<Vector<f32, N>>, result: &mut Tensor<Vector<f32, N>>) {
    let channels = result.shape(3) / VECTOR;
    let width = result.shape(2);
    let pixel = ABSOLUTE_POS / channels;
    if pixel < result.shape(1) * width {
        let row = pixel / width / 2;
        let column = pixel % width / 2;
        let inside = row < gradient.shape(1) && column < gradient.shape(2);
        let mean = select(inside, row * gradient.shape(2) + column, 0usize.runtime());
        let value = gradient[mean * channels + ABSOLUTE_POS % channels] * Vector::new(0.25f32);
        result[ABSOLUTE_POS] = select(inside, value, Vector::new(0.0f32));
    }
}
