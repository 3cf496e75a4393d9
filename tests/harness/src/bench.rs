//! The benchmarks' protocol: `cargo xtask bench` starts a benchmark with a [`Case`] and reads a
//! [`line::Line`] of JSON for each thing that it measured.

pub mod case;
pub mod line;
pub mod pictures;
pub mod processor;
pub mod progress;
pub mod work;

use std::process::ExitCode;

use self::case::Case;
use crate::failure::Outcome;

/// Steps before any is timed: L-BFGS has its first pair after the second, and what it does from
/// then on is all compiled after the third.
pub const WARM_UP_STEPS: u32 = 3;

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
