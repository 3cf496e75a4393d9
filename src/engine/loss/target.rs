//! What a style layer of a pastiche is compared with.

use burn::tensor::Tensor;

use super::wasserstein;
use crate::engine::Moments;
use crate::engine::ops::distance::squared_distance;
use crate::engine::ops::gram::{LEAST_SQUARE, scales};
use crate::engine::ops::{float, sum};
use crate::recipe::{LossUnits, Statistic};

/// The moments of a painting, or of a blend, at one layer, and how others are compared with them.
#[derive(Debug)]
pub struct Target {
    moments: Moments,
    measure: Measure,
}

/// How. Scales are `[1]` each.
#[derive(Debug)]
enum Measure {
    /// `1/(4 N²) Σ (G − A)²`
    Gram,
    /// `Σ (G − A)² / Σ A²`
    RelativeGram { scale: Tensor<1> },
    /// `Σ (C − C*)² / Σ C*² + Σ (m − m*)² / Σ m*²`, of covariance and mean.
    Covariance(Box<Centred>),
    /// `W² / (N m²)`, `m` the mean output.
    Wasserstein { target: Box<wasserstein::Target>, scale: Tensor<1> },
}

/// Covariance and mean as the distance has them.
#[derive(Debug)]
struct Centred {
    /// [`Moments::centred`] by the scales, `[C + 1, C]`.
    moments: Tensor<2>,
    /// `[2]`
    scales: Tensor<1>,
}

impl Target {
    /// These moments, compared as `statistic` has it; Gram matrices alone in other than the
    /// painting's `units`.
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

    /// `weight` times the distance of `moments`, `[1]`.
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

/// `Σ C*²` that even a painting of one colour is taken to have, of `(Σ m*²)²`: beside nothing every
/// change would be without end.
const LEAST_SPREAD: f32 = 1e-3;

/// The distance by mean and covariance as a function of the moments, whose gradient is the closed
/// form's: its value here, and nothing beside it where the moments are.
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
