//! 3×3 convolution, bias and ReLU, with frozen weights.

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

/// Taps along one side of a layer's window.
#[cfg(feature = "gpu")]
const WINDOW: usize = 3;

/// Which kernel convolves. The faster one depends on the adapter: a GPU has many units with few
/// registers each; an emulated one has few registers, fast memory, and pays for each float that it
/// reads, from wherever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConvKernel {
    /// Implicit GEMM in tiles: each unit holds 8 px × 8 channels in 64 registers and prefetches
    /// into 44 more; a workgroup shares pixels and weights.
    #[default]
    Tiled,
    /// A quarter as many units: each holds 4×4 px × 16 channels and shares nothing.
    Direct,
}

impl ConvKernel {
    /// Both kernels.
    pub const ALL: [Self; 2] = [Self::Tiled, Self::Direct];

    /// Returns its name in stored tunings and states.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tiled => "fine",
            Self::Direct => "coarse",
        }
    }

    /// Returns the kernel of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|division| division.name() == name)
    }
}

/// How the convolutions run. Outputs differ by rounding alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strategy {
    /// Which kernel convolves.
    pub division: ConvKernel,
    /// Precision of the stored outputs.
    pub precision: Precision,
}

/// One layer's convolution on a device. Clones share its weights there.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "gpu",
    expect(clippy::large_enum_variant, reason = "all thirteen of a network are of one kind")
)]
pub enum Convolution {
    /// Burn's operations: kernel `[out, in, 3, 3]` and bias `[out]`.
    Plain(Tensor<4>, Tensor<1>),
    /// Our kernels.
    #[cfg(feature = "gpu")]
    Packed(PackedConvolution),
}

impl Convolution {
    /// Creates the convolution from a kernel `[C_out, C_in, 3, 3]` and a bias `[C_out]`; on a GPU
    /// `C_out` must be a multiple of 4.
    pub fn new(kernel: Tensor<4>, bias: Tensor<1>) -> Self {
        #[cfg(feature = "gpu")]
        if super::on_gpu(&kernel.device()) {
            return Self::Packed(PackedConvolution::new(kernel, bias));
        }
        Self::Plain(kernel, bias)
    }

    /// Sets the strategy of later calls. Outputs change by rounding alone.
    #[cfg_attr(not(feature = "gpu"), expect(unused_variables, reason = "Burn has no choice"))]
    pub fn set_strategy(&mut self, strategy: Strategy) {
        match self {
            Self::Plain(..) => {}
            #[cfg(feature = "gpu")]
            Self::Packed(packed) => packed.set_strategy(strategy),
        }
    }

    /// Returns `max(0, kernel ∗ x + bias)` with 0 or 1 px of zero padding. The output is `saved`
    /// for the backward pass; or, in our kernels, recomputed there.
    #[cfg_attr(not(feature = "gpu"), expect(unused_variables, reason = "Burn saves it"))]
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

    /// Returns [`Self::relu`], padded by 1 px and pooled. Nothing else may read its output.
    pub fn relu_pooled(&self, x: Tensor<4>, kind: PoolKind) -> Tensor<4> {
        match self {
            Self::Plain(kernel, bias) => pool(plain::convolve_relu(x, kernel, bias, 1), kind),
            #[cfg(feature = "gpu")]
            Self::Packed(packed) => packed.relu_pooled(x, kind),
        }
    }
}
