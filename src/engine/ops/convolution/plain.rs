//! Plain Burn twin of the convolution.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;

/// Convolves `x` with `padding` px of zeros on each side, adds the bias and applies ReLU. Kernel
/// `[C_out, C_in, 3, 3]`, bias `[C_out]`.
pub fn convolve_relu(
    x: Tensor<4>,
    kernel: &Tensor<4>,
    bias: &Tensor<1>,
    padding: usize,
) -> Tensor<4> {
    let options = ConvOptions::new([1, 1], [padding, padding], [1, 1], 1);
    relu(conv2d(x, kernel.clone(), Some(bias.clone()), options))
}
