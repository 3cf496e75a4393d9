//! Backend extension for 2×2 pooling of a ReLU's output, with its backward pass.
//!
//! The routing mask includes the ReLU gate. It is saved for backward, at one byte per output,
//! instead of the input, so a feature map that nothing else reads is freed.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::super::layout::{VECTOR, pad_channels};
use super::{PoolKind, kernel};

/// Returns the mean or maximum of 2×2 windows: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. Both sides
/// must be at least 2. If `C` is not a multiple of 4, `x` is copied to pad it. Inputs ≤ 0 get no
/// gradient.
pub fn pool(x: Tensor<4>, kind: PoolKind) -> Tensor<4> {
    let channels = x.dims()[1];
    if !channels.is_multiple_of(VECTOR) {
        return pool(pad_channels(x, channels.next_multiple_of(VECTOR)), kind)
            .narrow(1, 0, channels);
    }
    let (pooled, _) = <Dispatch as PoolingBackend>::pool(x.into_dispatch(), kind);
    Tensor::from_dispatch(pooled)
}

/// Pooling as a Burn backend extension, for CubeCL and for autodiff over it.
#[backend_extension(Autodiff, Cube)]
pub trait PoolingBackend: Backend {
    /// Pools `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`, and also returns the routing mask.
    fn pool(x: FloatTensor<Self>, kind: PoolKind) -> (FloatTensor<Self>, IntTensor<Self>);

    /// Returns the gradient with respect to the input, of height and width `sides`, from that with
    /// respect to the output of [`Self::pool`].
    fn pool_backward(
        gradient: FloatTensor<Self>,
        routes: IntTensor<Self>,
        sides: [usize; 2],
        kind: PoolKind,
    ) -> FloatTensor<Self>;
}

impl PoolingBackend for CubeBackend {
    fn pool(x: CubeTensor, kind: PoolKind) -> (CubeTensor, CubeTensor) {
        kernel::pool(x, kind)
    }

    fn pool_backward(
        gradient: CubeTensor,
        routes: CubeTensor,
        sides: [usize; 2],
        kind: PoolKind,
    ) -> CubeTensor {
        kernel::pool_backward(gradient, routes, sides, kind)
    }
}

/// Backward pass of the pooling. Its state is the routing mask and the input's height and width.
#[derive(Debug)]
struct Pool(PoolKind);

impl<B: PoolingBackend> Backward<B, 1> for Pool {
    type State = (IntTensor<B>, [usize; 2]);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (routes, sides) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::pool_backward(gradient, routes, sides, self.0)
        });
    }
}

impl<B: PoolingBackend, C: CheckpointStrategy> PoolingBackend for Autodiff<B, C> {
    fn pool(x: FloatTensor<Self>, kind: PoolKind) -> (FloatTensor<Self>, IntTensor<Self>) {
        let preparation = Pool(kind).prepare::<C>([x.node()]).compute_bound().stateful();
        let [_, _, height, width] = x.shape().dims();
        let (pooled, routes) = B::pool(x.into_primitive(), kind);
        let pooled = match preparation {
            OpsKind::Tracked(preparation) => {
                preparation.finish((routes.clone(), [height, width]), pooled)
            }
            OpsKind::UnTracked(preparation) => preparation.finish(pooled),
        };
        (pooled, routes)
    }

    fn pool_backward(
        _: FloatTensor<Self>,
        _: IntTensor<Self>,
        _: [usize; 2],
        _: PoolKind,
    ) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
