//! Average pooling over 2×2 windows, rounding down.

mod average;
#[cfg(test)]
mod tests;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

/// Means over 2×2 windows: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. `C` is a multiple of 4, and both sides are at least 2.
pub fn average_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as PoolingBackend>::average_pool(x.into_dispatch()))
}

/// Pooling as Burn dispatches it: on CubeCL's runtimes, and under autodiff over them.
#[backend_extension(Autodiff, Cube)]
pub trait PoolingBackend: Backend {
    /// `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`.
    fn average_pool(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient with respect to a map of `size` `[H, W]`, from the one with respect to its means.
    fn average_pool_backward(gradient: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self>;
}

impl PoolingBackend for CubeBackend {
    fn average_pool(x: CubeTensor) -> CubeTensor {
        average::average_pool(x)
    }

    fn average_pool_backward(gradient: CubeTensor, size: [usize; 2]) -> CubeTensor {
        average::average_pool_backward(gradient, size)
    }
}

/// The backward pass; its state is the height and width of what was pooled.
#[derive(Debug)]
struct AveragePool;

impl<B: PoolingBackend> Backward<B, 1> for AveragePool {
    type State = [usize; 2];

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::average_pool_backward(gradient, ops.state));
    }
}

impl<B: PoolingBackend, C: CheckpointStrategy> PoolingBackend for Autodiff<B, C> {
    fn average_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let preparation = AveragePool.prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let [_, _, height, width] = x.shape().dims();
        let means = B::average_pool(x);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish([height, width], means),
            OpsKind::UnTracked(preparation) => preparation.finish(means),
        }
    }

    fn average_pool_backward(_: FloatTensor<Self>, _: [usize; 2]) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
