//! Observations of a run in the page.

use std::time::{Duration, Instant};

use harness::bench::line::{MemoryAt, PageFigures, Spread};
use harness::bench::progress::{Progress, ms_per_step, timed};
use harness::bench::{WARM_UP_STEPS, processor};
use harness::failure::{Failure, Outcome};
use impasto::words::page::ENGLISH as WORDS;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use harness::browser::page::Page;

/// Script injected before the page's own scripts.
pub const SCRIPT: &str = include_str!("watch.js");
/// Script that cancels a run; `$STOP` is replaced by the button's name.
const CANCEL: &str = include_str!("cancel.js");
/// Polling interval: CPU times are at most this late.
const GLANCE: Duration = Duration::from_millis(50);
/// Longest wait. On an emulated GPU a step at 512 px takes minutes.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Records of [`SCRIPT`]; all times in ms.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notes {
    adapter: String,
    started: f64,
    /// Events in order of arrival; the first is that of the first step.
    progress: Vec<Progress>,
    longest_task: Option<f64>,
    longest_gap: f64,
    /// GPU buffer counts.
    peak_bytes: u64,
}

/// CPU time that the browser had used after a number of steps, s.
#[derive(Clone, Copy, Debug)]
struct Reading {
    step: u32,
    seconds: Option<f64>,
}

/// A run that was watched long enough.
#[derive(Debug)]
pub struct Watch {
    notes: Notes,
    cpu: [Reading; 2],
}

impl Watch {
    /// Presses Paint and waits until the worker has reported `runs` times after the warm-up. The
    /// browser belongs to process `driver`.
    ///
    /// # Errors
    /// When the page reports a failed run, or reports nothing for too long.
    pub async fn of_run(page: &Page<'_>, driver: u32, runs: u32) -> Outcome<Self> {
        page.press(WORDS.paint).await;
        let cpu = [reading(page, driver, 0).await?, reading(page, driver, runs).await?];
        let script = "const { adapter, started, progress, longestTask, longestGap } = bench;
            return { adapter, started, progress, longestTask, longestGap, peakBytes: buffers.peak };";
        Ok(Self { notes: ask(page, script).await, cpu })
    }

    /// Returns the adapter's name, as far as the browser exposes it.
    pub fn adapter(&self) -> Option<String> {
        Some(self.notes.adapter.clone()).filter(|name| !name.is_empty())
    }

    /// Returns the time from the start of the run to the end of its first step, s.
    pub fn warm_up_s(&self) -> f64 {
        (self.notes.progress[0].at - self.notes.started) / 1e3
    }

    /// Returns the number of steps timed.
    pub fn steps(&self) -> u32 {
        let timed = timed(&self.notes.progress);
        timed[timed.len() - 1].step - timed[0].step
    }

    /// Returns the time of a step.
    pub fn ms_per_step(&self) -> Spread {
        ms_per_step(timed(&self.notes.progress))
    }

    /// Returns the CPU time of all the browser's processes per step, ms; `None` also if all steps
    /// ended between two polls.
    pub fn cpu_ms_per_step(&self) -> Option<f64> {
        let [begun, ended] = self.cpu;
        let (seconds, steps) = (ended.seconds? - begun.seconds?, ended.step - begun.step);
        (steps > 0).then(|| seconds * 1e3 / f64::from(steps))
    }

    /// Returns the peak of GPU buffers neither destroyed nor collected; `None` on the processor.
    pub fn peak_device_bytes(&self) -> Option<u64> {
        Some(self.notes.peak_bytes).filter(|&bytes| bytes > 0)
    }

    /// Returns the bytes in GPU buffers after the first timed step, in the middle and after the
    /// last; nothing on the processor.
    pub fn memory(&self) -> Vec<MemoryAt> {
        let timed = timed(&self.notes.progress);
        let looks = [0, timed.len() / 2, timed.len() - 1].map(|index| &timed[index]);
        let looks = looks.into_iter().filter(|progress| progress.held > 0);
        looks
            .map(|progress| MemoryAt { step: progress.step, bytes_in_use: progress.held })
            .collect()
    }

    /// Returns the page's figures, with the times of [`cancel`].
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
/// When the page reports that there is none.
pub async fn until_opened(page: &Page<'_>) -> Outcome {
    let _: bool = until(page, "return bench.opened || null;").await?;
    Ok(())
}

/// Returns the CPU time once the worker has reported `count` times after the warm-up.
async fn reading(page: &Page<'_>, driver: u32, count: u32) -> Outcome<Reading> {
    let script = format!(
        "const timed = bench.progress.filter(progress => progress.step >= {WARM_UP_STEPS});
        return timed.length > {count} ? timed.at(-1).step : null;"
    );
    let step = until(page, &script).await?;
    Ok(Reading { step, seconds: processor::family_seconds(driver) })
}

/// Presses Stop in the middle of a step. Returns the times until the page reports the cancel and
/// until the worker takes up other work, ms.
///
/// # Errors
/// When either reports nothing for too long.
pub async fn cancel(page: &Page<'_>) -> Outcome<[f64; 2]> {
    page.run(&CANCEL.replace("$STOP", WORDS.stop), vec![]).await;
    until(
        page,
        "const { said, free } = bench.cancelled; return said && free ? [said, free] : null;",
    )
    .await
}

/// Polls `script` until it returns a value.
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
