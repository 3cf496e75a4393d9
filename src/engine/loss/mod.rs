//! What the optimiser lowers: the paper's content and style losses and total variation, each in the paper's own units, and
//! their weighted sum.

mod content;
mod objective;
mod pass;
mod style;
mod total_variation;

pub use content::ContentLoss;
pub use objective::{Objective, Subject, Terms};
pub use pass::{Pass, Progress};
pub use style::StyleLoss;
pub use total_variation::TotalVariationLoss;
