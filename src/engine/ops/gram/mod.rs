//! The moments of a map over its positions, and the covariance by them.

#[cfg(feature = "gpu")]
mod centred;
#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod means;
mod plain;
#[cfg(feature = "gpu")]
mod product;
#[cfg(feature = "gpu")]
mod slices;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use burn::tensor::Tensor;

/// Below it the square of a norm counts as this.
pub const LEAST_SQUARE: f32 = 1e-6;

/// `F·Fᵀ / M` of a map `[1, C, H, W]`, where `F` is the map as `[C, M]`, `M = H·W`: `[C, C]`; on a
/// GPU `C` is a multiple of 64.
pub fn gram(map: Tensor<4>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        return glue::gram(map);
    }
    plain::gram(map)
}

/// `F·Fᵀ / M`, and in a row below it `(F·u)ᵀ / M`, with factors of the positions `u`, `[1, 1, H,
/// W]`, or 1: `[C + 1, C]`; on a GPU `C` is a multiple of 64. No gradient reaches the factors
/// there.
pub fn moments(map: Tensor<4>, factors: Option<Tensor<4>>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        let device = map.device().without_autodiff();
        return glue::moments(map, factors.unwrap_or_else(|| Tensor::ones([1, 1, 1, 1], &device)));
    }
    plain::moments(map, factors)
}

/// Covariance and mean by moments `[C + 1, C]`, the one times the first of two `scales`, `[2]`, the
/// other times the second: `s₀·(G − m·mᵀ)` above `s₁·mᵀ`. No gradient reaches the scales on a GPU.
pub fn centred(moments: Tensor<2>, scales: Tensor<1>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&moments.device()) {
        return glue::centred(moments, scales);
    }
    plain::centred(moments, scales)
}

/// One over the norms of covariance and mean, of centred moments `[C + 1, C]`: `[2]`. The
/// covariance's square counts as `least` of the fourth power of the mean's norm at least. No
/// gradient flows through it on a GPU.
pub fn scales(centred: Tensor<2>, least: f32) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&centred.device()) {
        return glue::scales(centred, least);
    }
    plain::scales(centred, least)
}

/// `left·right` of two matrices `[N, N]`, on a GPU `N` a multiple of 16; no gradient flows through
/// it there.
pub fn product(left: &Tensor<2>, right: &Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&left.device()) {
        return glue::product(left.clone(), right.clone());
    }
    left.clone().matmul(right.clone())
}
