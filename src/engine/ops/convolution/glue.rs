//! Backend extension for the fused convolution, with its backward pass.
//!
//! The gradient with respect to the input is the convolution of the gated gradient with the rotated
//! kernel, input and output channels exchanged. The gate, `output > 0`, is applied on loading the
//! gradient (tiled kernel); by a separate pass beforehand, since many units load the same pixel
//! (direct kernel); or by the pooling, if nothing else reads the output.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};
use burn::tensor::DType;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::plan::{Plan, SavedForBackward};
use super::{ConvKernel, direct, tiled};

/// The convolution as a Burn backend extension, for CubeCL and for autodiff over it.
#[backend_extension(Autodiff, Cube)]
pub trait ConvolutionBackend: Backend {
    /// Convolves `[1, C_in, H, W]` to `[1, C_out, H', W']` with the weights of a
    /// [`super::PackedConvolution`], adds the bias and applies ReLU.
    fn convolve_relu(
        x: FloatTensor<Self>,
        forward: FloatTensor<Self>,
        backward: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self>;

    /// Returns the gradient with respect to `x`, `[1, C_in, H, W]`, from that with respect to
    /// `output`, the result of [`Self::convolve_relu`]. Both gradients are f32 at either precision.
    fn convolve_relu_backward(
        gradient: FloatTensor<Self>,
        output: FloatTensor<Self>,
        backward: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self>;

    /// Returns the gradient with respect to `x` from one that is already gated by the ReLU.
    fn convolve_backward(
        gradient: FloatTensor<Self>,
        backward: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self>;
}

impl ConvolutionBackend for CubeBackend {
    fn convolve_relu(
        x: CubeTensor,
        forward: CubeTensor,
        _: CubeTensor,
        bias: CubeTensor,
        plan: Plan,
    ) -> CubeTensor {
        match plan.strategy.division {
            ConvKernel::Tiled => tiled::convolve_relu(x, forward, bias, plan),
            ConvKernel::Direct => direct::convolve_relu(x, forward, bias, plan),
        }
    }

    fn convolve_relu_backward(
        gradient: CubeTensor,
        output: CubeTensor,
        backward: CubeTensor,
        plan: Plan,
    ) -> CubeTensor {
        assert_eq!(gradient.dtype, DType::F32, "gradients are f32");
        let plan = plan.turned();
        match plan.strategy.division {
            ConvKernel::Tiled => tiled::convolve_relu_backward(gradient, output, backward, plan),
            ConvKernel::Direct => direct::convolve_relu_backward(gradient, output, backward, plan),
        }
    }

    fn convolve_backward(gradient: CubeTensor, backward: CubeTensor, plan: Plan) -> CubeTensor {
        assert_eq!(gradient.dtype, DType::F32, "gradients are f32");
        let plan = plan.turned();
        match plan.strategy.division {
            ConvKernel::Tiled => tiled::convolve_backward(gradient, backward, plan),
            ConvKernel::Direct => direct::convolve_backward(gradient, backward, plan),
        }
    }
}

/// Backward pass of the convolution. Its state is the rotated weights and the saved tensors.
#[derive(Debug)]
struct ConvolveRelu(Plan);

/// Tensors saved for backward, by [`SavedForBackward`].
#[derive(Clone, Debug)]
enum Saved<T> {
    Output(T),
    /// Input, weights and bias.
    Input([T; 3]),
    Nothing,
}

impl<B: ConvolutionBackend> Backward<B, 1> for ConvolveRelu {
    type State = (FloatTensor<B>, Saved<FloatTensor<B>>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (Self(plan), (backward, saved)) = (self, ops.state);
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            let output = match saved {
                Saved::Output(output) => output,
                Saved::Input([x, forward, bias]) => {
                    B::convolve_relu(x, forward, backward.clone(), bias, plan)
                }
                Saved::Nothing => return B::convolve_backward(gradient, backward, plan),
            };
            B::convolve_relu_backward(gradient, output, backward, plan)
        });
    }
}

impl<B: ConvolutionBackend, C: CheckpointStrategy> ConvolutionBackend for Autodiff<B, C> {
    fn convolve_relu(
        x: FloatTensor<Self>,
        forward: FloatTensor<Self>,
        backward: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self> {
        let [forward, backward, bias] =
            [forward, backward, bias].map(|constant| constant.into_primitive());
        let preparation = ConvolveRelu(plan).prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let output =
            B::convolve_relu(x.clone(), forward.clone(), backward.clone(), bias.clone(), plan);
        match preparation {
            OpsKind::Tracked(preparation) => {
                let saved = match plan.saved {
                    Some(SavedForBackward::Output) => Saved::Output(output.clone()),
                    Some(SavedForBackward::Input) => Saved::Input([x, forward, bias]),
                    None => Saved::Nothing,
                };
                preparation.finish((backward, saved), output)
            }
            OpsKind::UnTracked(preparation) => preparation.finish(output),
        }
    }

    fn convolve_relu_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Plan,
    ) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }

    fn convolve_backward(_: FloatTensor<Self>, _: FloatTensor<Self>, _: Plan) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
