//! Adam's update.

#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod kernel;
mod plain;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use burn::tensor::Tensor;

/// How far Adam's step goes, beside the moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// What either moment is divided by, for they began at 0.
    pub weight: [f32; 2],
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// The learning rate.
    pub rate: f32,
}

/// Both moments, `[2, 3, H, W]`, each decayed and with its share of the `gradient`, `[1, 3, H, W]`,
/// or of its square.
pub fn moments(before: Tensor<4>, gradient: Tensor<4>, decay: [f32; 2]) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&gradient.device()) {
        return glue::moments(before, gradient, decay);
    }
    plain::moments(before, gradient, decay)
}

/// `x`, `[1, 3, H, W]`, after Adam's step by its `moments`, `[2, 3, H, W]`.
pub fn step(x: Tensor<4>, moments: Tensor<4>, step: AdamStep) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::step(x, moments, step);
    }
    plain::step(x, moments, step)
}
