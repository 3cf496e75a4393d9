//! Measures the engine on this machine: whole steps, each convolution alone, and L-BFGS alone. The
//! GPU runs asynchronously, so every measurement ends with a sync.

mod history;
mod kernels;
mod stage;
mod steps;

use std::process::ExitCode;

use harness::bench;
use harness::bench::case::{BenchSubject, Case};
use harness::failure::Outcome;

fn main() -> ExitCode {
    bench::main(measure)
}

fn measure(case: &Case) -> Outcome {
    match case.subject {
        BenchSubject::Steps(steps) => steps::measure(case, steps),
        BenchSubject::Kernels => kernels::measure(case),
        BenchSubject::History(pairs) => history::measure(case, pairs),
    }
}
