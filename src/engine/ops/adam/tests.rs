//! Tests of the kernels against their twins on the CPU.

use burn::tensor::Device;

use super::super::tests::{distance, gpu, kernels_of, noise};
use super::AdamStep;
use super::{glue, plain};

/// Relative L2 tolerance: rounding alone.
const GATE: f64 = 1e-6;
const DECAY: [f32; 2] = [0.8, 0.95];
const STEP: AdamStep = AdamStep { weight: [0.6, 0.3], epsilon: 1e-3, rate: 0.02 };

#[test]
fn moments_and_step_match_their_twins() {
    let gpu = gpu();
    for [height, width] in [[1, 1], [10, 37], [64, 64]] {
        let image = |seed, device: &Device| noise::<4>([1, 3, height, width], seed, device);
        let both = |seed, device: &Device| noise::<4>([2, 3, height, width], seed, device).abs();
        let cpu = Device::flex();
        let moments = glue::moments(both(11, &gpu), image(12, &gpu), DECAY);
        let expected = plain::moments(both(11, &cpu), image(12, &cpu), DECAY);
        assert!(distance(moments, expected) <= GATE, "{height} × {width}");
        let step = glue::step(image(13, &gpu), both(14, &gpu), STEP);
        let expected = plain::step(image(13, &cpu), both(14, &cpu), STEP);
        assert!(distance(step, expected) <= GATE, "{height} × {width}");
    }
}

#[test]
fn all_image_sizes_share_kernels() {
    let gpu = gpu();
    let launched = |height: usize, width: usize| {
        let image = noise::<4>([1, 3, height, width], 3, &gpu);
        let both = noise::<4>([2, 3, height, width], 6, &gpu);
        kernels_of(&gpu, || {
            drop(glue::step(image.clone(), glue::moments(both, image, DECAY), STEP));
        })
    };
    let first = launched(10, 37);
    assert_eq!(first.len(), 3, "one for each pass, and the poison of these tests");
    assert!(first == launched(64, 64));
}
