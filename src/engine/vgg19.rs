//! VGG-19 up to conv5_1 (Simonyan, Zisserman 2014), with frozen weights: turns an image into
//! feature maps.

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

/// Largest input value that the network was trained on.
const LEVELS: f32 = 255.0;
/// ImageNet's mean colour, RGB in 0..255, subtracted before the first layer as in training.
const IMAGENET_MEAN: [f32; 3] = [123.68, 116.779, 103.939];

/// Amount by which every bias is lowered, in units of activation: about one f32 rounding step of a
/// typical output in block 1.
///
/// The summation order of a convolution can round an output just below zero to just above it, and
/// one ReLU on the wrong side passes a whole gradient. Lowering the biases moves this threshold but
/// does not remove it: an output just above `1e-5` is as uncertain now as one just above 0 was.
/// Chosen for a reference case in which Burn's convolutions round to the wrong side.
const NOISE_FLOOR: f32 = 1e-5;

/// Network on a device. Clones share its buffers.
#[derive(Clone, Debug)]
pub struct Vgg19 {
    convolutions: BTreeMap<Layer, Convolution>,
    /// Channel factors of the normalised network, `[1, C, 1, 1]`.
    inverse_means: BTreeMap<(Pooling, Layer), Tensor<4>>,
    /// Strategy that was last set.
    strategy: Option<Strategy>,
}

impl Vgg19 {
    /// Uploads `weights` and `means` to `device`, without autodiff, so that no gradient is computed
    /// for them.
    pub fn new(weights: Weights, means: &ChannelMeans, device: &Device) -> Self {
        let device = device.clone().without_autodiff();
        let convolutions = weights
            .into_layers()
            .map(|(layer, kernel, bias)| {
                let shape = [layer.channels(), layer.input_channels(), 3, 3];
                let kernel = Tensor::<4>::from_data(TensorData::new(kernel, shape), &device);
                // The published network reads BGR. Flipping the first kernel once saves flipping
                // every image.
                let kernel = if layer == Layer::Conv1_1 { kernel.flip([1]) } else { kernel };
                let bias =
                    Tensor::<1>::from_data(TensorData::new(bias, [layer.channels()]), &device)
                        .sub_scalar(NOISE_FLOOR);
                (layer, Convolution::new(kernel, bias))
            })
            .collect();
        // Repacking the kernels took as much memory again as they occupy.
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

    /// Returns the feature maps of `image` at `layers`, computing no layer beyond the deepest of
    /// them.
    ///
    /// Every convolution pads by 1 with zeros, except that [`Border::Replicate`] makes the first
    /// one replicate the border pixels. Pooling halves each side, rounding down.
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

    /// Runs [`Self::encode`], passing each map to `see` in network order. A map that `see` drops is
    /// released before the next is computed.
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
            // The first layer's map is one of the two largest and cheap to recompute, so it is
            // saved for backward only if `see` gets it.
            x = convolution.relu(x, padding, is_seen || !first);
            if is_seen {
                see(layer, FeatureMap::new(self.scale(x.clone(), layer, features)));
            }
            if is_pooled {
                x = pool(x, pool_kind(features.pooling));
            }
        }
    }

    /// Returns the feature maps of the core of `tile`, as [`Self::encode`] would compute them from
    /// the whole image. The input region is `seen`.
    pub fn encode_tile(
        &self,
        seen: &ImageTensor,
        tile: &Tile,
        layers: &[Layer],
        features: FeatureOptions,
    ) -> FeatureMaps {
        self.encode(seen, layers, features).map(|layer, map| tile.core(map, layer))
    }

    /// Sets the strategy of the convolution kernels. Outputs stay the same up to rounding.
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.strategy = Some(strategy);
        self.convolutions.values_mut().for_each(|convolution| convolution.set_strategy(strategy));
    }

    /// Returns the strategy that was last set.
    pub fn strategy(&self) -> Option<Strategy> {
        self.strategy
    }

    /// Returns a layer's output as the losses use it. Dividing it by the channel means equals
    /// dividing every filter by them, since ReLU and both poolings commute with positive factors:
    /// one set of weights serves both networks.
    fn scale(&self, output: Tensor<4>, layer: Layer, features: FeatureOptions) -> Tensor<4> {
        match features.filters {
            Filters::Published => output,
            Filters::Normalised => {
                scale(output, self.inverse_means[&(features.pooling, layer)].clone())
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
