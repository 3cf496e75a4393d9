//! Kernels that crop an image, and that add a part to one.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty, extents, launch_1d};

/// Crops `[1, C, H, W]` to `[1, C, h, w]`: the region of `size` `[h, w]` whose top left corner is
/// at row and column `at`.
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
    // SAFETY: units past the end of the part do nothing, and the part is within the picture.
    unsafe {
        crop_kernel::launch_unchecked(
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

/// Adds `part`, `[1, 3, h, w]`, to `picture`, `[1, 3, H, W]`, with the part's top left corner at
/// row and column `at`; in place if `picture` is uniquely owned.
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
    // SAFETY: units past the end of the part do nothing, and the part is within the picture.
    unsafe {
        add_at_kernel::launch_unchecked(
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
fn crop_kernel(picture: &Tensor<f32>, part: &mut Tensor<f32>, top: usize, left: usize) {
    if ABSOLUTE_POS < part.shape(1) * part.shape(2) * part.shape(3) {
        let index = index_in_picture(
            picture.shape(2),
            picture.shape(3),
            part.shape(2),
            part.shape(3),
            top,
            left,
        );
        part[ABSOLUTE_POS] = picture[index];
    }
}

#[cube(launch_unchecked)]
fn add_at_kernel(picture: &mut Tensor<f32>, part: &Tensor<f32>, top: usize, left: usize) {
    if ABSOLUTE_POS < part.shape(1) * part.shape(2) * part.shape(3) {
        let index = index_in_picture(
            picture.shape(2),
            picture.shape(3),
            part.shape(2),
            part.shape(3),
            top,
            left,
        );
        picture[index] += part[ABSOLUTE_POS];
    }
}

/// Returns the index, in an image of `picture_height` and `picture_width`, of this unit's element
/// of a part of `height` and `width` whose top left corner is at row `top` and column `left`.
#[cube]
fn index_in_picture(
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
