//! Backend extensions for moments and covariance, with their backward passes.
//!
//! The kernels read channels-last memory directly, without a transpose.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::super::convolution::weighted;

/// Returns the Gram matrix `F·Fᵀ / M`, `[C, C]`, of a map `[1, C, H, W]`; `C` must be a multiple
/// of 64.
pub fn gram(map: Tensor<4>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as GramBackend>::gram(map.into_dispatch()))
}

/// The Gram matrix as a Burn backend extension, for CubeCL and for autodiff over it.
#[backend_extension(Autodiff, Cube)]
pub trait GramBackend: Backend {
    /// Returns the Gram matrix, `[C, C]`; see [`gram`].
    fn gram(map: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Returns the gradient with respect to `map`, `(G' + G'ᵀ)·F / M`, from `G'`, that with respect
    /// to the matrix.
    fn gram_backward(gradient: FloatTensor<Self>, map: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl GramBackend for CubeBackend {
    fn gram(map: CubeTensor) -> CubeTensor {
        super::slices::gram(map)
    }

    fn gram_backward(gradient: CubeTensor, map: CubeTensor) -> CubeTensor {
        weighted(map.clone(), super::slices::symmetric(gradient, &map))
    }
}

/// Backward pass of the Gram matrix. Its state is the map.
#[derive(Debug)]
struct Gram;

impl<B: GramBackend> Backward<B, 1> for Gram {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::gram_backward(gradient, ops.state)
        });
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

/// Returns the moments `F·Fᵀ / M` above `(F·u)ᵀ / M`, `[C + 1, C]`, of a map `[1, C, H, W]` and
/// factors `u`, `[1, 1, H, W]` or `[1, 1, 1, 1]`; `C` must be a multiple of 64. No gradient reaches
/// the factors.
pub fn moments(map: Tensor<4>, factors: Tensor<4>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as MomentsBackend>::moments(
        map.into_dispatch(),
        factors.into_dispatch(),
    ))
}

/// The moments as a Burn backend extension, for CubeCL and for autodiff over it.
#[backend_extension(Autodiff, Cube)]
pub trait MomentsBackend: Backend {
    /// Returns the moments, `[C + 1, C]`; see [`moments`].
    fn moments(map: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Returns the gradient with respect to `map`, `((G' + G'ᵀ)·F + g·uᵀ) / M`, from `G'` above
    /// `gᵀ`, that with respect to the moments.
    fn moments_backward(
        gradient: FloatTensor<Self>,
        map: FloatTensor<Self>,
        factors: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl MomentsBackend for CubeBackend {
    fn moments(map: CubeTensor, factors: CubeTensor) -> CubeTensor {
        super::means::moments(map, factors)
    }

    fn moments_backward(gradient: CubeTensor, map: CubeTensor, factors: CubeTensor) -> CubeTensor {
        let by_matrix = weighted(map.clone(), super::slices::symmetric(gradient.clone(), &map));
        super::means::offset(by_matrix, gradient, factors)
    }
}

/// Backward pass of the moments. Its state is the map and the factors.
#[derive(Debug)]
struct Moments;

impl<B: MomentsBackend> Backward<B, 1> for Moments {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (map, factors) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::moments_backward(gradient, map, factors)
        });
    }
}

impl<B: MomentsBackend, C: CheckpointStrategy> MomentsBackend for Autodiff<B, C> {
    fn moments(map: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self> {
        let preparation = Moments.prepare::<C>([map.node()]).compute_bound().stateful();
        let (map, factors) = (map.into_primitive(), factors.into_primitive());
        let moments = B::moments(map.clone(), factors.clone());
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish((map, factors), moments),
            OpsKind::UnTracked(preparation) => preparation.finish(moments),
        }
    }

    fn moments_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}

/// Returns the centred moments `s₀·(G − m·mᵀ)` above `s₁·mᵀ` from moments `G` above `mᵀ`,
/// `[C + 1, C]`, and scales `s`, `[2]`. No gradient reaches the scales.
pub fn centred(moments: Tensor<2>, scales: Tensor<1>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as CentredBackend>::centred(
        moments.into_dispatch(),
        scales.into_dispatch(),
    ))
}

/// Returns `1 / ‖covariance‖` and `1 / ‖mean‖`, `[2]`, of centred moments `[C + 1, C]`. The squared
/// norm of the covariance counts as at least `least · ‖mean‖⁴`. No gradient flows back.
pub fn scales(centred: Tensor<2>, least: f32) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as CentredBackend>::scales(centred.into_dispatch(), least))
}

/// Returns the matrix product `left·right`, all `[N, N]`; `N` must be a multiple of 16. No gradient
/// flows back.
pub fn product(left: Tensor<2>, right: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as CentredBackend>::product(
        left.into_dispatch(),
        right.into_dispatch(),
    ))
}

/// Centred moments and products as a Burn backend extension, for CubeCL and for autodiff over it.
#[backend_extension(Autodiff, Cube)]
pub trait CentredBackend: Backend {
    /// Returns the scales, `[2]`; see [`scales`].
    fn scales(centred: FloatTensor<Self>, least: f32) -> FloatTensor<Self>;

    /// Returns the matrix product, `[N, N]`; see [`product`].
    fn product(left: FloatTensor<Self>, right: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Returns the centred moments, `[C + 1, C]`; see [`centred`].
    fn centred(moments: FloatTensor<Self>, scales: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Returns the gradient with respect to `moments`, `s₀·D` above `(s₁·d − s₀·(D + Dᵀ)·m)ᵀ`, from
    /// `D` above `dᵀ`, that with respect to the centred moments.
    fn centred_backward(
        gradient: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        scales: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl CentredBackend for CubeBackend {
    fn scales(centred: CubeTensor, least: f32) -> CubeTensor {
        super::centred::scales(centred, least)
    }

    fn product(left: CubeTensor, right: CubeTensor) -> CubeTensor {
        super::product::product(left, right)
    }

    fn centred(moments: CubeTensor, scales: CubeTensor) -> CubeTensor {
        super::centred::centred(moments, scales)
    }

    fn centred_backward(
        gradient: CubeTensor,
        moments: CubeTensor,
        scales: CubeTensor,
    ) -> CubeTensor {
        super::centred::backward(gradient, moments, scales)
    }
}

/// Backward pass of the centred moments. Its state is the moments and the scales.
#[derive(Debug)]
struct Centred;

impl<B: CentredBackend> Backward<B, 1> for Centred {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (moments, scales) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::centred_backward(gradient, moments, scales)
        });
    }
}

impl<B: CentredBackend, C: CheckpointStrategy> CentredBackend for Autodiff<B, C> {
    fn scales(centred: FloatTensor<Self>, least: f32) -> FloatTensor<Self> {
        Self::from_inner(B::scales(centred.into_primitive(), least))
    }

    fn product(left: FloatTensor<Self>, right: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::product(left.into_primitive(), right.into_primitive()))
    }

    fn centred(moments: FloatTensor<Self>, scales: FloatTensor<Self>) -> FloatTensor<Self> {
        let preparation = Centred.prepare::<C>([moments.node()]).compute_bound().stateful();
        let (moments, scales) = (moments.into_primitive(), scales.into_primitive());
        let centred = B::centred(moments.clone(), scales.clone());
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish((moments, scales), centred),
            OpsKind::UnTracked(preparation) => preparation.finish(centred),
        }
    }

    fn centred_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
