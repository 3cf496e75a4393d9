//! What the optimiser lowers: the paper's content and style losses and total variation, each in the
//! paper's own units, and their weighted sum.

mod content;
mod objective;
mod outlines;
mod pass;
mod style;
mod target;
mod terms;
mod total_variation;
mod wasserstein;

pub use content::ContentLoss;
pub use objective::{Objective, ObjectiveInputs};
pub use outlines::OutlinesLoss;
pub use pass::{Pass, Progress};
pub use style::StyleLoss;
pub use terms::Terms;
pub use total_variation::TotalVariationLoss;
