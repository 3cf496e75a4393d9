//! Tensor operations of the optimisation, one folder each.
//!
//! - `mod.rs` is the interface. It runs our kernels on a GPU and the twin on any other device.
//! - `plain.rs`, or a few lines in `mod.rs`, is the *twin*: the plain Burn reference
//!   implementation.
//! - `kernel.rs`, or one file per kernel, is CubeCL. `glue.rs` makes it a Burn backend extension
//!   with a backward pass.
//! - `tests.rs` compares the kernels with the twin, in value and gradient.
//!
//! We bring our own kernels because Burn on a GPU, without autotuning, convolves naively, computes
//! a Gram matrix by a transpose and a sum in a handful of workgroups, and compiles average pooling
//! anew for each image size.
//!
//! All kernels follow three rules:
//!
//! - **Layout.** Tensors are `[1, C, H, W]` to the caller and channels-last in memory. A
//!   permutation changes only metadata, so activations pass between layers without a copy.
//! - **Runtime extents.** Kernels read height, width and channels at run time, so a new image size
//!   compiles nothing.
//! - **Baseline WebGPU.** No subgroups, at most 256 units and 16 KiB of shared memory per
//!   workgroup. f16 is used only for stored feature maps, and only where the device supports it;
//!   sums and gradients are f32.

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

/// Returns whether our kernels run on `device`.
#[cfg(feature = "gpu")]
fn on_gpu(device: &burn::tensor::Device) -> bool {
    use burn::backend::DispatchDevice;
    matches!(device.clone().without_autodiff().as_dispatch(), DispatchDevice::Cube(_))
}

/// Converts a count to f32, for use as a scale factor.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of channels and positions; f32's relative error is far below the losses'"
)]
pub fn float(count: usize) -> f32 {
    count as f32
}

/// Returns the sum of all elements, `[1]`, in a fixed order. Burn's own `sum` adds partial sums in
/// the order in which a GPU finishes them, so its last digit varies from run to run.
pub fn sum<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    tensor.sum_dim(D - 1).flatten::<1>(0, D - 1).sum_dim(0)
}
