//! The Gram matrix of a feature map: the paper's whole notion of style.

use std::collections::BTreeMap;

use burn::tensor::{Gradients, Tensor};

#[cfg(feature = "gpu")]
use super::kernels;
use super::numbers::{float, scaled};
use super::{FeatureMap, Guide, ImageTensor, Tile, Vgg19};
use crate::layer::Layer;
use crate::recipe::Reading;

/// Which filters fire together, with where they fire summed away.
///
/// With `F` the feature map flattened to `[C, M]`, `M = H·W`: `G = F·Fᵀ / M`, so that pictures of different size compare.
///
/// - **Shape:** `[C, C]`, symmetric, positive semi-definite.
/// - **Units:** activation².
/// - **Source:** Gatys, Ecker, Bethge 2015, eq. 3; the division by `M` is eq. 4's, done here.
#[derive(Clone, Debug)]
pub struct GramMatrix(Tensor<2>);

impl GramMatrix {
    /// Of one layer's feature map.
    pub fn of(map: &FeatureMap) -> Self {
        #[cfg(feature = "gpu")]
        if kernels::serve(&map.tensor().device()) {
            return Self(kernels::gram(map.tensor().clone()));
        }
        // The quotient is split over both factors: a sum over all positions of a large picture keeps its magnitude.
        let scaled = map.flattened().div_scalar(float(map.positions()).sqrt());
        Self(scaled.clone().matmul(scaled.transpose()))
    }

    /// Of one layer's feature map within a region, by soft shares: `Σ_p t_p·F_p·F_pᵀ / Σ_p t_p` over the positions `p`.
    ///
    /// - **Source:** Gatys et al. 2017, *Controlling Perceptual Factors in Neural Style Transfer*, section 4.
    pub fn guided(map: &FeatureMap, guide: &Guide) -> Self {
        let weighted = FeatureMap::new(scaled(map.tensor().clone(), guide.root.clone()));
        Self(Self::of(&weighted).0 / guide.share.clone().reshape([1, 1]))
    }

    /// What `tile` adds to the matrices of a picture at all layers; outside of any autodiff graph.
    pub fn of_tile(vgg: &Vgg19, picture: &ImageTensor, tile: &Tile, reading: Reading) -> BTreeMap<Layer, Self> {
        let mut matrices = BTreeMap::new();
        vgg.visit(&tile.seen(picture), &Layer::ALL, reading, |layer, map| {
            matrices.insert(layer, Self::of(&tile.core(map, layer)).detached().times(tile.share(layer)));
        });
        matrices
    }

    /// The sum of several, each by its share; `None` of none.
    pub fn mixed<'a>(grams: impl Iterator<Item = (&'a Self, f32)>) -> Option<Self> {
        grams.map(|(gram, share)| gram.0.clone().mul_scalar(share)).reduce(|sum, gram| sum + gram).map(Self)
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// A part of it.
    #[must_use]
    pub fn times(self, share: f32) -> Self {
        Self(self.0.mul_scalar(share))
    }

    /// The same values at the beginning of an autodiff graph.
    #[must_use]
    pub fn leaf(&self) -> Self {
        Self(self.0.clone().autodiff().require_grad())
    }

    /// The gradient of a loss with respect to this [`leaf`](Self::leaf), taken out of `gradients`.
    ///
    /// # Panics
    /// When the loss does not depend on it: a mistake of the caller.
    #[must_use]
    pub fn gradient(&self, gradients: &mut Gradients) -> Self {
        Self(self.0.grad_remove(gradients).expect("the loss depends on the matrix"))
    }

    /// The matrix, `[C, C]`.
    pub fn tensor(&self) -> &Tensor<2> {
        &self.0
    }

    /// The same values outside of any autodiff graph: a constant target.
    pub fn detached(self) -> Self {
        Self(self.0.without_autodiff())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn filters_that_fire_together_are_counted_per_position() {
        // Two filters over a 1×2 map: F = [[1, 2], [3, 0]]; F·Fᵀ = [[5, 3], [3, 9]]; M = 2.
        let map = FeatureMap::new(Tensor::<4>::from_data([[[[1.0, 2.0]], [[3.0, 0.0]]]], &Device::flex()));
        let gram = GramMatrix::of(&map).tensor().to_data().try_into_vec::<f32>().unwrap();
        for (found, expected) in gram.iter().zip([2.5, 1.5, 1.5, 4.5]) {
            assert!((found - expected).abs() < 1e-6, "{gram:?}");
        }
    }
}
