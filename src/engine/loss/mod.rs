//! The objective and its losses: content, style, total variation and outlines, each in the units
//! that its file states.

mod content;
mod objective;
mod outlines;
mod pass;
mod scales;
mod style;
mod target;
mod terms;
mod total_variation;
mod wasserstein;

pub use content::ContentLoss;
pub use objective::{Objective, ObjectiveInputs};
pub use outlines::OutlinesLoss;
pub use pass::{Pass, Progress};
pub use scales::scaled;
pub use style::StyleLoss;
pub use terms::Terms;
pub use total_variation::TotalVariationLoss;
