//! Kernel that packs an image to bytes.

use burn::tensor::DType;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty_as, extents, launch_1d};

/// Packs `[1, 3, H, W]` to RGBA words, `[H, W]`, with red in the lowest byte.
pub fn pack(x: CubeTensor) -> CubeTensor {
    let x = into_contiguous(x);
    let [_, _, height, width] = extents(&x);
    let result = empty_as(&x, [height, width], DType::U32);
    let client = x.client.clone();
    let (count, units) = launch_1d(&x, height * width);
    // SAFETY: units past the end of the image do nothing.
    unsafe {
        pack_kernel::launch_unchecked(
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
fn pack_kernel(x: &Tensor<f32>, result: &mut Tensor<u32>) {
    let area = result.shape(0) * result.shape(1);
    if ABSOLUTE_POS < area {
        let red = byte(x[ABSOLUTE_POS]);
        let green = byte(x[area + ABSOLUTE_POS]);
        let blue = byte(x[2 * area + ABSOLUTE_POS]);
        result[ABSOLUTE_POS] = red | (green << 8u32) | (blue << 16u32) | 0xff00_0000u32;
    }
}

/// Clamps a value to 0..1 and rounds it to a byte.
#[cube]
fn byte(value: f32) -> u32 {
    u32::cast_from(min(max(value, 0.0f32), 1.0f32) * 255.0f32 + 0.5f32)
}
