//! Kernels of total variation, with the backward pass.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty, launch_1d, summing_units};
use super::super::sums::total;

/// Returns `scale · Σ (x − neighbour)²`, `[1]`, of `x`, `[1, 3, H, W]`.
pub fn total_variation(x: CubeTensor, scale: f32) -> CubeTensor {
    let x = into_contiguous(x);
    let units = summing_units(x.meta.num_elements());
    let sums = empty(&x, [units]);
    let client = x.client.clone();
    let (count, workgroup) = launch_1d(&x, units);
    // SAFETY: each unit reads only within the image and writes its own sum; the grid covers the
    // sums exactly.
    unsafe {
        sum_kernel::launch_unchecked(
            &client,
            count,
            workgroup,
            x.into_tensor_arg(),
            sums.clone().into_tensor_arg(),
            units,
            scale,
        );
    }
    total(sums)
}

/// Returns the gradient with respect to `x`, `[1, 3, H, W]`, from `g`, `[1]`, that with respect to
/// the total variation.
pub fn total_variation_backward(g: CubeTensor, x: CubeTensor, scale: f32) -> CubeTensor {
    let x = into_contiguous(x);
    let result = empty(&x, x.meta.shape().dims::<4>());
    let client = x.client.clone();
    let (count, workgroup) = launch_1d(&x, x.meta.num_elements());
    // SAFETY: units past the end of the image do nothing, and others read only within it.
    unsafe {
        gradient_kernel::launch_unchecked(
            &client,
            count,
            workgroup,
            g.into_tensor_arg(),
            x.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            2.0 * scale,
        );
    }
    result
}

#[cube(launch_unchecked)]
fn sum_kernel(x: &Tensor<f32>, sums: &mut Tensor<f32>, units: usize, scale: f32) {
    let height = x.shape(2);
    let width = x.shape(3);
    let mut sum = 0.0f32;
    for index in range_stepped(ABSOLUTE_POS, x.shape(1) * height * width, units) {
        let row = index / width % height;
        let column = index % width;
        let right = x[select(column + 1 < width, index + 1, index)] - x[index];
        let below = x[select(row + 1 < height, index + width, index)] - x[index];
        sum += right * right + below * below;
    }
    sums[ABSOLUTE_POS] = sum * scale;
}

#[cube(launch_unchecked)]
fn gradient_kernel(g: &Tensor<f32>, x: &Tensor<f32>, result: &mut Tensor<f32>, factor: f32) {
    let height = x.shape(2);
    let width = x.shape(3);
    if ABSOLUTE_POS < x.shape(1) * height * width {
        let row = ABSOLUTE_POS / width % height;
        let column = ABSOLUTE_POS % width;
        let here = x[ABSOLUTE_POS];
        // At an edge the pixel stands in for its missing neighbour, so the difference is 0.
        let left = here - x[select(column > 0, ABSOLUTE_POS - 1, ABSOLUTE_POS)];
        let right = here - x[select(column + 1 < width, ABSOLUTE_POS + 1, ABSOLUTE_POS)];
        let above = here - x[select(row > 0, ABSOLUTE_POS - width, ABSOLUTE_POS)];
        let below = here - x[select(row + 1 < height, ABSOLUTE_POS + width, ABSOLUTE_POS)];
        result[ABSOLUTE_POS] = (left + right + above + below) * (g[0] * factor);
    }
}
