//! Moments of a feature map over its positions, and the covariance from them.

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

/// Least square of a norm.
pub const LEAST_SQUARE: f32 = 1e-6;

/// Returns the Gram matrix `F·Fᵀ / M`, `[C, C]`, of a map `[1, C, H, W]` seen as `F`, `[C, M]`, `M
/// = H·W`. On a GPU `C` must be a multiple of 64.
pub fn gram(map: Tensor<4>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        return glue::gram(map);
    }
    plain::gram(map)
}

/// Returns `F·Fᵀ / M` above `(F·u)ᵀ / M`, `[C + 1, C]`, with factors `u` of the positions, `[1, 1,
/// H, W]`, or 1. On a GPU `C` must be a multiple of 64, and no gradient reaches the factors.
pub fn moments(map: Tensor<4>, factors: Option<Tensor<4>>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        let device = map.device().without_autodiff();
        return glue::moments(map, factors.unwrap_or_else(|| Tensor::ones([1, 1, 1, 1], &device)));
    }
    plain::moments(map, factors)
}

/// Returns `s₀·(G − m·mᵀ)` above `s₁·mᵀ`: covariance and mean from moments `[C + 1, C]`, by two
/// `scales`, `[2]`. On a GPU no gradient reaches the scales.
pub fn centred(moments: Tensor<2>, scales: Tensor<1>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&moments.device()) {
        return glue::centred(moments, scales);
    }
    plain::centred(moments, scales)
}

/// Returns one over the norms of covariance and mean, `[2]`, of centred moments `[C + 1, C]`. The
/// square of the first is at least `least` times the fourth power of the second. No gradient flows
/// through it on a GPU.
pub fn scales(centred: Tensor<2>, least: f32) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&centred.device()) {
        return glue::scales(centred, least);
    }
    plain::scales(centred, least)
}

/// Returns `left·right` of two matrices `[N, N]`; on a GPU `N` must be a multiple of 16. No
/// gradient flows through it on a GPU.
pub fn product(left: &Tensor<2>, right: &Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&left.device()) {
        return glue::product(left.clone(), right.clone());
    }
    left.clone().matmul(right.clone())
}
