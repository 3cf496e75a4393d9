//! The squared 2-Wasserstein distance between two normal distributions, with its gradient in closed
//! form.
//!
//! `W² = |m − m*|² + tr(C + C* − 2·(S·C·S)^½)` with `S = C*^½`, and `∂W²/∂C = I − S·(S·C·S)^(−½)·S`
//! (Dowson, Landau 1982; Bhatia, Jain, Lim 2019, *On the Bures–Wasserstein distance*).
//!
//! The roots come from the coupled Newton–Schulz iteration (Higham 2008, *Functions of Matrices*,
//! eq. 6.35). It consists of matrix products only, so a GPU runs it without the CPU. Each round is
//! scaled for the interval that contains the roots by then, which halves the number of rounds
//! (Chen, Chow 2014, *Stable scaling of Newton–Schulz for improving the sign function computation
//! of a Hermitian matrix*).

use burn::tensor::Tensor;

use crate::engine::ops::gram::product;
use crate::engine::ops::{float, sum};

/// Ridge on the diagonals of both covariances, relative to the target's mean variance. `S·C·S` of a
/// map with fewer positions than channels is singular; the ridge bounds its condition number to
/// what f32 can handle.
const RIDGE: f32 = 0.01;
/// Lower bound of the ridge, relative to the target's mean squared mean: for a target of one
/// colour.
const LEAST_RIDGE: f32 = 1e-4;
/// Rounds of the iteration: from [`LEAST_ROOT`], 11 reach f32 precision.
const ROUNDS: usize = 11;
/// Smallest eigenvalue root, relative to the root of the matrix norm, that the rounds are scaled
/// for. With the ridge, the roots of `S·C·S` exceed 3e-4.
const LEAST_ROOT: f64 = 1e-3;
/// Largest scale at which a round is stable (Chen, Chow 2014).
const GREATEST_SCALE: f64 = 1.6978;

/// Normal distribution to compare with.
#[derive(Clone, Debug)]
pub struct Target {
    /// Mean `m*`, `[1, C]`.
    mean: Tensor<2>,
    /// Covariance root `S`, `[C, C]`.
    root: Tensor<2>,
    /// Ridge on both diagonals, `[1, 1]`.
    ridge: Tensor<2>,
    /// `tr C*` with its ridge, `[1]`.
    trace: Tensor<1>,
}

/// Squared distance, with its gradient by mean and second moments, outside any autodiff graph.
#[derive(Clone, Debug)]
pub struct Distance {
    /// `W²`, `[1]`.
    pub value: Tensor<1>,
    /// Gradient with respect to the mean at constant second moments, `[1, C]`.
    pub by_mean: Tensor<2>,
    /// Gradient with respect to the second moments, `[C, C]`.
    pub by_second: Tensor<2>,
}

impl Target {
    /// Makes a target with these moments: `E[x·xᵀ]`, `[C, C]`, and `E[x]ᵀ`, `[1, C]`.
    pub fn new(second: Tensor<2>, mean: Tensor<2>) -> Self {
        let channels = mean.dims()[1];
        let plain = covariance(second, &mean);
        let least = sum(mean.clone().square()).mul_scalar(LEAST_RIDGE).clamp_min(f32::MIN_POSITIVE);
        let ridge = trace(plain.clone())
            .mul_scalar(RIDGE)
            .max_pair(least)
            .div_scalar(float(channels))
            .reshape([1, 1]);
        let covariance = ridged(plain, &ridge);
        let (root, _) = roots(covariance.clone());
        Self { mean, root, ridge, trace: trace(covariance) }
    }

    /// Returns the distance of a distribution with these moments, and its gradient.
    pub fn distance(&self, second: Tensor<2>, mean: Tensor<2>) -> Distance {
        let covariance = ridged(covariance(second, &mean), &self.ridge);
        let inner = product(&product(&self.root, &covariance), &self.root);
        let (root, inverse) = roots(symmetric(inner));
        let apart = mean.clone() - self.mean.clone();
        let value = sum(apart.clone().square()) + trace(covariance) + self.trace.clone()
            - trace(root).mul_scalar(2.0);
        let by_second = identity(&mean) - product(&product(&self.root, &inverse), &self.root);
        // C = E[x·xᵀ] − m·mᵀ.
        let along = (mean.transpose() * symmetric(by_second.clone())).sum_dim(0);
        let by_mean = (apart - along).mul_scalar(2.0);
        Distance { value, by_mean, by_second }
    }
}

/// Returns `A^½` and `A^(−½)` of a positive definite `A`.
fn roots(a: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let identity = identity(&a);
    // The iteration converges for eigenvalues between 0 and 3; division by the norm brings them to
    // 1 at most.
    let norm = sum(a.clone().square()).sqrt().clamp_min(f32::MIN_POSITIVE).reshape([1, 1]);
    let (mut root, mut inverse) = (a / norm.clone(), identity.clone());
    for scale in scales() {
        let squared = product(&inverse, &root).mul_scalar(scale * scale);
        let factor = (identity.clone().mul_scalar(3.0) - squared).mul_scalar(0.5 * scale);
        root = product(&root, &factor);
        inverse = product(&factor, &inverse);
    }
    let scale = norm.sqrt();
    (root * scale.clone(), inverse / scale)
}

/// Returns the scale of each round, chosen so that `x·(3 − x²)/2` maps both ends of the interval of
/// scaled roots to the same value.
fn scales() -> impl Iterator<Item = f32> {
    std::iter::successors(Some(LEAST_ROOT), |&least| Some(after_round(least)))
        .take(ROUNDS)
        .map(|least| to_f32(scale(least)))
}

/// Returns the scale of a round whose roots lie between `least` and 1.
fn scale(least: f64) -> f64 {
    (3.0 / (1.0 + least + least * least)).sqrt().min(GREATEST_SCALE)
}

/// Returns the smallest root after a round that began with `least`.
fn after_round(least: f64) -> f64 {
    let scaled = scale(least) * least;
    (scaled * (3.0 - scaled * scaled) / 2.0).min(1.0)
}

#[expect(clippy::cast_possible_truncation, reason = "a factor of about 1")]
fn to_f32(factor: f64) -> f32 {
    factor as f32
}

fn covariance(second: Tensor<2>, mean: &Tensor<2>) -> Tensor<2> {
    second - mean.clone().transpose() * mean.clone()
}

fn ridged(covariance: Tensor<2>, ridge: &Tensor<2>) -> Tensor<2> {
    let identity = identity(&covariance);
    covariance + identity * ridge.clone()
}

fn symmetric(a: Tensor<2>) -> Tensor<2> {
    (a.clone() + a.transpose()).mul_scalar(0.5)
}

/// Returns `I` with as many rows as `like` has columns, on the same device.
fn identity(like: &Tensor<2>) -> Tensor<2> {
    Tensor::eye(like.dims()[1], &like.device())
}

fn trace(a: Tensor<2>) -> Tensor<1> {
    let identity = identity(&a);
    sum(a * identity)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn matrix<const N: usize>(rows: [[f32; N]; N]) -> Tensor<2> {
        Tensor::from_data(TensorData::from(rows), &Device::flex())
    }

    fn row<const N: usize>(values: [f32; N]) -> Tensor<2> {
        Tensor::from_data(TensorData::from([values]), &Device::flex())
    }

    /// Returns the second moments of a distribution with this covariance and mean.
    fn second(covariance: Tensor<2>, mean: &Tensor<2>) -> Tensor<2> {
        covariance + mean.clone().transpose().matmul(mean.clone())
    }

    #[test]
    fn for_independent_channels_the_distance_compares_means_and_deviations() {
        let (mean, other) = (row([1.0, 0.5, 2.0]), row([0.0, 0.5, 2.5]));
        let [target, own] = [[4.0, 1.0, 9.0], [1.0, 4.0, 9.0]]
            .map(|[a, b, c]| matrix([[a, 0.0, 0.0], [0.0, b, 0.0], [0.0, 0.0, c]]));
        let found = Target::new(second(target, &mean), mean).distance(second(own, &other), other);
        let ridge = RIDGE * 14.0 / 3.0;
        let deviations = |a: f32, b: f32| ((a + ridge).sqrt() - (b + ridge).sqrt()).powi(2);
        let expected = 1.0 + 0.25 + deviations(1.0, 4.0) + deviations(4.0, 1.0);
        let value = found.value.into_scalar::<f32>();
        assert!((value / expected - 1.0).abs() < 1e-3, "{value} for {expected}");
    }

    #[test]
    fn distance_and_gradient_vanish_at_the_target() {
        let mean = row([1.0, 2.0]);
        let moments = second(matrix([[2.0, 0.5], [0.5, 1.0]]), &mean);
        let found = Target::new(moments.clone(), mean.clone()).distance(moments, mean);
        assert!(found.value.into_scalar::<f32>().abs() < 1e-4);
        assert!(sum(found.by_second.square()).into_scalar::<f32>() < 1e-5);
        assert!(sum(found.by_mean.square()).into_scalar::<f32>() < 1e-5);
    }

    #[test]
    fn the_gradient_matches_finite_differences() {
        let (mean, other) = (row([0.4, 1.0, 0.2]), row([0.9, 0.3, 0.6]));
        let target = Target::new(
            second(matrix([[2.0, 0.5, 0.1], [0.5, 1.0, -0.2], [0.1, -0.2, 0.7]]), &mean),
            mean,
        );
        let own = second(matrix([[1.0, -0.3, 0.2], [-0.3, 2.0, 0.4], [0.2, 0.4, 0.5]]), &other);
        let found = target.distance(own.clone(), other.clone());
        let step = 1e-2;
        let slope = |second: &Tensor<2>, mean: &Tensor<2>| {
            let at = |sign: f32| {
                let moved = target.distance(
                    own.clone() + second.clone().mul_scalar(sign),
                    other.clone() + mean.clone().mul_scalar(sign),
                );
                moved.value.into_scalar::<f32>()
            };
            (at(step) - at(-step)) / (2.0 * step)
        };
        let (none, still) = (matrix([[0.0; 3]; 3]), row([0.0; 3]));
        let along = matrix([[0.3, 0.1, -0.2], [0.1, -0.4, 0.2], [-0.2, 0.2, 0.5]]);
        let expected = sum(found.by_second * along.clone()).into_scalar::<f32>();
        assert!(
            (slope(&along, &still) / expected - 1.0).abs() < 2e-2,
            "{} for {expected}",
            slope(&along, &still)
        );
        let along = row([0.3, -0.5, 0.2]);
        let expected = sum(found.by_mean * along.clone()).into_scalar::<f32>();
        assert!(
            (slope(&none, &along) / expected - 1.0).abs() < 2e-2,
            "{} for {expected}",
            slope(&none, &along)
        );
    }

    #[test]
    fn a_target_of_one_colour_has_a_finite_distance_and_gradient() {
        let mean = row([1.0, 2.0]);
        let flat = second(matrix([[0.0; 2]; 2]), &mean);
        let other = row([0.0, 2.0]);
        let found = Target::new(flat, mean)
            .distance(second(matrix([[1.0, 0.0], [0.0, 1.0]]), &other), other);
        assert!(
            found.value.into_scalar::<f32>().is_finite()
                && sum(found.by_second).into_scalar::<f32>().is_finite()
        );
    }
}
