//! The moments of a feature map: with the Gram matrix the paper's whole notion of style.

use burn::tensor::{Gradients, Tensor};

use super::ops::scaling::scale;
use super::ops::{float, gram, sum};
use super::{FeatureMap, Guide};
use crate::recipe::Statistic;

/// Which filters fire together, with where they fire summed away; and how much each fires, where a
/// statistic needs it.
///
/// With `F` the feature map flattened to `[C, M]`, `M = H·W`: the Gram matrix `G = F·Fᵀ / M`, so
/// that pictures of different size compare, and below it the mean, `(F·1)ᵀ / M`.
///
/// - **Shape:** `[C, C]`, symmetric, positive semi-definite; with the mean `[C + 1, C]`.
/// - **Units:** activation², the mean activation.
/// - **Source:** Gatys, Ecker, Bethge 2015, eq. 3; the division by `M` is eq. 4's, done here.
#[derive(Clone, Debug)]
pub struct Moments(Tensor<2>);

impl Moments {
    /// Of one layer's feature map, as far as `statistic` needs them.
    pub fn of(map: &FeatureMap, statistic: Statistic) -> Self {
        Self(if statistic == Statistic::Gram {
            gram::gram(map.tensor().clone())
        } else {
            gram::moments(map.tensor().clone(), None)
        })
    }

    /// Of one layer's feature map within a region, by soft shares: `Σ_p t_p·F_p·F_pᵀ / Σ_p t_p`
    /// over the positions `p`, and likewise the mean.
    ///
    /// - **Source:** Gatys et al. 2017, *Controlling Perceptual Factors in Neural Style Transfer*,
    ///   section 4.
    pub fn guided(map: &FeatureMap, guide: &Guide, statistic: Statistic) -> Self {
        let weighted = scale(map.tensor().clone(), guide.root.clone());
        let sums = match statistic {
            Statistic::Gram => gram::gram(weighted),
            _ => gram::moments(weighted, Some(guide.root.clone())),
        };
        Self(sums / guide.share.clone().reshape([1, 1]))
    }

    /// The Gram matrix, `[C, C]`.
    pub fn gram(&self) -> Tensor<2> {
        let [rows, channels] = self.0.dims();
        if rows == channels {
            self.0.clone()
        } else {
            self.0.clone().slice([0..channels, 0..channels])
        }
    }

    /// The mean, `[1, C]`.
    ///
    /// # Panics
    /// Where the statistic needs none: a mistake of the caller.
    pub fn mean(&self) -> Tensor<2> {
        let [rows, channels] = self.0.dims();
        assert!(rows > channels, "there is a mean");
        self.0.clone().slice([channels..rows, 0..channels])
    }

    /// The covariance, `G − m·mᵀ`, times the first of two `scales`, `[2]`, above the mean times the
    /// second: `[C + 1, C]`.
    pub fn centred(&self, scales: &Tensor<1>) -> Tensor<2> {
        gram::centred(self.0.clone(), scales.clone())
    }

    /// `Σ G²`, `[1]`.
    pub fn squared_norm(&self) -> Tensor<1> {
        sum(self.gram().square())
    }

    /// The mean square of all outputs, `tr G / C`, `[1]`.
    pub fn mean_square(&self) -> Tensor<1> {
        let gram = self.gram();
        let channels = gram.dims()[0];
        let identity = Tensor::eye(channels, &gram.device().without_autodiff());
        sum(gram * identity).div_scalar(float(channels))
    }

    /// The sum of several, each by its share; `None` of none.
    pub fn mixed<'a>(grams: impl Iterator<Item = (&'a Self, f32)>) -> Option<Self> {
        grams
            .map(|(gram, share)| gram.0.clone().mul_scalar(share))
            .reduce(|sum, gram| sum + gram)
            .map(Self)
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

    /// All of them, `[C, C]` or `[C + 1, C]`.
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
        let map = FeatureMap::new(Tensor::<4>::from_data(
            [[[[1.0, 2.0]], [[3.0, 0.0]]]],
            &Device::flex(),
        ));
        let gram =
            Moments::of(&map, Statistic::Gram).tensor().to_data().try_into_vec::<f32>().unwrap();
        for (found, expected) in gram.iter().zip([2.5, 1.5, 1.5, 4.5]) {
            assert!((found - expected).abs() < 1e-6, "{gram:?}");
        }
    }

    #[test]
    fn the_magnitudes_are_those_of_the_outputs() {
        // As above: G = [[2.5, 1.5], [1.5, 4.5]], and F has the squares 1, 4, 9, 0.
        let map = FeatureMap::new(Tensor::<4>::from_data(
            [[[[1.0, 2.0]], [[3.0, 0.0]]]],
            &Device::flex(),
        ));
        let gram = Moments::of(&map, Statistic::Gram);
        assert!((gram.squared_norm().into_scalar::<f32>() - 31.0).abs() < 1e-4);
        assert!((gram.mean_square().into_scalar::<f32>() - 3.5).abs() < 1e-5);
    }
}
