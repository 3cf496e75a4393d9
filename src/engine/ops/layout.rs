//! Between Burn's `[1, C, H, W]` and the kernels' order in memory.

use burn::tensor::{DType, Tensor};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::ops::{permute_nchw_to_nhwc, permute_nhwc_to_nchw};
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::{CubeCount, CubeDim};

/// Floats that a kernel reads and writes at once.
pub const VECTOR: usize = 4;

/// `[1, C, H, W]` as `[1, H, W, C]`, contiguous: free for what another of these kernels made, a
/// copy for anything else.
///
/// # Panics
/// When `x` holds more than one picture: the kernels know one.
pub fn channels_last(x: CubeTensor) -> CubeTensor {
    assert_eq!(x.meta.shape()[0], 1, "one picture at a time");
    into_contiguous(permute_nchw_to_nhwc(x))
}

/// `[1, H, W, C]` as `[1, C, H, W]`, without moving anything.
pub fn channels_first(x: CubeTensor) -> CubeTensor {
    permute_nhwc_to_nchw(x)
}

/// `x` with zeros behind its second dimension, filled up to `channels`.
pub fn pad_channels(x: Tensor<4>, channels: usize) -> Tensor<4> {
    let [first, own, third, fourth] = x.dims();
    if own == channels {
        return x;
    }
    let zeros =
        Tensor::zeros([first, channels - own, third, fourth], &x.device().without_autodiff());
    Tensor::cat(vec![x, zeros], 1)
}

/// Uninitialised memory of `shape` where `like` lies, for f32; in tests poisoned, so that what a
/// kernel fails to write is seen.
pub fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    empty_as(like, shape, DType::F32)
}

/// The same for elements of `dtype`.
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

/// The extents of `x`.
pub fn extents<const D: usize>(x: &CubeTensor) -> [usize; D] {
    x.meta.shape().dims()
}

/// A one-dimensional workgroup of `units`.
///
/// # Panics
/// If `units` exceeds `u32`, far beyond any device's limit.
pub fn cube_of(units: usize) -> CubeDim {
    CubeDim::new_1d(u32::try_from(units).expect("a workgroup has few units"))
}

/// The workgroup of an element-wise kernel.
fn cube_1d() -> CubeDim {
    cube_of(256)
}

/// Workgroups where `like` lies, of one unit for each of `items` and then some, and the units of
/// each.
pub fn launch_1d(like: &CubeTensor, items: usize) -> (CubeCount, CubeDim) {
    launch_1d_of(like, items, cube_1d())
}

/// The same in workgroups of these `units`.
pub fn launch_1d_of(like: &CubeTensor, items: usize, units: CubeDim) -> (CubeCount, CubeDim) {
    (calculate_cube_count_elemwise(&like.client, items, units), units)
}

/// Items that a unit is to sum up, where there are enough of them.
const SHARE: usize = 16;
/// Units that sum up at most: many for a large GPU, and their sums are few beside what they read.
const MOST_SUMMING_UNITS: usize = 16_384;

/// Units, in whole workgroups, that share the summing up of `length` items: each takes every so
/// many-th.
pub fn summing_units(length: usize) -> usize {
    length.div_ceil(SHARE).min(MOST_SUMMING_UNITS).next_multiple_of(cube_1d().num_elems() as usize)
}
