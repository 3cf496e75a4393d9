//! What an optimiser does with long vectors, in few passes. In Burn's operations joining, padding and multiplying them by a matrix of a few
//! rows took as many passes as the losses, and the products a tenth of a step.
//!
//! Vectors lie in chunks of one length, `[K, R, L]` for `R` vectors of up to `K·L` elements, `L` a multiple of 256, with zeros at the end: sums
//! over chunks run side by side and keep their accuracy.

mod passes;
#[cfg(test)]
mod tests;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

/// `length · direction`, `gradient − before` and `gradient`: `[K, 1, L]` twice and a picture, `[1, 3, H, W]`, to `[K, 3, L]`.
pub fn changes(direction: Tensor<3>, length: f32, before: Tensor<3>, gradient: Tensor<4>) -> Tensor<3> {
    let [direction, before] = [direction, before].map(Tensor::into_dispatch);
    Tensor::from_dispatch(<Dispatch as VectorsBackend>::changes(direction, length, before, gradient.into_dispatch()))
}

/// The inner products of three new vectors, `[K, 3, L]`, with those in memory, `[K, R, L]`, and with each other, row by row, then `loss`,
/// `[1]`, and the sum of the third one's magnitudes: `[3·(R + 3) + 2]`.
pub fn products(new: Tensor<3>, memory: Tensor<3>, loss: Tensor<1>) -> Tensor<1> {
    let [new, memory] = [new, memory].map(Tensor::into_dispatch);
    Tensor::from_dispatch(<Dispatch as VectorsBackend>::products(new, memory, loss.into_dispatch()))
}

/// The sum of `gradient`, `[K, 1, L]`, and the vectors in memory, `[K, R, L]`, by `factors`, `[R + 1]`, the gradient's last: `[K, 1, L]`.
pub fn combined(memory: Tensor<3>, gradient: Tensor<3>, factors: Tensor<1>) -> Tensor<3> {
    let [memory, gradient] = [memory, gradient].map(Tensor::into_dispatch);
    Tensor::from_dispatch(<Dispatch as VectorsBackend>::combined(memory, gradient, factors.into_dispatch()))
}

/// `x + length · direction` of a picture, `[1, 3, H, W]`, and a vector, `[K, 1, L]`.
pub fn moved(x: Tensor<4>, direction: Tensor<3>, length: f32) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as VectorsBackend>::moved(x.into_dispatch(), direction.into_dispatch(), length))
}

/// Adam's two moments, `[2, 3, H, W]`, after taking in a `gradient`, `[1, 3, H, W]`, by each one's decay.
pub fn moments(before: Tensor<4>, gradient: Tensor<4>, decay: [f32; 2]) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as VectorsBackend>::moments(before.into_dispatch(), gradient.into_dispatch(), decay))
}

/// How far Adam's step goes, beside the moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// What either moment is divided by, for they began at 0.
    pub weight: [f32; 2],
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// The learning rate.
    pub rate: f32,
}

/// `x`, `[1, 3, H, W]`, after Adam's step by its `moments`, `[2, 3, H, W]`.
pub fn stepped(x: Tensor<4>, moments: Tensor<4>, step: AdamStep) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as VectorsBackend>::stepped(x.into_dispatch(), moments.into_dispatch(), step))
}

/// All of it as Burn dispatches it on CubeCL's runtimes; no gradient flows through an optimiser.
#[backend_extension(Cube)]
pub trait VectorsBackend: Backend {
    /// To `[K, 3, L]`.
    fn changes(
        direction: FloatTensor<Self>,
        length: f32,
        before: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// To `[3·(R + 3) + 2]`.
    fn products(new: FloatTensor<Self>, memory: FloatTensor<Self>, loss: FloatTensor<Self>) -> FloatTensor<Self>;

    /// To `[K, 1, L]`.
    fn combined(memory: FloatTensor<Self>, gradient: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self>;

    /// To `[1, 3, H, W]`.
    fn moved(x: FloatTensor<Self>, direction: FloatTensor<Self>, length: f32) -> FloatTensor<Self>;

    /// To `[2, 3, H, W]`.
    fn moments(before: FloatTensor<Self>, gradient: FloatTensor<Self>, decay: [f32; 2]) -> FloatTensor<Self>;

    /// To `[1, 3, H, W]`.
    fn stepped(x: FloatTensor<Self>, moments: FloatTensor<Self>, step: AdamStep) -> FloatTensor<Self>;
}

impl VectorsBackend for CubeBackend {
    fn changes(direction: CubeTensor, length: f32, before: CubeTensor, gradient: CubeTensor) -> CubeTensor {
        passes::changes(direction, length, before, gradient)
    }

    fn products(new: CubeTensor, memory: CubeTensor, loss: CubeTensor) -> CubeTensor {
        passes::products(new, memory, loss)
    }

    fn combined(memory: CubeTensor, gradient: CubeTensor, factors: CubeTensor) -> CubeTensor {
        passes::combined(memory, gradient, factors)
    }

    fn moved(x: CubeTensor, direction: CubeTensor, length: f32) -> CubeTensor {
        passes::moved(x, direction, length)
    }

    fn moments(before: CubeTensor, gradient: CubeTensor, decay: [f32; 2]) -> CubeTensor {
        passes::moments(before, gradient, decay)
    }

    fn stepped(x: CubeTensor, moments: CubeTensor, step: AdamStep) -> CubeTensor {
        passes::stepped(x, moments, step)
    }
}
