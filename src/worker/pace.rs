//! How far the worker goes ahead of its device, how many steps it asks for at once, and when it
//! shows the picture. Pure arithmetic on times, ms.

/// Batches of steps grow below and shrink above these: reading the losses costs a round trip, so
/// that it should not follow every step, and it tells how fast the device is.
const SHORT_BATCH_MS: f64 = 30.0;
const LONG_BATCH_MS: f64 = 70.0;
/// Most steps in a batch.
const MAX_BATCH: u32 = 32;
/// Where a batch, or a tile of a large picture, takes no longer than this, the next one is asked
/// for before the end of this one is heard of: the device never waits for the worker then. Longer
/// ones are waited for, so that the worker soon hears a cancel.
const MAX_AHEAD_MS: f64 = 125.0;
/// Where one takes no longer than this, a preview may be as late as its end. Firefox tells of a
/// read-back no sooner than of what was asked for after it.
const MAX_LAG_MS: f64 = 500.0;
/// Least time between two previews: five a second look like motion.
const PREVIEW_INTERVAL_MS: f64 = 200.0;
/// A preview's cost is at most one part in this many of the time between two.
const PREVIEW_COST_SHARE: f64 = 5.0;

/// What a run's times so far tell.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    batch: u32,
    is_ahead: bool,
    elapsed_ms: f64,
    /// Since when the device works on what will be heard of next.
    heard_ms: f64,
    /// How long the last part took.
    part_ms: f64,
    /// How much of a batch has been heard of.
    batch_ms: f64,
    /// How long the batch before took, and its steps.
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
    /// Steps to ask for at once.
    pub fn batch(&self) -> u32 {
        self.batch
    }

    /// Whether more is to be asked of the device before it has done what it was asked for.
    pub fn is_ahead(&self) -> bool {
        self.is_ahead
    }

    /// Whether more is to be asked of the device before a preview has come from it.
    pub fn lets_previews_lag(&self) -> bool {
        self.part_ms <= MAX_LAG_MS
    }

    /// How long the device has worked, as far as it counts.
    pub fn elapsed_ms(&self) -> f64 {
        self.elapsed_ms
    }

    /// The device has nothing to do until now.
    pub fn begin(&mut self, now_ms: f64) {
        self.heard_ms = now_ms;
    }

    /// The end of a part of a step is heard of. The first step does not `count`: it pays for
    /// compilations, which says nothing about the others.
    pub fn end_part(&mut self, now_ms: f64, counts: bool) {
        let part_ms = now_ms - self.heard_ms;
        self.heard_ms = now_ms;
        if counts {
            self.elapsed_ms += part_ms;
            self.batch_ms += part_ms;
            // Firefox tells of both that are under way when the second is done, as if that had
            // taken no time.
            self.is_ahead = part_ms.midpoint(self.part_ms) <= MAX_AHEAD_MS;
            self.part_ms = part_ms;
        }
    }

    /// The end of a batch of `steps` is heard of.
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

    /// Whether the picture is to be shown. If so, it is not again until [`Self::end_preview`].
    pub fn begin_preview(&mut self, now_ms: f64) -> bool {
        let due = now_ms >= self.next_preview_ms;
        if due {
            self.next_preview_ms = f64::INFINITY;
        }
        due
    }

    /// The picture has come; whether the device rested meanwhile.
    pub fn end_preview(&mut self, now_ms: f64, rested: bool) {
        let cost_ms = if rested { now_ms - self.heard_ms } else { 0.0 };
        self.next_preview_ms = now_ms + PREVIEW_INTERVAL_MS.max(PREVIEW_COST_SHARE * cost_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of batches, of each of which the worker hears when it has asked for the next, at
    /// so many ms a step.
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
