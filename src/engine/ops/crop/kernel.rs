//! Crop and padding kernel: one unit per vector of output channels.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, empty_as, extents, launch_1d};
use super::super::precision::element;

/// Crops `[1, C, H, W]` to `[1, C, h, w]`: the region of `size` `[h, w]` whose top left corner is
/// at row and column `at`.
pub fn crop(map: CubeTensor, at: [usize; 2], size: [usize; 2]) -> CubeTensor {
    copy_shifted(map, size, at, [0, 0])
}

/// Zero-pads `[1, C, h, w]` to `[1, C, H, W]`, of `size` `[H, W]`, with the top left corner of
/// `part` at row and column `at`.
pub fn pad_into(part: CubeTensor, at: [usize; 2], size: [usize; 2]) -> CubeTensor {
    copy_shifted(part, size, [0, 0], at)
}

/// Copies `x`, from row and column `from`, into zeros of this height and width, to row and column
/// `to`.
fn copy_shifted(
    x: CubeTensor,
    [height, width]: [usize; 2],
    from: [usize; 2],
    to: [usize; 2],
) -> CubeTensor {
    let x = channels_last(x);
    let [_, _, _, channels] = extents(&x);
    let copy = empty_as(&x, [1, height, width, channels], x.dtype);
    let length = copy.meta.num_elements() / VECTOR;
    let client = x.client.clone();
    let x_element = element(&x);
    let (count, units) = launch_1d(&x, length);
    // SAFETY: units past the end of the copy do nothing, and positions outside of `x` read its
    // first.
    unsafe {
        copy_shifted_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            x.into_tensor_arg(),
            copy.clone().into_tensor_arg(),
            length,
            from[0],
            from[1],
            to[0],
            to[1],
            x_element,
        );
    }
    channels_first(copy)
}

#[cube(launch_unchecked)]
fn copy_shifted_kernel<X: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    copy: &mut Tensor<Vector<X, N>>,
    length: usize,
    from_row: usize,
    from_column: usize,
    to_row: usize,
    to_column: usize,
    #[define(X)] _element: ElemType,
) {
    if ABSOLUTE_POS < length {
        let channels = copy.shape(3) / VECTOR;
        let position = ABSOLUTE_POS / channels;
        let (row, column) = (position / copy.shape(2), position % copy.shape(2));
        let (x_row, x_column) = (row + from_row - to_row, column + from_column - to_column);
        let inside =
            row >= to_row && column >= to_column && x_row < x.shape(1) && x_column < x.shape(2);
        let source = (x_row * x.shape(2) + x_column) * channels + ABSOLUTE_POS % channels;
        let value = x[select(inside, source, 0usize.runtime())];
        copy[ABSOLUTE_POS] = select(inside, value, Vector::cast_from(0.0f32));
    }
}
