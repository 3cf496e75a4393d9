//! The content loss: squared distance between feature maps of the pastiche and of the photo.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::engine::ops::distance::squared_distance;
use crate::engine::ops::float;
use crate::engine::{FeatureMap, FeatureMaps};
use crate::layer::Layer;
use crate::recipe::LayerWeights;

/// `½ Σ (F − P)²` for each layer, with feature maps `F` of the pastiche and `P` of the photo.
///
/// - **Units:** activation².
/// - **Source:** Gatys et al. 2015, eq. 1.
#[derive(Debug)]
pub struct ContentLoss {
    /// Target maps by layer, one for each tile of the photo.
    targets: BTreeMap<Layer, Vec<FeatureMap>>,
}

impl ContentLoss {
    /// Creates a loss over `layers`. [`Self::add`] supplies the targets.
    pub fn new(layers: &[Layer]) -> Self {
        Self { targets: layers.iter().map(|&layer| (layer, Vec::new())).collect() }
    }

    /// Adds the photo's feature maps in its next tile as targets.
    pub fn add(&mut self, photo: &FeatureMaps) {
        self.targets.iter_mut().for_each(|(&layer, parts)| {
            parts.push(photo.get(layer).clone().detached().own_buffer());
        });
    }

    /// Whether this loss is over all of `layers`, with targets present or still to be added.
    pub fn covers(&self, layers: &[Layer]) -> bool {
        layers.iter().all(|layer| self.targets.contains_key(layer))
    }

    /// Returns `weight · Σ_l w_l/(N_l·M_l) · s_l · ½ Σ (F_l − P_l)²`, `[1]`, with `w_l` from
    /// `weights` and `s_l` from `scale`, 1 for `None`.
    ///
    /// The inner sum is over the elements of tile number `tile`, while `N_l·M_l` counts those of
    /// the whole image: the losses of all tiles add up to that of the image. Returns `None` if no
    /// layer has a weight.
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

    /// Returns `weight · ½ Σ (F − P)²` of one layer, `[1]`, for a pastiche of one tile.
    ///
    /// # Panics
    /// If `layer` has no target, or `pastiche` no map of it.
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

    /// Returns `N·M`, the number of elements of a layer's map of the whole image.
    ///
    /// # Panics
    /// If `layer` has no target.
    pub fn elements(&self, layer: Layer) -> usize {
        self.targets[&layer].iter().map(|target| target.channels() * target.positions()).sum()
    }
}
