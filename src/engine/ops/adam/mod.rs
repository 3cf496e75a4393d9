//! Update of Adam (Kingma, Ba 2015).

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
    /// Divisors `1 − βᵢᵗ` of the two moments, which correct their bias towards the initial zeros.
    pub weight: [f32; 2],
    /// Term added to the root of the second moment.
    pub epsilon: f32,
    /// Learning rate.
    pub rate: f32,
}

/// Returns both moments, `[2, 3, H, W]`, after a `gradient`, `[1, 3, H, W]`: `β₁·m + (1 − β₁)·g`
/// and `β₂·v + (1 − β₂)·g²`, where `m` and `v` are those `before`, and `decay` is `β`.
pub fn moments(before: Tensor<4>, gradient: Tensor<4>, decay: [f32; 2]) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&gradient.device()) {
        return glue::moments(before, gradient, decay);
    }
    plain::moments(before, gradient, decay)
}

/// Returns `x − rate · m̂ / (√v̂ + epsilon)`, `[1, 3, H, W]`, where `m̂` and `v̂` are the
/// `moments`, `[2, 3, H, W]`, corrected for bias.
pub fn step(x: Tensor<4>, moments: Tensor<4>, step: AdamStep) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::step(x, moments, step);
    }
    plain::step(x, moments, step)
}
