//! Scaling of a feature map per channel or per position.

#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod kernel;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use burn::tensor::Tensor;

/// Returns `map · factors`: `[1, C, H, W]` times `[1, C, 1, 1]` or `[1, 1, H, W]`. On a GPU `C`
/// must be a multiple of 4, and no gradient reaches the factors.
pub fn scale(map: Tensor<4>, factors: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        return glue::scale(map, factors);
    }
    map * factors
}
