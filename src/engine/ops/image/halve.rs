//! Kernel that halves the sides of an image.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty, extents, launch_1d};

/// Averages 2×2 pixels: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`.
pub fn halve(x: CubeTensor) -> CubeTensor {
    let x = into_contiguous(x);
    let [_, channels, height, width] = extents(&x);
    let (height, width) = (height / 2, width / 2);
    let result = empty(&x, [1, channels, height, width]);
    let client = x.client.clone();
    let (count, units) = launch_1d(&x, channels * height * width);
    // SAFETY: units past the end of the result do nothing, and others read only within the image.
    unsafe {
        halve_kernel::launch_unchecked(
            &client,
            count,
            units,
            x.into_tensor_arg(),
            result.clone().into_tensor_arg(),
        );
    };
    result
}

#[cube(launch_unchecked)]
fn halve_kernel(x: &Tensor<f32>, result: &mut Tensor<f32>) {
    let height = result.shape(2);
    let width = result.shape(3);
    if ABSOLUTE_POS < result.shape(1) * height * width {
        let row = ABSOLUTE_POS / width;
        let line = row / height * x.shape(2) + row % height * 2;
        let upper = line * x.shape(3) + ABSOLUTE_POS % width * 2;
        let lower = upper + x.shape(3);
        result[ABSOLUTE_POS] = (x[upper] + x[upper + 1] + x[lower] + x[lower + 1]) * 0.25f32;
    }
}
