//! The engine on this machine: whole steps, each convolution alone, and L-BFGS alone. The GPU works while the program goes on, so every time
//! taken ends with waiting for it.

mod history;
mod kernels;
mod stage;
mod steps;

use std::process::ExitCode;

use xtask::bench;
use xtask::bench::case::{Case, Subject};
use xtask::failure::Outcome;

fn main() -> ExitCode {
    bench::main(measure)
}

fn measure(case: &Case) -> Outcome {
    match case.subject {
        Subject::Steps(steps) => steps::measure(case, steps),
        Subject::Kernels => kernels::measure(case),
        Subject::History(pairs) => history::measure(case, pairs),
    }
}
