//! What the network's layers make of a picture.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::ops::crop::own_buffer;
use crate::layer::Layer;

/// What one layer answers to a picture, after its ReLU.
///
/// - **Shape:** `[1, C, H, W]`, kept in f32, or in f16 where the kernels are set to.
/// - **Units:** activation, at least 0.
#[derive(Clone, Debug)]
pub struct FeatureMap(Tensor<4>);

impl FeatureMap {
    /// Wraps `[1, C, H, W]`.
    pub fn new(tensor: Tensor<4>) -> Self {
        Self(tensor)
    }

    /// The tensor, `[1, C, H, W]`.
    pub fn tensor(&self) -> &Tensor<4> {
        &self.0
    }

    /// Gives up the tensor, `[1, C, H, W]`.
    pub fn into_tensor(self) -> Tensor<4> {
        self.0
    }

    /// `N`: filters of the layer.
    pub fn channels(&self) -> usize {
        self.0.dims()[1]
    }

    /// `M`: places at which the filters were asked.
    pub fn positions(&self) -> usize {
        let [_, _, height, width] = self.0.dims();
        height * width
    }

    /// The same values outside of any autodiff graph: a constant target.
    pub fn detached(self) -> Self {
        Self(self.0.without_autodiff())
    }

    /// The same values, to be kept for a run.
    pub fn own_buffer(self) -> Self {
        Self(own_buffer(self.0))
    }
}

/// The feature maps that were asked for, by layer.
#[derive(Clone, Debug)]
pub struct FeatureMaps(BTreeMap<Layer, FeatureMap>);

impl FeatureMaps {
    /// These maps.
    pub fn of(maps: impl IntoIterator<Item = (Layer, FeatureMap)>) -> Self {
        Self(maps.into_iter().collect())
    }

    /// Each map made another.
    #[must_use]
    pub fn map(self, mut change: impl FnMut(Layer, FeatureMap) -> FeatureMap) -> Self {
        Self(self.0.into_iter().map(|(layer, map)| (layer, change(layer, map))).collect())
    }

    /// The map of `layer`.
    ///
    /// # Panics
    /// When `layer` was not asked for: a mistake of the caller.
    pub fn get(&self, layer: Layer) -> &FeatureMap {
        &self.0[&layer]
    }
}
