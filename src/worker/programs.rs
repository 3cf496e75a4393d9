//! What a device needs compiled before a run: on a GPU the choice of convolution kernels, and
//! pipelines; on the CPU nothing.

#[cfg(feature = "gpu")]
mod gpu;
#[cfg(not(feature = "gpu"))]
mod processor;

use crate::memory::MemoryUse;
use crate::recipe::Recipe;
#[cfg(feature = "gpu")]
pub use gpu::Programs;
#[cfg(not(feature = "gpu"))]
pub use processor::Programs;

/// A run to prepare for.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "gpu"),
    expect(dead_code, reason = "for the processor nothing is compiled")
)]
pub struct Wanted {
    /// Its recipe.
    pub recipe: Recipe,
    /// Number of style images.
    pub paintings: usize,
    /// How much of the device's memory to take.
    pub memory: MemoryUse,
}
