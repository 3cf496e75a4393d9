//! Convolution weights, packed in the order in which the kernels load them.

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::super::layout::{VECTOR, pad_channels};
use super::super::pooling::{self, PoolKind};
use super::Strategy;
use super::glue::ConvolutionBackend;
use super::plan::{Plan, SavedForBackward};

/// Frozen 3×3 convolution with bias, packed on the device for both passes.
#[derive(Clone, Debug)]
pub struct PackedConvolution {
    /// Weights of the forward pass, `[9, C_in, C_out]`; `C_in` is zero-padded to a multiple of 4.
    forward: Tensor<3>,
    /// Weights of the backward pass, `[9, C_out, C_in]`, rotated by 180°; `C_in` is padded, too.
    backward: Tensor<3>,
    /// Bias, `[C_out]`.
    bias: Tensor<1>,
    strategy: Strategy,
}

impl PackedConvolution {
    /// Packs a kernel `[C_out, C_in, 3, 3]` and a bias `[C_out]`; `C_out` must be a multiple of 4.
    pub fn new(kernel: Tensor<4>, bias: Tensor<1>) -> Self {
        let [outputs, inputs, ..] = kernel.dims();
        let inputs = inputs.next_multiple_of(VECTOR);
        let kernel = pad_channels(kernel, inputs);
        let forward = kernel.clone().permute([2, 3, 1, 0]).reshape([9, inputs, outputs]);
        let backward = kernel.flip([2, 3]).permute([2, 3, 0, 1]).reshape([9, outputs, inputs]);
        Self { forward, backward, bias, strategy: Strategy::default() }
    }

    /// Sets the strategy of later calls.
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.strategy = strategy;
    }

    /// Returns `max(0, kernel ∗ x + bias)` with 0 or 1 px of zero padding: `[1, C_in, H, W]` to
    /// `[1, C_out, H, W]`, or two rows and columns less without padding. The channels of `x` may
    /// already be padded to a multiple of 4.
    pub fn relu(&self, x: Tensor<4>, padding: usize, saved: SavedForBackward) -> Tensor<4> {
        self.run(x, Plan { padding, saved: Some(saved), strategy: self.strategy })
    }

    /// Returns [`Self::relu`] with 1 px of padding, pooled over 2×2 windows:
    /// `[1, C_out, ⌊H/2⌋, ⌊W/2⌋]`. The unpooled output is freed.
    pub fn relu_pooled(&self, x: Tensor<4>, kind: PoolKind) -> Tensor<4> {
        pooling::pool(self.run(x, Plan { padding: 1, saved: None, strategy: self.strategy }), kind)
    }

    /// Convolves `x` by `plan`, its channels padded if needed.
    fn run(&self, x: Tensor<4>, plan: Plan) -> Tensor<4> {
        let [_, inputs, _] = self.forward.dims();
        let x = pad_channels(x, inputs).into_dispatch();
        let [forward, backward] =
            [&self.forward, &self.backward].map(|weights| weights.clone().into_dispatch());
        let bias = self.bias.clone().into_dispatch();
        Tensor::from_dispatch(<Dispatch as ConvolutionBackend>::convolve_relu(
            x, forward, backward, bias, plan,
        ))
    }
}
