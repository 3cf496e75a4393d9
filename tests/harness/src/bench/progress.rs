//! Times of steps, from the worker's progress reports.

use serde::Deserialize;

use super::WARM_UP_STEPS;
use super::line::Spread;

/// A progress report of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Progress {
    /// Time of arrival, ms.
    pub at: f64,
    /// Number of steps done.
    pub step: u32,
    /// Bytes in the worker's GPU buffers at that time.
    pub held: u64,
}

/// Returns the reports after the warm-up, with the one that ended it.
pub fn timed(progress: &[Progress]) -> &[Progress] {
    let warm_up = progress.iter().take_while(|progress| progress.step < WARM_UP_STEPS).count();
    &progress[warm_up..]
}

/// Returns the times per step: each interval between two reports, divided by the steps of that
/// batch.
///
/// # Panics
/// If `timed` holds fewer than two reports.
pub fn ms_per_step(timed: &[Progress]) -> Spread {
    let share =
        |pair: &[Progress]| (pair[1].at - pair[0].at) / f64::from(pair[1].step - pair[0].step);
    Spread::of(&timed.windows(2).map(share).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_after_the_warm_up_are_shared_among_their_steps() {
        let progress = [(900.0, 1), (950.0, 2), (1000.0, 4), (1100.0, 8), (1140.0, 9)]
            .map(|(at, step)| Progress { at, step, held: 0 });
        let timed = timed(&progress);
        assert_eq!(timed, &progress[2..]);
        assert_eq!(ms_per_step(timed), Spread { median: 32.5, min: 25.0, max: 40.0 });
    }
}
