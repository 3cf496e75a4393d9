//! Whole steps, as the application does them.

use std::fs;
use std::rc::Rc;
use std::time::Instant;

use impasto::engine::weights::{ChannelMeans, Manifest, Weights};
use impasto::engine::{Pictures, StyleTransfer, Vgg19};
use pollster::block_on;
use xtask::bench::case::{Case, Steps};
use xtask::bench::line::{Line, MemoryAt, StepLine};
use xtask::bench::{WARM_UP_STEPS, pictures, work};
use xtask::failure::{Context, Outcome};
use xtask::places;

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
    let (mut clock, mut memory) = (Clock::default(), Vec::new());
    for run in 1..=case.runs {
        step(&mut transfer, &stage, &mut clock)?;
        let looked = stage.bytes_in_use();
        if [1, case.runs.div_ceil(2), case.runs].contains(&run) {
            memory.extend(looked.map(|bytes_in_use| MemoryAt { step: transfer.steps_done(), bytes_in_use }));
        }
    }
    let gflop_per_step = work::step_gflop([case.size as usize; 2], steps.border);
    let ms_per_step = clock.spread();
    Line::Step(StepLine {
        browser: None,
        device: case.device,
        peak_device_bytes: stage.peak_bytes(),
        adapter: stage.adapter,
        size: case.size,
        optimizer: steps.optimizer,
        border: steps.border,
        styles: steps.styles,
        steps: case.runs,
        ms_per_step,
        cpu_ms_per_step: clock.cpu_ms(),
        gflop_per_step,
        gflops: ms_per_step.gflops(gflop_per_step),
        warm_up_s,
        memory,
        page: None,
    })
    .print();
    Ok(())
}

/// A run with as many steps as are wanted, before its first.
fn begin(case: &Case, steps: Steps, stage: &Stage) -> Outcome<StyleTransfer> {
    let manifest = Manifest::built_in();
    let path = places::weights().join(&manifest.file);
    let pack = fs::read(&path).or_fail(|| format!("cannot read {}", path.display()), "restore it from the repository")?;
    let weights =
        Weights::load(&pack, &manifest).or_fail(|| "the weights are damaged".to_owned(), "restore them from the repository")?;
    let vgg = Rc::new(Vgg19::new(weights, &ChannelMeans::built_in(), &stage.device));
    let paintings = (1..=steps.styles).map(|number| pictures::painting(case.size, number)).collect();
    let pictures = Pictures::new(pictures::photo(case.size), paintings);
    let recipe = steps.recipe(case.size, WARM_UP_STEPS + case.runs);
    StyleTransfer::new(vgg, &pictures, &recipe, &stage.device).or_fail(|| "the run cannot begin".to_owned(), ADVICE)
}

fn step(transfer: &mut StyleTransfer, stage: &Stage, clock: &mut Clock) -> Outcome {
    stage.time(clock, || block_on(transfer.step()))?.or_fail(|| "the step failed".to_owned(), ADVICE)
}
