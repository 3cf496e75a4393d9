//! `cargo xtask test`: everything that must hold, in the order in which failures are cheapest to learn of. Nothing is skipped:
//! what a step lacks, it brings or fails for.

use std::process::Command;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde::Deserialize;

use crate::failure::{Context, Outcome};
use crate::tools;
use crate::{browsers, budgets, places, process, site};

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Formatting
    Fmt,
    /// Tests of xtask
    Xtask,
    /// Lints of the page alone, for the browser
    ClippyUi,
    /// Lints of the worker for the GPU alone, for the browser
    ClippyGpu,
    /// Lints of the worker for the processor alone, for the browser
    ClippyCpu,
    /// Lints of everything, native, tests included
    Clippy,
    /// Tests of everything but the built site
    Native,
    /// The site is built
    Build,
    /// Sizes of what a visitor downloads
    Budgets,
    /// The built site in Chromium and Firefox
    Browsers,
}

/// Of the package; building with all of them shares what is built with the tests.
pub const ALL_FEATURES: &str = "ui,engine,cli";
const WASM: &str = "--target=wasm32-unknown-unknown";
/// The test target that needs browsers and the built site.
const BROWSER_TESTS: &str = "browser";

/// Runs one step, or all of them until one fails; ends with a table of times.
///
/// # Errors
/// That of the step which failed.
pub fn run(only: Option<Step>) -> Outcome {
    let steps = only.as_ref().map_or(Step::value_variants(), std::slice::from_ref);
    let mut times = Vec::new();
    let mut outcome = Ok(());
    for &step in steps {
        process::headline(&format!("{}: {}", step.name(), step.says()));
        let start = Instant::now();
        outcome = step.run();
        times.push((step, start.elapsed()));
        if outcome.is_err() {
            break;
        }
    }
    println!("\n{}", report(steps, &times, outcome.is_ok()));
    outcome
}

/// The table, and a line that counts.
fn report(steps: &[Step], times: &[(Step, Duration)], last_passed: bool) -> String {
    let failed = usize::from(!last_passed);
    let passed = times.len() - failed;
    let mut lines = Vec::new();
    for (index, (step, time)) in times.iter().enumerate() {
        let verdict = if index < passed { "passed" } else { "FAILED" };
        lines.push(format!("{:<14}{verdict}{:>7} s", step.name(), time.as_secs()));
    }
    lines.extend(steps[times.len()..].iter().map(|step| format!("{:<14}not run", step.name())));
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    let left = steps.len() - times.len();
    let not_run = if left == 0 { String::new() } else { format!(", {left} not run") };
    lines.push(format!("{passed} passed, {failed} failed{not_run} in {} s", total.as_secs()));
    lines.join("\n")
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn says(self) -> String {
        let value = self.to_possible_value();
        value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }

    fn run(self) -> Outcome {
        match self {
            Self::Fmt => cargo(&["fmt", "--all", "--check"], "run `cargo fmt --all`"),
            Self::Xtask => cargo(&["test", "--locked", "--package", "xtask"], "mend the test or the code"),
            Self::ClippyUi => clippy(&[WASM, "--package", "impasto", "--lib", "--bin", "app", "--features", "ui"]),
            Self::ClippyGpu => clippy(&[WASM, "--package", "impasto", "--lib", "--bin", "worker", "--features", "gpu"]),
            Self::ClippyCpu => clippy(&[WASM, "--package", "impasto", "--lib", "--bin", "worker-cpu", "--features", "cpu"]),
            Self::Clippy => clippy(&["--workspace", "--all-targets", "--features", ALL_FEATURES]),
            Self::Native => native_tests(),
            Self::Build => site::build(site::RELATIVE),
            Self::Budgets => budgets::check(&places::dist()),
            Self::Browsers => browser_tests(),
        }
    }
}

fn cargo(arguments: &[&str], advice: &str) -> Outcome {
    process::run(process::cargo().args(arguments), advice)
}

/// In release, so that dependencies' macros and build scripts are shared with the builds; warnings are errors.
fn clippy(arguments: &[&str]) -> Outcome {
    tools::ensure_wasm_target()?;
    let all = [&["clippy", "--release", "--locked"], arguments, &["--", "--deny", "warnings"]].concat();
    cargo(&all, "mend what clippy says above")
}

/// In release, because Burn needs the optimiser.
fn native_tests() -> Outcome {
    let targets = test_targets()?;
    let named = targets.iter().filter(|name| *name != BROWSER_TESTS).flat_map(|name| ["--test", name]);
    let common = ["test", "--release", "--locked", "--features", ALL_FEATURES];
    let mut tests = process::cargo();
    tests.args(common).args(["--lib", "--bins"]).args(named);
    process::run(&mut tests, "mend the test or the code")?;
    process::run(process::cargo().args(common).arg("--doc"), "mend the example in the documentation")
}

/// Names of the integration tests that Cargo.toml declares.
fn test_targets() -> Outcome<Vec<String>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        targets: Vec<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        kind: Vec<String>,
        name: String,
    }
    let advice = "mend Cargo.toml";
    let mut command: Command = process::cargo();
    let output = command
        .args(["metadata", "--no-deps", "--format-version=1"])
        .output()
        .or_fail(|| "cannot run `cargo metadata`".to_owned(), advice)?;
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).or_fail(|| "cannot read the output of `cargo metadata`".to_owned(), advice)?;
    let product = metadata.packages.into_iter().filter(|package| package.name == "impasto");
    let targets = product.flat_map(|package| package.targets);
    Ok(targets.filter(|target| target.kind.iter().any(|kind| kind == "test")).map(|target| target.name).collect())
}

/// One test at a time: each has a browser, and often a GPU emulated on all cores, to itself.
fn browser_tests() -> Outcome {
    site::build(site::RELATIVE)?;
    let programs = browsers::ensure()?;
    let mut tests = process::cargo();
    tests.args(["test", "--release", "--locked", "--features", ALL_FEATURES, "--test", BROWSER_TESTS]);
    tests.args(["--", "--test-threads=1"]).envs(programs).env("IMPASTO_DIST", places::dist());
    process::run(&mut tests, "mend the test or the code")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_report_counts_what_passed_failed_and_was_not_run() {
        let steps = [Step::Fmt, Step::Xtask, Step::ClippyUi];
        let all: Vec<_> = steps.iter().map(|&step| (step, SECOND)).collect();
        assert!(report(&steps, &all, true).ends_with("\n3 passed, 0 failed in 3 s"));
        let text = report(&steps, &all[..2], false);
        assert!(text.contains("fmt           passed") && text.contains("xtask         FAILED"), "{text}");
        assert!(text.ends_with("\n1 passed, 1 failed, 1 not run in 2 s"), "{text}");
    }

    #[test]
    fn every_step_says_what_it_is() {
        assert!(Step::value_variants().iter().all(|step| !step.says().is_empty()));
        assert_eq!(Step::ClippyUi.name(), "clippy-ui");
    }
}
