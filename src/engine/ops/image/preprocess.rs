//! Kernels that preprocess an image, with the backward pass: scale, mean, border, and channels-last
//! layout.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, empty, extents, launch_1d};
use super::Preprocess;

/// Preprocesses `[1, 3, H, W]` to `[1, 4, H + 2·border, W + 2·border]`.
pub fn preprocess(
    x: CubeTensor,
    Preprocess { scale, mean: [red, green, blue], border }: Preprocess,
) -> CubeTensor {
    let x = into_contiguous(x);
    let [_, _, height, width] = extents(&x);
    let [height, width] = [height, width].map(|side| side + 2 * border);
    let input = empty(&x, [1, height, width, VECTOR]);
    let client = x.client.clone();
    let (count, units) = launch_1d(&x, height * width);
    // SAFETY: units past the end of the network's input do nothing, and others read only within the
    // image.
    unsafe {
        forward_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            x.into_tensor_arg(),
            input.clone().into_tensor_arg(),
            scale,
            red,
            green,
            blue,
            border,
        );
    }
    channels_first(input)
}

/// Returns the gradient with respect to the image, `[1, 3, H, W]`, from that with respect to the
/// network's input, `[1, 4, H + 2·border, W + 2·border]`: the sum over all copies of each pixel.
pub fn preprocess_backward(
    gradient: CubeTensor,
    [height, width]: [usize; 2],
    Preprocess { scale, border, .. }: Preprocess,
) -> CubeTensor {
    let gradient = channels_last(gradient);
    let result = empty(&gradient, [1, 3, height, width]);
    let client = gradient.client.clone();
    let (count, units) = launch_1d(&gradient, height * width);
    // SAFETY: units past the end of the image do nothing, and others read only within the gradient.
    unsafe {
        backward_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            gradient.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            scale,
            border,
        );
    }
    result
}

#[cube(launch_unchecked)]
fn forward_kernel<N: Size>(
    x: &Tensor<f32>,
    input: &mut Tensor<Vector<f32, N>>,
    scale: f32,
    red: f32,
    green: f32,
    blue: f32,
    border: usize,
) {
    let width = input.shape(2);
    if ABSOLUTE_POS < input.shape(1) * width {
        let row = without_border(ABSOLUTE_POS / width, border, x.shape(2));
        let column = without_border(ABSOLUTE_POS % width, border, x.shape(3));
        let area = x.shape(2) * x.shape(3);
        let pixel = row * x.shape(3) + column;
        let mut value = Vector::<f32, N>::new(0.0f32);
        value.insert(0usize, x[pixel] * scale - red);
        value.insert(1usize, x[area + pixel] * scale - green);
        value.insert(2usize, x[2 * area + pixel] * scale - blue);
        input[ABSOLUTE_POS] = value;
    }
}

/// Maps a row or column `place` of the bordered image to that of the image, whose side has `length`
/// px: the border replicates the first and last.
#[cube]
fn without_border(place: usize, border: usize, length: usize) -> usize {
    min(max(place, border) - border, length - 1)
}

#[cube(launch_unchecked)]
fn backward_kernel<N: Size>(
    gradient: &Tensor<Vector<f32, N>>,
    result: &mut Tensor<f32>,
    scale: f32,
    border: usize,
) {
    let height = result.shape(2);
    let width = result.shape(3);
    let area = height * width;
    if ABSOLUTE_POS < area {
        let row = ABSOLUTE_POS / width;
        let column = ABSOLUTE_POS % width;
        let top = select(row == 0, 0usize.runtime(), row + border);
        let bottom = row + border + select(row + 1 == height, border, 0usize.runtime());
        let left = select(column == 0, 0usize.runtime(), column + border);
        let right = column + border + select(column + 1 == width, border, 0usize.runtime());
        let mut sum = Vector::<f32, N>::new(0.0f32);
        for y in top..bottom + 1 {
            for x in left..right + 1 {
                sum += gradient[y * gradient.shape(2) + x];
            }
        }
        result[ABSOLUTE_POS] = sum.extract(0usize) * scale;
        result[area + ABSOLUTE_POS] = sum.extract(1usize) * scale;
        result[2 * area + ABSOLUTE_POS] = sum.extract(2usize) * scale;
    }
}
