//! Tests of the kernels against their twin on the CPU.

use burn::tensor::{DType, Device, FloatDType, Tensor};

use super::super::tests::{
    channels_last_noise, distance, gpu, half_noise, kernels_of, noise, value_and_gradient,
};
use super::glue::squared_distance;

/// Relative L2 tolerance between two sums of up to a million f32 squares, in different orders.
const GATE: f64 = 1e-6;
const SCALE: f32 = 0.37;

/// Returns the distances in value and gradient from the twin, for noise of this shape.
fn distances<const D: usize>(shape: [usize; D], gpu: &Device) -> [f64; 2] {
    let on =
        |device: &Device| (noise(shape, 1, device), noise(shape, 2, device), noise([1], 3, device));
    let (x, target, weight) = on(gpu);
    let ours =
        value_and_gradient(|x| squared_distance(x, target.clone().autodiff(), SCALE), x, weight);
    let (x, target, weight) = on(&Device::flex());
    let twin = |x: Tensor<D>| ((x - target.clone().autodiff()) * SCALE).square().sum();
    let expected = value_and_gradient(twin, x, weight);
    [distance(ours.0, expected.0), distance(ours.1, expected.1)]
}

#[test]
fn squared_distance_matches_the_twin_in_value_and_gradient() {
    let device = gpu();
    let maps = [[1, 64, 1, 1], [1, 64, 33, 37], [1, 512, 8, 5], [1, 64, 128, 128]]
        .map(|shape| distances(shape, &device));
    let matrices = [[64, 64], [512, 512]].map(|shape| distances(shape, &device));
    let all = [maps.as_slice(), &matrices].concat();
    assert!(all.iter().flatten().all(|&distance| distance <= GATE), "{all:?}");
}

#[test]
fn squared_distance_of_f16_maps_is_as_exact_and_its_gradient_is_f32() {
    let device = gpu();
    let on = |device: &Device| [1, 2].map(|seed| half_noise([1, 64, 33, 37], seed, device));
    let [x, target] = on(&device).map(|map| map.cast(FloatDType::F16));
    let x = x.autodiff().require_grad();
    let value = squared_distance(x.clone(), target.autodiff(), SCALE);
    let gradient = x.grad_remove(&mut value.backward()).unwrap();
    assert_eq!(gradient.dtype(), DType::F32);
    let [x, target] = on(&Device::flex());
    let difference = (x - target) * SCALE;
    let distances = [
        distance(value.without_autodiff(), difference.clone().square().sum()),
        distance(gradient, difference * (2.0 * SCALE)),
    ];
    assert!(distances.iter().all(|&distance| distance <= GATE), "{distances:?}");
}

#[test]
fn all_sizes_share_kernels_and_channels_last_maps_are_not_copied() {
    let device = gpu();
    let compare = |size: [usize; 2]| {
        let [x, target] =
            [1, 2].map(|seed| channels_last_noise([1, 64, size[0], size[1]], seed, &device));
        kernels_of(&device, || drop(squared_distance(x, target, SCALE)))
    };
    let first = compare([8, 8]);
    assert_eq!(first.len(), 3, "the sums of all units, their sum, and the poison of these tests");
    assert!(first == compare([33, 37]));
}
