//! The operations of the optimisation, a folder each.
//!
//! - `mod.rs` is what the algorithm calls. It runs our kernel on a GPU and the twin elsewhere.
//! - `plain.rs`, or a line or two in `mod.rs`, is the *twin*: the same operation in Burn's
//!   operations.
//! - `kernel.rs`, or a file per kernel, is CubeCL. `glue.rs` makes it a backend extension of Burn
//!   with a backward pass.
//! - `tests.rs` holds the kernel to its twin, in value and gradient.
//!
//! Without autotuning, Burn on a GPU convolves naively, computes a Gram matrix by a transpose and a
//! sum in a handful of workgroups, and compiles average pooling anew for each image size.
//!
//! All kernels share three rules:
//!
//! - **Layout.** Tensors are `[1, C, H, W]` to the caller and channels-last in memory. A
//!   permutation changes metadata alone, so that layout flows through the network without a copy.
//! - **Extents at run time.** Kernels read height, width and channels, so that another image size
//!   compiles nothing.
//! - **Any WebGPU.** No subgroups, at most 256 units and 16 KiB of shared memory per workgroup; f16
//!   for stored feature maps alone, where the device has it. Sums and gradients are f32.

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

/// Returns a count as a factor.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of channels and positions; f32's relative error is far below the losses' own"
)]
pub fn float(count: usize) -> f32 {
    count as f32
}

/// Returns the sum of all elements, `[1]`, in a fixed order. Burn's own adds partial sums in the
/// order in which a GPU finishes them, so that the last digit varies from run to run.
pub fn sum<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    tensor.sum_dim(D - 1).flatten::<1>(0, D - 1).sum_dim(0)
}
