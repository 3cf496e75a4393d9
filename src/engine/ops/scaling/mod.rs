//! A map times a factor for each of its channels or each of its positions.

#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod kernel;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use burn::tensor::Tensor;

/// `map·factors`: `[1, C, H, W]`, on a GPU `C` a multiple of 4, and `[1, C, 1, 1]` or `[1, 1, H,
/// W]`, to which no gradient flows there.
pub fn scale(map: Tensor<4>, factors: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        return glue::scale(map, factors);
    }
    map * factors
}
