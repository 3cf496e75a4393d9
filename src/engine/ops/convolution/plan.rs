//! How one convolution is carried out.

use super::Strategy;

/// What is kept to tell on the way back where the ReLU was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedForBackward {
    /// The answer.
    Output,
    /// What is read, of which the answer is computed once more.
    Input,
}

/// What determines a convolution beside its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Zeros around what is read, to each side: up to 2.
    pub padding: usize,
    /// Nothing where a pooling alone reads the answer: no gradient comes back through it where the
    /// ReLU was closed.
    pub saved: Option<SavedForBackward>,
    pub strategy: Strategy,
}

impl Plan {
    /// For the way back, on which the picture takes again the size that it had.
    pub const fn turned(self) -> Self {
        Self { padding: 2 - self.padding, ..self }
    }
}
