//! Tests of both kernels against their twin on the CPU.

use burn::tensor::activation::relu;
use burn::tensor::module::{avg_pool2d, conv2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{DType, Device, FloatDType, Tensor};

use super::super::distance::squared_distance;
use super::super::pooling::{PoolKind, pool};
use super::super::tests::{
    HALF_GATE, channels_last_noise, distance, distances_at, gpu, half_distances, kernels_of, noise,
    value_and_gradient,
};
use super::{ConvKernel, PackedConvolution, SavedForBackward, Strategy};
use crate::memory::Precision;

/// Relative L2 tolerance between two sums of up to 4608 f32 products, in different orders.
const GATE: f64 = 2e-6;
/// Input and output channels of VGG-19's convolutions.
const CHANNELS: [[usize; 2]; 8] =
    [[3, 64], [64, 64], [64, 128], [128, 128], [128, 256], [256, 256], [256, 512], [512, 512]];

/// Returns a kernel and a bias that give outputs of both signs before ReLU.
fn parameters([inputs, outputs]: [usize; 2], device: &Device) -> (Tensor<4>, Tensor<1>) {
    (noise([outputs, inputs, 3, 3], 1, device), noise([outputs], 2, device))
}

/// Computes the twin with 1 px of padding.
fn twin(x: Tensor<4>, kernel: &Tensor<4>, bias: &Tensor<1>) -> Tensor<4> {
    relu(conv2d(x, kernel.clone(), Some(bias.clone()), ConvOptions::new([1, 1], [1, 1], [1, 1], 1)))
}

/// Returns the distances in value and gradient from the twin, for images of `[height, width]`.
fn distances(
    channels: [usize; 2],
    [height, width]: [usize; 2],
    division: ConvKernel,
    device: &Device,
) -> [f64; 2] {
    let [inputs, outputs] = channels;
    let at = |device: &Device| {
        (
            noise([1, inputs, height, width], 3, device),
            noise([1, outputs, height, width], 4, device),
        )
    };
    let packed = packed(channels, division, device);
    let (kernel, bias) = parameters(channels, &Device::flex());
    distances_at(
        |x| packed.relu(x, 1, SavedForBackward::Output),
        |x| twin(x, &kernel, &bias),
        at,
        device,
    )
}

/// Packs [`parameters`] on `device`.
fn packed(channels: [usize; 2], division: ConvKernel, device: &Device) -> PackedConvolution {
    let (kernel, bias) = parameters(channels, device);
    let mut packed = PackedConvolution::new(kernel, bias);
    packed.set_strategy(Strategy { division, ..Strategy::default() });
    packed
}

/// Asserts that the [`distances`] of both kernels are within [`GATE`].
fn assert_agreement(channels: &[[usize; 2]], sizes: &[[usize; 2]]) {
    let device = gpu();
    for &channels in channels {
        for (&size, division) in
            sizes.iter().flat_map(|size| ConvKernel::ALL.map(|division| (size, division)))
        {
            let distances = distances(channels, size, division, &device);
            assert!(
                distances.iter().all(|&distance| distance <= GATE),
                "{channels:?} at {size:?}, {division:?}: {distances:?}"
            );
        }
    }
}

#[test]
fn all_vgg19_channel_counts_match_the_twin_in_value_and_gradient() {
    assert_agreement(&CHANNELS, &[[1, 1], [1, 9], [7, 5], [8, 17]]);
}

#[test]
fn larger_images_match_the_twin_in_value_and_gradient() {
    assert_agreement(&CHANNELS[..3], &[[33, 37], [64, 48]]);
}

#[test]
fn slices_of_unequal_length_match_the_twin_in_value_and_gradient() {
    assert_agreement(&[[128, 64]], &[[89, 90]]); // 11, 11 and 10 vectors
    assert_agreement(&[[256, 512]], &[[20, 20]]); // 10 vectors each, then 4
}

#[test]
fn channels_too_few_to_slice_match_the_twin_in_value_and_gradient() {
    assert_agreement(&[[3, 32]], &[[33, 37]]);
}

#[test]
fn images_with_enough_tiles_to_skip_slicing_match_the_twin_in_value_and_gradient() {
    assert_agreement(&[[64, 64]], &[[185, 190]]);
}

#[test]
fn convolution_with_pooling_matches_the_twin_in_value_and_gradient() {
    let device = gpu();
    let [average, max] = [PoolKind::Average, PoolKind::Max];
    for ([inputs, outputs], [height, width], kind) in [
        ([64, 64], [33, 37], average),
        ([128, 128], [8, 17], max),
        ([512, 512], [4, 5], average),
        ([64, 64], [185, 190], max),
    ] {
        let at = |device: &Device| {
            let weight = noise([1, outputs, height / 2, width / 2], 4, device);
            (noise([1, inputs, height, width], 3, device), weight)
        };
        let (kernel, bias) = parameters([inputs, outputs], &Device::flex());
        let twin = |x| match kind {
            PoolKind::Average => avg_pool2d(twin(x, &kernel, &bias), AvgPoolOptions::new([2, 2])),
            PoolKind::Max => max_pool2d(twin(x, &kernel, &bias), MaxPoolOptions::new([2, 2])),
        };
        for division in ConvKernel::ALL {
            let packed = packed([inputs, outputs], division, &device);
            let distances = distances_at(|x| packed.relu_pooled(x, kind), twin, at, &device);
            assert!(
                distances.iter().all(|&distance| distance <= GATE),
                "{inputs} at {height}×{width}, {division:?}: {distances:?}"
            );
        }
    }
}

#[test]
fn gradient_is_the_same_whether_the_output_is_saved_or_recomputed() {
    let device = gpu();
    let (kernel, bias) = parameters([3, 64], &device);
    for (division, precision) in ConvKernel::ALL
        .into_iter()
        .flat_map(|division| Precision::ALL.map(|precision| (division, precision)))
    {
        let mut packed = PackedConvolution::new(kernel.clone(), bias.clone());
        packed.set_strategy(Strategy { division, precision });
        let gradient = |saved| {
            let x = noise([1, 3, 9, 21], 3, &device).autodiff().require_grad();
            let output = packed.relu(x.clone(), 0, saved);
            let zeros =
                Tensor::<4>::zeros(output.shape(), &*device).cast(FloatDType::from(output.dtype()));
            let mut gradients = squared_distance(&output, &zeros, 1.0).backward();
            let gradient = x.grad_remove(&mut gradients).expect("the answer depends on x");
            gradient.into_data().try_into_vec::<f32>().unwrap()
        };
        let [recomputed, saved] = [SavedForBackward::Input, SavedForBackward::Output].map(gradient);
        assert!(
            recomputed == saved && saved.iter().any(|&slope| slope != 0.0),
            "{division:?}, {precision:?}"
        );
    }
}

#[test]
fn outputs_that_are_pooled_or_recomputed_are_not_kept_in_memory() {
    let device = gpu();
    let (kernel, bias) = parameters([64, 64], &device);
    let packed = PackedConvolution::new(kernel, bias);
    let in_use = || device.memory_pool_usage().expect("the device tells").bytes_in_use;
    let x = channels_last_noise([1, 64, 64, 64], 3, &device).autodiff().require_grad();
    let map_bytes = 64 * 64 * 64 * 4;
    let before = in_use();
    let taken = || in_use().saturating_sub(before);
    // A quarter of the values, and one byte of routing mask for each.
    let is_pooled_alone = |bytes| (map_bytes / 4..map_bytes / 2).contains(&bytes);
    let pooled = packed.relu_pooled(x.clone(), PoolKind::Average);
    assert!(is_pooled_alone(taken()), "{} bytes", taken());
    drop(pooled);
    let output = packed.relu(x.clone(), 1, SavedForBackward::Input);
    let pooled = pool(output, PoolKind::Average);
    assert!(is_pooled_alone(taken()), "{} bytes", taken());
    drop(pooled);
    let pooled = pool(packed.relu(x, 1, SavedForBackward::Output), PoolKind::Average);
    assert!(taken() > map_bytes, "one that is kept is seen");
    drop(pooled);
}

#[test]
fn gradients_in_a_shared_buffer_are_not_overwritten() {
    let device = gpu();
    // Both terms of the sum get its gradient in one shared buffer. The tiled kernel never writes in
    // place and serves as the reference.
    let [tiled, direct] = [ConvKernel::Tiled, ConvKernel::Direct].map(|division| {
        let [one, other] = [1, 5].map(|seed| {
            let mut packed = PackedConvolution::new(
                noise([64, 64, 3, 3], seed, &device),
                noise([64], seed + 1, &device),
            );
            packed.set_strategy(Strategy { division, ..Strategy::default() });
            packed
        });
        let x = channels_last_noise([1, 64, 9, 7], 3, &device).autodiff().require_grad();
        let sum = one.relu(x.clone(), 1, SavedForBackward::Output)
            + other.relu(x.clone(), 1, SavedForBackward::Output);
        let mut gradients =
            squared_distance(&sum, &Tensor::zeros([1, 64, 9, 7], &*device), 1.0).backward();
        x.grad_remove(&mut gradients).expect("the sum depends on x")
    });
    let distance = distance(direct, tiled);
    assert!(distance <= GATE, "{distance}");
}

#[test]
fn f16_convolution_matches_the_f32_twin_to_within_rounding() {
    let device = gpu();
    // With slices, and without.
    for (channels, [height, width]) in [([64, 128], [33, 37]), ([64, 64], [185, 190])] {
        for division in ConvKernel::ALL {
            let (kernel, bias) = parameters(channels, &device);
            let mut packed = PackedConvolution::new(kernel, bias);
            packed.set_strategy(Strategy { division, precision: Precision::Half });
            let (kernel, bias) = parameters(channels, &Device::flex());
            let shape = [1, channels[0], height, width];
            let distances = half_distances(
                |x| packed.relu(x, 1, SavedForBackward::Output),
                |x| twin(x, &kernel, &bias),
                shape,
                &device,
            );
            assert!(
                distances.iter().all(|&distance| distance <= HALF_GATE),
                "{channels:?}, {division:?}: {distances:?}"
            );
        }
    }
}

#[test]
fn outputs_beyond_the_f16_range_saturate_at_its_maximum() {
    let device = gpu();
    for division in ConvKernel::ALL {
        for side in [8, 190] {
            let (kernel, bias) =
                (Tensor::full([64, 64, 3, 3], 100.0, &*device), Tensor::zeros([64], &*device));
            let mut packed = PackedConvolution::new(kernel, bias);
            packed.set_strategy(Strategy { division, precision: Precision::Half });
            let output = packed.relu(
                Tensor::full([1, 64, side, side], 100.0, &*device),
                1,
                SavedForBackward::Output,
            );
            assert_eq!(output.dtype(), DType::F16);
            let values = output.cast(FloatDType::F32).into_data().try_into_vec::<f32>().unwrap();
            assert!(values.iter().all(|&value| value == 65504.0), "{division:?} at {side} px");
        }
    }
}

#[test]
fn unpadded_convolution_equals_the_interior_of_the_padded_one() {
    let device = gpu();
    let (kernel, bias) = parameters([64, 64], &device);
    for division in ConvKernel::ALL {
        let mut packed = PackedConvolution::new(kernel.clone(), bias.clone());
        packed.set_strategy(Strategy { division, ..Strategy::default() });
        let (x, weight) = (noise([1, 64, 13, 21], 3, &device), noise([1, 64, 11, 19], 4, &device));
        let ours = value_and_gradient(
            |x| packed.relu(x, 0, SavedForBackward::Output),
            x.clone(),
            weight.clone(),
        );
        let expected = value_and_gradient(
            |x| packed.relu(x, 1, SavedForBackward::Output).narrow(2, 1, 11).narrow(3, 1, 19),
            x,
            weight,
        );
        let distances = [distance(ours.0, expected.0), distance(ours.1, expected.1)];
        assert!(distances.iter().all(|&distance| distance <= GATE), "{division:?}: {distances:?}");
    }
}

#[test]
fn gradient_matches_a_finite_difference() {
    let device = gpu();
    let (kernel, bias) = parameters([64, 64], &device);
    let packed = PackedConvolution::new(kernel, bias);
    let [x, weight] = [3, 4].map(|seed| noise([1, 64, 9, 7], seed, &device));
    let (_, gradient) = value_and_gradient(
        |x| packed.relu(x, 1, SavedForBackward::Output),
        x.clone(),
        weight.clone(),
    );
    // Along the gradient the directional derivative is largest (the gradient's norm), so f32
    // rounding matters least.
    let norm = gradient.clone().square().sum().sqrt().into_scalar::<f32>();
    let direction = gradient.div_scalar(norm);
    let value = |distance: f32| {
        let x = x.clone() + direction.clone().mul_scalar(distance);
        (packed.relu(x, 1, SavedForBackward::Output) * weight.clone()).sum().into_scalar::<f32>()
    };
    let step = 1e-2;
    let slope = (value(step) - value(-step)) / (2.0 * step);
    assert!((slope / norm - 1.0).abs() < 1e-3, "slope {slope}, norm of the gradient {norm}");
}

#[test]
fn all_sizes_and_channels_share_kernels_and_channels_last_maps_are_not_copied() {
    let device = gpu();
    let forward = |[inputs, outputs]: [usize; 2], [height, width]: [usize; 2], division| {
        let (kernel, bias) = parameters([inputs, outputs], &device);
        let mut packed = PackedConvolution::new(kernel, bias);
        packed.set_strategy(Strategy { division, ..Strategy::default() });
        let x = channels_last_noise([1, inputs, height, width], 3, &device);
        kernels_of(&device, || drop(packed.relu(x, 1, SavedForBackward::Output)))
    };
    // With slices, the tiled strategy launches a second kernel that adds them.
    for (division, kernels) in ConvKernel::ALL.into_iter().zip([2, 1]) {
        let first = forward([64, 64], [8, 8], division);
        assert_eq!(
            first.len(),
            kernels + 1,
            "these and the poison of these tests, with the {division:?} one"
        );
        assert!(first == forward([64, 64], [33, 37], division));
        assert!(first == forward([128, 256], [4, 3], division));
        let whole = forward([64, 64], [185, 190], division);
        assert!(
            whole.len() == 2 && whole.is_subset(&first),
            "the first of them and the poison, with the {division:?} one"
        );
    }
}
