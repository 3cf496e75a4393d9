//! Pooling over 2×2 windows, rounding down.

#[cfg(test)]
mod tests;
mod windows;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::layout::{VECTOR, filled};

/// What a pooling takes of a window; compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Taken {
    /// The mean of all four.
    Mean,
    /// The greatest.
    Greatest,
}

/// What is `taken` of 2×2 windows: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. Both sides are at least 2; `C` that is no multiple of 4 costs a copy.
pub fn pool(x: Tensor<4>, taken: Taken) -> Tensor<4> {
    let channels = x.dims()[1];
    if !channels.is_multiple_of(VECTOR) {
        return pool(filled(x, channels.next_multiple_of(VECTOR)), taken).narrow(1, 0, channels);
    }
    Tensor::from_dispatch(<Dispatch as PoolingBackend>::pool(x.into_dispatch(), taken))
}

/// Pooling as Burn dispatches it: on CubeCL's runtimes, and under autodiff over them.
#[backend_extension(Autodiff, Cube)]
pub trait PoolingBackend: Backend {
    /// `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`.
    fn pool(x: FloatTensor<Self>, taken: Taken) -> FloatTensor<Self>;

    /// The gradient with respect to `x`, from the one with respect to what [`Self::pool`] gave.
    fn pool_backward(gradient: FloatTensor<Self>, x: FloatTensor<Self>, taken: Taken) -> FloatTensor<Self>;
}

impl PoolingBackend for CubeBackend {
    fn pool(x: CubeTensor, taken: Taken) -> CubeTensor {
        windows::pool(x, taken)
    }

    fn pool_backward(gradient: CubeTensor, x: CubeTensor, taken: Taken) -> CubeTensor {
        windows::pool_backward(gradient, x, taken)
    }
}

/// The backward pass; its state is what was pooled, which the convolution before keeps anyway.
#[derive(Debug)]
struct Pool(Taken);

impl<B: PoolingBackend> Backward<B, 1> for Pool {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::pool_backward(gradient, ops.state, self.0));
    }
}

impl<B: PoolingBackend, C: CheckpointStrategy> PoolingBackend for Autodiff<B, C> {
    fn pool(x: FloatTensor<Self>, taken: Taken) -> FloatTensor<Self> {
        let preparation = Pool(taken).prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let pooled = B::pool(x.clone(), taken);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish(x, pooled),
            OpsKind::UnTracked(preparation) => preparation.finish(pooled),
        }
    }

    fn pool_backward(_: FloatTensor<Self>, _: FloatTensor<Self>, _: Taken) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
