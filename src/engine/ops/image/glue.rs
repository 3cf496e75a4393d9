//! Backend extension for image operations, with the backward passes of the network's input and of
//! the losses. With Burn's own operations, preprocessing and total variation would take more
//! launches than the network has layers.

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

/// Preprocesses an image to the network's input: `[1, 3, H, W]` to `[1, 4, H + 2·border,
/// W + 2·border]`, with a fourth channel of zeros.
pub fn preprocess(x: Tensor<4>, how: Preprocess) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::preprocess(x.into_dispatch(), how))
}

/// Returns `scale · Σ (x − neighbour)²`, `[1]`, over all horizontal and vertical pairs of
/// neighbours in `[1, 3, H, W]`.
pub fn total_variation(x: Tensor<4>, scale: f32) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::total_variation(x.into_dispatch(), scale))
}

/// Returns the outlines loss, `[1]`, of two images `[1, 3, H, W]`; see [`super::outlines`]. No
/// gradient reaches the photo.
pub fn outlines(x: Tensor<4>, photo: Tensor<4>, scale: f32) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::outlines(
        x.into_dispatch(),
        photo.into_dispatch(),
        scale,
    ))
}

/// Packs `[1, 3, H, W]` to `[H, W]` words: red, green, blue and full opacity from the lowest byte
/// up. Values are clamped to 0..1 and rounded. No gradient flows back.
pub fn pack(x: Tensor<4>) -> Tensor<2, Int> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::pack(x.into_dispatch()))
}

/// Crops `[1, C, H, W]` to `[1, C, h, w]`: the region of `size` `[h, w]` whose top left corner is
/// at row and column `at`. No gradient flows back.
///
/// # Panics
/// If the region exceeds the image.
pub fn crop(picture: Tensor<4>, at: [usize; 2], size: [usize; 2]) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::crop(picture.into_dispatch(), at, size))
}

/// Adds `part`, `[1, 3, h, w]`, to `picture`, `[1, 3, H, W]`, with the part's top left corner at
/// row and column `at`; in place if `picture` is uniquely owned. No gradient flows back.
///
/// # Panics
/// If the part exceeds the image.
pub fn add_at(picture: Tensor<4>, part: Tensor<4>, at: [usize; 2]) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::add_at(
        picture.into_dispatch(),
        part.into_dispatch(),
        at,
    ))
}

/// Averages 2×2 pixels: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. No gradient flows back.
pub fn halve(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::halve(x.into_dispatch()))
}

/// Resizes images bilinearly. Each of the `R` rows of `[K, R, L]` is an image `[3, H, W]`, of
/// height and width `from`, cut into `K` chunks. Returns `[K', R, length]`, zero-padded, with
/// images of height and width `to`. No gradient flows back.
pub fn resize(pictures: Tensor<3>, from: [usize; 2], to: [usize; 2], length: usize) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as ImageBackend>::resize(
        pictures.into_dispatch(),
        from,
        to,
        length,
    ))
}

/// Image operations as a Burn backend extension, for CubeCL and for autodiff over it.
#[backend_extension(Autodiff, Cube)]
pub trait ImageBackend: Backend {
    /// Preprocesses `[1, 3, H, W]` to `[1, 4, H + 2·border, W + 2·border]`.
    fn preprocess(x: FloatTensor<Self>, how: Preprocess) -> FloatTensor<Self>;

    /// Returns the gradient with respect to the image, of `size` `[H, W]`, from that with respect
    /// to the network's input.
    fn preprocess_backward(
        gradient: FloatTensor<Self>,
        size: [usize; 2],
        how: Preprocess,
    ) -> FloatTensor<Self>;

    /// Returns the total variation of `[1, 3, H, W]`, `[1]`.
    fn total_variation(x: FloatTensor<Self>, scale: f32) -> FloatTensor<Self>;

    /// Returns the gradient with respect to `x` from that with respect to its total variation,
    /// `[1]`.
    fn total_variation_backward(
        gradient: FloatTensor<Self>,
        x: FloatTensor<Self>,
        scale: f32,
    ) -> FloatTensor<Self>;

    /// Returns the outlines loss of two images `[1, 3, H, W]`, `[1]`.
    fn outlines(x: FloatTensor<Self>, photo: FloatTensor<Self>, scale: f32) -> FloatTensor<Self>;

    /// Returns the gradient with respect to `x` from that with respect to the outlines loss, `[1]`.
    fn outlines_backward(
        gradient: FloatTensor<Self>,
        x: FloatTensor<Self>,
        photo: FloatTensor<Self>,
        scale: f32,
    ) -> FloatTensor<Self>;

    /// Packs `[1, 3, H, W]` to words `[H, W]`; see [`pack`].
    fn pack(x: FloatTensor<Self>) -> IntTensor<Self>;

    /// Crops `[1, C, H, W]` to `[1, C, h, w]`; see [`crop`].
    fn crop(picture: FloatTensor<Self>, at: [usize; 2], size: [usize; 2]) -> FloatTensor<Self>;

    /// Adds `part`, `[1, 3, h, w]`, to `picture`, `[1, 3, H, W]`; see [`add_at`].
    fn add_at(
        picture: FloatTensor<Self>,
        part: FloatTensor<Self>,
        at: [usize; 2],
    ) -> FloatTensor<Self>;

    /// Averages 2×2 pixels: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`.
    fn halve(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Resizes images in chunks, `[K, R, L]` to `[K', R, length]`; see [`resize`].
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

/// Backward pass of preprocessing. Its state is the image's height and width.
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

/// Backward pass of total variation. Its state is the image.
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

/// Backward pass of the outlines loss. Its state is both images.
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
        let loss = B::outlines(x.clone(), photo.clone(), scale);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish((x, photo), loss),
            OpsKind::UnTracked(preparation) => preparation.finish(loss),
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
