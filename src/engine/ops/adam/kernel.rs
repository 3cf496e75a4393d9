//! Adam kernels: one unit per pixel value.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty, extents, launch_1d};
use super::AdamStep;

/// Returns both moments, `[2, 3, H, W]`, after a `gradient`, `[1, 3, H, W]`.
pub fn moments(before: CubeTensor, gradient: CubeTensor, [first, second]: [f32; 2]) -> CubeTensor {
    let [before, gradient] = [before, gradient].map(into_contiguous);
    let elements = gradient.meta.num_elements();
    let result = empty(&before, extents::<4>(&before));
    let client = before.client.clone();
    let (count, units) = launch_1d(&before, elements);
    // SAFETY: units past the end of the gradient do nothing.
    unsafe {
        moments_kernel::launch_unchecked(
            &client,
            count,
            units,
            before.into_tensor_arg(),
            gradient.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            elements,
            first,
            second,
        );
    }
    result
}

/// Returns `x`, `[1, 3, H, W]`, after a step by the `moments`, `[2, 3, H, W]`.
pub fn step(x: CubeTensor, moments: CubeTensor, step: AdamStep) -> CubeTensor {
    let [x, moments] = [x, moments].map(into_contiguous);
    let elements = x.meta.num_elements();
    let result = empty(&x, extents::<4>(&x));
    let AdamStep { weight, epsilon, rate } = step;
    let client = x.client.clone();
    let (count, units) = launch_1d(&x, elements);
    // SAFETY: units past the end of the image do nothing.
    unsafe {
        step_kernel::launch_unchecked(
            &client,
            count,
            units,
            x.into_tensor_arg(),
            moments.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            elements,
            weight[0],
            weight[1],
            epsilon,
            rate,
        );
    }
    result
}

#[cube(launch_unchecked)]
fn moments_kernel(
    before: &Tensor<f32>,
    gradient: &Tensor<f32>,
    result: &mut Tensor<f32>,
    elements: usize,
    first: f32,
    second: f32,
) {
    if ABSOLUTE_POS < elements {
        let g = gradient[ABSOLUTE_POS];
        let square = elements + ABSOLUTE_POS;
        result[ABSOLUTE_POS] = before[ABSOLUTE_POS] * first + g * (1.0 - first);
        result[square] = before[square] * second + g * g * (1.0 - second);
    }
}

#[cube(launch_unchecked)]
fn step_kernel(
    x: &Tensor<f32>,
    moments: &Tensor<f32>,
    result: &mut Tensor<f32>,
    elements: usize,
    first_weight: f32,
    second_weight: f32,
    epsilon: f32,
    rate: f32,
) {
    if ABSOLUTE_POS < elements {
        let mean = moments[ABSOLUTE_POS] / first_weight;
        let deviation = (moments[elements + ABSOLUTE_POS] / second_weight).sqrt();
        result[ABSOLUTE_POS] = x[ABSOLUTE_POS] - mean / (deviation + epsilon) * rate;
    }
}
