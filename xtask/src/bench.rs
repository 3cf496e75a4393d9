//! `cargo xtask bench`: how fast it is, natively or in a browser. A line of JSON for each thing
//! measured goes to standard output, a table of them all to standard error. The measuring is done
//! by the benchmarks in `benches/`, which share what lies in this module.

pub mod case;
pub mod line;
pub mod pictures;
pub mod processor;
pub mod progress;
pub mod table;
pub mod work;

use std::io::{BufRead, BufReader};
use std::process::{ExitCode, Stdio};

use self::case::{Case, Options};
use self::line::Line;
use crate::browsers::{self, Programs};
use crate::checks::ALL_FEATURES;
use crate::failure::{Context, Failure, Outcome};
use crate::site::Finish;
use crate::{places, process, site, steps};

/// Steps before any is timed: L-BFGS has its first pair after the second, and what it does from
/// then on is all compiled after the third.
pub const WARM_UP_STEPS: u32 = 3;

/// Measures what `options` ask for, one after another. What was measured before a failure is shown
/// all the same.
///
/// # Errors
/// When the site or a browser cannot be had, or when a measurement fails.
pub fn run(options: &Options) -> Outcome {
    let cases = options.cases()?;
    let programs = if options.browser.is_some() { prepare_page()? } else { Programs::new() };
    let mut lines = Vec::new();
    let outcome = cases.iter().try_for_each(|case| measure(case, &programs, &mut lines));
    eprintln!("\n{}", table::tables(&lines));
    outcome
}

/// The site and the browsers that are to show it.
fn prepare_page() -> Outcome<Programs> {
    steps::tabled(|steps| {
        site::build(site::RELATIVE, Finish::Small, steps)?;
        browsers::ensure(steps)
    })
}

/// Runs the benchmark for `case`, and passes on and keeps what it prints.
fn measure(case: &Case, programs: &Programs, lines: &mut Vec<Line>) -> Outcome {
    process::headline(&format!("Measuring {}", case.title()));
    let failed = || format!("the benchmark at {} px failed", case.size);
    let advice = "see what it says above";
    let mut cargo = process::cargo();
    cargo.args([
        "bench",
        "--locked",
        "--features",
        ALL_FEATURES,
        "--bench",
        case.program(),
        "--",
        &case.to_json(),
    ]);
    cargo.envs(programs.iter().cloned()).env("IMPASTO_DIST", places::dist());
    let mut child = cargo.stdout(Stdio::piped()).spawn().or_fail(failed, advice)?;
    let output = child.stdout.take().expect("it is piped");
    for text in BufReader::new(output).lines() {
        let text = text.or_fail(failed, advice)?;
        lines.push(
            serde_json::from_str(&text)
                .or_fail(|| format!("{text:?} is no line of a report"), advice)?,
        );
        println!("{text}");
    }
    let status = child.wait().or_fail(failed, advice)?;
    if status.success() { Ok(()) } else { Err(Failure::new(failed(), advice)) }
}

/// The `main` of a benchmark, which measures the case that it was started with.
pub fn main(measure: impl FnOnce(&Case) -> Outcome) -> ExitCode {
    match Case::from_arguments(std::env::args()).and_then(|case| measure(&case)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
