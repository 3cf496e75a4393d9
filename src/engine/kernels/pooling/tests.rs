//! The kernels against their twin in Burn's own operations on the processor.

use burn::tensor::Tensor;
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;

use super::super::tests::{channels_last_noise, distances, gpu, kernels_of};
use super::average_pool;

/// Relative L2 distance allowed: both divide a sum of four by four.
const GATE: f64 = 1e-7;

/// What the kernels must answer, in plain Burn.
fn twin(x: Tensor<4>) -> Tensor<4> {
    avg_pool2d(x, AvgPoolOptions::new([2, 2]))
}

#[test]
fn the_means_agree_with_the_twin_in_value_and_gradient() {
    let device = gpu();
    for [channels, height, width] in [[64, 2, 2], [64, 33, 37], [128, 2, 9], [256, 8, 6], [512, 5, 4]] {
        let shapes: [&[usize]; 2] = [&[1, channels, height, width], &[1, channels, height / 2, width / 2]];
        let distances = distances(average_pool, twin, shapes, &device);
        assert!(distances.iter().all(|&distance| distance <= GATE), "{channels} × {height} × {width}: {distances:?}");
    }
}

#[test]
fn one_program_serves_all_sizes_and_channels_and_a_map_in_our_order_is_not_copied() {
    let device = gpu();
    let launched = |[channels, height, width]: [usize; 3]| {
        let x = channels_last_noise([1, channels, height, width], 1, &device);
        kernels_of(|| drop(average_pool(x)))
    };
    let first = launched([64, 8, 8]);
    assert_eq!(first.len(), 2, "the means, and the poison of these tests");
    assert!(first == launched([64, 33, 37]));
    assert!(first == launched([256, 5, 4]));
}
