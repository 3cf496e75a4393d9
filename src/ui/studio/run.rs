//! A run as the page knows it.

use crate::protocol::{Losses, RunId, Stage};
use crate::recipe::Recipe;
use crate::recipe::pyramid::Level;
use crate::ui::history::LossHistory;
use crate::ui::reconstruction::Reconstruction;

/// Phase of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for the device.
    Waiting,
    /// Preparing the first step.
    Preparing(Stage),
    /// Stepping.
    Running,
    /// Asked to pause, perhaps still within a step.
    Pausing,
    /// Paused.
    Paused,
    /// All steps are done.
    Finished,
    /// Cancelled by the person.
    Cancelled,
    /// Ended by an error.
    Failed,
}

impl Phase {
    /// Whether events of the run still count.
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Finished | Self::Cancelled | Self::Failed)
    }

    /// Whether the run has an image, so that pausing and exporting make sense.
    pub const fn is_stepping(self) -> bool {
        matches!(self, Self::Running | Self::Pausing | Self::Paused)
    }
}

/// Purpose of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Errand {
    /// Repaint the photo.
    Repaint,
    /// Continue from an earlier result.
    GoOn,
    /// Reconstruct a picture from layers.
    Reconstruct(Reconstruction),
    /// Paint this cell of the grid.
    Cell(usize),
}

/// A run, from the press of the button to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id in the protocol.
    pub id: RunId,
    /// Its phase.
    pub phase: Phase,
    /// Steps done.
    pub step: u32,
    /// Steps to do in all.
    pub steps: u32,
    /// Time spent stepping since the first step ended, ms.
    pub elapsed_ms: f64,
    /// The objective's terms at the last known step.
    pub losses: Option<Losses>,
    /// The total loss so far.
    pub history: LossHistory,
    /// Sizes to paint at, as far as they are known without the photo's shape.
    pub levels: Vec<Level>,
    /// Its purpose.
    pub errand: Errand,
    /// The recipe that it was begun with, once it has begun.
    pub recipe: Option<Recipe>,
    /// Whether the person waits for an export.
    pub(super) exporting: bool,
}

impl Run {
    pub(super) fn new(id: RunId, errand: Errand) -> Self {
        let (phase, history, levels) = (Phase::Waiting, LossHistory::default(), Vec::new());
        Self {
            id,
            phase,
            step: 0,
            steps: 0,
            elapsed_ms: 0.0,
            losses: None,
            history,
            levels,
            errand,
            recipe: None,
            exporting: false,
        }
    }
}
