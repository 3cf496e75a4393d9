//! Measures L-BFGS alone: its cost by the length of its history, for an objective that costs next
//! to nothing.

use burn::tensor::{Distribution, Tensor};
use harness::bench::case::Case;
use harness::bench::line::{HistoryLine, Line};
use harness::failure::{Context, Outcome};
use impasto::engine::loss::Terms;
use impasto::engine::optimizer::{Evaluation, FIRST_STEP, Lbfgs};
use pollster::block_on;

use crate::stage::{Clock, Stage};

/// Steps before the history is full, beyond one for each pair: the first only evaluates, and some
/// trials are halved instead of accepted.
const SPARE_STEPS: u32 = 5;

/// Times `case.runs` steps with a full history of `pairs` pairs.
pub fn measure(case: &Case, pairs: u32) -> Outcome {
    let mut stage = Stage::open(case)?;
    let side = case.size as usize;
    let noise = |low, high| {
        Tensor::<4>::random([1, 3, side, side], Distribution::Uniform(low, high), &stage.device)
    };
    // A quadratic with another curvature along each axis. Its minimum at 0 is not reached in a few
    // steps.
    let (x, steepness) = (noise(-1.0, 1.0), noise(0.1, 10.0));
    let mut lbfgs = Lbfgs::new(pairs as usize, x, FIRST_STEP);
    for _ in 0..pairs + SPARE_STEPS {
        step(&mut lbfgs, &steepness, &stage, &mut Clock::default())?;
    }
    let mut clock = Clock::default();
    for _ in 0..case.runs {
        step(&mut lbfgs, &steepness, &stage, &mut clock)?;
        stage.bytes_in_use();
    }
    Line::History(HistoryLine {
        device: case.device,
        peak_device_bytes: stage.peak_bytes(),
        adapter: stage.adapter,
        size: case.size,
        history: pairs,
        ms_per_step: clock.spread(),
        cpu_ms_per_step: clock.cpu_ms(),
    })
    .print();
    Ok(())
}

/// Evaluates once and steps the optimiser; times the optimiser alone.
fn step(lbfgs: &mut Lbfgs, steepness: &Tensor<4>, stage: &Stage, clock: &mut Clock) -> Outcome {
    let x = lbfgs.ask();
    let gradient = x.clone() * steepness.clone();
    let loss = (x * gradient.clone()).sum().mul_scalar(0.5);
    let none = Tensor::zeros_like(&loss);
    let terms = Terms { content: none.clone(), style: loss, total_variation: none };
    stage.wait()?;
    let told = stage.time(clock, || block_on(lbfgs.tell(Evaluation { terms, gradient })))?;
    told.map(drop).or_fail(|| "the step failed".to_owned(), "see what the cause says")
}
