//! Kernel for bilinear resizing. It serves all sizes, where Burn's own compiles anew for each.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{empty, extents, launch_1d};

/// Resizes images in chunks, `[K, R, L]` to `[K', R, length]`, from height and width `from` to
/// those of `to`.
pub fn resize(pictures: CubeTensor, from: [usize; 2], to: [usize; 2], length: usize) -> CubeTensor {
    let pictures = into_contiguous(pictures);
    let [_, rows, _] = extents(&pictures);
    let chunks = (3 * to[0] * to[1]).div_ceil(length);
    let result = empty(&pictures, [chunks, rows, length]);
    let client = pictures.client.clone();
    let (count, units) = launch_1d(&pictures, chunks * rows * length);
    // SAFETY: units past the end of the result do nothing, and others read only within an image of
    // size `from`.
    unsafe {
        resize_kernel::launch_unchecked(
            &client,
            count,
            units,
            pictures.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            from[0],
            from[1],
            to[0],
            to[1],
        );
    }
    result
}

#[cube(launch_unchecked)]
fn resize_kernel(
    pictures: &Tensor<f32>,
    result: &mut Tensor<f32>,
    from_height: usize,
    from_width: usize,
    height: usize,
    width: usize,
) {
    let length = result.shape(2);
    let rows = result.shape(1);
    if ABSOLUTE_POS < result.shape(0) * rows * length {
        let row = ABSOLUTE_POS / length % rows;
        let element = ABSOLUTE_POS / (length * rows) * length + ABSOLUTE_POS % length;
        let inside = element < 3 * height * width;
        let within = select(inside, element, 0usize.runtime());
        let across = source_position(within % width, from_width, width);
        let down = source_position(within / width % height, from_height, height);
        let (left, top) = (usize::cast_from(across), usize::cast_from(down));
        let (right, bottom) = (min(left + 1, from_width - 1), min(top + 1, from_height - 1));
        let colour = within / (width * height) * from_height;
        let upper = interpolate(pictures, row, (colour + top) * from_width, left, right, across);
        let lower = interpolate(pictures, row, (colour + bottom) * from_width, left, right, across);
        let value = upper + (lower - upper) * (down - f32::cast_from(top));
        result[ABSOLUTE_POS] = select(inside, value, 0.0f32);
    }
}

/// Maps pixel `at` of a side of `to` px to its position on a side of `from` px, clamped to the
/// side.
#[cube]
fn source_position(at: usize, from: usize, to: usize) -> f32 {
    let position =
        (f32::cast_from(at) + 0.5f32) * (f32::cast_from(from) / f32::cast_from(to)) - 0.5f32;
    min(max(position, 0.0f32), f32::cast_from(from - 1))
}

/// Interpolates between the pixels `left` and `right` of one line of image `row`, at position
/// `across`. The line begins at element `line` of the image.
#[cube]
fn interpolate(
    pictures: &Tensor<f32>,
    row: usize,
    line: usize,
    left: usize,
    right: usize,
    across: f32,
) -> f32 {
    let near = element_of(pictures, row, line + left);
    let far = element_of(pictures, row, line + right);
    near + (far - near) * (across - f32::cast_from(left))
}

/// Returns the value at `element` of image `row`.
#[cube]
fn element_of(pictures: &Tensor<f32>, row: usize, element: usize) -> f32 {
    let length = pictures.shape(2);
    pictures[(element / length * pictures.shape(1) + row) * length + element % length]
}
