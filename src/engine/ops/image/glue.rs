//! What is asked of the picture itself: how the network takes it in, how rough it is, in one pass
//! each way, how it is shown, and how it is put together and brought to another size. In Burn's
//! operations the first two took more passes than the network has layers.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Dispatch, TensorMetadata, backend_extension,
};
use burn::tensor::{Int, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::Preprocess;

/// The picture as the first layer reads it: `[1, 3, H, W]` to `[1, 4, H + 2·border, W + 2·border]`,
/// the fourth channel of zeros.
pub fn preprocess(x: Tensor<4>, how: Preprocess) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::preprocess(x.into_dispatch(), how))
}

/// `scale · Σ (x − neighbour)²` over all pairs of neighbours beside and below each other: `[1, 3,
/// H, W]` to `[1]`.
pub fn total_variation(x: Tensor<4>, scale: f32) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::total_variation(x.into_dispatch(), scale))
}

/// `scale · Σ Δ(P(x − photo))²`, where `P` averages over cells of 4×4 px and `Δ` is the Laplacian
/// `4·here − its four neighbours`, over the cells that have them: `[1, 3, H, W]` twice to `[1]`. No
/// gradient reaches the photo.
pub fn outlines(x: Tensor<4>, photo: Tensor<4>, scale: f32) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::outlines(
        x.into_dispatch(),
        photo.into_dispatch(),
        scale,
    ))
}

/// The picture in bytes: `[1, 3, H, W]` in 0..1 to `[H, W]`, each element red, green, blue and full
/// opacity from its lowest byte to its highest. Values are clamped and rounded. No gradient flows
/// through it.
pub fn pack(x: Tensor<4>) -> Tensor<2, Int> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::pack(x.into_dispatch()))
}

/// The part of a picture of this `size` whose first pixel lies at row and column `at`: `[1, C, H,
/// W]` to `[1, C, h, w]`. No gradient flows through it.
///
/// # Panics
/// When it goes beyond the picture.
pub fn crop(picture: Tensor<4>, at: [usize; 2], size: [usize; 2]) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::crop(picture.into_dispatch(), at, size))
}

/// `picture`, `[1, 3, H, W]`, with `part`, `[1, 3, h, w]`, added, whose first pixel lies at row and
/// column `at`. Written over, where no one else holds it. No gradient flows through it.
///
/// # Panics
/// When the part goes beyond the picture.
pub fn add_at(picture: Tensor<4>, part: Tensor<4>, at: [usize; 2]) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::add_at(
        picture.into_dispatch(),
        part.into_dispatch(),
        at,
    ))
}

/// The means of 2×2: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. No gradient flows through it.
pub fn halve(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::halve(x.into_dispatch()))
}

/// Pictures at another size, bilinearly: the `R` rows of `[K, R, L]` hold the elements of `[3, H,
/// W]` each, colour by colour, cut into `K` chunks. To `[K', R, length]`, with zeros behind the
/// last element. No gradient flows through it.
pub fn resize(pictures: Tensor<3>, from: [usize; 2], to: [usize; 2], length: usize) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::resize(
        pictures.into_dispatch(),
        from,
        to,
        length,
    ))
}

/// All as Burn dispatches them: on CubeCL's runtimes, and under autodiff over them.
#[backend_extension(Autodiff, Cube)]
pub trait ImageBackend: Backend {
    /// `[1, 3, H, W]` to `[1, 4, H + 2·border, W + 2·border]`.
    fn preprocess(x: FloatTensor<Self>, how: Preprocess) -> FloatTensor<Self>;

    /// The gradient with respect to a picture of `size` `[H, W]`, from the one with respect to the
    /// network's input.
    fn preprocess_backward(
        gradient: FloatTensor<Self>,
        size: [usize; 2],
        how: Preprocess,
    ) -> FloatTensor<Self>;

    /// `[1, 3, H, W]` to `[1]`.
    fn total_variation(x: FloatTensor<Self>, scale: f32) -> FloatTensor<Self>;

    /// The gradient with respect to `x`, from the one with respect to its variation, `[1]`.
    fn total_variation_backward(
        gradient: FloatTensor<Self>,
        x: FloatTensor<Self>,
        scale: f32,
    ) -> FloatTensor<Self>;

    /// Two of `[1, 3, H, W]` to `[1]`.
    fn outlines(x: FloatTensor<Self>, photo: FloatTensor<Self>, scale: f32) -> FloatTensor<Self>;

    /// The gradient with respect to `x`, from the one with respect to what outlines are apart,
    /// `[1]`.
    fn outlines_backward(
        gradient: FloatTensor<Self>,
        x: FloatTensor<Self>,
        photo: FloatTensor<Self>,
        scale: f32,
    ) -> FloatTensor<Self>;

    /// `[1, 3, H, W]` to `[H, W]`.
    fn pack(x: FloatTensor<Self>) -> IntTensor<Self>;

    /// `[1, C, H, W]` to `[1, C, h, w]`.
    fn crop(picture: FloatTensor<Self>, at: [usize; 2], size: [usize; 2]) -> FloatTensor<Self>;

    /// `[1, 3, H, W]` with `[1, 3, h, w]`.
    fn add_at(
        picture: FloatTensor<Self>,
        part: FloatTensor<Self>,
        at: [usize; 2],
    ) -> FloatTensor<Self>;

    /// `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`.
    fn halve(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `[K, R, L]` to `[K', R, length]`.
    fn resize(
        pictures: FloatTensor<Self>,
        from: [usize; 2],
        to: [usize; 2],
        length: usize,
    ) -> FloatTensor<Self>;
}

impl ImageBackend for CubeBackend {
    fn preprocess(x: CubeTensor, how: Preprocess) -> CubeTensor {
        super::preprocess::preprocess(x, how)
    }

    fn preprocess_backward(gradient: CubeTensor, size: [usize; 2], how: Preprocess) -> CubeTensor {
        super::preprocess::preprocess_backward(gradient, size, how)
    }

    fn total_variation(x: CubeTensor, scale: f32) -> CubeTensor {
        super::total_variation::total_variation(x, scale)
    }

    fn total_variation_backward(gradient: CubeTensor, x: CubeTensor, scale: f32) -> CubeTensor {
        super::total_variation::total_variation_backward(gradient, x, scale)
    }

    fn outlines(x: CubeTensor, photo: CubeTensor, scale: f32) -> CubeTensor {
        super::outlines::outlines(x, photo, scale)
    }

    fn outlines_backward(
        gradient: CubeTensor,
        x: CubeTensor,
        photo: CubeTensor,
        scale: f32,
    ) -> CubeTensor {
        super::outlines::outlines_backward(gradient, x, photo, scale)
    }

    fn pack(x: CubeTensor) -> CubeTensor {
        super::pack::pack(x)
    }

    fn crop(picture: CubeTensor, at: [usize; 2], size: [usize; 2]) -> CubeTensor {
        super::crop::crop(picture, at, size)
    }

    fn add_at(picture: CubeTensor, part: CubeTensor, at: [usize; 2]) -> CubeTensor {
        super::crop::add_at(picture, part, at)
    }

    fn halve(x: CubeTensor) -> CubeTensor {
        super::halve::halve(x)
    }

    fn resize(pictures: CubeTensor, from: [usize; 2], to: [usize; 2], length: usize) -> CubeTensor {
        super::resize::resize(pictures, from, to, length)
    }
}

/// The way back from the network's input; its state is the picture's height and width.
#[derive(Debug)]
struct PreprocessPass(Preprocess);

impl<B: ImageBackend> Backward<B, 1> for PreprocessPass {
    type State = [usize; 2];

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::preprocess_backward(gradient, ops.state, self.0)
        });
    }
}

/// The way back from the variation; its state is the picture.
#[derive(Debug)]
struct TotalVariation(f32);

impl<B: ImageBackend> Backward<B, 1> for TotalVariation {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::total_variation_backward(gradient, ops.state, self.0)
        });
    }
}

/// The way back from outlines; its state is both pictures.
#[derive(Debug)]
struct Outlines(f32);

impl<B: ImageBackend> Backward<B, 1> for Outlines {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (x, photo) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::outlines_backward(gradient, x, photo, self.0)
        });
    }
}

impl<B: ImageBackend, C: CheckpointStrategy> ImageBackend for Autodiff<B, C> {
    fn preprocess(x: FloatTensor<Self>, how: Preprocess) -> FloatTensor<Self> {
        let preparation = PreprocessPass(how).prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let [_, _, height, width] = x.shape().dims();
        let input = B::preprocess(x, how);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish([height, width], input),
            OpsKind::UnTracked(preparation) => preparation.finish(input),
        }
    }

    fn preprocess_backward(
        _: FloatTensor<Self>,
        _: [usize; 2],
        _: Preprocess,
    ) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }

    fn total_variation(x: FloatTensor<Self>, scale: f32) -> FloatTensor<Self> {
        let preparation = TotalVariation(scale).prepare::<C>([x.node()]).compute_bound().stateful();
        let x = x.into_primitive();
        let variation = B::total_variation(x.clone(), scale);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish(x, variation),
            OpsKind::UnTracked(preparation) => preparation.finish(variation),
        }
    }

    fn total_variation_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: f32,
    ) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }

    fn outlines(x: FloatTensor<Self>, photo: FloatTensor<Self>, scale: f32) -> FloatTensor<Self> {
        let preparation = Outlines(scale).prepare::<C>([x.node()]).compute_bound().stateful();
        let (x, photo) = (x.into_primitive(), photo.into_primitive());
        let apart = B::outlines(x.clone(), photo.clone(), scale);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish((x, photo), apart),
            OpsKind::UnTracked(preparation) => preparation.finish(apart),
        }
    }

    fn outlines_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: f32,
    ) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }

    fn pack(x: FloatTensor<Self>) -> IntTensor<Self> {
        B::pack(x.into_primitive())
    }

    fn crop(picture: FloatTensor<Self>, at: [usize; 2], size: [usize; 2]) -> FloatTensor<Self> {
        Self::from_inner(B::crop(picture.into_primitive(), at, size))
    }

    fn add_at(
        picture: FloatTensor<Self>,
        part: FloatTensor<Self>,
        at: [usize; 2],
    ) -> FloatTensor<Self> {
        Self::from_inner(B::add_at(picture.into_primitive(), part.into_primitive(), at))
    }

    fn halve(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::halve(x.into_primitive()))
    }

    fn resize(
        pictures: FloatTensor<Self>,
        from: [usize; 2],
        to: [usize; 2],
        length: usize,
    ) -> FloatTensor<Self> {
        Self::from_inner(B::resize(pictures.into_primitive(), from, to, length))
    }
}
