//! Words for where the page computes and what a run does.

use super::figures::{duration, megabytes};
use crate::protocol::{DeviceKind, DeviceReport, Stage, WeightsSource};

/// Which browsers have WebGPU; by the vendors' own release notes.
pub const FASTER_BROWSERS: &str = "That is slow. A browser with WebGPU and a graphics card is \
                                   usually many times faster: Chrome or Edge from 113, Safari from \
                                   26, Firefox from 141 on Windows and from 145 on macOS.";
/// No device is open.
pub const NO_DEVICE: &str = "The next start opens a device";
/// The person ended a run before its first step.
pub const CANCELLED: &str = "Cancelled";
/// An error ended a run before its first step.
pub const FAILED: &str = "Stopped by an error";
/// A run steps, to a screen reader, before its first tenth.
pub const STEPPING: &str = "Stepping";

/// A device is being opened.
pub const fn opening(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Gpu => "Opening the graphics card …",
        DeviceKind::Cpu => "Starting on the processor …",
    }
}

/// Where the page computes.
pub fn device(report: &DeviceReport) -> String {
    let device = match (report.kind, report.software) {
        (DeviceKind::Cpu, _) => "Computing on the processor",
        (DeviceKind::Gpu, true) => "Computing on an emulated graphics card",
        (DeviceKind::Gpu, false) => "Computing on the graphics card",
    };
    if report.name.is_empty() { device.into() } else { format!("{device} ({})", report.name) }
}

/// What is missing before the first run.
pub const fn idle(has_photo: bool) -> &'static str {
    if has_photo { "Ready to paint" } else { "Choose a photo" }
}

/// The time that the next run takes.
pub fn estimate(ms: f64) -> String {
    format!("next: about {}", duration(ms))
}

/// Behind the line of a finished run: the time that it took.
pub fn finished_in(line: &str, ms: f64) -> String {
    format!("{line} · finished in {}", duration(ms))
}

/// Behind the line of a run: an earlier moment of it is on view.
pub fn looking_back(step: u32) -> String {
    format!("Looking back at step {step}")
}

/// How far a film is.
pub fn filming(done: u32, of: u32) -> String {
    if of == 0 { "Making the film".into() } else { format!("Making the film: {done} of {of}") }
}

/// How a run stands after its last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standstill {
    /// It is about to rest.
    Pausing,
    /// It rests.
    Paused,
    /// All steps are done.
    Finished,
    /// The person ended it.
    Cancelled,
    /// An error ended it.
    Failed,
}

/// A run that stands still, behind the line about its last step.
pub fn standing_still(how: Standstill, line: &str) -> String {
    let how = match how {
        Standstill::Pausing => "pausing",
        Standstill::Paused => "paused",
        Standstill::Finished => "finished",
        Standstill::Cancelled => "cancelled",
        Standstill::Failed => "stopped by an error",
    };
    format!("{line} · {how}")
}

/// Steps done.
pub fn step(done: u32, of: u32) -> String {
    format!("Step {done} of {of}")
}

/// Which picture of the grid, counted from one.
pub fn picture(number: usize, of: usize) -> String {
    format!("Picture {number} of {of}")
}

/// What a run does before its first step; of the weights where they come from, and bytes received
/// of those in all.
pub fn stage(stage: Stage, weights: Option<(WeightsSource, u64, u64)>) -> String {
    match (stage, weights) {
        (Stage::Pictures, _) => "Reading the pictures".into(),
        (Stage::Weights, Some((source, received, total))) => {
            let amount = format!("{} of {} MB", megabytes(received), megabytes(total));
            match source {
                WeightsSource::Network => format!("Downloading the network: {amount}"),
                WeightsSource::Storage => {
                    format!("Loading the network from this browser: {amount}")
                }
            }
        }
        (Stage::Weights, None) => "Fetching the network".into(),
        (Stage::Network, _) => "Building the network".into(),
        (Stage::Programs { .. }, _) => "Preparing the graphics card".into(),
        (Stage::Targets { .. }, _) => "Studying the pictures".into(),
        (Stage::FirstStep, _) => "Taking the first step".into(),
    }
}

/// The curve of the total loss between its ends, `(step, figure)` each; `None` before there is one.
pub fn curve(ends: Option<[(u32, String); 2]>) -> String {
    ends.map_or_else(
        || "Total loss, nothing yet".into(),
        |[(from, first), (to, last)]| {
            format!("Total loss: {first} at step {from}, {last} at step {to}")
        },
    )
}
