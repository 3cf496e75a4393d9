//! Backend extension for scaling a feature map, with its backward pass. Burn's own product would
//! need an f32 copy of an f16 map.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::kernel;

/// Returns `map · factors` in the precision of `map`: `[1, C, H, W]` times `[1, C, 1, 1]` or
/// `[1, 1, H, W]`; `C` must be a multiple of 4. No gradient reaches the factors.
pub fn scale(map: Tensor<4>, factors: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ScalingBackend>::scale(
        map.into_dispatch(),
        factors.into_dispatch(),
    ))
}

/// Scaling as a Burn backend extension, for CubeCL and for autodiff over it.
#[backend_extension(Autodiff, Cube)]
pub trait ScalingBackend: Backend {
    /// Returns the scaled map, `[1, C, H, W]`; see [`scale`].
    fn scale(map: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl ScalingBackend for CubeBackend {
    fn scale(map: CubeTensor, factors: CubeTensor) -> CubeTensor {
        kernel::scale(map, factors)
    }
}

/// Backward pass of scaling: the gradient times the factors. Its state is the factors.
#[derive(Debug)]
struct Scaled;

impl<B: ScalingBackend> Backward<B, 1> for Scaled {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::scale(gradient, ops.state));
    }
}

impl<B: ScalingBackend, C: CheckpointStrategy> ScalingBackend for Autodiff<B, C> {
    fn scale(map: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self> {
        let preparation = Scaled.prepare::<C>([map.node()]).compute_bound().stateful();
        let factors = factors.into_primitive();
        let product = B::scale(map.into_primitive(), factors.clone());
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish(factors, product),
            OpsKind::UnTracked(preparation) => preparation.finish(product),
        }
    }
}
