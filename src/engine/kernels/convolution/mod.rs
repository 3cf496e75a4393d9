//! 3×3 convolution, bias and ReLU in one pass, with frozen weights.
//!
//! The gradient with respect to what was read is the same convolution with the kernel turned by half a turn and its channels
//! exchanged, of the incoming gradient where the ReLU was open. That condition is applied while the gradient is read, or once
//! before where many units read the same; or it was by the pooling, where nothing else reads what the layer answers.

mod alike;
mod direct;
#[cfg(test)]
mod tests;
mod tiled;
mod tiling;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{DType, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::layout::{VECTOR, filled};
use super::pooling::{Taken, pool};
use crate::memory::Precision;
pub use tiled::weighted;

/// Taps along one side of a layer's window.
const WINDOW: usize = 3;

/// How a kernel's work is divided. Which way is fastest depends on the adapter: a GPU has many units with few registers each, whereas an
/// emulated one has few registers, fast memory, and pays for every single float that is read, wherever it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Division {
    /// Many small units: each keeps 8 px × 8 channels in 64 registers and what it has fetched ahead in 44 more, and a workgroup shares pixels
    /// and weights.
    #[default]
    Fine,
    /// A quarter as many large ones: each keeps 4×4 px × 16 channels and shares nothing.
    Coarse,
}

impl Division {
    /// Every way there is.
    pub const ALL: [Self; 2] = [Self::Fine, Self::Coarse];

    /// Its name, lower-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Coarse => "coarse",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|division| division.name() == name)
    }
}

/// How the convolutions go about their work; what they answer is the same but for rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strategy {
    /// How the work of each is divided.
    pub division: Division,
    /// In what their answers are kept.
    pub precision: Precision,
}

/// A frozen 3×3 convolution with its bias, in the order in which the kernel reads it; both directions are on the device.
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
        let kernel = filled(kernel, inputs);
        let forward = kernel.clone().permute([2, 3, 1, 0]).reshape([9, inputs, outputs]);
        let backward = kernel.flip([2, 3]).permute([2, 3, 0, 1]).reshape([9, outputs, inputs]);
        Self { forward, backward, bias, strategy: Strategy::default() }
    }

    /// Works by `strategy` from now on.
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.strategy = strategy;
    }

    /// `max(0, kernel * x + bias)` with so many zeros to each side of `x`, 1 or 0: `[1, C_in, H, W]` to `[1, C_out, H, W]`, or two rows and columns
    /// less. `x` may have the zeros already that fill its channels up to whole vectors.
    pub fn relu(&self, x: Tensor<4>, padding: usize, kept: Kept) -> Tensor<4> {
        self.planned(x, Plan { padding, kept: Some(kept), strategy: self.strategy })
    }

    /// What is `taken` of 2×2 windows of [`Self::relu`] with one zero around `x`: `[1, C_out, ⌊H/2⌋, ⌊W/2⌋]`. The answer itself is gone after it.
    pub fn relu_pooled(&self, x: Tensor<4>, taken: Taken) -> Tensor<4> {
        pool(self.planned(x, Plan { padding: 1, kept: None, strategy: self.strategy }), taken)
    }

    fn planned(&self, x: Tensor<4>, plan: Plan) -> Tensor<4> {
        let [_, inputs, _] = self.forward.dims();
        let x = filled(x, inputs).into_dispatch();
        let [forward, backward] = [&self.forward, &self.backward].map(|weights| weights.clone().into_dispatch());
        let bias = self.bias.clone().into_dispatch();
        Tensor::from_dispatch(<Dispatch as ConvolutionBackend>::convolve_relu(x, forward, backward, bias, plan))
    }
}

/// What is kept to tell on the way back where the ReLU was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The answer.
    Answer,
    /// What is read, of which the answer is computed once more.
    Input,
}

/// What determines a convolution beside its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Zeros around what is read, to each side: up to 2.
    padding: usize,
    /// Nothing where a pooling alone reads the answer: no gradient comes back through it where the ReLU was closed.
    kept: Option<Kept>,
    strategy: Strategy,
}

impl Plan {
    /// For the way back, on which the picture takes again the size that it had.
    const fn turned(self) -> Self {
        Self { padding: 2 - self.padding, ..self }
    }
}

/// The convolution as Burn dispatches it: on CubeCL's runtimes, and under autodiff over them.
#[backend_extension(Autodiff, Cube)]
pub trait ConvolutionBackend: Backend {
    /// `[1, C_in, H, W]` to `[1, C_out, H', W']`, with the weights of [`PackedConvolution`].
    fn convolve_relu(
        x: FloatTensor<Self>,
        forward: FloatTensor<Self>,
        backward: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self>;

    /// The gradient with respect to `x`, `[1, C_in, H, W]`, from the one with respect to `answer`, what [`Self::convolve_relu`] gave; both in f32
    /// however the maps are kept.
    fn convolve_relu_backward(
        gradient: FloatTensor<Self>,
        answer: FloatTensor<Self>,
        backward: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self>;

    /// The same from a gradient that has passed the ReLU.
    fn convolve_backward(gradient: FloatTensor<Self>, backward: FloatTensor<Self>, plan: Plan) -> FloatTensor<Self>;
}

impl ConvolutionBackend for CubeBackend {
    fn convolve_relu(x: CubeTensor, forward: CubeTensor, _: CubeTensor, bias: CubeTensor, plan: Plan) -> CubeTensor {
        match plan.strategy.division {
            Division::Fine => tiled::convolve_relu(x, forward, bias, plan),
            Division::Coarse => direct::convolve_relu(x, forward, bias, plan),
        }
    }

    fn convolve_relu_backward(gradient: CubeTensor, answer: CubeTensor, backward: CubeTensor, plan: Plan) -> CubeTensor {
        assert_eq!(gradient.dtype, DType::F32, "gradients are f32");
        let plan = plan.turned();
        match plan.strategy.division {
            Division::Fine => tiled::convolve_relu_backward(gradient, answer, backward, plan),
            Division::Coarse => direct::convolve_relu_backward(gradient, answer, backward, plan),
        }
    }

    fn convolve_backward(gradient: CubeTensor, backward: CubeTensor, plan: Plan) -> CubeTensor {
        assert_eq!(gradient.dtype, DType::F32, "gradients are f32");
        let plan = plan.turned();
        match plan.strategy.division {
            Division::Fine => tiled::convolve_backward(gradient, backward, plan),
            Division::Coarse => direct::convolve_backward(gradient, backward, plan),
        }
    }
}

/// The backward pass; its state is the packed weights of that direction and what is kept.
#[derive(Debug)]
struct ConvolveRelu(Plan);

/// What is kept, as [`Kept`] names it.
#[derive(Clone, Debug)]
enum Held<T> {
    Answer(T),
    /// What is read, weights and bias.
    Input([T; 3]),
    Nothing,
}

impl<B: ConvolutionBackend> Backward<B, 1> for ConvolveRelu {
    type State = (FloatTensor<B>, Held<FloatTensor<B>>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (Self(plan), (backward, held)) = (self, ops.state);
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            let answer = match held {
                Held::Answer(answer) => answer,
                Held::Input([x, forward, bias]) => B::convolve_relu(x, forward, backward.clone(), bias, plan),
                Held::Nothing => return B::convolve_backward(gradient, backward, plan),
            };
            B::convolve_relu_backward(gradient, answer, backward, plan)
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
        let [forward, backward, bias] = [forward, backward, bias].map(|constant| constant.into_primitive());
        let preparation = ConvolveRelu(plan).prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let answer = B::convolve_relu(x.clone(), forward.clone(), backward.clone(), bias.clone(), plan);
        match preparation {
            OpsKind::Tracked(preparation) => {
                let held = match plan.kept {
                    Some(Kept::Answer) => Held::Answer(answer.clone()),
                    Some(Kept::Input) => Held::Input([x, forward, bias]),
                    None => Held::Nothing,
                };
                preparation.finish((backward, held), answer)
            }
            OpsKind::UnTracked(preparation) => preparation.finish(answer),
        }
    }

    fn convolve_relu_backward(_: FloatTensor<Self>, _: FloatTensor<Self>, _: FloatTensor<Self>, _: Plan) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }

    fn convolve_backward(_: FloatTensor<Self>, _: FloatTensor<Self>, _: Plan) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
