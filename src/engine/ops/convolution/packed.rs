//! Weights in the order in which the kernels read them.

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::super::layout::{VECTOR, pad_channels};
use super::super::pooling::{self, PoolKind};
use super::Strategy;
use super::glue::ConvolutionBackend;
use super::plan::{Plan, SavedForBackward};

/// A frozen 3×3 convolution with bias, packed on the device for both passes.
#[derive(Clone, Debug)]
pub struct PackedConvolution {
    /// `[9, C_in, C_out]`, `C_in` zero-padded to whole vectors.
    forward: Tensor<3>,
    /// `[9, C_out, C_in]`, rotated by 180°.
    backward: Tensor<3>,
    /// `[C_out]`
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
    /// `[1, C_out, H, W]`, or two rows and columns less. The channels of `x` may already be padded
    /// to whole vectors.
    pub fn relu(&self, x: Tensor<4>, padding: usize, saved: SavedForBackward) -> Tensor<4> {
        self.planned(x, Plan { padding, saved: Some(saved), strategy: self.strategy })
    }

    /// Returns the mean or maximum of 2×2 windows of [`Self::relu`] with 1 px of padding: `[1,
    /// C_out, ⌊H/2⌋, ⌊W/2⌋]`. The unpooled output is freed.
    pub fn relu_pooled(&self, x: Tensor<4>, kind: PoolKind) -> Tensor<4> {
        pooling::pool(
            self.planned(x, Plan { padding: 1, saved: None, strategy: self.strategy }),
            kind,
        )
    }

    fn planned(&self, x: Tensor<4>, plan: Plan) -> Tensor<4> {
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
