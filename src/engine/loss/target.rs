//! The target of a style layer, and the distance of a pastiche's moments to it.

use burn::tensor::Tensor;

use super::wasserstein;
use crate::engine::Moments;
use crate::engine::ops::distance::squared_distance;
use crate::engine::ops::gram::{LEAST_SQUARE, scales};
use crate::engine::ops::{float, sum};
use crate::recipe::{LossUnits, Statistic};

/// Moments of a painting or a blend at one layer, and the measure of distance to them.
#[derive(Debug)]
pub struct Target {
    moments: Moments,
    measure: Measure,
}

/// Measure of the distance between moments. Scales are `[1]` each.
#[derive(Debug)]
enum Measure {
    /// `1/(4 N²) Σ (G − A)²`
    Gram,
    /// `Σ (G − A)² / Σ A²`
    RelativeGram { scale: Tensor<1> },
    /// `Σ (C − C*)² / Σ C*² + Σ (m − m*)² / Σ m*²`, with covariance `C` and mean `m`.
    Covariance(Box<Centred>),
    /// `W² / (N m²)`, with `m` the target's mean output.
    Wasserstein { target: Box<wasserstein::Target>, scale: Tensor<1> },
}

/// Covariance and mean of the target, each divided by its norm.
#[derive(Debug)]
struct Centred {
    /// [`Moments::centred`] by the scales, `[C + 1, C]`.
    moments: Tensor<2>,
    /// Factors of covariance and mean, `[2]`.
    scales: Tensor<1>,
}

impl Target {
    /// Makes a target of `moments`, compared by `statistic`. The `units` concern Gram matrices
    /// only: the other statistics are always in units of the painting.
    pub fn new(moments: Moments, statistic: Statistic, units: LossUnits) -> Self {
        let measure = match (statistic, units) {
            (Statistic::Gram, LossUnits::Activation) => Measure::Gram,
            (Statistic::Gram, LossUnits::Painting) => {
                Measure::RelativeGram { scale: reciprocal(moments.squared_norm()) }
            }
            (Statistic::Covariance, _) => {
                let plain = moments.centred(&Tensor::ones([2], &moments.tensor().device()));
                let scales = scales(plain, LEAST_SPREAD);
                Measure::Covariance(Box::new(Centred { moments: moments.centred(&scales), scales }))
            }
            (Statistic::Wasserstein, _) => {
                let [_, channels] = moments.mean().dims();
                let mean = sum(moments.mean()).div_scalar(float(channels));
                let scale = reciprocal(mean.square()).div_scalar(float(channels));
                let target = Box::new(wasserstein::Target::new(moments.gram(), moments.mean()));
                Measure::Wasserstein { target, scale }
            }
        };
        Self { moments, measure }
    }

    /// Returns `weight` times the distance of `moments`, `[1]`.
    pub fn distance(&self, moments: &Moments, weight: f32) -> Tensor<1> {
        let apart = |one: &Tensor<2>, other: &Tensor<2>| squared_distance(one, other, weight);
        match &self.measure {
            Measure::Gram => {
                let [_, channels] = self.moments.tensor().dims();
                squared_distance(
                    moments.tensor(),
                    self.moments.tensor(),
                    0.25 * weight / float(channels * channels),
                )
            }
            Measure::RelativeGram { scale } => {
                apart(moments.tensor(), self.moments.tensor()) * scale.clone()
            }
            Measure::Covariance(own) => apart(&moments.centred(&own.scales), &own.moments),
            Measure::Wasserstein { target, scale } => {
                wasserstein(target, moments) * scale.clone().mul_scalar(weight)
            }
        }
    }
}

/// Lower bound of `Σ C*²` as a fraction of `(Σ m*²)²`. A painting of one colour has no covariance,
/// and relative to zero any difference would be infinite.
const LEAST_SPREAD: f32 = 1e-3;

/// Returns `W²(x₀) + (x − x₀)·∇W²(x₀)`, linearised at the current moments `x₀ = x`: value and
/// gradient are exact there, and the backward pass uses the closed form.
fn wasserstein(target: &wasserstein::Target, moments: &Moments) -> Tensor<1> {
    let [here, there] = [moments.clone().detached(), moments.clone()];
    let found = target.distance(here.gram(), here.mean());
    let along = sum((there.gram() - here.gram()) * found.by_second)
        + sum((there.mean() - here.mean()) * found.by_mean);
    along + found.value
}

fn reciprocal(squares: Tensor<1>) -> Tensor<1> {
    squares.clamp_min(LEAST_SQUARE).recip()
}
