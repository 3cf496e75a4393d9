//! Tests of the kernel against its twin on the CPU.

use burn::tensor::{DType, FloatDType, Tensor};

use super::super::tests::{HALF_GATE, distances, gpu, half_distances, kernels_of, noise};
use super::glue::scale;

/// Relative L2 tolerance: a single multiplication rounds alike on both.
const GATE: f64 = 1e-7;
/// Shapes of maps, and of factors per channel or per position.
const SHAPES: [([usize; 4], [usize; 4]); 4] = [
    ([1, 64, 33, 37], [1, 64, 1, 1]),
    ([1, 64, 33, 37], [1, 1, 33, 37]),
    ([1, 512, 1, 1], [1, 512, 1, 1]),
    ([1, 128, 2, 9], [1, 1, 2, 9]),
];

/// Returns noise as factors of this shape, on the device of `map`.
fn factors(shape: [usize; 4], map: &Tensor<4>) -> Tensor<4> {
    noise(shape, 7, &map.device().without_autodiff())
}

/// Returns the kernel's [`scale`] with factors of this shape.
fn ours(shape: [usize; 4]) -> impl Fn(Tensor<4>) -> Tensor<4> {
    move |map| scale(map.clone(), factors(shape, &map))
}

/// Returns the twin of [`ours`].
fn twin(shape: [usize; 4]) -> impl Fn(Tensor<4>) -> Tensor<4> {
    move |map| map.clone() * factors(shape, &map)
}

#[test]
fn scaling_matches_the_twin_in_value_and_gradient() {
    let device = gpu();
    for (map, shape) in SHAPES {
        let distances = distances(ours(shape), twin(shape), [&map, &map], &device);
        assert!(
            distances.iter().all(|&distance| distance <= GATE),
            "{map:?} · {shape:?}: {distances:?}"
        );
    }
}

#[test]
fn f16_scaling_matches_the_f32_twin_to_within_rounding() {
    let device = gpu();
    for (map, shape) in SHAPES {
        let distances = half_distances(ours(shape), twin(shape), map, &device);
        assert!(
            distances.iter().all(|&distance| distance <= HALF_GATE),
            "{map:?} · {shape:?}: {distances:?}"
        );
    }
}

#[test]
fn products_beyond_the_f16_range_saturate_at_its_maximum() {
    let device = gpu();
    let map = Tensor::<4>::full([1, 4, 2, 3], 60_000.0, &*device).cast(FloatDType::F16);
    let product = scale(map, Tensor::full([1, 4, 1, 1], 2.0, &*device));
    assert_eq!(product.dtype(), DType::F16);
    assert_eq!(
        product.cast(FloatDType::F32).into_data().try_into_vec::<f32>().unwrap(),
        [65504.0; 24]
    );
}

#[test]
fn all_sizes_share_one_kernel_per_kind_of_factors() {
    let device = gpu();
    let launched = |(map, shape): ([usize; 4], [usize; 4])| {
        let [batch, channels, height, width] = map;
        let map = noise([batch, height, width, channels], 1, &device).permute([0, 3, 1, 2]);
        let factors = noise(shape, 2, &device);
        kernels_of(&device, || drop(scale(map, factors)))
    };
    let [by_channel, by_position, other_channel, other_position] = SHAPES.map(launched);
    assert_eq!(by_channel.len(), 2, "it and the poison of these tests");
    assert!(
        by_channel == other_channel && by_position == other_position && by_channel != by_position
    );
}
