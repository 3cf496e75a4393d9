//! 3×3 convolution, bias and ReLU in one pass, with frozen weights.
//!
//! The gradient with respect to what was read is the same convolution with the kernel turned by half a turn and its channels
//! exchanged, of the incoming gradient where the ReLU was open. That condition is applied while the gradient is read, not in a pass
//! of its own.

#[cfg(test)]
mod tests;
mod tiled;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::layout::VECTOR;
pub use tiled::weighted;

/// A frozen 3×3 convolution with its bias, in the order in which the kernel reads it; both directions are on the device.
#[derive(Debug)]
pub struct PackedConvolution {
    /// `[9, C_in, C_out]`, `C_in` filled up with zeros to whole vectors.
    forward: Tensor<3>,
    /// `[9, C_out, C_in]`, turned by half a turn.
    backward: Tensor<3>,
    /// `[C_out]`
    bias: Tensor<1>,
    /// Zeros that fill the read channels up to whole vectors.
    padding: usize,
}

impl PackedConvolution {
    /// Packs a kernel `[C_out, C_in, 3, 3]` and a bias `[C_out]`; `C_out` is a multiple of 4.
    pub fn new(kernel: Tensor<4>, bias: Tensor<1>) -> Self {
        let [outputs, inputs, ..] = kernel.dims();
        let padding = inputs.next_multiple_of(VECTOR) - inputs;
        let kernel = padded(kernel, padding);
        let inputs = inputs + padding;
        let forward = kernel.clone().permute([2, 3, 1, 0]).reshape([9, inputs, outputs]);
        let backward = kernel.flip([2, 3]).permute([2, 3, 0, 1]).reshape([9, outputs, inputs]);
        Self { forward, backward, bias, padding }
    }

    /// `max(0, kernel * x + bias)` with one zero around `x`: `[1, C_in, H, W]` to `[1, C_out, H, W]`.
    pub fn relu(&self, x: Tensor<4>) -> Tensor<4> {
        let x = padded(x, self.padding);
        let [forward, backward] = [&self.forward, &self.backward].map(|weights| weights.clone().into_dispatch());
        let bias = self.bias.clone().into_dispatch();
        Tensor::from_dispatch(<Dispatch as ConvolutionBackend>::convolve_relu(x.into_dispatch(), forward, backward, bias))
    }
}

/// `x` with `padding` zeros behind its second dimension.
fn padded(x: Tensor<4>, padding: usize) -> Tensor<4> {
    if padding == 0 {
        return x;
    }
    let [first, _, third, fourth] = x.dims();
    let zeros = Tensor::zeros([first, padding, third, fourth], &x.device().without_autodiff());
    Tensor::cat(vec![x, zeros], 1)
}

/// The convolution as Burn dispatches it: on CubeCL's runtimes, and under autodiff over them.
#[backend_extension(Autodiff, Cube)]
pub trait ConvolutionBackend: Backend {
    /// `[1, C_in, H, W]` to `[1, C_out, H, W]`, with the weights of [`PackedConvolution`].
    fn convolve_relu(
        x: FloatTensor<Self>,
        forward: FloatTensor<Self>,
        backward: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The gradient with respect to `x`, `[1, C_in, H, W]`, from the one with respect to `answer`, what [`Self::convolve_relu`] gave.
    fn convolve_relu_backward(
        gradient: FloatTensor<Self>,
        answer: FloatTensor<Self>,
        backward: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl ConvolutionBackend for CubeBackend {
    fn convolve_relu(x: CubeTensor, forward: CubeTensor, _: CubeTensor, bias: CubeTensor) -> CubeTensor {
        tiled::convolve_relu(x, forward, bias)
    }

    fn convolve_relu_backward(gradient: CubeTensor, answer: CubeTensor, backward: CubeTensor) -> CubeTensor {
        tiled::convolve_relu_backward(gradient, answer, backward)
    }
}

/// The backward pass; its state is the packed weights of that direction and what the forward pass gave.
#[derive(Debug)]
struct ConvolveRelu;

impl<B: ConvolutionBackend> Backward<B, 1> for ConvolveRelu {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (backward, answer) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::convolve_relu_backward(gradient, answer, backward));
    }
}

impl<B: ConvolutionBackend, C: CheckpointStrategy> ConvolutionBackend for Autodiff<B, C> {
    fn convolve_relu(
        x: FloatTensor<Self>,
        forward: FloatTensor<Self>,
        backward: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [forward, backward, bias] = [forward, backward, bias].map(|constant| constant.into_primitive());
        let preparation = ConvolveRelu.prepare::<C>([x.node()]).compute_bound().stateful();
        let answer = B::convolve_relu(x.into_primitive(), forward, backward.clone(), bias);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish((backward, answer.clone()), answer),
            OpsKind::UnTracked(preparation) => preparation.finish(answer),
        }
    }

    fn convolve_relu_backward(_: FloatTensor<Self>, _: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
