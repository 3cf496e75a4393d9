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
/// where the picture or the number of `steps` is small; the steps are shared out evenly, the rest going to the coarsest, where they
/// are cheapest.
pub fn levels(short_edge: u32, wanted: u32, steps: u32) -> Vec<Level> {
    let fitting = (0..wanted).take_while(|&halvings| halvings == 0 || short_edge >> halvings >= SHORTEST_EDGE_PX).count();
    let count = u32::try_from(fitting).unwrap_or(1).min(steps).max(1);
    let (share, rest) = (steps / count, steps % count);
    (0..count).rev().map(|halvings| Level { halvings, steps: share + if halvings + 1 == count { rest } else { 0 } }).collect()
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
        assert_eq!(levels(2000, 4, 2), [level(1, 1), level(0, 1)]);
    }
}
