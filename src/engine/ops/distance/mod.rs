//! Squared distance to a target.

#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod kernel;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use burn::tensor::Tensor;

use super::sum;

/// Returns `weight · Σ (x − target)²`, `[1]`, of two maps or matrices, for a weight ≥ 0. Computed
/// as `Σ (√weight·(x − target))²`, so that the sum stays within the range of f32. On a GPU no
/// gradient reaches the target.
pub fn squared_distance<const D: usize>(
    x: &Tensor<D>,
    target: &Tensor<D>,
    weight: f32,
) -> Tensor<1> {
    let scale = weight.sqrt();
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::squared_distance(x.clone(), target.clone(), scale);
    }
    sum((x.clone() - target.clone()).mul_scalar(scale).square())
}
