//! The twin in Burn's operations.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;

/// Convolves with `padding` zeros on each side of `x`, adds the bias and applies ReLU; kernel
/// `[out, in, 3, 3]`, bias `[out]`.
pub fn convolve_relu(
    x: Tensor<4>,
    kernel: &Tensor<4>,
    bias: &Tensor<1>,
    padding: usize,
) -> Tensor<4> {
    let options = ConvOptions::new([1, 1], [padding, padding], [1, 1], 1);
    relu(conv2d(x, kernel.clone(), Some(bias.clone()), options))
}
