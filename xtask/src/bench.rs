//! `cargo xtask bench`: measures speed, natively or in a browser. Prints one line of JSON per
//! measurement to standard output and a table of them all to standard error. The benchmarks in
//! `benches/` do the measuring.

pub mod options;
pub mod table;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use harness::bench::case::Case;
use harness::bench::line::Line;
use harness::failure::{Context, Failure, Outcome};

use self::options::Options;
use crate::browsers::{self, Programs};
use crate::site::Finish;
use crate::{places, process, site, steps};

/// Runs the selected cases one after another. Prints the table of completed measurements even if
/// one fails.
///
/// # Errors
/// When the site or a browser is unavailable, or when a measurement fails.
pub fn run(options: &Options) -> Outcome {
    let cases = options.cases()?;
    let programs = if options.browser.is_some() { prepare_page()? } else { Programs::new() };
    let mut lines = Vec::new();
    let outcome = cases.iter().try_for_each(|case| measure(case, &programs, &mut lines));
    eprintln!("\n{}", table::tables(&lines));
    outcome
}

/// Builds the site, and finds or installs the browsers that show it.
fn prepare_page() -> Outcome<Programs> {
    steps::tabled(|steps| {
        site::build(site::RELATIVE, Finish::Small, steps)?;
        browsers::ensure(steps)
    })
}

/// Runs the benchmark for `case`, and prints and collects the lines that it reports.
fn measure(case: &Case, programs: &Programs, lines: &mut Vec<Line>) -> Outcome {
    process::headline(&format!("Measuring {}", case.title()));
    let failed = || format!("the benchmark at {} px failed", case.size);
    let advice = "see what it says above";
    let mut cargo = process::cargo();
    cargo.args([
        "bench",
        "--locked",
        "--package=harness",
        "--features=browsers,engine",
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
