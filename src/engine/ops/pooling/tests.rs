//! Tests of the kernels against their twin on the CPU.

use burn::tensor::activation::relu;
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor};

use super::super::tests::{
    HALF_GATE, channels_last_noise, distances_at, gpu, half_distances, kernels_of, noise,
    value_and_gradient,
};
use super::PoolKind;
use super::glue::pool;

/// Relative L2 tolerance; kernel and twin both divide a sum of four values by four.
const GATE: f64 = 1e-7;

/// Channels, height and width of the inputs.
const MAPS: [[usize; 3]; 5] = [[64, 2, 2], [64, 33, 37], [128, 2, 9], [256, 8, 6], [512, 5, 4]];

fn average(x: Tensor<4>) -> Tensor<4> {
    pool(x, PoolKind::Average)
}

fn max(x: Tensor<4>) -> Tensor<4> {
    pool(x, PoolKind::Max)
}

/// Computes the twin of average pooling, including the ReLU whose output is pooled.
fn average_twin(x: Tensor<4>) -> Tensor<4> {
    avg_pool2d(relu(x), AvgPoolOptions::new([2, 2]))
}

/// Computes the twin of max pooling, including the ReLU whose output is pooled.
fn max_twin(x: Tensor<4>) -> Tensor<4> {
    max_pool2d(relu(x), MaxPoolOptions::new([2, 2]))
}

/// Asserts agreement in value and gradient for each of `maps`.
fn assert_agreement(
    ours: fn(Tensor<4>) -> Tensor<4>,
    twin: fn(Tensor<4>) -> Tensor<4>,
    maps: &[[usize; 3]],
) {
    let device = gpu();
    for &[channels, height, width] in maps {
        let at = |device: &Device| {
            let weight = noise([1, channels, height / 2, width / 2], 2, device);
            (relu(noise([1, channels, height, width], 1, device)), weight)
        };
        let distances = distances_at(ours, twin, at, &device);
        assert!(
            distances.iter().all(|&distance| distance <= GATE),
            "{channels} × {height} × {width}: {distances:?}"
        );
    }
}

#[test]
fn average_pooling_matches_the_twin_in_value_and_gradient() {
    assert_agreement(average, average_twin, &MAPS);
    // The channels of an image, and of a mask.
    assert_agreement(average, average_twin, &[[3, 9, 7], [1, 4, 6]]);
}

#[test]
fn max_pooling_matches_the_twin_in_value_and_gradient() {
    assert_agreement(max, max_twin, &MAPS);
}

#[test]
fn f16_pooling_matches_the_f32_twin_to_within_rounding() {
    let device = gpu();
    for shape in [[1, 64, 33, 37], [1, 512, 5, 4]] {
        let distances = [
            half_distances(|x| average(relu(x)), average_twin, shape, &device),
            half_distances(|x| max(relu(x)), max_twin, shape, &device),
        ];
        assert!(
            distances.iter().flatten().all(|&distance| distance <= HALF_GATE),
            "{shape:?}: {distances:?}"
        );
    }
}

#[test]
fn max_pooling_routes_the_gradient_of_ties_to_the_first_input() {
    let device = gpu();
    let x = Tensor::<4>::full([1, 4, 2, 2], 0.5, &*device);
    let (_, gradient) = value_and_gradient(max, x, Tensor::full([1, 4, 1, 1], 3.0, &*device));
    let expected = [3.0, 0.0, 0.0, 0.0].repeat(4);
    assert_eq!(gradient.into_data().try_into_vec::<f32>().unwrap(), expected);
}

#[test]
fn inputs_that_the_relu_zeroed_get_no_gradient() {
    let device = gpu();
    let gradient_of = |of: fn(Tensor<4>) -> Tensor<4>, values: [f32; 4]| {
        let x = Tensor::<1>::from_floats(values, &device).reshape([1, 1, 2, 2]);
        let (_, gradient) = value_and_gradient(of, x, Tensor::full([1, 1, 1, 1], 4.0, &*device));
        gradient.into_data().try_into_vec::<f32>().unwrap()
    };
    assert_eq!(gradient_of(average, [0.0, 1.0, 2.0, 0.0]), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(gradient_of(max, [0.0, 1.0, 2.0, 0.0]), [0.0, 0.0, 4.0, 0.0]);
    assert_eq!(gradient_of(max, [0.0; 4]), [0.0; 4]);
}

#[test]
fn all_sizes_and_channels_share_kernels_and_channels_last_maps_are_not_copied() {
    let device = gpu();
    let launched = |[channels, height, width]: [usize; 3]| {
        let x = channels_last_noise([1, channels, height, width], 1, &device);
        kernels_of(&device, || {
            drop(average(x.clone()));
            drop(max(x));
        })
    };
    let first = launched([64, 8, 8]);
    assert_eq!(
        first.len(),
        4,
        "the means, the greatest, and the poison of these tests for maps and routes"
    );
    assert!(first == launched([64, 33, 37]));
    assert!(first == launched([256, 5, 4]));
}
