//! Pooling over 2×2 windows, rounding down.

mod average;
mod maximum;
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
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::{CubeCount, CubeDim};

use super::layout::{VECTOR, filled, line_of_units};

/// Means over 2×2 windows: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. Both sides are at least 2; `C` that is no multiple of 4 costs a copy.
pub fn average_pool(x: Tensor<4>) -> Tensor<4> {
    let channels = x.dims()[1];
    if !channels.is_multiple_of(VECTOR) {
        return average_pool(filled(x, channels.next_multiple_of(VECTOR))).narrow(1, 0, channels);
    }
    Tensor::from_dispatch(<Dispatch as PoolingBackend>::average_pool(x.into_dispatch()))
}

/// The greatest of 2×2 windows: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. `C` is a multiple of 4, and both sides are at least 2.
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as PoolingBackend>::max_pool(x.into_dispatch()))
}

/// Pooling as Burn dispatches it: on CubeCL's runtimes, and under autodiff over them.
#[backend_extension(Autodiff, Cube)]
pub trait PoolingBackend: Backend {
    /// `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`.
    fn average_pool(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient with respect to a map of `size` `[H, W]`, from the one with respect to its means.
    fn average_pool_backward(gradient: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self>;

    /// `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`.
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient with respect to `x`, from the one with respect to its windows' greatest.
    fn max_pool_backward(gradient: FloatTensor<Self>, x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl PoolingBackend for CubeBackend {
    fn average_pool(x: CubeTensor) -> CubeTensor {
        average::average_pool(x)
    }

    fn average_pool_backward(gradient: CubeTensor, size: [usize; 2]) -> CubeTensor {
        average::average_pool_backward(gradient, size)
    }

    fn max_pool(x: CubeTensor) -> CubeTensor {
        maximum::max_pool(x)
    }

    fn max_pool_backward(gradient: CubeTensor, x: CubeTensor) -> CubeTensor {
        maximum::max_pool_backward(gradient, x)
    }
}

/// A unit for each vector of `written`.
fn grid(written: &CubeTensor) -> (CubeCount, CubeDim) {
    let units = line_of_units();
    (calculate_cube_count_elemwise(&written.client, written.meta.num_elements() / VECTOR, units), units)
}

/// The way back from the means; its state is the height and width of what was pooled.
#[derive(Debug)]
struct AveragePool;

impl<B: PoolingBackend> Backward<B, 1> for AveragePool {
    type State = [usize; 2];

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::average_pool_backward(gradient, ops.state));
    }
}

/// The way back from the greatest; its state is what was pooled.
#[derive(Debug)]
struct MaxPool;

impl<B: PoolingBackend> Backward<B, 1> for MaxPool {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::max_pool_backward(gradient, ops.state));
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

    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let preparation = MaxPool.prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let greatest = B::max_pool(x.clone());
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish(x, greatest),
            OpsKind::UnTracked(preparation) => preparation.finish(greatest),
        }
    }

    fn max_pool_backward(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
