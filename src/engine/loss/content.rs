//! How far the pastiche's content is from the photo's.

use burn::tensor::Tensor;

use crate::engine::{FeatureMap, FeatureMaps};
use crate::layer::Layer;

/// Squared distance of one layer's feature map to the photo's.
///
/// - **Units:** activation².
/// - **Source:** Gatys et al. 2015, eq. 1: `½ Σ (F − P)²`.
#[derive(Debug)]
pub struct ContentLoss {
    target: FeatureMap,
}

impl ContentLoss {
    /// The layer that is compared.
    pub const LAYER: Layer = Layer::CONTENT;

    /// Takes the photo's feature map as the target.
    pub fn new(content: &FeatureMaps) -> Self {
        Self { target: content.get(Self::LAYER).clone().detached() }
    }

    /// The loss of a pastiche of these feature maps, `[1]`.
    pub fn evaluate(&self, pastiche: &FeatureMaps) -> Tensor<1> {
        let difference = pastiche.get(Self::LAYER).tensor().clone() - self.target.tensor().clone();
        difference.square().sum().mul_scalar(0.5)
    }

    /// `N·M`: elements over which the loss sums.
    pub fn elements(&self) -> usize {
        self.target.channels() * self.target.positions()
    }
}
