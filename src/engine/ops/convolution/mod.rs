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

/// How a kernel's work is divided. Which way is fastest depends on the adapter: a GPU has many
/// units with few registers each, whereas an emulated one has few registers, fast memory, and pays
/// for every single float that is read, wherever it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConvKernel {
    /// Many small units: each keeps 8 px × 8 channels in 64 registers and what it has fetched ahead
    /// in 44 more, and a workgroup shares pixels and weights.
    #[default]
    Tiled,
    /// A quarter as many large ones: each keeps 4×4 px × 16 channels and shares nothing.
    Direct,
}

impl ConvKernel {
    /// Every way there is.
    pub const ALL: [Self; 2] = [Self::Tiled, Self::Direct];

    /// Its name, lower-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tiled => "fine",
            Self::Direct => "coarse",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|division| division.name() == name)
    }
}

/// How the convolutions go about their work; what they answer is the same but for rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strategy {
    /// How the work of each is divided.
    pub division: ConvKernel,
    /// In what their answers are kept.
    pub precision: Precision,
}

/// One layer's convolution on a device. Copies share its memory there.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "gpu",
    expect(clippy::large_enum_variant, reason = "all thirteen of a network are of one kind")
)]
pub enum Convolution {
    /// In Burn's own operations: kernel `[out, in, 3, 3]` and bias `[out]`.
    Plain(Tensor<4>, Tensor<1>),
    /// In our own kernel.
    #[cfg(feature = "gpu")]
    Packed(PackedConvolution),
}

impl Convolution {
    /// Of a kernel `[C_out, C_in, 3, 3]` and a bias `[C_out]`; on a GPU `C_out` is a multiple of 4.
    pub fn new(kernel: Tensor<4>, bias: Tensor<1>) -> Self {
        #[cfg(feature = "gpu")]
        if super::on_gpu(&kernel.device()) {
            return Self::Packed(PackedConvolution::new(kernel, bias));
        }
        Self::Plain(kernel, bias)
    }

    /// Has the kernel work by `strategy` from now on; its output stays the same, but for rounding.
    #[cfg_attr(not(feature = "gpu"), expect(unused_variables, reason = "Burn has no choice"))]
    pub fn set_strategy(&mut self, strategy: Strategy) {
        match self {
            Self::Plain(..) => {}
            #[cfg(feature = "gpu")]
            Self::Packed(packed) => packed.set_strategy(strategy),
        }
    }

    /// `max(0, kernel * x + bias)` with so many zeros to each side of `x`, 1 or 0. The output is
    /// `saved` for the backward pass, or, in our own kernel, computed once more there.
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

    /// [`Self::relu`] with one zero around `x`, and pooled: nothing else is to read its output.
    pub fn relu_pooled(&self, x: Tensor<4>, kind: PoolKind) -> Tensor<4> {
        match self {
            Self::Plain(kernel, bias) => pool(plain::convolve_relu(x, kernel, bias, 1), kind),
            #[cfg(feature = "gpu")]
            Self::Packed(packed) => packed.relu_pooled(x, kind),
        }
    }
}
