//! The kernels against their twins in Burn's own operations on the processor.

use burn::tensor::Tensor;
use burn::tensor::ops::PadMode;
use pollster::block_on;

use super::super::tests::{distances, gpu, kernels_of, noise};
use super::{Intake, packed, take_in, total_variation};
use crate::engine::ImageTensor;
use crate::pixels::Pixels;

/// Relative L2 distance allowed: rounding alone; a gradient at a corner sums up four.
const GATE: f64 = 1e-6;
const SCALE: f32 = 0.37;
const SIZES: [[usize; 2]; 5] = [[1, 1], [1, 7], [2, 2], [33, 37], [128, 96]];

fn intake(border: usize) -> Intake {
    Intake { scale: 255.0, mean: [123.0, 116.0, 103.0], border }
}

/// What taking in must answer, in plain Burn.
fn twin_of_intake(x: Tensor<4>, Intake { scale, mean, border }: Intake) -> Tensor<4> {
    let device = x.device();
    let [_, _, height, width] = x.dims();
    let taken = x * scale - Tensor::<1>::from_floats(mean, &device).reshape([1, 3, 1, 1]);
    let taken = if border == 0 { taken } else { taken.pad((border, border, border, border), PadMode::Edge) };
    Tensor::cat(vec![taken, Tensor::zeros([1, 1, height + 2 * border, width + 2 * border], &device)], 1)
}

/// What the variation must be, in plain Burn.
fn twin_of_variation(x: Tensor<4>) -> Tensor<1> {
    let [_, _, height, width] = x.dims();
    let rough = |dim: usize, length: usize| {
        let ahead = x.clone().narrow(dim, 1, length - 1) - x.clone().narrow(dim, 0, length - 1);
        ahead.square().sum() * SCALE
    };
    rough(2, height) + rough(3, width)
}

#[test]
fn what_is_taken_in_agrees_with_the_twin_in_value_and_gradient() {
    let device = gpu();
    for [height, width] in SIZES {
        for border in [0, 1, 2] {
            let intake = intake(border);
            let shapes: [&[usize]; 2] = [&[1, 3, height, width], &[1, 4, height + 2 * border, width + 2 * border]];
            let distances = distances(|x| take_in(x, intake), |x| twin_of_intake(x, intake), shapes, &device);
            assert!(distances.iter().all(|&distance| distance <= GATE), "{height} × {width}, {border}: {distances:?}");
        }
    }
}

#[test]
fn the_variation_agrees_with_the_twin_in_value_and_gradient() {
    let device = gpu();
    for [height, width] in [[2, 2], [2, 9], [33, 37], [128, 96]] {
        let shapes: [&[usize]; 2] = [&[1, 3, height, width], &[1]];
        let distances = distances(|x| total_variation(x, SCALE), twin_of_variation, shapes, &device);
        assert!(distances.iter().all(|&distance| distance <= GATE), "{height} × {width}: {distances:?}");
    }
}

#[test]
fn in_bytes_it_is_what_the_processor_makes_of_it() {
    let device = gpu();
    for [height, width] in SIZES {
        // Beyond 0..1 to both sides.
        let x: Tensor<4> = noise([1, 3, height, width], 5, &device).mul_scalar(0.8).add_scalar(0.5);
        let image = ImageTensor::new(x.clone());
        let expected = Pixels::from_rgb(image.size(), &block_on(image.to_rgb()).unwrap());
        assert!(packed(x).into_data().as_bytes() == expected.rgba(), "{height} × {width}");
    }
}

#[test]
fn one_program_each_serves_all_sizes() {
    let device = gpu();
    let launched = |[height, width]: [usize; 2]| {
        let x: Tensor<4> = noise([1, 3, height, width], 1, &device);
        kernels_of(|| {
            drop(take_in(x.clone(), intake(1)));
            drop(total_variation(x.clone(), SCALE));
            drop(packed(x));
        })
    };
    let first = launched([8, 8]);
    assert_eq!(
        first.len(),
        6,
        "what is taken in, the sums of all units, their sum, the bytes, and the poison of these tests for both types"
    );
    assert!(first == launched([33, 37]));
}
