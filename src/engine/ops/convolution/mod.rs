//! Fused 3×3 convolution, bias and ReLU with frozen weights.

#[cfg(feature = "gpu")]
mod direct;
#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod packed;
mod plain;
#[cfg(feature = "gpu")]
mod plan;
#[cfg(feature = "gpu")]
mod shared;
#[cfg(all(test, feature = "gpu"))]
mod tests;
#[cfg(feature = "gpu")]
mod tiled;
#[cfg(feature = "gpu")]
mod tiling;

use burn::tensor::Tensor;

use super::pooling::{PoolKind, pool};
use crate::memory::Precision;
#[cfg(feature = "gpu")]
pub use packed::PackedConvolution;
#[cfg(feature = "gpu")]
pub use plan::SavedForBackward;
#[cfg(feature = "gpu")]
pub(super) use tiled::weighted;

/// Window size of the layers, in taps per side.
#[cfg(feature = "gpu")]
const WINDOW: usize = 3;

/// Convolution kernel. Which one is faster depends on the adapter: a GPU runs many units with few
/// registers each, whereas a software GPU has few registers and fast memory, and a load costs the
/// same from shared as from global memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConvKernel {
    /// Implicit GEMM in tiles. Each unit accumulates 8 px × 8 channels in 64 registers and
    /// prefetches into 44 more; a workgroup shares pixels and weights in shared memory.
    #[default]
    Tiled,
    /// No shared memory. Each unit computes 4×4 px × 16 channels, so a quarter as many units run.
    Direct,
}

impl ConvKernel {
    /// Both kernels.
    pub const ALL: [Self; 2] = [Self::Tiled, Self::Direct];

    /// Returns the kernel's name in stored tunings and states.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tiled => "fine",
            Self::Direct => "coarse",
        }
    }

    /// Returns the kernel with this [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|division| division.name() == name)
    }
}

/// Kernel and storage precision of the convolutions. Strategies differ only in rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strategy {
    /// Convolution kernel.
    pub division: ConvKernel,
    /// Precision of the stored outputs.
    pub precision: Precision,
}

/// Convolution of one layer on a device. Clones share the weights.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "gpu",
    expect(clippy::large_enum_variant, reason = "all thirteen layers use the same variant")
)]
pub enum Convolution {
    /// The twin: kernel `[C_out, C_in, 3, 3]` and bias `[C_out]`.
    Plain(Tensor<4>, Tensor<1>),
    /// Our kernels with packed weights.
    #[cfg(feature = "gpu")]
    Packed(PackedConvolution),
}

impl Convolution {
    /// Creates the convolution from a kernel `[C_out, C_in, 3, 3]` and a bias `[C_out]`. On a GPU
    /// `C_out` must be a multiple of 4.
    pub fn new(kernel: Tensor<4>, bias: Tensor<1>) -> Self {
        #[cfg(feature = "gpu")]
        if super::on_gpu(&kernel.device()) {
            return Self::Packed(PackedConvolution::new(kernel, bias));
        }
        Self::Plain(kernel, bias)
    }

    /// Sets the strategy of later calls. Outputs change only in rounding.
    #[cfg_attr(not(feature = "gpu"), expect(unused_variables, reason = "unused by the twin"))]
    pub fn set_strategy(&mut self, strategy: Strategy) {
        match self {
            Self::Plain(..) => {}
            #[cfg(feature = "gpu")]
            Self::Packed(packed) => packed.set_strategy(strategy),
        }
    }

    /// Returns `max(0, kernel ∗ x + bias)` with 0 or 1 px of zero padding. The backward pass needs
    /// the output: it is `saved`, or our kernels recompute it there. The twin always saves it.
    #[cfg_attr(not(feature = "gpu"), expect(unused_variables, reason = "the twin always saves"))]
    pub fn relu(&self, x: Tensor<4>, padding: usize, saved: bool) -> Tensor<4> {
        match self {
            Self::Plain(kernel, bias) => plain::convolve_relu(x, kernel, bias, padding),
            #[cfg(feature = "gpu")]
            Self::Packed(packed) => packed.relu(
                x,
                padding,
                if saved { SavedForBackward::Output } else { SavedForBackward::Input },
            ),
        }
    }

    /// Returns [`Self::relu`] with 1 px of padding, pooled. For layers whose unpooled output is not
    /// used elsewhere: our kernels free it.
    pub fn relu_pooled(&self, x: Tensor<4>, kind: PoolKind) -> Tensor<4> {
        match self {
            Self::Plain(kernel, bias) => pool(plain::convolve_relu(x, kernel, bias, 1), kind),
            #[cfg(feature = "gpu")]
            Self::Packed(packed) => packed.relu_pooled(x, kind),
        }
    }
}
