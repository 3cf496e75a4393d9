//! Protocol of the benchmarks: `cargo xtask bench` starts a benchmark with a [`Case`] and reads a
//! [`line::Line`] of JSON for each measurement.

pub mod case;
pub mod line;
pub mod pictures;
pub mod processor;
pub mod progress;
pub mod work;

use std::process::ExitCode;

use self::case::Case;
use crate::failure::Outcome;

/// Untimed steps at the start: L-BFGS has its first pair after the second step, and all its kernels
/// are compiled after the third.
pub const WARM_UP_STEPS: u32 = 3;

/// Runs a benchmark: measures the case in the program's arguments.
pub fn main(measure: impl FnOnce(&Case) -> Outcome) -> ExitCode {
    match Case::from_arguments(std::env::args()).and_then(|case| measure(&case)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
