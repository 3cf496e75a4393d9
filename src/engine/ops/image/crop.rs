//! Crops of an image, and adding a part to it.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty, extents, launch_1d};

/// Crops `[1, C, H, W]` to `[1, C, h, w]`, of this `size`, from row and column `at` on.
pub fn crop(picture: CubeTensor, at: [usize; 2], size: [usize; 2]) -> CubeTensor {
    let picture = into_contiguous(picture);
    let [_, channels, height, width] = extents(&picture);
    assert!(
        at[0] + size[0] <= height && at[1] + size[1] <= width,
        "a part lies within the picture"
    );
    let part = empty(&picture, [1, channels, size[0], size[1]]);
    let client = picture.client.clone();
    let (count, units) = launch_1d(&picture, part.meta.num_elements());
    // SAFETY: units beyond the part do nothing, and it lies within the picture.
    unsafe {
        part_kernel::launch_unchecked(
            &client,
            count,
            units,
            picture.into_tensor_arg(),
            part.clone().into_tensor_arg(),
            at[0],
            at[1],
        );
    }
    part
}

/// Adds `part` to `[1, 3, H, W]` from row and column `at` on; in place, unless shared.
pub fn add_at(picture: CubeTensor, part: CubeTensor, at: [usize; 2]) -> CubeTensor {
    let [picture, part] = [picture, part].map(into_contiguous);
    let picture = if picture.can_mut() { picture } else { picture.copy() };
    let [_, _, height, width] = extents(&part);
    let [_, _, whole_height, whole_width] = extents(&picture);
    assert!(
        at[0] + height <= whole_height && at[1] + width <= whole_width,
        "a part lies within the picture"
    );
    let client = picture.client.clone();
    let (count, units) = launch_1d(&picture, 3 * height * width);
    // SAFETY: units beyond the part do nothing, and it lies within the picture.
    unsafe {
        added_kernel::launch_unchecked(
            &client,
            count,
            units,
            picture.clone().into_tensor_arg(),
            part.into_tensor_arg(),
            at[0],
            at[1],
        );
    }
    picture
}

#[cube(launch_unchecked)]
fn part_kernel(picture: &Tensor<f32>, part: &mut Tensor<f32>, top: usize, left: usize) {
    if ABSOLUTE_POS < part.shape(1) * part.shape(2) * part.shape(3) {
        let place =
            place(picture.shape(2), picture.shape(3), part.shape(2), part.shape(3), top, left);
        part[ABSOLUTE_POS] = picture[place];
    }
}

#[cube(launch_unchecked)]
fn added_kernel(picture: &mut Tensor<f32>, part: &Tensor<f32>, top: usize, left: usize) {
    if ABSOLUTE_POS < part.shape(1) * part.shape(2) * part.shape(3) {
        let place =
            place(picture.shape(2), picture.shape(3), part.shape(2), part.shape(3), top, left);
        picture[place] += part[ABSOLUTE_POS];
    }
}

/// Returns the index in an image of this height and width of this unit's element of a part of
/// `height` and `width`.
#[cube]
fn place(
    picture_height: usize,
    picture_width: usize,
    height: usize,
    width: usize,
    top: usize,
    left: usize,
) -> usize {
    let row = ABSOLUTE_POS / width;
    let line = row / height * picture_height + top + row % height;
    line * picture_width + left + ABSOLUTE_POS % width
}
