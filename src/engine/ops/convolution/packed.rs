//! Weights in the order in which the kernels read them.

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::super::layout::{VECTOR, pad_channels};
use super::super::pooling::{self, PoolKind};
use super::Strategy;
use super::glue::ConvolutionBackend;
use super::plan::{Plan, SavedForBackward};

/// A frozen 3×3 convolution with its bias, in the order in which the kernel reads it; both
/// directions are on the device.
#[derive(Clone, Debug)]
pub struct PackedConvolution {
    /// `[9, C_in, C_out]`, `C_in` filled up with zeros to whole vectors.
    forward: Tensor<3>,
    /// `[9, C_out, C_in]`, turned by half a turn.
    backward: Tensor<3>,
    /// `[C_out]`
    bias: Tensor<1>,
    strategy: Strategy,
}

impl PackedConvolution {
    /// Packs a kernel `[C_out, C_in, 3, 3]` and a bias `[C_out]`, `C_out` a multiple of 4.
    pub fn new(kernel: Tensor<4>, bias: Tensor<1>) -> Self {
        let [outputs, inputs, ..] = kernel.dims();
        let inputs = inputs.next_multiple_of(VECTOR);
        let kernel = pad_channels(kernel, inputs);
        let forward = kernel.clone().permute([2, 3, 1, 0]).reshape([9, inputs, outputs]);
        let backward = kernel.flip([2, 3]).permute([2, 3, 0, 1]).reshape([9, outputs, inputs]);
        Self { forward, backward, bias, strategy: Strategy::default() }
    }

    /// Works by `strategy` from now on.
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.strategy = strategy;
    }

    /// `max(0, kernel * x + bias)` with so many zeros to each side of `x`, 1 or 0: `[1, C_in, H,
    /// W]` to `[1, C_out, H, W]`, or two rows and columns less. `x` may have the zeros already that
    /// fill its channels up to whole vectors.
    pub fn relu(&self, x: Tensor<4>, padding: usize, saved: SavedForBackward) -> Tensor<4> {
        self.planned(x, Plan { padding, saved: Some(saved), strategy: self.strategy })
    }

    /// The mean or the maximum of 2×2 windows of [`Self::relu`] with one zero around `x`: `[1,
    /// C_out, ⌊H/2⌋, ⌊W/2⌋]`. The answer itself is gone after it.
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
