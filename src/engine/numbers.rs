//! Between tensors and numbers.

use burn::tensor::{ExecutionError, Tensor};

#[cfg(feature = "gpu")]
use super::kernels;

/// A count as a factor.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of channels and positions; f32's relative error is far below the losses' own"
)]
pub fn float(count: usize) -> f32 {
    count as f32
}

/// The sum of all elements, `[1]`, taken in the same order each time. Burn's own adds parts up as a GPU happens to finish them, so that the
/// last digit differs from run to run.
pub fn sum<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    tensor.sum_dim(D - 1).flatten::<1>(0, D - 1).sum_dim(0)
}

/// `weight · Σ (x − target)²`, `[1]`, of two maps or two matrices, for a weight of 0 or more. Weighed before it is squared, so that the sum
/// keeps clear of f32's range.
pub fn squared_distance<const D: usize>(x: &Tensor<D>, target: &Tensor<D>, weight: f32) -> Tensor<1> {
    let scale = weight.sqrt();
    #[cfg(feature = "gpu")]
    if kernels::serve(&x.device()) {
        return kernels::squared_distance(x.clone(), target.clone(), scale);
    }
    sum((x.clone() - target.clone()).mul_scalar(scale).square())
}

/// `left·right` of two matrices `[N, N]`, through which no gradient flows on a GPU.
pub fn product(left: &Tensor<2>, right: &Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if kernels::serve(&left.device()) {
        return kernels::product(left.clone(), right.clone());
    }
    left.clone().matmul(right.clone())
}

/// One over the norms of covariance and mean, of centred moments `[C + 1, C]`: `[2]`. The covariance's square counts as `least` of the fourth power of
/// the mean's norm at least.
pub fn scales(centred: Tensor<2>, least: f32) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if kernels::serve(&centred.device()) {
        return kernels::scales(centred, least);
    }
    let [_, channels] = centred.dims();
    let squares = |rows| sum(centred.clone().slice([rows, 0..channels]).square());
    let (spread, means) = (squares(0..channels), squares(channels..channels + 1));
    let spread = spread.max_pair(means.clone().square().mul_scalar(least));
    Tensor::cat([spread, means].map(|squares| squares.clamp_min(LEAST_SQUARE).sqrt().recip()).into(), 0)
}

/// Below it the square of a norm counts as this.
pub const LEAST_SQUARE: f32 = 1e-6;

/// `map·factors`: `[1, C, H, W]`, and `[1, C, 1, 1]` or `[1, 1, H, W]`, through which no gradient flows.
pub fn scaled(map: Tensor<4>, factors: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if kernels::serve(&map.device()) {
        return kernels::scaled(map, factors);
    }
    map * factors
}

/// `map`, `[1, C, H, W]`, in a piece of a GPU's memory of its own size. Where each tensor has a piece to itself, as in a browser, what lasts would
/// otherwise keep the piece that it came to lie in, be that as large as the largest map. On the processor
/// it is kept as it is.
pub fn lasting(map: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if kernels::serve(&map.device()) {
        let [_, _, height, width] = map.dims();
        return map.device().memory_persistent_allocations(map, |map| kernels::cut(map, 0..height, 0..width));
    }
    map
}

/// Waits until `tensor`, and all that was asked for before it, is there.
///
/// # Errors
/// When the device fails or is lost.
pub async fn settled<const D: usize>(tensor: Tensor<D>) -> Result<(), ExecutionError> {
    let first = [(); D].map(|()| 0..1);
    let data = tensor.slice(first).into_data_async().await?;
    // Natively they are brought when they are looked at, and not before.
    std::hint::black_box(data.as_bytes());
    Ok(())
}

/// The values of `tensor`, row-major.
///
/// # Errors
/// When the device fails or is lost.
///
/// # Panics
/// For a map in halves: what is read back is f32.
pub async fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    let data = tensor.into_data_async().await?;
    Ok(data.try_into_vec::<f32>().expect("the engine computes in f32"))
}
