//! Cases of the benchmarks: the measurements that `cargo xtask bench` requests.

use impasto::recipe::{Border, FeatureOptions, OptimizerKind, Recipe, Sizes};
use serde::{Deserialize, Serialize};

use crate::browser::Browser;
use crate::failure::{Context, Failure, Outcome};

/// Device that a case runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// The GPU, through WebGPU or the system's graphics API.
    Gpu,
    /// The CPU.
    Cpu,
}

impl Device {
    /// Returns the name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        }
    }
}

/// A single measurement. Each runs in its own process, so that it shares neither warm-up nor
/// memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Subject of the measurement.
    pub subject: BenchSubject,
    /// Side of the square picture, px.
    pub size: u32,
    /// Device that computes.
    pub device: Device,
    /// Number of timed repetitions after the warm-up.
    pub runs: u32,
}

/// Subject of a measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BenchSubject {
    /// Whole steps.
    Steps(Steps),
    /// Each convolution alone.
    Kernels,
    /// L-BFGS alone, with a history of this number of pairs.
    History(u32),
}

/// Options of the timed steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// Browser whose page runs the steps; `None` natively.
    pub browser: Option<Browser>,
    /// Optimiser.
    pub optimizer: OptimizerKind,
    /// Border.
    pub border: Border,
    /// Number of paintings.
    pub styles: u32,
    /// Longest side, px, of a square image that is processed without tiles; `None` to decide by the
    /// device's memory.
    pub tiles_above: Option<u32>,
    /// Whether feature maps are stored in f16.
    pub half_precision: bool,
}

impl Case {
    /// Describes the case for display.
    pub fn title(&self) -> String {
        let Self { size, device, .. } = self;
        let what = match self.subject {
            BenchSubject::Steps(Steps { browser, optimizer, styles, .. }) => {
                let place = browser.map_or("natively", Browser::name);
                format!("steps of {optimizer:?} with {styles} style pictures, {place},")
            }
            BenchSubject::Kernels => "kernels".to_owned(),
            BenchSubject::History(pairs) => format!("L-BFGS with {pairs} pairs"),
        };
        format!("{what} at {size} px on the {}", device.name())
    }

    /// Returns the benchmark in Cargo.toml that measures the case.
    pub fn program(&self) -> &'static str {
        let in_browser =
            matches!(self.subject, BenchSubject::Steps(Steps { browser: Some(_), .. }));
        if in_browser { "browser" } else { "native" }
    }

    /// Serialises the case for [`Self::from_arguments`].
    ///
    /// # Panics
    /// Never: a case has a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a case has a JSON form")
    }

    /// Parses the case from `arguments`, to which cargo adds one of its own.
    ///
    /// # Errors
    /// When they contain no case.
    pub fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let advice = "run `cargo xtask bench`";
        let text = arguments.find(|argument| argument.starts_with('{'));
        let text =
            text.ok_or_else(|| Failure::new("this program does not know what to measure", advice))?;
        serde_json::from_str(&text).or_fail(|| format!("{text} is nothing to measure"), advice)
    }
}

impl Steps {
    /// Returns the recipe at `size` px in `steps` steps.
    pub fn recipe(self, size: u32, steps: u32) -> Recipe {
        let features = FeatureOptions { border: self.border, ..FeatureOptions::default() };
        Recipe {
            size,
            steps,
            optimizer: self.optimizer,
            features,
            sizes: Sizes::One,
            ..Recipe::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_crosses_to_its_program_beside_cargos_own_flag() {
        let case = Case { subject: BenchSubject::Kernels, size: 64, device: Device::Gpu, runs: 5 };
        assert_eq!(
            Case::from_arguments([case.to_json(), "--bench".into()].into_iter()).unwrap(),
            case
        );
        let error =
            Case::from_arguments(["--bench".to_owned()].into_iter()).unwrap_err().to_string();
        assert!(error.contains("cargo xtask bench"), "{error}");
    }
}
