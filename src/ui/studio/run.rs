//! One run, as the page knows it.

use crate::protocol::{Losses, RunId, Stage};
use crate::recipe::pyramid::Level;
use crate::ui::history::LossHistory;
use crate::ui::reconstruction::Reconstruction;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// For the device to open.
    Waiting,
    /// On its way to the first step.
    Preparing(Stage),
    /// Stepping.
    Running,
    /// Asked to rest, but perhaps still within a step.
    Pausing,
    /// Resting.
    Paused,
    /// All steps done.
    Finished,
    /// Left by the person.
    Cancelled,
    /// Ended by an error.
    Failed,
}

impl Phase {
    /// Whether events of the run still count.
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Finished | Self::Cancelled | Self::Failed)
    }

    /// Whether the run has a picture under work, so that pausing and exporting make sense.
    pub const fn is_stepping(self) -> bool {
        matches!(self, Self::Running | Self::Pausing | Self::Paused)
    }
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Errand {
    /// To repaint the photo.
    Repaint,
    /// The same, from an earlier picture on.
    GoOn,
    /// To show what layers know of one picture.
    Reconstruct(Reconstruction),
    /// To paint the cell of this number of the grid.
    Cell(usize),
}

/// One run, from the press of the button to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its name in the protocol.
    pub id: RunId,
    /// Where it stands.
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
    /// The sizes that it is painted at, as far as can be told without the photo's shape.
    pub levels: Vec<Level>,
    /// What it is for.
    pub errand: Errand,
    /// Whether the person waits for the picture as it is now.
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
            exporting: false,
        }
    }
}
