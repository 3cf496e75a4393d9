//! How one convolution runs.

use super::Strategy;

/// What is saved for the backward pass, to tell where the ReLU was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedForBackward {
    /// The output.
    Output,
    /// The input, from which the output is recomputed.
    Input,
}

/// Everything that determines a convolution beside its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Zero padding on each side of the input, px: at most 2.
    pub padding: usize,
    /// `None` where a pooling alone reads the output: its routing mask contains the ReLU's gate.
    pub saved: Option<SavedForBackward>,
    pub strategy: Strategy,
}

impl Plan {
    /// Returns the plan of the backward pass, which restores the size of the input.
    pub const fn turned(self) -> Self {
        Self { padding: 2 - self.padding, ..self }
    }
}
