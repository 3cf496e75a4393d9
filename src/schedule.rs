//! Painting coarse to fine: at which sizes, and for how many steps each. Pure arithmetic.

/// The shortest side that is worth painting at, px: below it the deepest layers see next to nothing.
const SHORTEST_EDGE_PX: u32 = 64;

/// One size of a pyramid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Times that the full size is halved.
    pub halvings: u32,
    /// Steps to do at it.
    pub steps: u32,
}

/// The levels of a picture whose shorter side is `short_edge` px, coarse to fine, the last at the full size. At most `wanted`, fewer
/// where the picture or the number of `steps` is small, so that each has two steps at least; the steps are shared out evenly, the rest going to the coarsest, where they
/// are cheapest.
pub fn levels(short_edge: u32, wanted: u32, steps: u32) -> Vec<Level> {
    let fitting = (0..wanted).take_while(|&halvings| halvings == 0 || short_edge >> halvings >= SHORTEST_EDGE_PX).count();
    let count = u32::try_from(fitting).unwrap_or(1).min(steps / 2).max(1);
    let (share, rest) = (steps / count, steps % count);
    (0..count).rev().map(|halvings| Level { halvings, steps: share + if halvings + 1 == count { rest } else { 0 } }).collect()
}

/// What the first `steps` steps cost, in steps at full size: each halving leaves a quarter of the pixels.
pub fn work(levels: &[Level], steps: u32) -> f64 {
    let mut left = steps;
    let mut cost = |level: &Level| {
        let here = left.min(level.steps);
        left -= here;
        f64::from(here) / f64::from(1_u32 << (2 * level.halvings))
    };
    levels.iter().map(&mut cost).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(halvings: u32, steps: u32) -> Level {
        Level { halvings, steps }
    }

    #[test]
    fn levels_go_from_coarse_to_full_size_and_share_all_steps() {
        assert_eq!(levels(512, 1, 200), [level(0, 200)]);
        assert_eq!(levels(512, 3, 200), [level(2, 68), level(1, 66), level(0, 66)]);
    }

    #[test]
    fn a_small_picture_or_few_steps_give_fewer_levels() {
        assert_eq!(levels(150, 4, 100), [level(1, 50), level(0, 50)]);
        assert_eq!(levels(40, 4, 100), [level(0, 100)]);
        assert_eq!(levels(2000, 4, 5), [level(1, 3), level(0, 2)]);
        assert_eq!(levels(2000, 4, 1), [level(0, 1)]);
    }

    #[test]
    fn a_step_at_half_the_size_costs_a_quarter() {
        let levels = levels(512, 3, 30);
        assert_eq!([5, 10, 12, 30, 99].map(|steps| work(&levels, steps)), [0.3125, 0.625, 1.125, 13.125, 13.125]);
    }
}
