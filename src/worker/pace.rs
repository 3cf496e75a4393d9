//! How far to run ahead of the device, how many steps to submit at once, and when to show the
//! image. Pure arithmetic on times, ms.

/// Batches grow below and shrink above these times. Reading the losses costs a round trip, so that
/// it should not follow every step; and it shows how fast the device is.
const SHORT_BATCH_MS: f64 = 30.0;
const LONG_BATCH_MS: f64 = 70.0;
/// Most steps in a batch.
const MAX_BATCH: u32 = 32;
/// Up to this time of a batch or tile, the next one is submitted before this one is awaited, so
/// that the device never idles. Longer ones are awaited, so that the worker soon sees a cancel.
const MAX_AHEAD_MS: f64 = 125.0;
/// Up to this time, a preview may lag by a batch. Firefox reports a read-back no sooner than work
/// submitted after it.
const MAX_LAG_MS: f64 = 500.0;
/// Least time between two previews: five a second look like motion.
const PREVIEW_INTERVAL_MS: f64 = 200.0;
/// A preview may cost at most one part in this many of the interval.
const PREVIEW_COST_SHARE: f64 = 5.0;

/// Times of a run so far.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    batch: u32,
    is_ahead: bool,
    elapsed_ms: f64,
    /// Start of the work to be reported next.
    heard_ms: f64,
    /// Time of the last part.
    part_ms: f64,
    /// Time of the batch so far.
    batch_ms: f64,
    /// Time and steps of the previous batch.
    before: (f64, u32),
    next_preview_ms: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch: 1,
            is_ahead: false,
            elapsed_ms: 0.0,
            heard_ms: 0.0,
            part_ms: f64::INFINITY,
            batch_ms: 0.0,
            before: (0.0, 0),
            next_preview_ms: 0.0,
        }
    }
}

impl Pace {
    /// Returns the steps of the next batch.
    pub fn batch(&self) -> u32 {
        self.batch
    }

    /// Whether to submit more before the device is done.
    pub fn is_ahead(&self) -> bool {
        self.is_ahead
    }

    /// Whether to submit more before a preview has arrived.
    pub fn lets_previews_lag(&self) -> bool {
        self.part_ms <= MAX_LAG_MS
    }

    /// Returns the device time that counts.
    pub fn elapsed_ms(&self) -> f64 {
        self.elapsed_ms
    }

    /// Notes that the device was idle until now.
    pub fn begin(&mut self, now_ms: f64) {
        self.heard_ms = now_ms;
    }

    /// Notes the end of a part of a step. The first step does not `count`: it pays for compilation.
    pub fn end_part(&mut self, now_ms: f64, counts: bool) {
        let part_ms = now_ms - self.heard_ms;
        self.heard_ms = now_ms;
        if counts {
            self.elapsed_ms += part_ms;
            self.batch_ms += part_ms;
            // Firefox reports both batches in flight when the second is done, as if that had taken
            // no time.
            self.is_ahead = part_ms.midpoint(self.part_ms) <= MAX_AHEAD_MS;
            self.part_ms = part_ms;
        }
    }

    /// Notes the end of a batch of `steps`.
    pub fn end_batch(&mut self, now_ms: f64, steps: u32, counts: bool) {
        self.end_part(now_ms, counts);
        if !counts {
            return;
        }
        let batch_ms = std::mem::take(&mut self.batch_ms);
        let (before_ms, steps_before) = std::mem::replace(&mut self.before, (batch_ms, steps));
        let pace_ms = (batch_ms + before_ms) / f64::from(steps + steps_before) * f64::from(steps);
        self.batch = match pace_ms {
            ..SHORT_BATCH_MS => (2 * steps).min(MAX_BATCH),
            LONG_BATCH_MS.. => (steps / 2).max(1),
            _ => steps,
        };
    }

    /// Whether to start a preview. If so, none starts before [`Self::end_preview`].
    pub fn begin_preview(&mut self, now_ms: f64) -> bool {
        let due = now_ms >= self.next_preview_ms;
        if due {
            self.next_preview_ms = f64::INFINITY;
        }
        due
    }

    /// Notes the end of a preview; `rested`: the device was idle meanwhile.
    pub fn end_preview(&mut self, now_ms: f64, rested: bool) {
        let cost_ms = if rested { now_ms - self.heard_ms } else { 0.0 };
        self.next_preview_ms = now_ms + PREVIEW_INTERVAL_MS.max(PREVIEW_COST_SHARE * cost_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the batch sizes at this many ms per step, if the worker is told of each after
    /// submitting the next.
    fn batches(step_ms: f64) -> Vec<u32> {
        let (mut pace, mut now_ms) = (Pace::default(), 1000.0);
        pace.begin(now_ms);
        let mut asked = vec![pace.batch()];
        for index in 0..12 {
            if pace.is_ahead() || index == 0 {
                asked.push(pace.batch());
            }
            now_ms += step_ms * f64::from(asked[index]);
            pace.end_batch(now_ms, asked[index], index > 0);
            asked.truncate(index + 2);
            if asked.len() == index + 1 {
                asked.push(pace.batch());
            }
        }
        asked
    }

    #[test]
    fn batches_come_to_a_size_that_stays() {
        for (step_ms, size) in
            [(0.1, 32), (3.0, 16), (10.0, 4), (14.0, 4), (25.0, 2), (40.0, 1), (600.0, 1)]
        {
            let sizes = batches(step_ms);
            assert!(sizes[9..].iter().all(|&last| last == size), "{step_ms} ms a step: {sizes:?}");
        }
    }

    #[test]
    fn what_takes_long_is_waited_for() {
        let mut pace = Pace::default();
        pace.begin(0.0);
        pace.end_part(100.0, true);
        assert!(!pace.is_ahead(), "before much is known");
        pace.end_part(200.0, true);
        assert!(pace.is_ahead() && pace.lets_previews_lag());
        pace.end_part(400.0, true);
        assert!(!pace.is_ahead() && pace.lets_previews_lag());
        pace.end_part(1400.0, true);
        assert!(!pace.is_ahead() && !pace.lets_previews_lag());
    }

    #[test]
    fn what_is_heard_of_in_pairs_is_not_taken_for_short() {
        let mut pace = Pace::default();
        pace.begin(0.0);
        for pair in 1..4 {
            let done_ms = f64::from(pair) * 280.0;
            pace.end_batch(done_ms - 10.0, 2, true);
            pace.end_batch(done_ms, 2, true);
            assert_eq!((pace.batch(), pace.is_ahead()), (1, false));
        }
    }

    #[test]
    fn a_batch_lasts_as_long_as_its_parts_and_the_first_step_does_not_count() {
        let mut pace = Pace::default();
        pace.begin(0.0);
        pace.end_batch(5000.0, 1, false);
        assert_eq!((pace.elapsed_ms(), pace.batch(), pace.is_ahead()), (0.0, 1, false));
        pace.begin(6000.0);
        pace.end_part(6025.0, true);
        pace.end_batch(6050.0, 2, true);
        assert_eq!((pace.elapsed_ms(), pace.batch()), (50.0, 2), "not as short as its last part");
    }

    #[test]
    fn one_preview_at_a_time_and_the_dearer_the_rarer() {
        let mut pace = Pace::default();
        assert!(pace.begin_preview(1000.0) && !pace.begin_preview(9000.0));
        pace.end_part(9000.0, true);
        pace.end_preview(9010.0, true);
        assert!(!pace.begin_preview(9209.0) && pace.begin_preview(9210.0));
        pace.end_part(9300.0, true);
        pace.end_preview(9400.0, true);
        assert!(!pace.begin_preview(9899.0) && pace.begin_preview(9900.0));
        pace.end_part(9900.0, true);
        pace.end_preview(10_400.0, false);
        assert!(
            !pace.begin_preview(10_599.0) && pace.begin_preview(10_600.0),
            "the device worked meanwhile"
        );
    }
}
