//! The moments of a feature map: its Gram matrix, the paper's measure of style, and its mean.

use burn::tensor::{Gradients, Tensor};

use super::ops::scaling::scale;
use super::ops::{float, gram, sum};
use super::{FeatureMap, Guide};
use crate::recipe::Statistic;

/// Gram matrix `G = F·Fᵀ / M`, and in a row below it, if a statistic needs it, the mean
/// `(F·1)ᵀ / M`.
///
/// `F` is the feature map flattened to `[C, M]`, `M = H·W`. The Gram matrix tells which filters
/// respond together, regardless of where. Division by `M` makes images of different sizes
/// comparable.
///
/// - **Shape:** `[C, C]`, symmetric, positive semi-definite; with the mean `[C + 1, C]`.
/// - **Units:** activation² for `G`, activation for the mean.
/// - **Source:** Gatys, Ecker, Bethge 2015, eq. 3; the division by `M` moves here from eq. 4.
#[derive(Clone, Debug)]
pub struct Moments(Tensor<2>);

impl Moments {
    /// Computes the moments of one layer's feature map that `statistic` needs.
    pub fn of(map: &FeatureMap, statistic: Statistic) -> Self {
        Self(if statistic == Statistic::Gram {
            gram::gram(map.tensor().clone())
        } else {
            gram::moments(map.tensor().clone(), None)
        })
    }

    /// Returns `Σ_p t_p·F_p·F_pᵀ / Σ_p t_p` over the positions `p` of one layer's feature map, and
    /// likewise the mean: the moments within a region given by soft shares `t`.
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

    /// Returns the Gram matrix, `[C, C]`.
    pub fn gram(&self) -> Tensor<2> {
        let [rows, channels] = self.0.dims();
        if rows == channels {
            self.0.clone()
        } else {
            self.0.clone().slice([0..channels, 0..channels])
        }
    }

    /// Returns the mean, `[1, C]`.
    ///
    /// # Panics
    /// If the moments were computed without a mean.
    pub fn mean(&self) -> Tensor<2> {
        let [rows, channels] = self.0.dims();
        assert!(rows > channels, "there is a mean");
        self.0.clone().slice([channels..rows, 0..channels])
    }

    /// Returns `s₀·(G − m·mᵀ)` above `s₁·mᵀ`, `[C + 1, C]`: covariance and mean, each times one of
    /// the two `scales`, `[2]`.
    pub fn centred(&self, scales: &Tensor<1>) -> Tensor<2> {
        gram::centred(self.0.clone(), scales.clone())
    }

    /// Returns `Σ G²`, `[1]`.
    pub fn squared_norm(&self) -> Tensor<1> {
        sum(self.gram().square())
    }

    /// Returns `tr G / C`, `[1]`: the mean square of all outputs.
    pub fn mean_square(&self) -> Tensor<1> {
        let gram = self.gram();
        let channels = gram.dims()[0];
        let identity = Tensor::eye(channels, &gram.device().without_autodiff());
        sum(gram * identity).div_scalar(float(channels))
    }

    /// Returns the sum of several moments, each times its share; `None` if there are none.
    pub fn mixed<'a>(grams: impl Iterator<Item = (&'a Self, f32)>) -> Option<Self> {
        grams
            .map(|(gram, share)| gram.0.clone().mul_scalar(share))
            .reduce(|sum, gram| sum + gram)
            .map(Self)
    }

    /// Adds `other`.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// Multiplies by `share`.
    #[must_use]
    pub fn times(self, share: f32) -> Self {
        Self(self.0.mul_scalar(share))
    }

    /// Returns the same values as the leaf of a new autodiff graph.
    #[must_use]
    pub fn leaf(&self) -> Self {
        Self(self.0.clone().autodiff().require_grad())
    }

    /// Removes the gradient with respect to this [`leaf`](Self::leaf) from `gradients`, and returns
    /// it.
    ///
    /// # Panics
    /// If the loss does not depend on the leaf.
    #[must_use]
    pub fn gradient(&self, gradients: &mut Gradients) -> Self {
        Self(self.0.grad_remove(gradients).expect("the loss depends on the matrix"))
    }

    /// Returns the tensor, `[C, C]` or `[C + 1, C]`.
    pub fn tensor(&self) -> &Tensor<2> {
        &self.0
    }

    /// Returns the same values outside any autodiff graph, as a constant target.
    pub fn detached(self) -> Self {
        Self(self.0.without_autodiff())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn the_gram_matrix_is_divided_by_the_number_of_positions() {
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
    fn squared_norm_and_mean_square_follow_from_the_gram_matrix() {
        // `F = [[1, 2], [3, 0]]` gives `G = [[2.5, 1.5], [1.5, 4.5]]`; the outputs squared are
        // `1, 4, 9, 0`.
        let map = FeatureMap::new(Tensor::<4>::from_data(
            [[[[1.0, 2.0]], [[3.0, 0.0]]]],
            &Device::flex(),
        ));
        let gram = Moments::of(&map, Statistic::Gram);
        assert!((gram.squared_norm().into_scalar::<f32>() - 31.0).abs() < 1e-4);
        assert!((gram.mean_square().into_scalar::<f32>() - 3.5).abs() < 1e-5);
    }
}
