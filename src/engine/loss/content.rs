//! How far the pastiche's content is from the photo's.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::engine::ops::distance::squared_distance;
use crate::engine::ops::float;
use crate::engine::{FeatureMap, FeatureMaps};
use crate::layer::Layer;
use crate::recipe::LayerWeights;

/// Squared distance of feature maps to the photo's.
///
/// - **Units:** activation².
/// - **Source:** Gatys et al. 2015, eq. 1: `½ Σ (F − P)²` for each layer.
#[derive(Debug)]
pub struct ContentLoss {
    /// One map for each tile of the photo.
    targets: BTreeMap<Layer, Vec<FeatureMap>>,
}

impl ContentLoss {
    /// Of `layers`, whose targets are yet to come.
    pub fn new(layers: &[Layer]) -> Self {
        Self { targets: layers.iter().map(|&layer| (layer, Vec::new())).collect() }
    }

    /// Takes the photo's feature maps in its next tile as targets.
    pub fn add(&mut self, photo: &FeatureMaps) {
        self.targets.iter_mut().for_each(|(&layer, parts)| {
            parts.push(photo.get(layer).clone().detached().own_buffer());
        });
    }

    /// Whether there is, or will be, a target for each of `layers`.
    pub fn covers(&self, layers: &[Layer]) -> bool {
        layers.iter().all(|layer| self.targets.contains_key(layer))
    }

    /// The loss of a pastiche of these feature maps in tile number `tile`, for each element of the
    /// whole picture's map, summed over the layers as `weights` has them, each times its `scale`
    /// where it has one, `[1]`, all times `weight`; `[1]`, or `None` where no layer counts.
    pub fn evaluate(
        &self,
        pastiche: &FeatureMaps,
        tile: usize,
        weights: LayerWeights,
        weight: f32,
        scale: impl Fn(Layer) -> Option<Tensor<1>>,
    ) -> Option<Tensor<1>> {
        let share = |layer| weight / float(self.elements(layer));
        let losses = weights.active().map(|(layer, weight)| {
            let loss = self.tile_loss(pastiche, tile, layer, weight * share(layer));
            match scale(layer) {
                Some(scale) => loss * scale,
                None => loss,
            }
        });
        losses.reduce(|sum, loss| sum + loss)
    }

    /// The loss at one layer of a pastiche that is seen as a whole, in the paper's units, times
    /// `weight`; `[1]`.
    ///
    /// # Panics
    /// When `layer` has no target or the pastiche no map of it: a mistake of the caller.
    pub fn layer_loss(&self, pastiche: &FeatureMaps, layer: Layer, weight: f32) -> Tensor<1> {
        self.tile_loss(pastiche, 0, layer, weight)
    }

    fn tile_loss(
        &self,
        pastiche: &FeatureMaps,
        tile: usize,
        layer: Layer,
        weight: f32,
    ) -> Tensor<1> {
        squared_distance(
            pastiche.get(layer).tensor(),
            self.targets[&layer][tile].tensor(),
            0.5 * weight,
        )
    }

    /// `N·M`: elements over which the loss at a layer sums.
    ///
    /// # Panics
    /// When `layer` has no target: a mistake of the caller.
    pub fn elements(&self, layer: Layer) -> usize {
        self.targets[&layer].iter().map(|target| target.channels() * target.positions()).sum()
    }
}
