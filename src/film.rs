//! Films of a run's moments: which moment is shown when, and WebM as a container.

pub mod webm;

/// Time from the first moment to the last, ms.
const MOVING_MS: u32 = 4500;
/// Time that the last moment is held, ms.
const HELD_MS: u32 = 1500;
/// Length of a film, ms.
pub const LENGTH_MS: u32 = MOVING_MS + HELD_MS;
/// Least images of a film before the last: ten a second.
const LEAST_MOVING: u32 = 45;

/// A moment on view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shot {
    /// Number of the moment.
    pub moment: usize,
    /// Begin, ms.
    pub at_ms: u32,
    /// Length, ms.
    pub for_ms: u32,
}

/// Returns the shots of a film of `moments`, each moment once: as a GIF takes them.
///
/// # Panics
/// If there is none.
pub fn once_each(moments: usize) -> Vec<Shot> {
    shots(moments, count(moments) - 1)
}

/// Returns the shots of a film of `moments` at a steady rate, ten a second or more: as video
/// takes them.
///
/// # Panics
/// If there is none.
pub fn steady(moments: usize) -> Vec<Shot> {
    shots(moments, (count(moments) - 1).max(LEAST_MOVING))
}

fn count(moments: usize) -> u32 {
    u32::try_from(moments).expect("a run has few moments").max(1)
}

/// Returns `moving` shots that spread over all moments but the last, and the last one.
fn shots(moments: usize, moving: u32) -> Vec<Shot> {
    let last = moments.checked_sub(1).expect("a film has a moment");
    let begin = |shot: u32| (MOVING_MS * shot).checked_div(moving).unwrap_or(0);
    (0..moving)
        .map(|shot| Shot {
            moment: last * shot as usize / moving as usize,
            at_ms: begin(shot),
            for_ms: begin(shot + 1) - begin(shot),
        })
        .chain([Shot { moment: last, at_ms: begin(moving), for_ms: LENGTH_MS - begin(moving) }])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_lasts_six_seconds_and_holds_its_end() {
        for moments in [1, 2, 9, 30, 49, 65] {
            for shots in [once_each(moments), steady(moments)] {
                let ends = shots.iter().map(|shot| shot.at_ms + shot.for_ms).collect::<Vec<_>>();
                let begins = shots[1..].iter().map(|shot| shot.at_ms);
                assert!(begins.eq(ends[..ends.len() - 1].iter().copied()), "without a gap");
                assert_eq!(ends.last(), Some(&6000));
                assert_eq!(shots[shots.len() - 1].moment, moments - 1);
                assert!(shots.is_sorted_by_key(|shot| shot.moment));
            }
            assert_eq!(once_each(moments).len(), moments);
            assert!(steady(moments).len() >= 24);
        }
        assert_eq!(once_each(2)[1], Shot { moment: 1, at_ms: 4500, for_ms: 1500 });
    }
}
