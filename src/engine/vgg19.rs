//! VGG-19 to conv5_1 (Simonyan, Zisserman 2014), frozen: it turns a picture into feature maps and
//! never learns.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::ops::convolution::{Convolution, Strategy};
use super::ops::image::{Preprocess, preprocess};
use super::ops::pooling::{PoolKind, pool};
use super::ops::scaling::scale;
use super::weights::{ChannelMeans, Weights};
use super::{FeatureMap, FeatureMaps, ImageTensor, Tile};
use crate::layer::Layer;
use crate::recipe::{Border, FeatureOptions, Filters, Pooling};

/// The network was trained on values of 0 to this.
const LEVELS: f32 = 255.0;
/// Mean of ImageNet's colours, RGB in 0..255; subtracted before the first layer, as the network was
/// trained.
const IMAGENET_MEAN: [f32; 3] = [123.68, 116.779, 103.939];

/// By how much every bias is lowered, in units of activation: about one rounding step of f32 at the
/// typical answer in block 1. A reference case holds an answer of -5e-6 there, and one ReLU on the
/// wrong side passes on a whole gradient. Burn's convolutions sum over the window first and the
/// channels last, which rounds this one to +2e-6 to +9e-6, while random orders of summation give
/// -9e-6 ± 4e-6, and our own kernel's order is right without it. Lowering moves the edge and does
/// not remove it: an answer just above `1e-5` is as uncertain as one just above 0 was. Chosen by
/// that case.
const NOISE_FLOOR: f32 = 1e-5;

/// The network on a device. Copies share its memory there.
#[derive(Clone, Debug)]
pub struct Vgg19 {
    convolutions: BTreeMap<Layer, Convolution>,
    /// What each channel is multiplied with in the normalised network, `[1, C, 1, 1]`.
    inverse_means: BTreeMap<(Pooling, Layer), Tensor<4>>,
    /// As it was last set.
    strategy: Option<Strategy>,
}

impl Vgg19 {
    /// Moves `weights` and `means` to `device`. They require no gradient, so none is computed for
    /// them.
    pub fn new(weights: Weights, means: &ChannelMeans, device: &Device) -> Self {
        let device = device.clone().without_autodiff();
        let convolutions = weights
            .into_layers()
            .map(|(layer, kernel, bias)| {
                let shape = [layer.channels(), layer.input_channels(), 3, 3];
                let kernel = Tensor::<4>::from_data(TensorData::new(kernel, shape), &device);
                // The published network reads BGR. Turning the first kernel's channels around once
                // saves turning every picture.
                let kernel = if layer == Layer::Conv1_1 { kernel.flip([1]) } else { kernel };
                let bias =
                    Tensor::<1>::from_data(TensorData::new(bias, [layer.channels()]), &device)
                        .sub_scalar(NOISE_FLOOR);
                (layer, Convolution::new(kernel, bias))
            })
            .collect();
        // Turning the kernels took as much memory again as they lie in.
        device.memory_cleanup();
        let inverse = |pooling, layer| {
            let inverse: Vec<f32> =
                means.of(pooling, layer).iter().map(|mean| 1.0 / mean).collect();
            Tensor::<1>::from_data(inverse.as_slice(), &device).reshape([1, layer.channels(), 1, 1])
        };
        let inverse_means = Pooling::ALL
            .into_iter()
            .flat_map(|pooling| Layer::ALL.map(|layer| ((pooling, layer), inverse(pooling, layer))))
            .collect();
        Self { convolutions, inverse_means, strategy: None }
    }

    /// The feature maps of `image` at `layers`; nothing beyond the deepest of them is computed.
    ///
    /// Zero padding of 1 around every convolution, save that [`Border::Replicate`] has the first
    /// see the outermost pixels once more instead; pooling halves each side, rounding down.
    pub fn encode(
        &self,
        image: &ImageTensor,
        layers: &[Layer],
        features: FeatureOptions,
    ) -> FeatureMaps {
        let mut maps = BTreeMap::new();
        self.visit(image, layers, features, |layer, map| {
            maps.insert(layer, map);
        });
        FeatureMaps::of(maps)
    }

    /// [`Self::encode`] that shows each map to `see`, in the order of the network: what that does
    /// not keep is gone before the next.
    pub fn visit(
        &self,
        image: &ImageTensor,
        layers: &[Layer],
        features: FeatureOptions,
        mut see: impl FnMut(Layer, FeatureMap),
    ) {
        let deepest = layers.iter().max().copied();
        let border = usize::from(features.border == Border::Replicate);
        let mut x = preprocess(
            image.tensor().clone(),
            Preprocess { scale: LEVELS, mean: IMAGENET_MEAN, border },
        );
        for (&layer, convolution) in
            self.convolutions.iter().take_while(|(layer, _)| Some(**layer) <= deepest)
        {
            let is_seen = layers.contains(&layer);
            let is_pooled = layer.precedes_pooling() && Some(layer) < deepest;
            if is_pooled && !is_seen {
                x = convolution.relu_pooled(x, pool_kind(features.pooling));
                continue;
            }
            let first = layer == Layer::Conv1_1;
            let padding = if first && features.border == Border::Replicate { 0 } else { 1 };
            // The first layer's map is one of the two largest, and computed in no time.
            x = convolution.relu(x, padding, is_seen || !first);
            if is_seen {
                see(layer, FeatureMap::new(self.scale(x.clone(), layer, features)));
            }
            if is_pooled {
                x = pool(x, pool_kind(features.pooling));
            }
        }
    }

    /// The feature maps that `tile` answers for, of what is `seen` of it: those of its core, as
    /// [`Self::encode`] would have them of the whole picture.
    pub fn encode_tile(
        &self,
        seen: &ImageTensor,
        tile: &Tile,
        layers: &[Layer],
        features: FeatureOptions,
    ) -> FeatureMaps {
        self.encode(seen, layers, features).map(|layer, map| tile.core(map, layer))
    }

    /// Has the convolutions' kernels work by `strategy` from now on; their outputs stay the same,
    /// but for rounding.
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.strategy = Some(strategy);
        self.convolutions.values_mut().for_each(|convolution| convolution.set_strategy(strategy));
    }

    /// What [`Self::set_strategy`] was given last.
    pub fn strategy(&self) -> Option<Strategy> {
        self.strategy
    }

    /// A layer's answer as the losses are to see it. Dividing it by the channels' means is the same
    /// as dividing every filter by them, since ReLU and both poolings pass a positive factor on; so
    /// one set of weights serves both networks.
    fn scale(&self, answer: Tensor<4>, layer: Layer, features: FeatureOptions) -> Tensor<4> {
        match features.filters {
            Filters::Published => answer,
            Filters::Normalised => {
                scale(answer, self.inverse_means[&(features.pooling, layer)].clone())
            }
        }
    }
}

const fn pool_kind(pooling: Pooling) -> PoolKind {
    match pooling {
        Pooling::Average => PoolKind::Average,
        Pooling::Max => PoolKind::Max,
    }
}
