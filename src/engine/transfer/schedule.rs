//! Progress of a run through its sizes.

use std::collections::VecDeque;

use crate::engine::{State, StateError};
use crate::recipe::pyramid::Level;

/// Steps done, and the sizes at which the others run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Schedule {
    /// Steps done.
    pub step: u32,
    /// Longer side of the current size, px.
    pub edge: u32,
    /// Steps left at the current size.
    pub left: u32,
    /// Sizes still to come.
    levels: VecDeque<Level>,
}

impl Schedule {
    /// Begins at the first of `levels`.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn new(levels: Vec<Level>) -> Self {
        let mut levels = VecDeque::from(levels);
        let Level { edge, steps } = levels.pop_front().expect("a schedule has a level");
        Self { step: 0, edge, left: steps, levels }
    }

    /// Counts a step. Further steps than planned run at the last size.
    pub(super) fn count_step(&mut self) {
        self.step += 1;
        self.left = self.left.saturating_sub(1);
    }

    /// Goes to the next size, if any, and returns it.
    pub(super) fn ascend(&mut self) -> Option<Level> {
        let level = self.levels.pop_front()?;
        (self.edge, self.left) = (level.edge, level.steps);
        Some(level)
    }

    /// Returns the least total number of steps: a last size still to come gets one.
    pub(super) fn least_steps(&self) -> u32 {
        if self.levels.is_empty() { 0 } else { self.step + 1 }
    }

    /// Skips to the last size from the next step on if `steps` in all no longer suffice for the
    /// planned ones. Returns whether it did.
    pub(super) fn shorten(&mut self, steps: u32) -> bool {
        let planned =
            self.step + self.left + self.levels.iter().map(|level| level.steps).sum::<u32>();
        if steps >= planned {
            return false;
        }
        let Some(last) = self.levels.pop_back() else { return false };
        self.levels = [Level { steps: steps - self.step, ..last }].into();
        self.left = 0;
        true
    }

    /// Saves the schedule.
    pub(super) fn save(&self, state: &mut State) {
        state.put_numbers("progress", &[self.step, self.left, self.edge].map(f64::from));
        let levels = self.levels.iter().flat_map(|level| [level.edge, level.steps]).map(f64::from);
        state.put_numbers("sizes", &levels.collect::<Vec<f64>>());
    }

    /// Loads the schedule of a run whose result has the longer side `full_edge`, px.
    ///
    /// # Errors
    /// [`StateError`] if it is missing, or names a size that is not between 1 and `full_edge`.
    pub(super) fn load(state: &State, full_edge: u32) -> Result<Self, StateError> {
        let [step, left, edge] = state.exact_numbers("progress")?.map(count);
        // Older states know only repeated halving: they store the number of halvings, not the edge.
        let halves = !state.has("sizes");
        let edge_of =
            |number: u32| if halves { full_edge.checked_shr(number).unwrap_or(0) } else { number };
        let levels: VecDeque<Level> = state
            .numbers(if halves { "levels" } else { "sizes" })?
            .as_chunks()
            .0
            .iter()
            .map(|&[size, steps]| Level { edge: edge_of(count(size)), steps: count(steps) })
            .collect();
        let schedule = Self { step, edge: edge_of(edge), left, levels };
        let known = 1..=full_edge;
        let mut edges = schedule.levels.iter().map(|level| level.edge).chain([schedule.edge]);
        if edges.all(|edge| known.contains(&edge)) {
            Ok(schedule)
        } else {
            Err(StateError::Part("sizes".to_owned()))
        }
    }
}

/// Converts a count that was stored as a float.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float's cast saturates"
)]
fn count(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_sizes() -> Schedule {
        Schedule::new(vec![Level { edge: 160, steps: 2 }, Level { edge: 320, steps: 3 }])
    }

    #[test]
    fn steps_run_at_each_size_in_turn_and_then_at_the_last() {
        let mut schedule = two_sizes();
        let mut edges = Vec::new();
        for _ in 0..7 {
            if schedule.left == 0 {
                schedule.ascend();
            }
            edges.push(schedule.edge);
            schedule.count_step();
        }
        assert_eq!(edges, [160, 160, 320, 320, 320, 320, 320]);
        assert_eq!(schedule.step, 7);
    }

    #[test]
    fn fewer_steps_skip_to_the_last_size() {
        let mut schedule = two_sizes();
        schedule.count_step();
        assert!(!schedule.shorten(5) && schedule.left == 1);
        assert!(schedule.shorten(4) && schedule.left == 0);
        assert_eq!(schedule.ascend(), Some(Level { edge: 320, steps: 3 }));
        assert!(!schedule.shorten(1), "there is no other size to skip to");
    }

    #[test]
    fn a_saved_schedule_goes_on_and_an_impossible_one_is_refused() {
        let mut state = State::default();
        two_sizes().save(&mut state);
        assert_eq!(Schedule::load(&state, 320).unwrap(), two_sizes());
        assert!(Schedule::load(&state, 319).is_err());
    }

    #[test]
    fn a_state_of_before_version_3_counts_halvings() {
        let mut state = State::default();
        state.put_numbers("progress", &[0.0, 2.0, 1.0]);
        state.put_numbers("levels", &[0.0, 3.0]);
        let halved =
            Schedule::new(vec![Level { edge: 160, steps: 2 }, Level { edge: 320, steps: 3 }]);
        assert_eq!(Schedule::load(&state, 320).unwrap(), halved);
    }
}
