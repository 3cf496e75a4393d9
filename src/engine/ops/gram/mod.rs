//! Moments of a feature map over its positions, Gram matrix and mean, and the covariance from them.

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

/// Lower bound of the squared norms in [`scales`].
pub const LEAST_SQUARE: f32 = 1e-6;

/// Returns the Gram matrix `F·Fᵀ / M`, `[C, C]`, of a map `[1, C, H, W]` reshaped to `F`, `[C, M]`,
/// with `M = H·W`. On a GPU `C` must be a multiple of 64.
pub fn gram(map: Tensor<4>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        return glue::gram(map);
    }
    plain::gram(map)
}

/// Returns the moments `F·Fᵀ / M` above `(F·u)ᵀ / M`, `[C + 1, C]`, where `u` is one factor per
/// position, `[1, 1, H, W]`, or 1 for `None`. On a GPU `C` must be a multiple of 64, and no
/// gradient reaches the factors.
pub fn moments(map: Tensor<4>, factors: Option<Tensor<4>>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        let device = map.device().without_autodiff();
        return glue::moments(map, factors.unwrap_or_else(|| Tensor::ones([1, 1, 1, 1], &device)));
    }
    plain::moments(map, factors)
}

/// Returns the centred moments `s₀·(G − m·mᵀ)` above `s₁·mᵀ`, the scaled covariance and mean, from
/// moments `G` above `mᵀ`, `[C + 1, C]`, and two scales `s`, `[2]`. On a GPU no gradient reaches
/// the scales.
pub fn centred(moments: Tensor<2>, scales: Tensor<1>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&moments.device()) {
        return glue::centred(moments, scales);
    }
    plain::centred(moments, scales)
}

/// Returns `1 / ‖covariance‖` and `1 / ‖mean‖`, `[2]`, of centred moments `[C + 1, C]`. The squared
/// norm of the covariance counts as at least `least · ‖mean‖⁴`. On a GPU no gradient flows back.
pub fn scales(centred: Tensor<2>, least: f32) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&centred.device()) {
        return glue::scales(centred, least);
    }
    plain::scales(centred, least)
}

/// Returns the matrix product `left·right`, all `[N, N]`. On a GPU `N` must be a multiple of 16,
/// and no gradient flows back.
pub fn product(left: &Tensor<2>, right: &Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&left.device()) {
        return glue::product(left.clone(), right.clone());
    }
    left.clone().matmul(right.clone())
}
