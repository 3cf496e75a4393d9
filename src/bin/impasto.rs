//! The native command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    match impasto::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("impasto: {error}");
            ExitCode::FAILURE
        }
    }
}
