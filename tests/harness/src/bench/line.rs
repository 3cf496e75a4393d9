//! The report: one line of JSON per measurement.

use impasto::layer::Layer;
use impasto::memory::Precision;
use impasto::recipe::{Border, OptimizerKind};
use serde::{Deserialize, Serialize};

use super::case::{Case, Device, Steps};
use super::work;
use crate::browser::Browser;

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "measured", rename_all = "snake_case")]
pub enum Line {
    /// Whole steps.
    Step(StepLine),
    /// One pass of one convolution.
    Kernel(KernelLine),
    /// L-BFGS alone, without the network.
    History(HistoryLine),
}

impl Line {
    /// Prints the line to standard output.
    ///
    /// # Panics
    /// Never: a line has a JSON form.
    pub fn print(&self) {
        println!("{}", serde_json::to_string(self).expect("a line has a JSON form"));
    }
}

/// Spread of several times, ms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Median; for an even number, the mean of the two in the middle.
    pub median: f64,
    /// Shortest time.
    pub min: f64,
    /// Longest time.
    pub max: f64,
}

impl Spread {
    /// Creates the spread of these times.
    ///
    /// # Panics
    /// If `times` is empty.
    pub fn of(times: &[f64]) -> Self {
        let mut sorted = times.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (below, above) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Self { median: f64::midpoint(below, above), min: sorted[0], max: sorted[sorted.len() - 1] }
    }

    /// Returns the throughput in GFLOP/s of `gflop` in the median time.
    pub fn gflops(&self, gflop: f64) -> f64 {
        gflop / self.median * 1e3
    }
}

/// Steps of a whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepLine {
    /// The browser; `null` natively.
    pub browser: Option<Browser>,
    /// Device that computed.
    pub device: Device,
    /// The adapter's name, if known.
    pub adapter: Option<String>,
    /// Side of the square picture, px.
    pub size: u32,
    /// Optimiser.
    pub optimizer: OptimizerKind,
    /// Border.
    pub border: Border,
    /// Number of paintings.
    pub styles: u32,
    /// Tiles of the image; `null` if unknown.
    pub tiles: Option<usize>,
    /// Precision of stored feature maps; `null` if unknown.
    pub precision: Option<Precision>,
    /// Number of steps timed.
    pub steps: u32,
    /// Wall time of a step, ms.
    pub ms_per_step: Spread,
    /// Mean CPU time of a step over all threads, ms; in a browser, over all its processes. `null`
    /// if unavailable.
    pub cpu_ms_per_step: Option<f64>,
    /// Work of a step, billions of floating point operations: [`super::work::step_gflop`].
    pub gflop_per_step: f64,
    /// Throughput in GFLOP/s, at the median time.
    pub gflops: f64,
    /// Time until the first step is done, s: natively from opening the device, in a browser from
    /// pressing Paint.
    pub warm_up_s: f64,
    /// Most bytes reserved on the device; `null` if unknown.
    pub peak_device_bytes: Option<u64>,
    /// Bytes in use after some of the steps; empty if unknown.
    pub memory: Vec<MemoryAt>,
    /// Figures of the page; `null` natively.
    pub page: Option<PageFigures>,
}

impl StepLine {
    /// Creates the line of `case`, with times alone.
    pub fn new(case: &Case, steps: Steps, ms_per_step: Spread, warm_up_s: f64) -> Self {
        let gflop_per_step = work::step_gflop([case.size as usize; 2]);
        Self {
            browser: steps.browser,
            device: case.device,
            adapter: None,
            size: case.size,
            optimizer: steps.optimizer,
            border: steps.border,
            styles: steps.styles,
            tiles: None,
            precision: None,
            steps: case.runs,
            ms_per_step,
            cpu_ms_per_step: None,
            gflop_per_step,
            gflops: ms_per_step.gflops(gflop_per_step),
            warm_up_s,
            peak_device_bytes: None,
            memory: Vec::new(),
            page: None,
        }
    }
}

/// Memory of the device after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryAt {
    /// Number of steps done.
    pub step: u32,
    /// Bytes in use; in a browser the bytes in buffers as last reported.
    pub bytes_in_use: u64,
}

/// Responsiveness of the page while its worker computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageFigures {
    /// Longest task on the page's thread as reported by the browser, ms: 0 if none took 50 ms;
    /// `null` if not reported.
    pub longest_task_ms: Option<f64>,
    /// Longest interval between two ticks of a 4 ms timer, ms.
    pub longest_gap_ms: f64,
    /// Time from pressing Cancel in the middle of a step until the page reports the run as
    /// cancelled, ms.
    pub cancel_ms: f64,
    /// Time from the same press until the worker has answered another command, ms.
    pub worker_free_ms: f64,
}

/// One pass of one convolution, with bias and ReLU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelLine {
    /// Name of the adapter, if known.
    pub adapter: Option<String>,
    /// Side of the square picture, px; the layer's map is smaller by its stride.
    pub size: u32,
    /// Layer whose shapes the convolution has.
    pub layer: Layer,
    /// Direction of the pass.
    pub pass: Pass,
    /// Work, billions of floating point operations.
    pub gflop: f64,
    /// Division of the work in our kernel.
    pub division: String,
    /// Precision of input and output maps; Burn's are f32.
    pub precision: Precision,
    /// Times of our kernel.
    pub ours: KernelTime,
    /// Times of Burn's own operations on the same device.
    pub burn: KernelTime,
}

/// Direction through a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pass {
    /// Input to output.
    Forward,
    /// Output's gradient to input's gradient.
    Backward,
}

impl Pass {
    /// Returns the name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
        }
    }
}

/// Times of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelTime {
    /// Time of a call until the device is done, ms.
    pub ms: Spread,
    /// Mean CPU time of a call over all threads, ms; `null` if unavailable.
    pub cpu_ms: Option<f64>,
    /// Throughput in GFLOP/s, at the median time.
    pub gflops: f64,
}

/// L-BFGS alone, without the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// Device that computed.
    pub device: Device,
    /// Name of the adapter, if known.
    pub adapter: Option<String>,
    /// Side of the square picture, px.
    pub size: u32,
    /// Number of pairs in the history.
    pub history: u32,
    /// Wall time of a step, ms.
    pub ms_per_step: Spread,
    /// Mean CPU time of a step over all threads, ms; `null` if unavailable.
    pub cpu_ms_per_step: Option<f64>,
    /// Most bytes reserved on the device; `null` if unknown.
    pub peak_device_bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(Spread::of(&[9.0, 1.0, 4.0]), Spread { median: 4.0, min: 1.0, max: 9.0 });
        assert_eq!(Spread::of(&[9.0, 1.0, 2.0, 4.0]), Spread { median: 3.0, min: 1.0, max: 9.0 });
        assert_eq!(Spread::of(&[7.0]), Spread { median: 7.0, min: 7.0, max: 7.0 });
    }

    #[test]
    fn six_billion_operations_in_half_a_second_are_twelve_a_second() {
        assert!((Spread::of(&[500.0]).gflops(6.0) - 12.0).abs() < 1e-12);
    }
}
