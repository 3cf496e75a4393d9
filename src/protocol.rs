//! All that crosses between page and worker. Weights and tensors never do; images travel beside a
//! message, by transfer.
//!
//! On the wire a message is a JavaScript array: a value of this module as JSON, then its
//! attachments in the order that its doc gives.

#[cfg(all(any(feature = "tensors", feature = "ui"), target_arch = "wasm32"))]
pub mod wire;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
pub use crate::losses::Losses;
use crate::memory::{DeviceLimits, MemoryUse};
use crate::pixels::ImageSize;
use crate::recipe::{LossWeights, OptimizerKind, Recipe};

/// Identifies a run. Every event of a run carries it, and the page ignores events of runs that it
/// has left behind; so a cancel is instant for the person, whatever the GPU still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(pub u32);

/// Identifies a file that the page asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// Identifies a film that the page asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FilmId(pub u32);

/// A command of the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Open a compute device; always the first command. Answered by [`Event::Opened`] or a fatal
    /// [`Event::Failed`].
    Open(DeviceKind),
    /// Say whether a file is an image to work with. Attachment: the file (`Blob`). Answered by
    /// [`Event::Examined`].
    Examine(FileId),
    /// Prepare for a run like this while idle. Not answered.
    Prepare {
        /// The recipe, as far as pipelines depend on it.
        recipe: Recipe,
        /// Number of style images.
        paintings: usize,
        /// How much of the device's memory to take.
        memory: MemoryUse,
    },
    /// Begin a run, dropping any other. Attachments: `wire::StartFiles`.
    Start {
        /// The new run's id.
        run: RunId,
        /// The recipe.
        recipe: Recipe,
        /// How much of the device's memory to take.
        memory: MemoryUse,
    },
    /// Pause: take no step until [`Command::Resume`]. Answered by [`Event::Paused`].
    Pause(RunId),
    /// Resume stepping.
    Resume(RunId),
    /// Drop the run. Not answered.
    Cancel(RunId),
    /// Change a run from its next step on.
    Adjust {
        /// The run meant.
        run: RunId,
        /// The new weights of the loss terms.
        loss_weights: LossWeights,
        /// The optimiser from now on.
        optimizer: OptimizerKind,
    },
    /// Encode the current image. Answered by [`Event::Exported`].
    Export(RunId),
    /// Make a GIF of moments. Attachments: JPEG files (`Blob`), the first first. Answered by
    /// [`Event::Filming`] and [`Event::Filmed`].
    Film(FilmId),
    /// Drop the film in the making. Not answered.
    StopFilm,
}

/// Where the optimisation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceKind {
    /// Through WebGPU.
    Gpu,
    /// On one processor core, in WebAssembly.
    Cpu,
}

/// The open device and its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// GPU or CPU.
    pub kind: DeviceKind,
    /// The adapter's own name where the browser tells it, for the person; may be empty.
    pub name: String,
    /// Whether the "GPU" is emulated on the processor.
    pub software: bool,
    /// The longest side, px, of a square image that can be painted.
    pub max_edge: u32,
    /// Limits that decide how to paint.
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
    /// Compiling pipelines.
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

/// An event of the worker for the page.
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
        /// Why it is no image to work with; `None` if it is one.
        refusal: Option<Fault>,
    },
    /// Progress of the weights.
    Weights {
        /// Where they come from.
        source: WeightsSource,
        /// Bytes received.
        received: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The run prepares its first step.
    Preparing {
        /// The run meant.
        run: RunId,
        /// The current stage.
        stage: Stage,
    },
    /// Steps were done; the losses are those of the last one.
    Progress {
        /// The run meant.
        run: RunId,
        /// Steps done.
        step: u32,
        /// Steps to do in all.
        steps: u32,
        /// The objective's terms.
        losses: Losses,
        /// Time spent stepping since the first step ended, without pauses, ms. The first step pays
        /// for compilation.
        elapsed_ms: f64,
    },
    /// The current image. Attachment: RGBA bytes (`ArrayBuffer`, straight alpha).
    Preview {
        /// The run meant.
        run: RunId,
        /// Steps done.
        step: u32,
        /// Size of the image, px.
        size: ImageSize,
    },
    /// The photo as this run sees it, once an image has its full size. Attachment: RGBA bytes
    /// (`ArrayBuffer`).
    Photo {
        /// The run meant.
        run: RunId,
        /// Size of the photo, px.
        size: ImageSize,
    },
    /// The image on its way, for looking back. Attachment: JPEG bytes (`ArrayBuffer`).
    Moment {
        /// The run meant.
        run: RunId,
        /// Steps done.
        step: u32,
        /// Size of the JPEG, px.
        size: ImageSize,
    },
    /// The run is paused.
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
    /// All steps are done; an [`Event::Preview`] of the last came before. Attachment: PNG bytes
    /// (`ArrayBuffer`).
    Finished {
        /// The run meant.
        run: RunId,
        /// Steps done.
        step: u32,
    },
    /// A part of a film is done.
    Filming {
        /// The film meant.
        film: FilmId,
        /// Images done.
        done: u32,
        /// Images in all.
        of: u32,
    },
    /// Answer to [`Command::Film`]. Attachment: GIF bytes (`ArrayBuffer`).
    Filmed(FilmId),
    /// A notice for the person that stops nothing.
    Notice(Fault),
    /// The run failed; or, without one, the worker's opening.
    Failed {
        /// The run meant.
        run: Option<RunId>,
        /// Why.
        fault: Fault,
        /// Whether the worker is unusable: lost device, panic. The page then makes a new one.
        fatal: bool,
    },
}
