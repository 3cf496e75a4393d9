//! The Gram matrix of a map, `F·Fᵀ / M`, straight from channels-last memory.

mod slices;
#[cfg(test)]
mod tests;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::convolution::weighted;

/// `F·Fᵀ / M` of a map `[1, C, H, W]`, where `F` is the map as `[C, M]`, `M = H·W`: `[C, C]`. `C` is a multiple of 64.
pub fn gram(map: Tensor<4>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as GramBackend>::gram(map.into_dispatch()))
}

/// The Gram matrix as Burn dispatches it: on CubeCL's runtimes, and under autodiff over them.
#[backend_extension(Autodiff, Cube)]
pub trait GramBackend: Backend {
    /// `[1, C, H, W]` to `[C, C]`.
    fn gram(map: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient with respect to `map`, `(G' + G'ᵀ)·F / M`, from the one with respect to the matrix, `G'`.
    fn gram_backward(gradient: FloatTensor<Self>, map: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl GramBackend for CubeBackend {
    fn gram(map: CubeTensor) -> CubeTensor {
        slices::gram(map)
    }

    fn gram_backward(gradient: CubeTensor, map: CubeTensor) -> CubeTensor {
        weighted(map.clone(), slices::symmetric(gradient, &map))
    }
}

/// The backward pass; its state is the map.
#[derive(Debug)]
struct Gram;

impl<B: GramBackend> Backward<B, 1> for Gram {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::gram_backward(gradient, ops.state));
    }
}

impl<B: GramBackend, C: CheckpointStrategy> GramBackend for Autodiff<B, C> {
    fn gram(map: FloatTensor<Self>) -> FloatTensor<Self> {
        let preparation = Gram.prepare::<C>([map.node()]).compute_bound().stateful();
        let map = map.into_primitive();
        let matrix = B::gram(map.clone());
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish(map, matrix),
            OpsKind::UnTracked(preparation) => preparation.finish(matrix),
        }
    }

    fn gram_backward(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
