//! Plain Burn twins.

use burn::tensor::Tensor;

use super::super::{float, sum};

/// Computes the twin of [`super::gram`].
pub fn gram(map: Tensor<4>) -> Tensor<2> {
    let flat = flattened(map);
    let positions = float(flat.dims()[1]);
    // Each factor is divided by √M, so that the sums do not grow with the size of the image.
    let scaled = flat.div_scalar(positions.sqrt());
    scaled.clone().matmul(scaled.transpose())
}

/// Computes the twin of [`super::moments`].
pub fn moments(map: Tensor<4>, factors: Option<Tensor<4>>) -> Tensor<2> {
    let weighted = match factors {
        Some(factors) => flattened(map.clone() * factors),
        None => flattened(map.clone()),
    };
    let positions = float(weighted.dims()[1]);
    let mean = weighted.sum_dim(1).transpose().div_scalar(positions);
    Tensor::cat(vec![gram(map), mean], 0)
}

/// Computes the twin of [`super::centred`].
pub fn centred(moments: Tensor<2>, scales: Tensor<1>) -> Tensor<2> {
    let [rows, channels] = moments.dims();
    assert!(rows > channels, "there is a mean");
    let gram = moments.clone().slice([0..channels, 0..channels]);
    let mean = moments.slice([channels..rows, 0..channels]);
    let covariance = gram - mean.clone().transpose().matmul(mean.clone());
    let [by_covariance, by_mean] =
        [0, 1].map(|index| scales.clone().slice(index..index + 1).reshape([1, 1]));
    Tensor::cat(vec![covariance * by_covariance, mean * by_mean], 0)
}

/// Computes the twin of [`super::scales`].
pub fn scales(centred: Tensor<2>, least: f32) -> Tensor<1> {
    let [_, channels] = centred.dims();
    let squares = |rows| sum(centred.clone().slice([rows, 0..channels]).square());
    let (spread, means) = (squares(0..channels), squares(channels..channels + 1));
    let spread = spread.max_pair(means.clone().square().mul_scalar(least));
    Tensor::cat(
        [spread, means].map(|squares| squares.clamp_min(super::LEAST_SQUARE).sqrt().recip()).into(),
        0,
    )
}

/// Reshapes `[1, C, H, W]` to `[C, M]`, with `M = H·W`.
fn flattened(map: Tensor<4>) -> Tensor<2> {
    let [_, channels, height, width] = map.dims();
    map.reshape([channels, height * width])
}
