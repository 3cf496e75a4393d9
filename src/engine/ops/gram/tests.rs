//! Tests of the kernels against their twins on the CPU.

use burn::tensor::{Device, Tensor};

use super::super::tests::{
    channels_last_noise, distance, distances, gpu, half_distances, kernels_of, noise,
};
use super::glue::{centred, gram, moments, product, scales};
use super::plain;

/// Relative L2 tolerance.
const GATE: f64 = 1e-6;

/// Computes the twin of [`gram`].
fn twin(map: Tensor<4>) -> Tensor<2> {
    let [_, channels, height, width] = map.dims();
    let flat = map.reshape([channels, height * width]);
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let positions = (height * width) as f32;
    flat.clone().matmul(flat.transpose()).div_scalar(positions)
}

#[test]
fn gram_matrix_matches_the_twin_in_value_and_gradient() {
    let device = gpu();
    // Fewer positions than a step; fewer than a slice; slices of unequal length; and enough tiles
    // that the backward pass needs no slices.
    for [channels, height, width] in
        [[64, 1, 1], [64, 33, 37], [128, 16, 16], [256, 7, 5], [512, 20, 13], [64, 129, 257]]
    {
        let distances =
            distances(gram, twin, [&[1, channels, height, width], &[channels, channels]], &device);
        assert!(
            distances.iter().all(|&distance| distance <= GATE),
            "{channels} × {height} × {width}: {distances:?}"
        );
    }
}

#[test]
fn gram_matrix_of_an_f16_map_meets_the_f32_tolerance() {
    let device = gpu();
    for shape in [[1, 64, 9, 7], [1, 512, 5, 4]] {
        let distances = half_distances(gram, twin, shape, &device);
        assert!(distances.iter().all(|&distance| distance <= GATE), "{shape:?}: {distances:?}");
    }
}

#[test]
fn all_sizes_and_channels_share_kernels_and_channels_last_maps_are_not_copied() {
    let device = gpu();
    let launched = |[channels, height, width]: [usize; 3]| {
        let map = channels_last_noise([1, channels, height, width], 1, &device);
        kernels_of(&device, || drop(gram(map)))
    };
    let first = launched([512, 8, 8]);
    assert_eq!(first.len(), 3, "the products, their sum, and the poison of these tests");
    // Longer slices, and more of them.
    assert!(first == launched([512, 40, 40]));
    assert!(first == launched([64, 33, 37]));
}

/// Computes the twin of [`moments`].
fn moments_twin(map: Tensor<4>, factors: Tensor<4>) -> Tensor<2> {
    let [_, channels, height, width] = map.dims();
    let weighted = (map.clone() * factors).reshape([channels, height * width]);
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let positions = (height * width) as f32;
    let mean = weighted.sum_dim(1).transpose().div_scalar(positions);
    Tensor::cat(vec![twin(map), mean], 0)
}

#[test]
fn moments_match_the_twin_in_value_and_gradient_for_any_factors() {
    let device = gpu();
    for [channels, height, width] in
        [[64, 1, 1], [64, 33, 37], [128, 16, 16], [512, 20, 13], [64, 129, 257]]
    {
        for weighs_positions in [false, true] {
            let sides = if weighs_positions { [height, width] } else { [1, 1] };
            let factors = |map: &Tensor<4>| {
                noise([1, 1, sides[0], sides[1]], 3, &map.device().without_autodiff())
            };
            let distances = distances(
                |map: Tensor<4>| moments(map.clone(), factors(&map)),
                |map: Tensor<4>| moments_twin(map.clone(), factors(&map)),
                [&[1, channels, height, width], &[channels + 1, channels]],
                &device,
            );
            assert!(
                distances.iter().all(|&distance| distance <= GATE),
                "{channels} × {height} × {width}: {distances:?}"
            );
        }
    }
}

#[test]
fn centred_moments_match_the_twin_in_value_and_gradient() {
    let device = gpu();
    for channels in [64, 512] {
        let scales = |moments: &Tensor<2>| noise([2], 3, &moments.device().without_autodiff());
        let twin = |moments: Tensor<2>| {
            let [gram, mean] = [0..channels, channels..channels + 1]
                .map(|rows| moments.clone().slice([rows, 0..channels]));
            let scales: Vec<f32> = scales(&moments).to_data().try_into_vec().unwrap();
            let covariance = gram - mean.clone().transpose().matmul(mean.clone());
            Tensor::cat(vec![covariance.mul_scalar(scales[0]), mean.mul_scalar(scales[1])], 0)
        };
        let shape: &[usize] = &[channels + 1, channels];
        let distances = distances(
            |moments| centred(moments.clone(), scales(&moments)),
            twin,
            [shape, shape],
            &device,
        );
        assert!(distances.iter().all(|&distance| distance <= GATE), "{channels}: {distances:?}");
    }
}

#[test]
fn matrix_products_match_the_twin() {
    let device = gpu();
    for side in [16, 64, 256] {
        let on = |device: &Device| [1, 2].map(|seed| noise([side, side], seed, device));
        let ([left, right], [left_twin, right_twin]) = (on(&device), on(&Device::flex()));
        let distance = distance(product(left, right), left_twin.matmul(right_twin));
        assert!(distance <= GATE, "{side}: {distance}");
    }
}

#[test]
fn scales_match_the_twin_even_for_a_vanishing_covariance() {
    let device = gpu();
    for (channels, spread) in [(64, 1.0), (512, 1.0), (64, 1e-4)] {
        let centred = |device: &Device| {
            let covariance = noise([channels, channels], 1, device).mul_scalar(spread);
            Tensor::cat(vec![covariance, noise([1, channels], 2, device)], 0)
        };
        let distance =
            distance(scales(centred(&device), 1e-3), plain::scales(centred(&Device::flex()), 1e-3));
        assert!(distance <= GATE, "{channels}, {spread}: {distance}");
    }
}
