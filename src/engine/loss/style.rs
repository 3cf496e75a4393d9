//! How far the pastiche's style is from the painting's.

use burn::tensor::Tensor;

use crate::engine::gram::float;
use crate::engine::{FeatureMaps, GramMatrix};
use crate::layer::Layer;

/// `w_l` of every style layer: a fifth each, as in the paper.
const LAYER_WEIGHT: f32 = 0.2;

/// Squared distance of the Gram matrices of five layers to the painting's.
///
/// - **Units:** activation⁴.
/// - **Source:** Gatys et al. 2015, eqs. 4 and 5: `Σ_l w_l · 1/(4 N_l²) Σ (G_l − A_l)²` with Gram matrices divided by their own
///   numbers of positions. For pictures of one size that is the paper's `1/(4 N² M²)`; for others it still compares.
#[derive(Debug)]
pub struct StyleLoss {
    targets: [GramMatrix; Layer::STYLE.len()],
}

impl StyleLoss {
    /// The layers that are compared.
    pub const LAYERS: [Layer; 5] = Layer::STYLE;

    /// Takes the painting's Gram matrices as the targets.
    pub fn new(style: &FeatureMaps) -> Self {
        Self { targets: Self::LAYERS.map(|layer| GramMatrix::of(style.get(layer)).detached()) }
    }

    /// The loss of a pastiche of these feature maps, `[1]`.
    pub fn evaluate(&self, pastiche: &FeatureMaps) -> Tensor<1> {
        let [first, rest @ ..] = self.layer_losses(pastiche);
        rest.into_iter().fold(first, |sum, loss| sum + loss).mul_scalar(LAYER_WEIGHT)
    }

    /// `E_l` for each of [`Self::LAYERS`], unweighted, `[1]` each.
    pub fn layer_losses(&self, pastiche: &FeatureMaps) -> [Tensor<1>; Layer::STYLE.len()] {
        std::array::from_fn(|index| {
            let map = pastiche.get(Self::LAYERS[index]);
            let gram = GramMatrix::of(map);
            let difference = gram.tensor().clone() - self.targets[index].tensor().clone();
            let channels = float(map.channels());
            // Each difference is divided by 2N before it is squared, so that the sum keeps clear of f32's range.
            difference.div_scalar(2.0 * channels).square().sum()
        })
    }
}
