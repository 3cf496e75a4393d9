//! What an optimiser does with long vectors, in few passes. In Burn's operations joining, padding
//! and multiplying them by a matrix of a few rows took as many passes as the losses, and the
//! products a tenth of a step.
//!
//! Vectors lie in chunks of one length, `[K, R, L]` for `R` vectors of up to `K·L` elements, `L` a
//! multiple of 256, with zeros at the end: sums over chunks run side by side and keep their
//! accuracy.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::scalars::Evaluated;
use super::{decision, passes};

/// The step of length `scalars` says along `direction`, `gradient − before` and `gradient`: `[K, 1,
/// L]` twice and a picture, `[1, 3, H, W]`, to `[K, 3, L]`.
pub fn differences(
    direction: Tensor<3>,
    scalars: Tensor<1>,
    before: Tensor<3>,
    gradient: Tensor<4>,
) -> Tensor<3> {
    let [direction, before] = [direction, before].map(Tensor::into_dispatch);
    let (scalars, gradient) = (scalars.into_dispatch(), gradient.into_dispatch());
    Tensor::from_dispatch(<Dispatch as LbfgsBackend>::differences(
        direction, scalars, before, gradient,
    ))
}

/// The inner products of three new vectors, `[K, 3, L]`, with those in memory, `[K, R, L]`, and
/// with each other, row by row, then the sum of the third one's magnitudes: `[3·(R + 3) + 1]`.
pub fn inner_products(new: Tensor<3>, memory: Tensor<3>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as LbfgsBackend>::inner_products(
        new.into_dispatch(),
        memory.into_dispatch(),
    ))
}

/// The inner products of all vectors in memory, `[K, R, L]`, with each other: `[R, R]`.
pub fn inner_products_within(memory: Tensor<3>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as LbfgsBackend>::inner_products_within(memory.into_dispatch()))
}

/// A [`super::LbfgsScalars`] after an evaluation with these terms of the loss, `[1]` each, and
/// measures as [`inner_products`] gives them.
pub fn decide(
    scalars: Tensor<1>,
    measures: Tensor<1>,
    terms: [Tensor<1>; 3],
    evaluated: Evaluated,
) -> Tensor<1> {
    let [scalars, measures] = [scalars, measures].map(Tensor::into_dispatch);
    let [content, style, total_variation] = terms.map(Tensor::into_dispatch);
    let decide = <Dispatch as LbfgsBackend>::decide(
        scalars,
        measures,
        content,
        style,
        total_variation,
        evaluated,
    );
    Tensor::from_dispatch(decide)
}

/// What of a `trial`, `[1, 3, H, W]`, with its `new` vectors, `[K, 3, L]`, is kept as the `scalars`
/// says: the picture in the place of `x`, the pair in `memory`, `[K, R, L]`, and the gradient in
/// the place of `gradient`, `[K, 1, L]`. The last two are written over where no one else holds
/// them.
pub fn commit(
    scalars: Tensor<1>,
    [x, trial]: [Tensor<4>; 2],
    new: Tensor<3>,
    [memory, gradient]: [Tensor<3>; 2],
) -> (Tensor<4>, [Tensor<3>; 2]) {
    let [x, trial] = [x, trial].map(Tensor::into_dispatch);
    let [new, memory, gradient] = [new, memory, gradient].map(Tensor::into_dispatch);
    let (x, memory, gradient) = <Dispatch as LbfgsBackend>::commit(
        scalars.into_dispatch(),
        x,
        trial,
        new,
        memory,
        gradient,
    );
    (Tensor::from_dispatch(x), [memory, gradient].map(Tensor::from_dispatch))
}

/// The sum of the vectors in `memory`, `[K, R, L]`, and `gradient`, `[K, 1, L]`, by the `scalars`'s
/// factors, `[K, 1, L]`, and the picture as far along it from `x`, `[1, 3, H, W]`, as the ledger
/// says; `x` itself where it says that nothing is tried.
pub fn trial_point(
    scalars: Tensor<1>,
    [memory, gradient]: [Tensor<3>; 2],
    x: Tensor<4>,
) -> (Tensor<3>, Tensor<4>) {
    let [memory, gradient] = [memory, gradient].map(Tensor::into_dispatch);
    let (direction, trial) = <Dispatch as LbfgsBackend>::trial_point(
        scalars.into_dispatch(),
        memory,
        gradient,
        x.into_dispatch(),
    );
    (Tensor::from_dispatch(direction), Tensor::from_dispatch(trial))
}

/// All of it as Burn dispatches it on CubeCL's runtimes; no gradient flows through an optimiser.
#[backend_extension(Cube)]
pub trait LbfgsBackend: Backend {
    /// To `[K, 3, L]`.
    fn differences(
        direction: FloatTensor<Self>,
        scalars: FloatTensor<Self>,
        before: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// To `[3·(R + 3) + 1]`.
    fn inner_products(new: FloatTensor<Self>, memory: FloatTensor<Self>) -> FloatTensor<Self>;

    /// To `[R, R]`.
    fn inner_products_within(memory: FloatTensor<Self>) -> FloatTensor<Self>;

    /// To a ledger.
    fn decide(
        scalars: FloatTensor<Self>,
        measures: FloatTensor<Self>,
        content: FloatTensor<Self>,
        style: FloatTensor<Self>,
        total_variation: FloatTensor<Self>,
        evaluated: Evaluated,
    ) -> FloatTensor<Self>;

    /// To picture, memory and gradient.
    fn commit(
        scalars: FloatTensor<Self>,
        x: FloatTensor<Self>,
        trial: FloatTensor<Self>,
        new: FloatTensor<Self>,
        memory: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// To direction and picture.
    fn trial_point(
        scalars: FloatTensor<Self>,
        memory: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        x: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl LbfgsBackend for CubeBackend {
    fn differences(
        direction: CubeTensor,
        scalars: CubeTensor,
        before: CubeTensor,
        gradient: CubeTensor,
    ) -> CubeTensor {
        passes::differences(direction, scalars, before, gradient)
    }

    fn inner_products(new: CubeTensor, memory: CubeTensor) -> CubeTensor {
        passes::inner_products(new, memory)
    }

    fn inner_products_within(memory: CubeTensor) -> CubeTensor {
        passes::inner_products_within(memory)
    }

    fn decide(
        scalars: CubeTensor,
        measures: CubeTensor,
        content: CubeTensor,
        style: CubeTensor,
        total_variation: CubeTensor,
        evaluated: Evaluated,
    ) -> CubeTensor {
        decision::decide(scalars, measures, [content, style, total_variation], evaluated)
    }

    fn commit(
        scalars: CubeTensor,
        x: CubeTensor,
        trial: CubeTensor,
        new: CubeTensor,
        memory: CubeTensor,
        gradient: CubeTensor,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        passes::commit(scalars, [x, trial], new, [memory, gradient])
    }

    fn trial_point(
        scalars: CubeTensor,
        memory: CubeTensor,
        gradient: CubeTensor,
        x: CubeTensor,
    ) -> (CubeTensor, CubeTensor) {
        passes::trial_point(scalars, [memory, gradient], x)
    }
}
