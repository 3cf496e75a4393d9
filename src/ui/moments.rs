//! Moments of the picture on the stage, for looking back at its making.

use crate::protocol::RunId;

/// Most moments kept.
const MOST: usize = 64;
/// Most bytes of all of them.
const MOST_BYTES: usize = 8_000_000;

/// A moment; `I` is its image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment<I> {
    /// Steps done.
    pub step: u32,
    /// Size of the image, bytes.
    pub bytes: usize,
    /// The image.
    pub image: I,
}

/// The moments of one run, and which of them is on view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moments<I> {
    run: Option<RunId>,
    moments: Vec<Moment<I>>,
    chosen: Option<usize>,
}

impl<I> Default for Moments<I> {
    fn default() -> Self {
        Self { run: None, moments: Vec::new(), chosen: None }
    }
}

impl<I> Moments<I> {
    /// Appends a moment of `run`; those of another run go. Beyond 64 moments or 8 MB every second
    /// one goes, but not the first.
    pub fn push(&mut self, run: RunId, moment: Moment<I>) {
        if self.run != Some(run) {
            *self = Self { run: Some(run), ..Self::default() };
        }
        self.moments.push(moment);
        while self.moments.len() > MOST || self.bytes() > MOST_BYTES && self.moments.len() > 1 {
            self.thin();
        }
    }

    fn thin(&mut self) {
        let mut number = 0..;
        self.moments
            .retain(|_| number.next().is_some_and(|number: usize| number.is_multiple_of(2)));
        self.chosen = self.chosen.map(|chosen| chosen / 2);
    }

    fn bytes(&self) -> usize {
        self.moments.iter().map(|moment| moment.bytes).sum()
    }

    /// Returns the moments if they are those of `run`.
    pub fn of(&self, run: Option<RunId>) -> &[Moment<I>] {
        if self.run == run { &self.moments } else { &[] }
    }

    /// Chooses a moment of `run` by its number; beyond the last is now.
    pub fn choose(&mut self, run: Option<RunId>, number: usize) {
        self.chosen = Some(number).filter(|&number| number < self.of(run).len());
    }

    /// Returns the number of the chosen moment of `run`; `None` is now.
    pub fn chosen_number(&self, run: Option<RunId>) -> Option<usize> {
        self.chosen.filter(|&number| number < self.of(run).len())
    }

    /// Returns the chosen moment of `run`; `None` is now.
    pub fn chosen(&self, run: Option<RunId>) -> Option<&Moment<I>> {
        self.of(run).get(self.chosen?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: Option<RunId> = Some(RunId(1));

    fn filled(count: u32, bytes: usize) -> Moments<()> {
        let mut moments = Moments::default();
        for step in 1..=count {
            moments.push(RunId(1), Moment { step, bytes, image: () });
        }
        moments
    }

    #[test]
    fn a_thousand_previews_leave_few_and_even_moments() {
        for bytes in [10_000, 200_000] {
            let moments = filled(1000, bytes);
            let steps: Vec<u32> = moments.of(RUN).iter().map(|moment| moment.step).collect();
            assert!(steps.len() <= 64 && moments.bytes() <= 8_000_000, "{steps:?}");
            assert!(steps.len() >= 8 && steps[0] == 1, "{steps:?}");
        }
        assert_eq!(filled(3, 9_000_000).of(RUN).len(), 1, "one is left, however large");
    }

    #[test]
    fn the_end_of_the_slider_is_now() {
        let mut moments = filled(40, 1);
        assert_eq!(moments.chosen(RUN), None);
        moments.choose(RUN, 7);
        assert_eq!(moments.chosen(RUN).map(|moment| moment.step), Some(8));
        moments.choose(RUN, 40);
        assert_eq!(moments.chosen(RUN), None);
    }

    #[test]
    fn what_is_on_view_stays_while_others_come_and_goes_with_its_run() {
        let mut moments = filled(64, 1);
        moments.choose(RUN, 10);
        moments.push(RunId(1), Moment { step: 65, bytes: 1, image: () });
        assert_eq!(moments.chosen(RUN).map(|moment| moment.step), Some(11));
        moments.push(RunId(2), Moment { step: 1, bytes: 1, image: () });
        assert_eq!((moments.of(RUN).len(), moments.chosen(Some(RunId(2)))), (0, None));
    }
}
