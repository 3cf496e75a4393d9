//! Our own kernels for the GPU, written in CubeCL, with backward passes of their own. What Burn brings there without autotuning is a
//! naive convolution, a Gram matrix by transposing the map and then summing over all positions in a handful of workgroups, and an
//! average pooling that compiles anew for each picture size; and many small passes where one would do.
//!
//! All of them hold to this:
//!
//! - **Layout.** Tensors are `[1, C, H, W]` to the caller and channels-last in memory: a permutation changes metadata alone, so that
//!   order flows through the network without a copy.
//! - **Extents at run time.** The kernels read height, width and channels, so that a handful of programs serve the whole network, and
//!   another picture size compiles nothing.
//! - **Any WebGPU.** No subgroups, at most 256 units and 16 KiB of shared memory in a workgroup, and f16 only to keep maps in, where the device has
//!   it. Sums and gradients are f32.
//!
//! Beside each kernel its tests hold it to its twin in plain Burn, in value and in gradient.

mod convolution;
mod cutting;
mod distance;
mod gram;
mod layout;
mod picture;
mod pooling;
mod precision;
mod scaling;
mod sums;
#[cfg(test)]
mod tests;
pub mod vectors;

use burn::backend::DispatchDevice;
use burn::tensor::Device;

pub use convolution::{Division, Kept, PackedConvolution, Strategy};
pub use cutting::cut;
pub use distance::squared_distance;
pub use gram::{centred, gram, moments, product, scales};
pub use picture::{Intake, added, halved, outlines, packed, part, resized, take_in, total_variation};
pub use pooling::{Taken, pool};
pub use scaling::scaled;
#[cfg(test)]
pub use tests::{gpu as gpu_for_tests, idle_gpu as idle_gpu_for_tests, kernels_of as kernels_of_tests};

/// Whether tensors of `device` can be given to these kernels.
pub fn serve(device: &Device) -> bool {
    matches!(device.clone().without_autodiff().as_dispatch(), DispatchDevice::Cube(_))
}
