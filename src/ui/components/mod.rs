//! The widgets. Signals in, callbacks out: a component draws state and reports intent; it starts no
//! work and owns no timer.

mod actions;
mod cell;
mod choice;
pub mod dialog;
mod empty;
mod grid;
mod keys;
mod layers;
mod looks;
mod losses;
mod masthead;
mod messages;
mod progress;
mod recipe_file;
mod samples;
mod sign;
mod sliders;
mod stage;
mod stage_bar;
mod steps;
mod well;

pub use actions::{Action, Actions, MAIN_ACTION_ID};
pub use cell::CellDialog;
pub use choice::Choice;
pub use empty::Invitation;
pub use grid::GridSheet;
pub use keys::KeysDialog;
pub use layers::StyleLayers;
pub use looks::Looks;
pub use losses::LossPlot;
pub use masthead::Masthead;
pub use messages::{Messages, TROUBLE_ID};
pub use progress::{Looking, MomentSlider, RunProgress};
pub use recipe_file::RecipeFile;
pub use samples::SampleStrip;
pub use sliders::{BalanceSlider, BlendSlider, GrainSlider, OutlinesSlider, SmoothnessSlider};
pub use stage::StageView;
pub use stage_bar::{StageBar, panel_id};
pub use steps::StepsInput;
pub use well::{PictureWell, well_input_id};
