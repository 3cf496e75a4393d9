//! Adam's update (Kingma, Ba 2015).

#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod kernel;
mod plain;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use burn::tensor::Tensor;

/// Parameters of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Bias corrections: divisors of the two moments, which began at 0.
    pub weight: [f32; 2],
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// The learning rate.
    pub rate: f32,
}

/// Returns both moments, `[2, 3, H, W]`, decayed and updated by `gradient`, `[1, 3, H, W]`, and its
/// square.
pub fn moments(before: Tensor<4>, gradient: Tensor<4>, decay: [f32; 2]) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&gradient.device()) {
        return glue::moments(before, gradient, decay);
    }
    plain::moments(before, gradient, decay)
}

/// Returns `x`, `[1, 3, H, W]`, after a step by its `moments`, `[2, 3, H, W]`.
pub fn step(x: Tensor<4>, moments: Tensor<4>, step: AdamStep) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::step(x, moments, step);
    }
    plain::step(x, moments, step)
}
