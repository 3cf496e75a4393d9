//! Tensor layouts and launch sizes shared by all kernels.

use burn::tensor::{DType, Tensor};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::ops::{permute_nchw_to_nhwc, permute_nhwc_to_nchw};
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::{CubeCount, CubeDim};

/// Vector width of loads and stores, in elements.
pub const VECTOR: usize = 4;

/// Returns `[1, C, H, W]` as contiguous `[1, H, W, C]`. The output of one of our kernels is
/// returned as it is; any other tensor is copied.
///
/// # Panics
/// If the batch size is not 1: the kernels do not support batches.
pub fn channels_last(x: CubeTensor) -> CubeTensor {
    assert_eq!(x.meta.shape()[0], 1, "one picture at a time");
    into_contiguous(permute_nchw_to_nhwc(x))
}

/// Returns `[1, H, W, C]` as `[1, C, H, W]` by permuting metadata alone.
pub fn channels_first(x: CubeTensor) -> CubeTensor {
    permute_nhwc_to_nchw(x)
}

/// Zero-pads dimension 1 of `x` to `channels`.
pub fn pad_channels(x: Tensor<4>, channels: usize) -> Tensor<4> {
    let [first, own, third, fourth] = x.dims();
    if own == channels {
        return x;
    }
    let zeros =
        Tensor::zeros([first, channels - own, third, fourth], &x.device().without_autodiff());
    Tensor::cat(vec![x, zeros], 1)
}

/// Allocates an uninitialised f32 tensor of `shape` on the device of `like`. Tests fill it with NaN
/// to expose elements that a kernel fails to write.
pub fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    empty_as(like, shape, DType::F32)
}

/// Allocates an uninitialised tensor of `dtype`; otherwise like [`empty`].
pub fn empty_as<const D: usize>(like: &CubeTensor, shape: [usize; D], dtype: DType) -> CubeTensor {
    let memory = empty_device_contiguous_dtype(
        like.client.clone(),
        like.device.clone(),
        shape.into(),
        dtype,
    );
    #[cfg(test)]
    super::tests::poison(&memory);
    memory
}

/// Returns the shape of `x` as an array.
pub fn extents<const D: usize>(x: &CubeTensor) -> [usize; D] {
    x.meta.shape().dims()
}

/// Returns a one-dimensional workgroup of `units`.
///
/// # Panics
/// If `units` exceeds `u32::MAX`.
pub fn cube_of(units: usize) -> CubeDim {
    CubeDim::new_1d(u32::try_from(units).expect("a workgroup has few units"))
}

/// Returns the workgroup of an element-wise kernel.
fn cube_1d() -> CubeDim {
    cube_of(256)
}

/// Returns the grid and workgroup of an element-wise kernel: at least one unit per item.
pub fn launch_1d(like: &CubeTensor, items: usize) -> (CubeCount, CubeDim) {
    launch_1d_of(like, items, cube_1d())
}

/// Returns the grid of workgroups of `units` with at least one unit per item, and the workgroup.
pub fn launch_1d_of(like: &CubeTensor, items: usize, units: CubeDim) -> (CubeCount, CubeDim) {
    (calculate_cube_count_elemwise(&like.client, items, units), units)
}

/// Minimum number of items per summing unit.
const SHARE: usize = 16;
/// Maximum number of summing units: enough to fill a large GPU, with few partial sums to add up.
const MOST_SUMMING_UNITS: usize = 16_384;

/// Returns how many units share a sum of `length` items, rounded up to whole workgroups. Each unit
/// strides over the items by this number.
pub fn summing_units(length: usize) -> usize {
    length.div_ceil(SHARE).min(MOST_SUMMING_UNITS).next_multiple_of(cube_1d().num_elems() as usize)
}
