//! Backend extension for Adam's update.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::{AdamStep, kernel};

/// Returns both moments, `[2, 3, H, W]`, after a `gradient`, `[1, 3, H, W]`; see
/// [`super::moments`].
pub fn moments(before: Tensor<4>, gradient: Tensor<4>, decay: [f32; 2]) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as AdamBackend>::moments(
        before.into_dispatch(),
        gradient.into_dispatch(),
        decay,
    ))
}

/// Returns `x`, `[1, 3, H, W]`, after a step by the `moments`, `[2, 3, H, W]`; see [`super::step`].
pub fn step(x: Tensor<4>, moments: Tensor<4>, how: AdamStep) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as AdamBackend>::step(
        x.into_dispatch(),
        moments.into_dispatch(),
        how,
    ))
}

/// Adam's update as a Burn backend extension, for CubeCL alone: no gradient flows through it.
#[backend_extension(Cube)]
pub trait AdamBackend: Backend {
    /// Returns both moments, `[2, 3, H, W]`; see [`moments`].
    fn moments(
        before: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        decay: [f32; 2],
    ) -> FloatTensor<Self>;

    /// Returns the updated image, `[1, 3, H, W]`; see [`step`].
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
