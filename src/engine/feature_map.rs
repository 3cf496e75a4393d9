//! Feature maps.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::ops::crop::own_buffer;
use crate::layer::Layer;

/// One layer's activations after its ReLU.
///
/// - **Shape:** `[1, C, H, W]`, in f32, or in f16 where the kernels store it.
/// - **Units:** activation, at least 0.
#[derive(Clone, Debug)]
pub struct FeatureMap(Tensor<4>);

impl FeatureMap {
    /// Wraps `[1, C, H, W]`.
    pub fn new(tensor: Tensor<4>) -> Self {
        Self(tensor)
    }

    /// Returns the tensor, `[1, C, H, W]`.
    pub fn tensor(&self) -> &Tensor<4> {
        &self.0
    }

    /// Returns the tensor, `[1, C, H, W]`, without a copy.
    pub fn into_tensor(self) -> Tensor<4> {
        self.0
    }

    /// Returns `N`: the channels of the layer.
    pub fn channels(&self) -> usize {
        self.0.dims()[1]
    }

    /// Returns `M`: the positions of the map.
    pub fn positions(&self) -> usize {
        let [_, _, height, width] = self.0.dims();
        height * width
    }

    /// Returns the map outside of any autodiff graph, as a constant target.
    pub fn detached(self) -> Self {
        Self(self.0.without_autodiff())
    }

    /// Returns the map in a buffer of its own size, to be held for a run.
    pub fn own_buffer(self) -> Self {
        Self(own_buffer(self.0))
    }
}

/// Feature maps by layer.
#[derive(Clone, Debug)]
pub struct FeatureMaps(BTreeMap<Layer, FeatureMap>);

impl FeatureMaps {
    /// Collects maps.
    pub fn of(maps: impl IntoIterator<Item = (Layer, FeatureMap)>) -> Self {
        Self(maps.into_iter().collect())
    }

    /// Maps each map.
    #[must_use]
    pub fn map(self, mut change: impl FnMut(Layer, FeatureMap) -> FeatureMap) -> Self {
        Self(self.0.into_iter().map(|(layer, map)| (layer, change(layer, map))).collect())
    }

    /// Returns the map of `layer`.
    ///
    /// # Panics
    /// If `layer` was not encoded.
    pub fn get(&self, layer: Layer) -> &FeatureMap {
        &self.0[&layer]
    }
}
