//! The kernels against their twin in Burn's own operations on the processor.

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

/// Relative L2 distance allowed: both divide a sum of four by four.
const GATE: f64 = 1e-7;

/// Channels, height and width of the inputs.
const MAPS: [[usize; 3]; 5] = [[64, 2, 2], [64, 33, 37], [128, 2, 9], [256, 8, 6], [512, 5, 4]];

fn means(x: Tensor<4>) -> Tensor<4> {
    pool(x, PoolKind::Average)
}

fn greatest(x: Tensor<4>) -> Tensor<4> {
    pool(x, PoolKind::Max)
}

/// The twin in Burn's operations, for outputs of a ReLU.
fn twin_of_means(x: Tensor<4>) -> Tensor<4> {
    avg_pool2d(relu(x), AvgPoolOptions::new([2, 2]))
}

fn twin_of_greatest(x: Tensor<4>) -> Tensor<4> {
    max_pool2d(relu(x), MaxPoolOptions::new([2, 2]))
}

/// Checks value and gradient for each of `maps`.
fn agree(ours: fn(Tensor<4>) -> Tensor<4>, twin: fn(Tensor<4>) -> Tensor<4>, maps: &[[usize; 3]]) {
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
fn the_means_agree_with_the_twin_in_value_and_gradient() {
    agree(means, twin_of_means, &MAPS);
    // A picture, and a mask.
    agree(means, twin_of_means, &[[3, 9, 7], [1, 4, 6]]);
}

#[test]
fn the_greatest_agree_with_the_twin_in_value_and_gradient() {
    agree(greatest, twin_of_greatest, &MAPS);
}

#[test]
fn in_halves_both_agree_with_the_twin_to_their_rounding() {
    let device = gpu();
    for shape in [[1, 64, 33, 37], [1, 512, 5, 4]] {
        let distances = [
            half_distances(|x| means(relu(x)), twin_of_means, shape, &device),
            half_distances(|x| greatest(relu(x)), twin_of_greatest, shape, &device),
        ];
        assert!(
            distances.iter().flatten().all(|&distance| distance <= HALF_GATE),
            "{shape:?}: {distances:?}"
        );
    }
}

#[test]
fn of_equals_the_first_is_pulled() {
    let device = gpu();
    let x = Tensor::<4>::full([1, 4, 2, 2], 0.5, &*device);
    let (_, gradient) = value_and_gradient(greatest, x, Tensor::full([1, 4, 1, 1], 3.0, &*device));
    let expected = [3.0, 0.0, 0.0, 0.0].repeat(4);
    assert_eq!(gradient.into_data().try_into_vec::<f32>().unwrap(), expected);
}

#[test]
fn what_a_relu_closed_is_not_pulled() {
    let device = gpu();
    let pulled = |of: fn(Tensor<4>) -> Tensor<4>, values: [f32; 4]| {
        let x = Tensor::<1>::from_floats(values, &device).reshape([1, 1, 2, 2]);
        let (_, gradient) = value_and_gradient(of, x, Tensor::full([1, 1, 1, 1], 4.0, &*device));
        gradient.into_data().try_into_vec::<f32>().unwrap()
    };
    assert_eq!(pulled(means, [0.0, 1.0, 2.0, 0.0]), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(pulled(greatest, [0.0, 1.0, 2.0, 0.0]), [0.0, 0.0, 4.0, 0.0]);
    assert_eq!(pulled(greatest, [0.0; 4]), [0.0; 4]);
}

#[test]
fn one_kernel_serves_all_sizes_and_channels_and_a_map_in_our_order_is_not_copied() {
    let device = gpu();
    let launched = |[channels, height, width]: [usize; 3]| {
        let x = channels_last_noise([1, channels, height, width], 1, &device);
        kernels_of(|| {
            drop(means(x.clone()));
            drop(greatest(x));
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
