//! Image operations as backend extensions. In Burn's operations, preprocessing and total variation
//! take more launches than the network has layers.

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

/// Preprocesses an image to the first layer's input: `[1, 3, H, W]` to `[1, 4, H + 2·border, W +
/// 2·border]`, the fourth channel zero.
pub fn preprocess(x: Tensor<4>, how: Preprocess) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::preprocess(x.into_dispatch(), how))
}

/// Returns `scale · Σ (x − neighbour)²`, `[1]`, over all pairs of neighbours of `[1, 3, H, W]`.
pub fn total_variation(x: Tensor<4>, scale: f32) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::total_variation(x.into_dispatch(), scale))
}

/// Returns the outline loss, `[1]`, of two images `[1, 3, H, W]`, as [`super::outlines`]. No
/// gradient reaches the photo.
pub fn outlines(x: Tensor<4>, photo: Tensor<4>, scale: f32) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::outlines(
        x.into_dispatch(),
        photo.into_dispatch(),
        scale,
    ))
}

/// Packs `[1, 3, H, W]` in 0..1 to `[H, W]` words: red, green, blue and full opacity from the
/// lowest byte up. Values are clamped and rounded. No gradient flows through it.
pub fn pack(x: Tensor<4>) -> Tensor<2, Int> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::pack(x.into_dispatch()))
}

/// Crops a region of this `size` from row and column `at` on: `[1, C, H, W]` to `[1, C, h, w]`. No
/// gradient flows through it.
///
/// # Panics
/// When it goes beyond the picture.
pub fn crop(picture: Tensor<4>, at: [usize; 2], size: [usize; 2]) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::crop(picture.into_dispatch(), at, size))
}

/// Adds `part`, `[1, 3, h, w]`, to `picture`, `[1, 3, H, W]`, from row and column `at` on; in place
/// when uniquely owned. No gradient flows through it.
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

/// Averages 2×2: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. No gradient flows through it.
pub fn halve(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::halve(x.into_dispatch()))
}

/// Resizes images bilinearly: each of the `R` rows of `[K, R, L]` holds `[3, H, W]`, cut into `K`
/// chunks. Returns `[K', R, length]`, zero-padded. No gradient flows through it.
pub fn resize(pictures: Tensor<3>, from: [usize; 2], to: [usize; 2], length: usize) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::resize(
        pictures.into_dispatch(),
        from,
        to,
        length,
    ))
}

/// The operations as Burn dispatches them: on CubeCL, and under autodiff over it.
#[backend_extension(Autodiff, Cube)]
pub trait ImageBackend: Backend {
    /// `[1, 3, H, W]` to `[1, 4, H + 2·border, W + 2·border]`.
    fn preprocess(x: FloatTensor<Self>, how: Preprocess) -> FloatTensor<Self>;

    /// Returns the gradient with respect to an image of `size` `[H, W]` from that with respect to
    /// the network's input.
    fn preprocess_backward(
        gradient: FloatTensor<Self>,
        size: [usize; 2],
        how: Preprocess,
    ) -> FloatTensor<Self>;

    /// `[1, 3, H, W]` to `[1]`.
    fn total_variation(x: FloatTensor<Self>, scale: f32) -> FloatTensor<Self>;

    /// Returns the gradient with respect to `x` from that with respect to its variation, `[1]`.
    fn total_variation_backward(
        gradient: FloatTensor<Self>,
        x: FloatTensor<Self>,
        scale: f32,
    ) -> FloatTensor<Self>;

    /// Two of `[1, 3, H, W]` to `[1]`.
    fn outlines(x: FloatTensor<Self>, photo: FloatTensor<Self>, scale: f32) -> FloatTensor<Self>;

    /// Returns the gradient with respect to `x` from that with respect to the outline loss, `[1]`.
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

/// The backward pass of preprocessing; its state is height and width of the image.
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

/// The backward pass of total variation; its state is the image.
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

/// The backward pass of outlines; its state is both images.
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
