//! The widgets. Signals in, callbacks out: a component draws state and reports intent; it starts no
//! work and owns no timer.

mod actions;
mod choice;
mod grid;
mod layers;
mod losses;
mod masthead;
mod messages;
mod progress;
mod recipe_file;
mod result;
mod samples;
mod sliders;
mod steps;
mod well;

pub use actions::{Action, Actions, MAIN_ACTION_ID};
pub use choice::Choice;
pub use grid::GridSheet;
pub use layers::StyleLayers;
pub use losses::LossPlot;
pub use masthead::Masthead;
pub use messages::{Messages, TROUBLE_ID};
pub use progress::RunProgress;
pub use recipe_file::RecipeFile;
pub use result::ResultFrame;
pub use samples::SampleStrip;
pub use sliders::{BalanceSlider, BlendSlider, GrainSlider, OutlinesSlider, SmoothnessSlider};
pub use steps::StepsInput;
pub use well::{PictureWell, well_input_id};
