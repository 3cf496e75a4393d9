//! Backend extension for crops of feature maps, with zero padding as the backward pass. Burn's own
//! operations compile anew for each size.

use std::ops::Range;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::kernel;

/// Crops a feature map to these rows and columns: `[1, C, H, W]` to `[1, C, h, w]`; `C` must be a
/// multiple of 4.
///
/// # Panics
/// If the rows or columns exceed the map.
pub fn crop(map: Tensor<4>, rows: Range<usize>, columns: Range<usize>) -> Tensor<4> {
    let [_, _, height, width] = map.dims();
    assert!(rows.end <= height && columns.end <= width, "a part lies within the map");
    let (at, size) = ([rows.start, columns.start], [rows.len(), columns.len()]);
    Tensor::from_dispatch(<Dispatch as CropBackend>::crop(map.into_dispatch(), at, size))
}

/// The crop as a Burn backend extension, for CubeCL and for autodiff over it.
#[backend_extension(Autodiff, Cube)]
pub trait CropBackend: Backend {
    /// Crops `[1, C, H, W]` to `[1, C, h, w]`: the region of `size` `[h, w]` whose top left corner
    /// is at row and column `at`.
    fn crop(map: FloatTensor<Self>, at: [usize; 2], size: [usize; 2]) -> FloatTensor<Self>;

    /// Returns the gradient with respect to the map, of `size` `[H, W]`, from that with respect to
    /// its crop at row and column `at`.
    fn crop_backward(
        gradient: FloatTensor<Self>,
        at: [usize; 2],
        size: [usize; 2],
    ) -> FloatTensor<Self>;
}

impl CropBackend for CubeBackend {
    fn crop(map: CubeTensor, at: [usize; 2], size: [usize; 2]) -> CubeTensor {
        kernel::crop(map, at, size)
    }

    fn crop_backward(gradient: CubeTensor, at: [usize; 2], size: [usize; 2]) -> CubeTensor {
        kernel::pad_into(gradient, at, size)
    }
}

/// Backward pass of a crop at this row and column. Its state is the map's height and width.
#[derive(Debug)]
struct Crop([usize; 2]);

impl<B: CropBackend> Backward<B, 1> for Crop {
    type State = [usize; 2];

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| {
            B::crop_backward(gradient, self.0, ops.state)
        });
    }
}

impl<B: CropBackend, C: CheckpointStrategy> CropBackend for Autodiff<B, C> {
    fn crop(map: FloatTensor<Self>, at: [usize; 2], size: [usize; 2]) -> FloatTensor<Self> {
        let preparation = Crop(at).prepare::<C>([map.node()]).compute_bound().stateful();
        let map = map.into_primitive();
        let [_, _, height, width] = map.shape().dims();
        let result = B::crop(map, at, size);
        match preparation {
            OpsKind::Tracked(preparation) => preparation.finish([height, width], result),
            OpsKind::UnTracked(preparation) => preparation.finish(result),
        }
    }

    fn crop_backward(_: FloatTensor<Self>, _: [usize; 2], _: [usize; 2]) -> FloatTensor<Self> {
        unimplemented!("no one asks for second derivatives")
    }
}
