//! Parameters of one convolution call.

use super::Strategy;

/// Tensor saved for backward, from which the gradient is gated by `output > 0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedForBackward {
    /// The output itself.
    Output,
    /// The input, from which the backward pass recomputes the output.
    Input,
}

/// Parameters of a convolution other than its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Zero padding on each side of the input, px; at most 2.
    pub padding: usize,
    /// Tensor saved for backward. `None` if only a pooling reads the output, since the pooling's
    /// routing mask includes the ReLU gate.
    pub saved: Option<SavedForBackward>,
    /// Kernel and storage precision.
    pub strategy: Strategy,
}

impl Plan {
    /// Returns the plan of the backward pass, with the padding that restores the input's size.
    pub const fn turned(self) -> Self {
        Self { padding: 2 - self.padding, ..self }
    }
}
