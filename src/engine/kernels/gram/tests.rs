//! The kernels against their twin in Burn's own operations on the processor.

use burn::tensor::Tensor;

use super::super::tests::{channels_last_noise, distances, gpu, half_distances, kernels_of};
use super::gram;

/// Relative L2 distance allowed. Measured: up to 4e-7.
const GATE: f64 = 1e-6;

/// What the kernels must answer, in plain Burn.
fn twin(map: Tensor<4>) -> Tensor<2> {
    let [_, channels, height, width] = map.dims();
    let flat = map.reshape([channels, height * width]);
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let positions = (height * width) as f32;
    flat.clone().matmul(flat.transpose()).div_scalar(positions)
}

#[test]
fn the_matrix_agrees_with_the_twin_in_value_and_gradient() {
    let device = gpu();
    // Fewer positions than a step, than a slice, some slices with a rest, and so many tiles that the way back needs no slices.
    for [channels, height, width] in [[64, 1, 1], [64, 33, 37], [128, 16, 16], [256, 7, 5], [512, 20, 13], [64, 129, 257]] {
        let distances = distances(gram, twin, [&[1, channels, height, width], &[channels, channels]], &device);
        assert!(distances.iter().all(|&distance| distance <= GATE), "{channels} × {height} × {width}: {distances:?}");
    }
}

#[test]
fn of_a_map_in_halves_it_is_as_exact() {
    let device = gpu();
    for shape in [[1, 64, 9, 7], [1, 512, 5, 4]] {
        let distances = half_distances(gram, twin, shape, &device);
        assert!(distances.iter().all(|&distance| distance <= GATE), "{shape:?}: {distances:?}");
    }
}

#[test]
fn one_program_serves_all_sizes_and_channels_and_a_map_in_our_order_is_not_copied() {
    let device = gpu();
    let launched = |[channels, height, width]: [usize; 3]| {
        let map = channels_last_noise([1, channels, height, width], 1, &device);
        kernels_of(|| drop(gram(map)))
    };
    let first = launched([512, 8, 8]);
    assert_eq!(first.len(), 3, "the products, their sum, and the poison of these tests");
    // Longer slices, and more of them.
    assert!(first == launched([512, 40, 40]));
    assert!(first == launched([64, 33, 37]));
}
