//! The operations that the optimisation is made of, a folder each. `mod.rs` is what the algorithm
//! calls: it runs our own kernel where the device is a GPU, and the twin in Burn's operations
//! elsewhere: `plain.rs`, or a line or two in `mod.rs` itself. `kernel.rs`, or a file for each
//! kernel, is CubeCL; `glue.rs` makes it a backend extension of Burn, with a backward pass.
//! `tests.rs` holds it to a twin, in value and in gradient.
//!
//! Burn on a GPU without autotuning brings a naive convolution, a Gram matrix by transposing the
//! map and then summing over all positions in a handful of workgroups, and an average pooling that
//! compiles anew for each picture size; and many small passes where one would do.
//!
//! All kernels hold to this:
//!
//! - **Layout.** Tensors are `[1, C, H, W]` to the caller and channels-last in memory: a
//!   permutation changes metadata alone, so that order flows through the network without a copy.
//! - **Extents at run time.** The kernels read height, width and channels, so that a handful of
//!   programs serve the whole network, and another picture size compiles nothing.
//! - **Any WebGPU.** No subgroups, at most 256 units and 16 KiB of shared memory in a workgroup,
//!   and f16 only to keep maps in, where the device has it. Sums and gradients are f32.

pub mod adam;
pub mod convolution;
pub mod crop;
pub mod distance;
pub mod gram;
pub mod image;
pub mod lbfgs;
pub mod pooling;
pub mod readback;
pub mod scaling;

#[cfg(feature = "gpu")]
mod layout;
#[cfg(feature = "gpu")]
mod precision;
#[cfg(feature = "gpu")]
mod sums;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use burn::tensor::Tensor;

#[cfg(all(test, feature = "gpu"))]
pub use tests::{
    gpu as gpu_for_tests, idle_gpu as idle_gpu_for_tests, kernels_of as kernels_of_tests,
};

/// Whether our kernels run on `device`.
#[cfg(feature = "gpu")]
fn on_gpu(device: &burn::tensor::Device) -> bool {
    use burn::backend::DispatchDevice;
    matches!(device.clone().without_autodiff().as_dispatch(), DispatchDevice::Cube(_))
}

/// A count as a factor.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of channels and positions; f32's relative error is far below the losses' own"
)]
pub fn float(count: usize) -> f32 {
    count as f32
}

/// The sum of all elements, `[1]`, taken in the same order each time. Burn's own adds parts up as a
/// GPU happens to finish them, so that the last digit differs from run to run.
pub fn sum<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    tensor.sum_dim(D - 1).flatten::<1>(0, D - 1).sum_dim(0)
}
