//! The values of the objective at one step.

use serde::{Deserialize, Serialize};

/// The objective's terms at one step, weighted as in the total. `content` includes the outlines
/// loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub struct Losses {
    pub content: f32,
    pub style: f32,
    pub total_variation: f32,
}

impl Losses {
    /// Returns the total, which the optimiser minimises.
    pub fn total(&self) -> f32 {
        self.content + self.style + self.total_variation
    }
}
