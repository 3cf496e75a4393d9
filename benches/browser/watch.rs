//! What is seen of a run in the page.

use std::time::{Duration, Instant};

use harness::bench::line::{MemoryAt, PageFigures, Spread};
use harness::bench::progress::{Progress, ms_per_step, timed};
use harness::bench::{WARM_UP_STEPS, processor};
use harness::failure::{Failure, Outcome};
use impasto::words::page::ENGLISH as WORDS;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use harness::browser::page::Page;

/// Laid before the page's own scripts.
pub const SCRIPT: &str = include_str!("watch.js");
/// With the name of the button in the place of `$STOP`.
const CANCEL: &str = include_str!("cancel.js");
/// Between two looks: CPU times are read at most this late.
const GLANCE: Duration = Duration::from_millis(50);
/// Longest wait. On an emulated GPU a step at 512 px takes minutes.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What [`SCRIPT`] has noted, all times in ms.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notes {
    adapter: String,
    started: f64,
    /// In the order in which they came; the first is that of the first step.
    progress: Vec<Progress>,
    longest_task: Option<f64>,
    longest_gap: f64,
    /// Of GPU buffers.
    peak_bytes: u64,
}

/// The CPU time that the browser had used when so many steps were done, s.
#[derive(Clone, Copy, Debug)]
struct Reading {
    step: u32,
    seconds: Option<f64>,
}

/// A run that has gone on for as long as it was to be watched.
#[derive(Debug)]
pub struct Watch {
    notes: Notes,
    cpu: [Reading; 2],
}

impl Watch {
    /// Presses Stylise and waits until the worker has spoken `runs` times after the warm-up. The
    /// browser belongs to process `driver`.
    ///
    /// # Errors
    /// When the page says that the run has failed, or says nothing for too long.
    pub async fn of_run(page: &Page<'_>, driver: u32, runs: u32) -> Outcome<Self> {
        page.press("Stylise").await;
        let cpu = [reading(page, driver, 0).await?, reading(page, driver, runs).await?];
        let script = "const { adapter, started, progress, longestTask, longestGap } = bench;
            return { adapter, started, progress, longestTask, longestGap, peakBytes: buffers.peak };";
        Ok(Self { notes: ask(page, script).await, cpu })
    }

    /// The adapter's name, as far as the browser tells it.
    pub fn adapter(&self) -> Option<String> {
        Some(self.notes.adapter.clone()).filter(|name| !name.is_empty())
    }

    /// From the start of the run until its first step was done, s.
    pub fn warm_up_s(&self) -> f64 {
        (self.notes.progress[0].at - self.notes.started) / 1e3
    }

    /// Steps timed.
    pub fn steps(&self) -> u32 {
        let timed = timed(&self.notes.progress);
        timed[timed.len() - 1].step - timed[0].step
    }

    /// Of a step.
    pub fn ms_per_step(&self) -> Spread {
        ms_per_step(timed(&self.notes.progress))
    }

    /// Of all the browser's processes, ms; `None` also where all steps were done between two looks.
    pub fn cpu_ms_per_step(&self) -> Option<f64> {
        let [begun, ended] = self.cpu;
        let (seconds, steps) = (ended.seconds? - begun.seconds?, ended.step - begun.step);
        (steps > 0).then(|| seconds * 1e3 / f64::from(steps))
    }

    /// The most that there was in GPU buffers which were neither destroyed nor collected; `None` on
    /// the processor.
    pub fn peak_device_bytes(&self) -> Option<u64> {
        Some(self.notes.peak_bytes).filter(|&bytes| bytes > 0)
    }

    /// What was in GPU buffers after the first step timed, in the middle and after the last;
    /// nothing on the processor.
    pub fn memory(&self) -> Vec<MemoryAt> {
        let timed = timed(&self.notes.progress);
        let looks = [0, timed.len() / 2, timed.len() - 1].map(|index| &timed[index]);
        let looks = looks.into_iter().filter(|progress| progress.held > 0);
        looks
            .map(|progress| MemoryAt { step: progress.step, bytes_in_use: progress.held })
            .collect()
    }

    /// How the page fared, with the answers of [`cancel`].
    pub fn page_figures(&self, [cancel_ms, worker_free_ms]: [f64; 2]) -> PageFigures {
        let Notes { longest_task, longest_gap, .. } = self.notes;
        PageFigures {
            longest_task_ms: longest_task,
            longest_gap_ms: longest_gap,
            cancel_ms,
            worker_free_ms,
        }
    }
}

/// Waits until the worker has opened its device.
///
/// # Errors
/// When the page says that it has none.
pub async fn until_opened(page: &Page<'_>) -> Outcome {
    let _: bool = until(page, "return bench.opened || null;").await?;
    Ok(())
}

/// The CPU time once the worker has spoken `count` times after the warm-up.
async fn reading(page: &Page<'_>, driver: u32, count: u32) -> Outcome<Reading> {
    let script = format!(
        "const timed = bench.progress.filter(progress => progress.step >= {WARM_UP_STEPS});
        return timed.length > {count} ? timed.at(-1).step : null;"
    );
    let step = until(page, &script).await?;
    Ok(Reading { step, seconds: processor::family_seconds(driver) })
}

/// Presses Cancel in the middle of a step. Answers after how long the page has said that the run is
/// cancelled, and after how long the worker took up something else, ms.
///
/// # Errors
/// When one of them says nothing for too long.
pub async fn cancel(page: &Page<'_>) -> Outcome<[f64; 2]> {
    page.run(&CANCEL.replace("$STOP", WORDS.stop), vec![]).await;
    until(
        page,
        "const { said, free } = bench.cancelled; return said && free ? [said, free] : null;",
    )
    .await
}

/// What `script` returns once that is something.
async fn until<T: DeserializeOwned>(page: &Page<'_>, script: &str) -> Outcome<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask(page, script).await {
            return Ok(found);
        }
        let alert = page.alert().await;
        if !alert.is_empty() {
            return Err(Failure::new(
                format!("the page says: {alert}"),
                "do what it says, or ask for a smaller --size",
            ));
        }
        if begun.elapsed() > PATIENCE {
            return Err(Failure::new(
                format!("nothing has come for {PATIENCE:?}"),
                "ask for a smaller --size",
            ));
        }
        tokio::time::sleep(GLANCE).await;
    }
}

async fn ask<T: DeserializeOwned>(page: &Page<'_>, script: &str) -> T {
    serde_json::from_value(page.run(script, vec![]).await)
        .unwrap_or_else(|error| panic!("{script}: {error}"))
}
