//! The GPU's gradient equals the processor's for every choice of layers. What is saved for backward
//! depends on which losses read a layer's map.

use burn::tensor::{Device, Tensor};
use impasto::engine::loss::Objective;
use impasto::engine::ops::convolution::{ConvKernel, Strategy};
use impasto::layer::Layer;
use impasto::memory::DeviceLimits;
use impasto::recipe::{FeatureOptions, LayerWeights, LossWeights, Pooling};

use crate::tiles::{evaluated, norm, subject};
use crate::{cpu, gpu, network};

/// Relative L2 distance allowed: one unit whose ReLU rounds to the other side moves a gradient by
/// up to 8e-4 (docs/lab/benchmarks.md).
const GATE: f32 = 2e-3;

/// Returns the gradient for the content layers `content` and the style layers `style`.
fn gradient(
    device: &Device,
    division: ConvKernel,
    pooling: Pooling,
    [content, style]: [&[Layer]; 2],
) -> Tensor<4> {
    let mut vgg = network(device);
    vgg.set_strategy(Strategy { division, ..Strategy::default() });
    let loss_weights = LossWeights {
        content_layers: LayerWeights::even(content, 1.0),
        style_layers: LayerWeights::even(style, 0.2),
        ..LossWeights::default()
    };
    let subject = subject(41, 38, false, device);
    let objective = Objective::new(
        &vgg,
        &subject,
        FeatureOptions::plain(pooling),
        loss_weights,
        DeviceLimits::AMPLE,
    );
    let (_, gradient) = evaluated(&vgg, &subject, &objective);
    Tensor::from_data(gradient.into_data(), &cpu())
}

#[test]
fn the_gradient_is_the_processors_whoever_reads_a_map() {
    use Layer::{Conv1_1, Conv1_2, Conv2_2, Conv3_1, Conv4_2, Conv4_4, Conv5_1};
    let choices: [[&[Layer]; 2]; 7] = [
        [&[], &[Conv1_1]],
        [&[], &[Conv1_2]],
        [&[Conv1_1], &[Conv1_2, Conv3_1]],
        [&[Conv4_4], &[Conv2_2]],
        [&[Conv2_2], &[Conv1_1, Conv5_1]],
        [&[], &[Conv5_1]],
        [&[Conv4_2], &[]],
    ];
    for (index, layers) in choices.into_iter().enumerate() {
        let (pooling, division) = (Pooling::ALL[index % 2], ConvKernel::ALL[index / 2 % 2]);
        let expected = gradient(&cpu(), division, pooling, layers);
        let distance =
            norm(gradient(&gpu(), division, pooling, layers) - expected.clone()) / norm(expected);
        assert!(distance <= GATE, "{layers:?}, {pooling:?}, {division:?}: {distance}");
    }
}
