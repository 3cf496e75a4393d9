//! Tests of the kernels against their twins on the CPU.

use burn::tensor::module::{avg_pool2d, interpolate};
use burn::tensor::ops::{AvgPoolOptions, InterpolateMode, InterpolateOptions, PadMode};
use burn::tensor::{Device, Tensor};
use pollster::block_on;

use super::super::tests::{distance, distances, gpu, kernels_of, noise};
use super::Preprocess;
use super::glue::{add_at, crop, halve, outlines, pack, preprocess, resize, total_variation};
use super::plain;
use crate::engine::ImageTensor;
use crate::pixels::Pixels;

/// Relative L2 tolerance: rounding alone, of sums of a few terms.
const GATE: f64 = 1e-6;
/// Relative L2 tolerance of resizing, where positions are rounded too.
const RESIZE_GATE: f64 = 5e-6;
const SCALE: f32 = 0.37;
const SIZES: [[usize; 2]; 5] = [[1, 1], [1, 7], [2, 2], [33, 37], [128, 96]];

/// Returns parameters of preprocessing with this border.
fn how(border: usize) -> Preprocess {
    Preprocess { scale: 255.0, mean: [123.0, 116.0, 103.0], border }
}

/// Computes the twin of [`preprocess`], with the fourth channel that the kernel adds.
fn twin_of_preprocess(x: Tensor<4>, how: Preprocess) -> Tensor<4> {
    let input = plain::preprocess(x, how);
    let [_, _, height, width] = input.dims();
    let zeros = Tensor::zeros([1, 1, height, width], &input.device());
    Tensor::cat(vec![input, zeros], 1)
}

/// Computes the twin of [`total_variation`].
fn twin_of_variation(x: Tensor<4>) -> Tensor<1> {
    let [_, _, height, width] = x.dims();
    let squares = |dim: usize, length: usize| {
        let ahead = x.clone().narrow(dim, 1, length - 1) - x.clone().narrow(dim, 0, length - 1);
        ahead.square().sum() * SCALE
    };
    squares(2, height) + squares(3, width)
}

#[test]
fn preprocessing_matches_the_twin_in_value_and_gradient() {
    let device = gpu();
    for [height, width] in SIZES {
        for border in [0, 1, 2] {
            let how = how(border);
            let shapes: [&[usize]; 2] =
                [&[1, 3, height, width], &[1, 4, height + 2 * border, width + 2 * border]];
            let distances =
                distances(|x| preprocess(x, how), |x| twin_of_preprocess(x, how), shapes, &device);
            assert!(
                distances.iter().all(|&distance| distance <= GATE),
                "{height} × {width}, {border}: {distances:?}"
            );
        }
    }
}

#[test]
fn outlines_loss_matches_the_twin_in_value_and_gradient() {
    let device = gpu();
    let flat = |size: [usize; 2]| noise([1, 3, size[0], size[1]], 5, &device);
    assert_eq!(
        outlines(flat([8, 40]), flat([8, 40]), SCALE).into_scalar::<f32>(),
        0.0,
        "no cell has neighbours"
    );
    // A single inner cell; a row of them; rows and columns of pixels that fill no cell.
    for [height, width] in [[12, 12], [12, 40], [33, 38], [64, 48]] {
        let photo = |x: &Tensor<4>| noise([1, 3, height, width], 5, &x.device().without_autodiff());
        let shapes: [&[usize]; 2] = [&[1, 3, height, width], &[1]];
        let twin = |x: Tensor<4>| plain::outlines(x.clone(), photo(&x), SCALE);
        let distances = distances(|x| outlines(x.clone(), photo(&x), SCALE), twin, shapes, &device);
        assert!(
            distances.iter().all(|&distance| distance <= GATE),
            "{height} × {width}: {distances:?}"
        );
    }
}

#[test]
fn total_variation_matches_the_twin_in_value_and_gradient() {
    let device = gpu();
    for [height, width] in [[2, 2], [2, 9], [33, 37], [128, 96]] {
        let shapes: [&[usize]; 2] = [&[1, 3, height, width], &[1]];
        let distances =
            distances(|x| total_variation(x, SCALE), twin_of_variation, shapes, &device);
        assert!(
            distances.iter().all(|&distance| distance <= GATE),
            "{height} × {width}: {distances:?}"
        );
    }
}

#[test]
fn packed_bytes_equal_those_of_the_cpu() {
    let device = gpu();
    for [height, width] in SIZES {
        // Noise from −0.3 to 1.3: values outside of 0..1 are clamped.
        let x: Tensor<4> = noise([1, 3, height, width], 5, &device).mul_scalar(0.8).add_scalar(0.5);
        let image = ImageTensor::new(x.clone());
        let expected = Pixels::from_rgb(image.size(), &block_on(image.to_rgb()).unwrap());
        assert!(pack(x).into_data().as_bytes() == expected.rgba(), "{height} × {width}");
    }
}

#[test]
fn all_image_sizes_share_kernels() {
    let device = gpu();
    let launched = |[height, width]: [usize; 2]| {
        let [x, own]: [Tensor<4>; 2] =
            [1, 2].map(|seed| noise([1, 3, height, width], seed, &device));
        kernels_of(&device, || {
            drop(preprocess(x.clone(), how(1)));
            drop(total_variation(x.clone(), SCALE));
            drop(pack(x.clone()));
            drop(halve(x.clone()));
            drop(add_at(own, crop(x, [1, 2], [4, 5]), [2, 1]));
        })
    };
    let first = launched([8, 8]);
    assert_eq!(
        first.len(),
        9,
        "the network's input, the sums of all units, their sum, the bytes, the half, a part and \
         what it is added to, and the poison of these tests for both types"
    );
    assert!(first == launched([33, 37]));
}

#[test]
fn halve_crop_and_add_at_match_their_twins_and_shared_images_are_not_overwritten() {
    let device = gpu();
    for [height, width] in [[2, 2], [9, 7], [33, 38], [128, 96]] {
        for channels in [1, 3] {
            let x = |device: &Device| noise::<4>([1, channels, height, width], 1, device);
            let expected = avg_pool2d(x(&Device::flex()), AvgPoolOptions::new([2, 2]));
            assert!(
                distance(halve(x(&device)), expected) <= GATE,
                "{channels} × {height} × {width}"
            );
        }
        let [top, left] = [height / 3, width / 2];
        let sum = |add: fn(Tensor<4>, Tensor<4>, [usize; 2]) -> Tensor<4>, device: &Device| {
            add(
                noise([1, 3, height, width], 1, device),
                noise([1, 3, height - top, width - left], 2, device),
                [top, left],
            )
        };
        let cropped = |device: &Device| {
            crop(noise([1, 3, height, width], 1, device), [top, left], [height - top, 1])
        };
        let expected = noise([1, 3, height, width], 1, &Device::flex()).slice([
            0..1,
            0..3,
            top..height,
            left..left + 1,
        ]);
        assert_eq!(distance(cropped(&device), expected), 0.0, "{height} × {width}");
        let twin = |x: Tensor<4>, part: Tensor<4>, [top, left]: [usize; 2]| {
            let [_, _, height, width] = x.dims();
            let region = [0..1, 0..3, top..height, left..width];
            x.clone().slice_assign(region.clone(), x.slice(region) + part)
        };
        assert!(
            distance(sum(add_at, &device), sum(twin, &Device::flex())) <= GATE,
            "{height} × {width}"
        );
    }
    let picture = noise::<4>([1, 3, 8, 8], 1, &device);
    let untouched = picture.clone();
    drop(add_at(picture, noise([1, 3, 2, 2], 2, &device), [6, 6]));
    assert_eq!(
        distance(untouched, noise([1, 3, 8, 8], 1, &Device::flex())),
        0.0,
        "what another holds is not written over"
    );
}

/// Computes the twin of [`resize`] for images `[R, 3, H, W]`.
fn twin_of_resize(pictures: Tensor<4>, to: [usize; 2]) -> Tensor<4> {
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size(to);
    interpolate(pictures, options)
}

/// Returns images as zero-padded rows, cut into chunks of `length`.
fn rows_of(pictures: Tensor<4>, length: usize) -> Tensor<3> {
    let rows = pictures.dims()[0];
    let vectors = pictures.flatten::<2>(1, 3);
    let elements = vectors.dims()[1];
    let chunks = elements.div_ceil(length);
    vectors
        .pad([(0, 0), (0, chunks * length - elements)], PadMode::Constant(0.0))
        .reshape([rows, chunks, length])
        .swap_dims(0, 1)
}

#[test]
fn resizing_matches_the_twin_for_a_single_image_and_for_chunked_rows() {
    let device = gpu();
    let sizes = [
        [[1, 1], [3, 2]],
        [[5, 7], [10, 14]],
        [[33, 37], [67, 74]],
        [[40, 21], [13, 64]],
        [[9, 9], [9, 9]],
    ];
    for [from, to] in sizes {
        for (count, length) in [(1, 3 * to[0] * to[1]), (4, 64), (2, 4096)] {
            let pictures = |device: &Device| noise([count, 3, from[0], from[1]], 3, device);
            let old_length = if count == 1 { 3 * from[0] * from[1] } else { length };
            let ours = resize(rows_of(pictures(&device), old_length), from, to, length);
            let expected = rows_of(twin_of_resize(pictures(&Device::flex()), to), length);
            let distance = distance(ours, expected);
            assert!(
                distance <= RESIZE_GATE,
                "{from:?} to {to:?}, {count} in chunks of {length}: {distance}"
            );
        }
    }
}

#[test]
fn all_sizes_share_one_resizing_kernel() {
    let device = gpu();
    let launched = |from: [usize; 2], to: [usize; 2], length| {
        let picture = noise::<3>([1, 1, 3 * from[0] * from[1]], 1, &device);
        kernels_of(&device, || drop(resize(picture, from, to, length)))
    };
    let first = launched([8, 8], [16, 16], 768);
    assert_eq!(first.len(), 2, "the program, and the poison of these tests");
    assert!(
        first == launched([33, 37], [67, 75], 3 * 67 * 75)
            && first == launched([33, 37], [20, 11], 64)
    );
}
