//! All that crosses between page and worker. Weights and tensors never do; pictures travel beside a
//! message, by transfer.
//!
//! On the wire a message is a JavaScript array: this module's value as JSON, then the attachments
//! that its doc names, in that order.

#[cfg(all(any(feature = "tensors", feature = "ui"), target_arch = "wasm32"))]
pub mod wire;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
pub use crate::losses::Losses;
use crate::memory::{DeviceLimits, MemoryUse};
use crate::pixels::ImageSize;
use crate::recipe::{LossWeights, OptimizerKind, Recipe};

/// Tells the runs apart. Every event of a run carries it, and the page ignores events of runs it
/// has left behind; so a cancel is instant for the person, whatever the GPU still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(pub u32);

/// Tells the files apart that the page asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// What the page asks of the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Open a compute device; always the first command. Answered by [`Event::Opened`] or a fatal
    /// [`Event::Failed`].
    Open(DeviceKind),
    /// Say whether a file is a picture to work with. Attachment: the file (`Blob`). Answered by
    /// [`Event::Examined`].
    Examine(FileId),
    /// Get ready for such a run while there is nothing else to do: it will be asked for soon. Not
    /// answered.
    Prepare {
        /// What to do, as far as programs depend on it.
        recipe: Recipe,
        /// Paintings.
        paintings: usize,
        /// How much of the device's memory to take.
        memory: MemoryUse,
    },
    /// Begin a run, dropping any other. Attachments: `wire::StartFiles`.
    Start {
        /// The new run's name.
        run: RunId,
        /// What to do.
        recipe: Recipe,
        /// How much of the device's memory to take.
        memory: MemoryUse,
    },
    /// Take no further step until [`Command::Resume`]. Answered by [`Event::Paused`].
    Pause(RunId),
    /// Go on stepping.
    Resume(RunId),
    /// Forget the run. Not answered.
    Cancel(RunId),
    /// Change a run from its next step on.
    Adjust {
        /// The run meant.
        run: RunId,
        /// The new weights.
        loss_weights: LossWeights,
        /// What changes the pixels from now on.
        optimizer: OptimizerKind,
    },
    /// Encode the run's picture as it is now. Answered by [`Event::Exported`].
    Export(RunId),
}

/// Where the optimisation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceKind {
    /// Through WebGPU.
    Gpu,
    /// On one processor core, in WebAssembly.
    Cpu,
}

/// What was opened and what it can bear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// GPU or CPU.
    pub kind: DeviceKind,
    /// The adapter's own name where the browser tells it, for the person; may be empty.
    pub name: String,
    /// Whether the "GPU" is emulated on the processor.
    pub software: bool,
    /// The longest side, px, of a square picture that can be painted.
    pub max_edge: u32,
    /// What there is room for.
    pub limits: DeviceLimits,
}

/// Where the bytes of the weights come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeightsSource {
    /// The site that serves the page.
    Network,
    /// The browser's storage, from an earlier visit.
    Storage,
}

/// What a run does before its first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Reading the pictures.
    Pictures,
    /// Waiting for the weights; [`Event::Weights`] tells how far.
    Weights,
    /// Building the network on the device.
    Network,
    /// Compiling the GPU's programs.
    Programs {
        /// Parts done.
        done: u32,
        /// Parts to do in all.
        of: u32,
    },
    /// Making the targets of content and style.
    Targets {
        /// Parts done.
        done: u32,
        /// Parts to do in all.
        of: u32,
    },
    /// The first step.
    FirstStep,
}

/// What the worker tells the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The worker listens; earlier messages would have been lost.
    Booted,
    /// The device is open.
    Opened(DeviceReport),
    /// Answer to [`Command::Examine`].
    Examined {
        /// The file meant.
        file: FileId,
        /// Why it is no picture to work with; `None` when it is one.
        refusal: Option<Fault>,
    },
    /// The weights are this far.
    Weights {
        /// Where they come from.
        source: WeightsSource,
        /// Bytes so far.
        received: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The run is on its way to its first step.
    Preparing {
        /// The run meant.
        run: RunId,
        /// What it does now.
        stage: Stage,
    },
    /// Steps have been done. The losses are those at the last of them.
    Progress {
        /// The run meant.
        run: RunId,
        /// Steps done.
        step: u32,
        /// Steps to do in all.
        steps: u32,
        /// The objective's terms.
        losses: Losses,
        /// Time spent stepping since the first step ended, pauses left out, ms; the first step pays
        /// for compilation.
        elapsed_ms: f64,
    },
    /// The picture as it is. Attachment: RGBA bytes (`ArrayBuffer`, straight alpha).
    Preview {
        /// The run meant.
        run: RunId,
        /// Steps done.
        step: u32,
        /// Of the picture.
        size: ImageSize,
    },
    /// The run rests.
    Paused {
        /// The run meant.
        run: RunId,
        /// Steps done.
        step: u32,
    },
    /// Answer to [`Command::Export`]. Attachment: PNG bytes (`ArrayBuffer`).
    Exported {
        /// The run meant.
        run: RunId,
        /// Steps done.
        step: u32,
    },
    /// All steps are done; a [`Event::Preview`] of the last came before. Attachment: PNG bytes
    /// (`ArrayBuffer`).
    Finished {
        /// The run meant.
        run: RunId,
        /// Steps done.
        step: u32,
    },
    /// Something the person should know that stops nothing.
    Notice(Fault),
    /// The run, or without one the worker's opening, has failed.
    Failed {
        /// The run meant.
        run: Option<RunId>,
        /// Why.
        fault: Fault,
        /// Whether the worker is of no further use: lost device, panic. The page then makes a new
        /// one.
        fatal: bool,
    },
}
