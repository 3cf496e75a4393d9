//! Backend extension for the passes of L-BFGS. With Burn's own operations, concatenation, padding
//! and products with matrices of a few rows would take many more launches.
//!
//! Vectors are `[K, R, L]`: `R` rows of up to `K·L` elements, each zero-padded and cut into `K`
//! chunks. `L` must be a multiple of 256.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::scalars::Evaluated;
use super::{decision, passes};

/// Returns the vectors `s`, `y` and `g` of an evaluation, `[K, 3, L]`: step size · `direction`,
/// `gradient` − `before`, and `gradient`. `direction` and `before` are `[K, 1, L]`, and `gradient`
/// is an image, `[1, 3, H, W]`.
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

/// Returns the inner products of the three `new` vectors, `[K, 3, L]`, with the history rows,
/// `[K, R, L]`, and with each other, row-major, then the L1 norm of the third: `[3·(R + 3) + 1]`.
pub fn inner_products(new: Tensor<3>, memory: Tensor<3>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as LbfgsBackend>::inner_products(
        new.into_dispatch(),
        memory.into_dispatch(),
    ))
}

/// Returns the inner products of the history rows, `[K, R, L]`, with each other: `[R, R]`.
pub fn inner_products_within(memory: Tensor<3>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as LbfgsBackend>::inner_products_within(memory.into_dispatch()))
}

/// Returns the scalars after an evaluation, in the layout of [`super::LbfgsScalars`], from its loss
/// `terms`, `[1]` each, and the `measures` that [`inner_products`] returns.
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

/// Carries out the decision in `scalars`: returns `x` or the accepted `trial`, `[1, 3, H, W]`, and
/// the updated history, `[K, R, L]`, and gradient, `[K, 1, L]`. The last two are updated in place
/// if uniquely owned.
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

/// Returns the search direction `d = Σ cᵢ·vᵢ`, `[K, 1, L]`, over the history rows, `[K, R, L]`, and
/// the gradient, `[K, 1, L]`, and the trial point `x + step size · d`, `[1, 3, H, W]`. Without a
/// pending trial the latter equals `x`.
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

/// The passes of L-BFGS as a Burn backend extension, for CubeCL alone: no gradient flows through
/// them.
#[backend_extension(Cube)]
pub trait LbfgsBackend: Backend {
    /// Returns the vectors `s`, `y` and `g`, `[K, 3, L]`; see [`differences`].
    fn differences(
        direction: FloatTensor<Self>,
        scalars: FloatTensor<Self>,
        before: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// Returns inner products and an L1 norm, `[3·(R + 3) + 1]`; see [`inner_products`].
    fn inner_products(new: FloatTensor<Self>, memory: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Returns the inner products of the history rows with each other, `[R, R]`.
    fn inner_products_within(memory: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Returns the scalars after an evaluation; see [`decide`].
    fn decide(
        scalars: FloatTensor<Self>,
        measures: FloatTensor<Self>,
        content: FloatTensor<Self>,
        style: FloatTensor<Self>,
        total_variation: FloatTensor<Self>,
        evaluated: Evaluated,
    ) -> FloatTensor<Self>;

    /// Returns image, history and gradient; see [`commit`].
    fn commit(
        scalars: FloatTensor<Self>,
        x: FloatTensor<Self>,
        trial: FloatTensor<Self>,
        new: FloatTensor<Self>,
        memory: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Returns direction and trial point; see [`trial_point`].
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
