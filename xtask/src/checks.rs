//! `cargo xtask test`: all checks, ordered so that cheap ones fail first. A step installs what it
//! needs or fails; none is skipped.

use std::fs;
use std::process::Command;

use clap::ValueEnum;
use serde::Deserialize;

use crate::site::{Finish, WASM};
use crate::steps::{self, Steps, Usual};
use crate::{browsers, budgets, places, process, site, tools};
use harness::failure::{Context, Outcome};

/// A step of `cargo xtask test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Formatting
    Fmt,
    /// Browsers, their drivers and a Vulkan driver are there
    Programs,
    /// Lints of everything that runs on this machine, tests included
    Clippy,
    /// Documentation without broken links
    Doc,
    /// Lints of the page for the browser
    ClippyUi,
    /// Lints of the worker for the GPU, for the browser
    ClippyGpu,
    /// Lints of the worker for the processor, for the browser
    ClippyCpu,
    /// Tests of everything but the built site
    Native,
    /// The site is built
    Build,
    /// Sizes of what a visitor downloads
    Budgets,
    /// The built site in Chromium and Firefox
    Browsers,
}

/// All features of the workspace. Every build for this machine enables them all, which saves
/// compiling twice.
pub const ALL_FEATURES: &str = "ui,engine,cli,browsers";
/// The test target that needs browsers and the built site.
const BROWSER_TESTS: &str = "browser";

/// Runs one step, or all of them until one fails, and prints a table of their times.
///
/// # Errors
/// The error of the step that failed.
pub fn run(only: Option<Step>) -> Outcome {
    let chosen = only.as_ref().map_or(Step::value_variants(), std::slice::from_ref);
    let mut passed = 0;
    let outcome = steps::tabled(|steps| {
        chosen.iter().try_for_each(|&step| {
            let (name, about) = (step.name(), step.says());
            steps
                .run(steps::Step { name: &name, about: &about, usual: step.usual() }, |steps| {
                    step.run(steps)
                })?;
            passed += 1;
            Ok(())
        })
    });
    println!("{}", verdict(chosen.len(), passed, outcome.is_ok()));
    outcome
}

/// Returns the line that counts passed, failed and remaining steps.
fn verdict(chosen: usize, passed: usize, all_passed: bool) -> String {
    let failed = usize::from(!all_passed);
    match chosen - passed - failed {
        0 => format!("{passed} passed, {failed} failed"),
        left => format!("{passed} passed, {failed} failed, {left} not run"),
    }
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn says(self) -> String {
        let value = self.to_possible_value();
        value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }

    const fn usual(self) -> Usual {
        match self {
            Self::Clippy | Self::ClippyGpu => Usual::Build(2),
            Self::ClippyUi | Self::ClippyCpu => Usual::Build(1),
            // Takes seconds, or has steps that report their own time.
            Self::Fmt
            | Self::Programs
            | Self::Doc
            | Self::Native
            | Self::Build
            | Self::Budgets
            | Self::Browsers => Usual::Untold,
        }
    }

    fn run(self, steps: &mut Steps) -> Outcome {
        match self {
            Self::Fmt => cargo(&["fmt", "--all", "--check"], "run `cargo fmt --all`"),
            Self::Programs => browsers::ensure(steps).map(drop),
            Self::Clippy => {
                clippy(steps, &["--workspace", "--all-targets", "--features", ALL_FEATURES])
            }
            Self::Doc => process::run(
                process::cargo()
                    .args(["doc", "--locked", "--no-deps", "--workspace"])
                    .args(["--features", ALL_FEATURES])
                    .env("RUSTDOCFLAGS", "--deny warnings"),
                "mend the link or the text in the documentation",
            ),
            Self::ClippyUi => clippy(
                steps,
                &[WASM, "--profile", "web", "--lib", "--bin", "app", "--features", "ui"],
            ),
            Self::ClippyGpu => {
                clippy(steps, &[WASM, "--release", "--lib", "--bin", "worker", "--features", "gpu"])
            }
            Self::ClippyCpu => clippy(
                steps,
                &[WASM, "--release", "--lib", "--bin", "worker-cpu", "--features", "cpu"],
            ),
            Self::Native => native_tests(steps),
            Self::Build => site::build(site::RELATIVE, Finish::Small, steps),
            Self::Budgets => {
                site::build(site::RELATIVE, Finish::Small, steps)?;
                budgets::check(&places::dist())
            }
            Self::Browsers => browser_tests(steps),
        }
    }
}

/// Lints the library for this machine with each set of features alone. The steps of the tests omit
/// this, because each set compiles its own Burn.
///
/// # Errors
/// When clippy reports an error or a warning.
pub fn features() -> Outcome {
    ["", "ui", "cpu", "gpu", "engine"].iter().try_for_each(|features| {
        println!("features: {}", if features.is_empty() { "none" } else { features });
        cargo(
            &["clippy", "--locked", "--lib", "--features", features, "--", "--deny", "warnings"],
            "mend what clippy says above",
        )
    })
}

fn cargo(arguments: &[&str], advice: &str) -> Outcome {
    process::run(process::cargo().args(arguments), advice)
}

/// Runs clippy with warnings as errors. Browser code is checked in the profile of its build, to
/// share compiled macros and build scripts.
fn clippy(steps: &mut Steps, arguments: &[&str]) -> Outcome {
    tools::ensure_wasm_target(steps)?;
    let all = [&["clippy", "--locked"], arguments, &["--", "--deny", "warnings"]].concat();
    cargo(&all, "mend what clippy says above")
}

fn native_tests(steps: &mut Steps) -> Outcome {
    browsers::ensure_vulkan(steps)?;
    let targets = test_targets()?;
    let named: Vec<_> = targets.iter().flat_map(|name| ["--test", name]).collect();
    let common = ["test", "--workspace", "--locked", "--features", ALL_FEATURES];
    let own = [&common[..], &["--lib", "--bins"], &named].concat();
    let step = |name, about, usual| steps::Step { name, about, usual };
    steps.run(step("compile", "Compile the tests", Usual::Build(8)), |_| {
        cargo(&[&own[..], &["--no-run"]].concat(), "mend what is said above")
    })?;
    steps.run(step("tests", "Run the tests", Usual::Run(7)), |_| {
        cargo(&own, "mend the test or the code")
    })?;
    steps.run(step("documentation", "Run the documentation's examples", Usual::Untold), |_| {
        cargo(&[&common[..], &["--doc"]].concat(), "mend the example in the documentation")
    })?;
    steps.run(step("example", "Run the example", Usual::Untold), |_| example())
}

/// Builds and runs the example on pictures of the page, and checks that it writes an image.
fn example() -> Outcome {
    let advice = "mend examples/stylize.rs";
    let build =
        ["build", "--workspace", "--locked", "--features", ALL_FEATURES, "--example", "stylize"];
    cargo(&build, advice)?;
    let result = places::target().join("example.png");
    // A leftover image would hide that this run writes none.
    _ = fs::remove_file(&result);
    let samples = places::checkout().join("www").join("samples");
    let mut stylize = Command::new(places::target().join("debug/examples/stylize"));
    stylize.arg(samples.join("photo-cat.jpg")).arg(samples.join("painting-night.jpg")).arg(&result);
    process::run(&mut stylize, advice)?;
    image::open(&result).map(drop).or_fail(|| format!("cannot read {}", result.display()), advice)
}

/// Returns the names of the integration tests of the package `impasto`.
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
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .or_fail(|| "cannot read the output of `cargo metadata`".to_owned(), advice)?;
    let product = metadata.packages.into_iter().filter(|package| package.name == "impasto");
    let targets = product.flat_map(|package| package.targets);
    Ok(targets
        .filter(|target| target.kind.iter().any(|kind| kind == "test"))
        .map(|target| target.name)
        .collect())
}

/// Runs the browser tests one at a time: each needs a browser, and often a GPU emulated on all
/// cores, to itself.
fn browser_tests(steps: &mut Steps) -> Outcome {
    site::build(site::RELATIVE, Finish::Small, steps)?;
    let programs = browsers::ensure(steps)?;
    let mut tests = process::cargo();
    tests.args([
        "test",
        "--workspace",
        "--locked",
        "--features",
        ALL_FEATURES,
        "--test",
        BROWSER_TESTS,
    ]);
    tests.args(["--", "--test-threads=1"]).envs(programs).env("IMPASTO_DIST", places::dist());
    let step = steps::Step {
        name: "drive",
        about: "Run the tests in both browsers",
        usual: Usual::Run(8),
    };
    steps.run(step, |_| process::run(&mut tests, "mend the test or the code"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_counts_what_passed_failed_and_was_not_run() {
        assert_eq!(verdict(3, 3, true), "3 passed, 0 failed");
        assert_eq!(verdict(3, 2, false), "2 passed, 1 failed");
        assert_eq!(verdict(3, 1, false), "1 passed, 1 failed, 1 not run");
    }

    #[test]
    fn every_step_says_what_it_is() {
        assert!(Step::value_variants().iter().all(|step| !step.says().is_empty()));
        assert_eq!(Step::ClippyUi.name(), "clippy-ui");
    }
}
