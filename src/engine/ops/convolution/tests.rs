//! The kernel against its twin in Burn's own operations on the processor.

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

/// Relative L2 distance allowed. Two sums of up to 4608 products in f32, in different orders,
/// measured: up to 1.1e-6.
const GATE: f64 = 2e-6;
/// Input and output channels of VGG-19's convolutions.
const CHANNELS: [[usize; 2]; 8] =
    [[3, 64], [64, 64], [64, 128], [128, 128], [128, 256], [256, 256], [256, 512], [512, 512]];

/// Kernel and bias that give outputs of both signs.
fn parameters([inputs, outputs]: [usize; 2], device: &Device) -> (Tensor<4>, Tensor<1>) {
    (noise([outputs, inputs, 3, 3], 1, device), noise([outputs], 2, device))
}

/// The twin in Burn's operations.
fn twin(x: Tensor<4>, kernel: &Tensor<4>, bias: &Tensor<1>) -> Tensor<4> {
    relu(conv2d(x, kernel.clone(), Some(bias.clone()), ConvOptions::new([1, 1], [1, 1], [1, 1], 1)))
}

/// Returns the distances of value and gradient from the twin, at images of `[height, width]`.
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

fn agree(channels: &[[usize; 2]], sizes: &[[usize; 2]]) {
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
fn every_pair_of_channels_agrees_with_the_twin_in_value_and_gradient() {
    agree(&CHANNELS, &[[1, 1], [1, 9], [7, 5], [8, 17]]);
}

#[test]
fn larger_pictures_agree_with_the_twin_in_value_and_gradient() {
    agree(&CHANNELS[..3], &[[33, 37], [64, 48]]);
}

#[test]
fn slices_with_a_rest_agree_with_the_twin_in_value_and_gradient() {
    agree(&[[128, 64]], &[[89, 90]]); // 11, 11 and 10 vectors
    agree(&[[256, 512]], &[[20, 20]]); // 10 vectors each, then 4
}

#[test]
fn channels_too_few_for_slices_agree_with_the_twin_in_value_and_gradient() {
    agree(&[[3, 32]], &[[33, 37]]);
}

#[test]
fn a_picture_of_enough_tiles_to_need_no_slices_agrees_with_the_twin_in_value_and_gradient() {
    agree(&[[64, 64]], &[[185, 190]]);
}

#[test]
fn pooled_at_once_it_agrees_with_the_twin_in_value_and_gradient() {
    let device = gpu();
    let [average, greatest] = [PoolKind::Average, PoolKind::Max];
    for ([inputs, outputs], [height, width], taken) in [
        ([64, 64], [33, 37], average),
        ([128, 128], [8, 17], greatest),
        ([512, 512], [4, 5], average),
        ([64, 64], [185, 190], greatest),
    ] {
        let at = |device: &Device| {
            let weight = noise([1, outputs, height / 2, width / 2], 4, device);
            (noise([1, inputs, height, width], 3, device), weight)
        };
        let (kernel, bias) = parameters([inputs, outputs], &Device::flex());
        let twin = |x| match taken {
            PoolKind::Average => avg_pool2d(twin(x, &kernel, &bias), AvgPoolOptions::new([2, 2])),
            PoolKind::Max => max_pool2d(twin(x, &kernel, &bias), MaxPoolOptions::new([2, 2])),
        };
        for division in ConvKernel::ALL {
            let packed = packed([inputs, outputs], division, &device);
            let distances = distances_at(|x| packed.relu_pooled(x, taken), twin, at, &device);
            assert!(
                distances.iter().all(|&distance| distance <= GATE),
                "{inputs} at {height}×{width}, {division:?}: {distances:?}"
            );
        }
    }
}

#[test]
fn a_gate_by_an_answer_that_is_made_anew_is_that_by_the_kept_one() {
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
        let [remade, saved] = [SavedForBackward::Input, SavedForBackward::Output].map(gradient);
        assert!(
            remade == saved && saved.iter().any(|&slope| slope != 0.0),
            "{division:?}, {precision:?}"
        );
    }
}

#[test]
fn an_answer_that_is_pooled_or_made_anew_is_not_kept() {
    let device = gpu();
    let (kernel, bias) = parameters([64, 64], &device);
    let packed = PackedConvolution::new(kernel, bias);
    let in_use = || device.memory_pool_usage().expect("the device tells").bytes_in_use;
    let x = channels_last_noise([1, 64, 64, 64], 3, &device).autodiff().require_grad();
    let map_bytes = 64 * 64 * 64 * 4;
    let before = in_use();
    let taken = || in_use().saturating_sub(before);
    // A quarter of the values, and a routing byte for each.
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
fn a_gradient_that_another_holds_is_not_written_over() {
    let device = gpu();
    // The gradient of a sum is that of both terms, one shared buffer. The tiled kernel overwrites
    // none.
    let [fine, coarse] = [ConvKernel::Tiled, ConvKernel::Direct].map(|division| {
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
    let distance = distance(coarse, fine);
    assert!(distance <= GATE, "{distance}");
}

#[test]
fn in_halves_it_agrees_with_the_twin_to_their_rounding() {
    let device = gpu();
    // Split, and whole.
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
fn an_answer_beyond_what_a_half_holds_is_the_greatest_half() {
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
fn inside_a_picture_it_is_what_it_is_with_zeros_around_less_the_rim() {
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
fn the_gradient_is_the_slope() {
    let device = gpu();
    let (kernel, bias) = parameters([64, 64], &device);
    let packed = PackedConvolution::new(kernel, bias);
    let [x, weight] = [3, 4].map(|seed| noise([1, 64, 9, 7], seed, &device));
    let (_, gradient) = value_and_gradient(
        |x| packed.relu(x, 1, SavedForBackward::Output),
        x.clone(),
        weight.clone(),
    );
    // Along the gradient itself the slope is its norm, the largest there is, so f32's rounding
    // matters least.
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
fn one_kernel_serves_all_sizes_and_channels_and_a_map_in_our_order_is_not_copied() {
    let device = gpu();
    let forward = |[inputs, outputs]: [usize; 2], [height, width]: [usize; 2], division| {
        let (kernel, bias) = parameters([inputs, outputs], &device);
        let mut packed = PackedConvolution::new(kernel, bias);
        packed.set_strategy(Strategy { division, ..Strategy::default() });
        let x = channels_last_noise([1, inputs, height, width], 3, &device);
        kernels_of(|| drop(packed.relu(x, 1, SavedForBackward::Output)))
    };
    // Split, a second kernel adds the slices.
    for (division, programs) in ConvKernel::ALL.into_iter().zip([2, 1]) {
        let first = forward([64, 64], [8, 8], division);
        assert_eq!(
            first.len(),
            programs + 1,
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
