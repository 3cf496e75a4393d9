//! What is asked of the picture itself: how the network takes it in, how rough it is, in one pass each way, and how it is shown. In Burn's
//! operations the first two took more passes than the network has layers.

mod intake;
mod packed;
#[cfg(test)]
mod tests;
mod variation;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Int, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

/// How a network takes a picture in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intake {
    /// What each value is multiplied with.
    pub scale: f32,
    /// What is taken from each colour then.
    pub mean: [f32; 3],
    /// How often the outermost pixels are seen again beyond each side.
    pub border: usize,
}

/// The picture as the first layer reads it: `[1, 3, H, W]` to `[1, 4, H + 2·border, W + 2·border]`, the fourth channel of zeros.
pub fn take_in(x: Tensor<4>, intake: Intake) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as PictureBackend>::take_in(x.into_dispatch(), intake))
}

/// `scale · Σ (x − neighbour)²` over all pairs of neighbours beside and below each other: `[1, 3, H, W]` to `[1]`.
pub fn total_variation(x: Tensor<4>, scale: f32) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as PictureBackend>::total_variation(x.into_dispatch(), scale))
}

/// The picture in bytes: `[1, 3, H, W]` in 0..1 to `[H, W]`, each element red, green, blue and full opacity from its lowest byte to its highest.
/// Values are clamped and rounded. No gradient flows through it.
pub fn packed(x: Tensor<4>) -> Tensor<2, Int> {
    Tensor::from_dispatch(<Dispatch as PictureBackend>::packed(x.into_dispatch()))
}

/// All as Burn dispatches them: on CubeCL's runtimes, and under autodiff over them.
#[backend_extension(Autodiff, Cube)]
pub trait PictureBackend: Backend {
    /// `[1, 3, H, W]` to `[1, 4, H + 2·border, W + 2·border]`.
    fn take_in(x: FloatTensor<Self>, intake: Intake) -> FloatTensor<Self>;

    /// The gradient with respect to a picture of `size` `[H, W]`, from the one with respect to what was taken in.
    fn take_in_backward(gradient: FloatTensor<Self>, size: [usize; 2], intake: Intake) -> FloatTensor<Self>;

    /// `[1, 3, H, W]` to `[1]`.
    fn total_variation(x: FloatTensor<Self>, scale: f32) -> FloatTensor<Self>;

    /// The gradient with respect to `x`, from the one with respect to its variation, `[1]`.
    fn total_variation_backward(gradient: FloatTensor<Self>, x: FloatTensor<Self>, scale: f32) -> FloatTensor<Self>;

    /// `[1, 3, H, W]` to `[H, W]`.
    fn packed(x: FloatTensor<Self>) -> IntTensor<Self>;
}

impl PictureBackend for CubeBackend {
    fn take_in(x: CubeTensor, intake: Intake) -> CubeTensor {
        intake::take_in(x, intake)
    }

    fn take_in_backward(gradient: CubeTensor, size: [usize; 2], intake: Intake) -> CubeTensor {
        intake::take_in_backward(gradient, size, intake)
    }

    fn total_variation(x: CubeTensor, scale: f32) -> CubeTensor {
        variation::total_variation(x, scale)
    }

    fn total_variation_backward(gradient: CubeTensor, x: CubeTensor, scale: f32) -> CubeTensor {
        variation::total_variation_backward(gradient, x, scale)
    }

    fn packed(x: CubeTensor) -> CubeTensor {
        packed::packed(x)
    }
}

/// The way back from what was taken in; its state is the picture's height and width.
#[derive(Debug)]
struct TakeIn(Intake);

impl<B: PictureBackend> Backward<B, 1> for TakeIn {
    type State = [usize; 2];

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::take_in_backward(gradient, ops.state, self.0));
    }
}

/// The way back from the variation; its state is the picture.
#[derive(Debug)]
struct TotalVariation(f32);

impl<B: PictureBackend> Backward<B, 1> for TotalVariation {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::total_variation_backward(gradient, ops.state, self.0));
    }
}

impl<B: PictureBackend, C: CheckpointStrategy> PictureBackend for Autodiff<B, C> {
    fn take_in(x: FloatTensor<Self>, intake: Intake) -> FloatTensor<Self> {
        let preparation = TakeIn(intake).prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let [_, _, height, width] = x.shape().dims();
        let taken = B::take_in(x, intake);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish([height, width], taken),
            OpsKind::UnTracked(preparation) => preparation.finish(taken),
        }
    }

    fn take_in_backward(_: FloatTensor<Self>, _: [usize; 2], _: Intake) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }

    fn total_variation(x: FloatTensor<Self>, scale: f32) -> FloatTensor<Self> {
        let preparation = TotalVariation(scale).prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let variation = B::total_variation(x.clone(), scale);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish(x, variation),
            OpsKind::UnTracked(preparation) => preparation.finish(variation),
        }
    }

    fn total_variation_backward(_: FloatTensor<Self>, _: FloatTensor<Self>, _: f32) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }

    fn packed(x: FloatTensor<Self>) -> IntTensor<Self> {
        B::packed(x.into_primitive())
    }
}
