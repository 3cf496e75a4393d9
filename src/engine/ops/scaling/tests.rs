//! The kernel against its twin in Burn's own operations on the processor.

use burn::tensor::{DType, FloatDType, Tensor};

use super::super::tests::{HALF_GATE, distances, gpu, half_distances, kernels_of, noise};
use super::glue::scale;

/// Relative L2 distance allowed: both multiply once.
const GATE: f64 = 1e-7;
/// Maps, and factors of each kind for them.
const SHAPES: [([usize; 4], [usize; 4]); 4] = [
    ([1, 64, 33, 37], [1, 64, 1, 1]),
    ([1, 64, 33, 37], [1, 1, 33, 37]),
    ([1, 512, 1, 1], [1, 512, 1, 1]),
    ([1, 128, 2, 9], [1, 1, 2, 9]),
];

/// Returns factors on the device of `map`.
fn factors(shape: [usize; 4], map: &Tensor<4>) -> Tensor<4> {
    noise(shape, 7, &map.device().without_autodiff())
}

/// Runs the kernel with factors of this shape.
fn ours(shape: [usize; 4]) -> impl Fn(Tensor<4>) -> Tensor<4> {
    move |map| scale(map.clone(), factors(shape, &map))
}

/// The twin in Burn's operations.
fn twin(shape: [usize; 4]) -> impl Fn(Tensor<4>) -> Tensor<4> {
    move |map| map.clone() * factors(shape, &map)
}

#[test]
fn scaling_agrees_with_its_twin_in_value_and_gradient() {
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
fn in_halves_it_agrees_with_the_twin_to_their_rounding() {
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
fn a_product_beyond_what_a_half_holds_is_the_greatest_half() {
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
fn one_program_for_each_kind_of_factors_serves_all_sizes() {
    let device = gpu();
    let launched = |(map, shape): ([usize; 4], [usize; 4])| {
        let [batch, channels, height, width] = map;
        let map = noise([batch, height, width, channels], 1, &device).permute([0, 3, 1, 2]);
        let factors = noise(shape, 2, &device);
        kernels_of(|| drop(scale(map, factors)))
    };
    let [by_channel, by_position, other_channel, other_position] = SHAPES.map(launched);
    assert_eq!(by_channel.len(), 2, "it and the poison of these tests");
    assert!(
        by_channel == other_channel && by_position == other_position && by_channel != by_position
    );
}
