//! Measures whole steps, as the application runs them.

use std::rc::Rc;
use std::time::Instant;

use harness::bench::case::{Case, Device, Steps};
use harness::bench::line::{Line, MemoryAt, StepLine};
use harness::bench::{WARM_UP_STEPS, pictures};
use harness::failure::{Context, Failure, Outcome};
use impasto::engine::ops::convolution::Strategy;
use impasto::engine::tuning::fastest_kernel;
use impasto::engine::weights::{ChannelMeans, Weights};
use impasto::engine::{Pictures, StyleTransfer, Vgg19};
use impasto::memory::Precision;
use pollster::block_on;

use crate::stage::{Clock, Stage};

const ADVICE: &str = "see what the cause says";

/// Times `case.runs` steps.
pub fn measure(case: &Case, steps: Steps) -> Outcome {
    let begun = Instant::now();
    let mut stage = Stage::open(case)?;
    let mut transfer = begin(case, steps, &stage)?;
    step(&mut transfer, &stage, &mut Clock::default())?;
    let warm_up_s = begun.elapsed().as_secs_f64();
    for _ in 1..WARM_UP_STEPS {
        step(&mut transfer, &stage, &mut Clock::default())?;
    }
    let (clock, memory) = timed(&mut transfer, &mut stage, case.runs)?;
    Line::Step(StepLine {
        cpu_ms_per_step: clock.cpu_ms(),
        peak_device_bytes: stage.peak_bytes(),
        adapter: stage.adapter,
        memory,
        tiles: Some(transfer.tiles()),
        precision: Some(precision(steps)),
        ..StepLine::new(case, steps, clock.spread(), warm_up_s)
    })
    .print();
    Ok(())
}

/// Times `runs` steps, and samples the device's memory after the first, the middle and the last.
fn timed(
    transfer: &mut StyleTransfer,
    stage: &mut Stage,
    runs: u32,
) -> Outcome<(Clock, Vec<MemoryAt>)> {
    let (mut clock, mut memory) = (Clock::default(), Vec::new());
    for run in 1..=runs {
        step(transfer, stage, &mut clock)?;
        let looked = stage.bytes_in_use();
        if [1, runs.div_ceil(2), runs].contains(&run) {
            memory.extend(
                looked.map(|bytes_in_use| MemoryAt { step: transfer.steps_done(), bytes_in_use }),
            );
        }
    }
    Ok((clock, memory))
}

/// Creates a run of enough steps, before its first.
fn begin(case: &Case, steps: Steps, stage: &Stage) -> Outcome<StyleTransfer> {
    if steps.half_precision && !stage.limits.has_f16 {
        return Err(Failure::new("this device has no f16", "leave out --half-precision"));
    }
    let mut vgg = Vgg19::new(Weights::committed(), &ChannelMeans::built_in(), &stage.device);
    if case.device == Device::Gpu {
        let begun = Instant::now();
        let division =
            block_on(fastest_kernel(&stage.device, || begun.elapsed().as_secs_f64() * 1e3, || ()));
        let division = division.or_fail(|| "the device failed".to_owned(), ADVICE)?;
        vgg.set_strategy(Strategy { division, precision: precision(steps) });
    }
    let vgg = Rc::new(vgg);
    let paintings =
        (1..=steps.styles).map(|number| pictures::painting(case.size, number)).collect();
    let pictures = Pictures::new(pictures::photo(case.size), paintings);
    let recipe = steps.recipe(case.size, WARM_UP_STEPS + case.runs);
    let limits = steps.tiles_above.map_or(stage.limits, |edge| stage.limits.in_tiles_above(edge));
    StyleTransfer::new(vgg, &pictures, &recipe, limits, &stage.device)
        .or_fail(|| "the run cannot begin".to_owned(), ADVICE)
}

/// Returns the precision of feature maps in `steps`.
fn precision(steps: Steps) -> Precision {
    if steps.half_precision { Precision::Half } else { Precision::Single }
}

fn step(transfer: &mut StyleTransfer, stage: &Stage, clock: &mut Clock) -> Outcome {
    stage
        .time(clock, || block_on(transfer.step()))?
        .or_fail(|| "the step failed".to_owned(), ADVICE)
}
