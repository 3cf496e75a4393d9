//! Adam as a backend extension.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::{AdamStep, kernel};

/// Returns Adam's two moments, `[2, 3, H, W]`, decayed and updated by a `gradient`, `[1, 3, H, W]`.
pub fn moments(before: Tensor<4>, gradient: Tensor<4>, decay: [f32; 2]) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as AdamBackend>::moments(
        before.into_dispatch(),
        gradient.into_dispatch(),
        decay,
    ))
}

/// Returns `x`, `[1, 3, H, W]`, after a step by its `moments`, `[2, 3, H, W]`.
pub fn step(x: Tensor<4>, moments: Tensor<4>, how: AdamStep) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as AdamBackend>::step(
        x.into_dispatch(),
        moments.into_dispatch(),
        how,
    ))
}

/// Both passes as Burn dispatches them on CubeCL. No gradient flows through an optimiser.
#[backend_extension(Cube)]
pub trait AdamBackend: Backend {
    /// Returns `[2, 3, H, W]`.
    fn moments(
        before: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        decay: [f32; 2],
    ) -> FloatTensor<Self>;

    /// Returns `[1, 3, H, W]`.
    fn step(x: FloatTensor<Self>, moments: FloatTensor<Self>, how: AdamStep) -> FloatTensor<Self>;
}

impl AdamBackend for CubeBackend {
    fn moments(before: CubeTensor, gradient: CubeTensor, decay: [f32; 2]) -> CubeTensor {
        kernel::moments(before, gradient, decay)
    }

    fn step(x: CubeTensor, moments: CubeTensor, how: AdamStep) -> CubeTensor {
        kernel::step(x, moments, how)
    }
}
