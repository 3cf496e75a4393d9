//! Cases of the benchmarks: what `cargo xtask bench` asks a benchmark to measure.

use impasto::recipe::{Border, FeatureOptions, OptimizerKind, Recipe, Sizes};
use serde::{Deserialize, Serialize};

use crate::browser::Browser;
use crate::failure::{Context, Failure, Outcome};

/// The device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// The GPU, through WebGPU or the system's graphics API
    Gpu,
    /// The processor
    Cpu,
}

impl Device {
    /// For the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        }
    }
}

/// One thing to measure. Each has a process of its own, so that its warm-up and its memory are its
/// alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The subject of a case.
    pub subject: BenchSubject,
    /// Side of the square picture, px.
    pub size: u32,
    /// What computes.
    pub device: Device,
    /// Times that it is timed, after the warm-up.
    pub runs: u32,
}

/// What is timed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BenchSubject {
    /// Whole steps.
    Steps(Steps),
    /// Each convolution alone.
    Kernels,
    /// L-BFGS alone, with this number of pairs remembered.
    History(u32),
}

/// Which steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// The browser whose page does them; `None` natively.
    pub browser: Option<Browser>,
    /// Optimiser.
    pub optimizer: OptimizerKind,
    /// Border.
    pub border: Border,
    /// Number of paintings.
    pub styles: u32,
    /// The longest side, px, of a square picture that is seen as a whole; `None` for what the
    /// device has room for.
    pub tiles_above: Option<u32>,
    /// Whether feature maps are kept in f16.
    pub half_precision: bool,
}

impl Case {
    /// Describes the case to whoever waits.
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

    /// The benchmark of Cargo.toml that can measure it.
    pub fn program(&self) -> &'static str {
        let in_browser =
            matches!(self.subject, BenchSubject::Steps(Steps { browser: Some(_), .. }));
        if in_browser { "browser" } else { "native" }
    }

    /// The text for [`Self::from_arguments`].
    ///
    /// # Panics
    /// Never: a case has a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a case has a JSON form")
    }

    /// The case that `arguments` name; cargo adds one of its own to them.
    ///
    /// # Errors
    /// When there is none among them.
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
