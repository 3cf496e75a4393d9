//! Sizes and steps of painting coarse to fine. Pure arithmetic.

use super::Sizes;
use crate::pixels::ImageSize;

/// The shortest side worth painting at, px: below, the deepest layers have next to no input.
const SHORTEST_EDGE_PX: u32 = 64;
/// Steps at one size per step at the size before, when growing.
const FEWER_STEPS: f64 = 0.6;
/// Least steps at one size per step at the first: the last sizes need some for the finest marks.
const LEAST_SHARE: f64 = 0.15;

/// One size and its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Longer side, px.
    pub edge: u32,
    /// Steps at this size.
    pub steps: u32,
}

/// Returns the levels of an image of `size`, coarse to fine, the last at full size. Few steps or a
/// small image give fewer levels, so that each has at least two steps. The remainder goes to the
/// coarsest, where steps are cheapest.
pub fn levels(size: ImageSize, sizes: Sizes, steps: u32) -> Vec<Level> {
    let share: fn(i32) -> f64 = match sizes {
        Sizes::One | Sizes::Doubling(_) => |_| 1.0,
        Sizes::Growing(_) => |index| FEWER_STEPS.powi(index).max(LEAST_SHARE),
    };
    let edges = edges(size, sizes);
    let edges = &edges[edges.len().saturating_sub((steps / 2).max(1) as usize)..];
    let shares: f64 = (0..).take(edges.len()).map(share).sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of the steps"
    )]
    let part = |index| ((f64::from(steps) * share(index) / shares) as u32).max(2);
    let later: u32 = (1..).take(edges.len() - 1).map(part).sum();
    let at = |(index, &edge)| Level {
        edge,
        steps: if index == 0 { steps.saturating_sub(later).max(1) } else { part(index) },
    };
    (0..).zip(edges).map(at).collect()
}

/// Returns the longer sides that an image of `size` is painted at if there are steps enough, px,
/// its own last.
pub fn edges(size: ImageSize, sizes: Sizes) -> Vec<u32> {
    match sizes {
        Sizes::One => vec![size.long_edge()],
        Sizes::Doubling(count) => doubling(size, count),
        Sizes::Growing(first) => growing(size, first),
    }
}

/// Returns halves of the longer side, as often as the shorter side allows.
fn doubling(size: ImageSize, count: u32) -> Vec<u32> {
    let fits = |&halvings: &u32| halvings == 0 || size.short_edge() >> halvings >= SHORTEST_EDGE_PX;
    let mut edges: Vec<u32> =
        (0..count).take_while(fits).map(|halvings| size.long_edge() >> halvings).collect();
    edges.reverse();
    edges
}

/// Returns longer sides in equal ratios of about √2, from `first` px, or from more where the
/// shorter side requires it.
fn growing(size: ImageSize, first: u32) -> Vec<u32> {
    let (long, short) = (f64::from(size.long_edge()), f64::from(size.short_edge()));
    let first = f64::from(first).max(f64::from(SHORTEST_EDGE_PX) * long / short);
    let steps = (2.0 * (long / first).log2()).round().max(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a side of a picture"
    )]
    let edge = |index| (first * (long / first).powf(f64::from(index) / steps)).round() as u32;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few sizes")]
    let smaller = 0..steps as u32;
    smaller.map(edge).chain([size.long_edge()]).collect()
}

/// Returns the cost of the first `steps`, in steps at full size: the cost of a step is proportional
/// to its pixels.
pub fn work(levels: &[Level], steps: u32) -> f64 {
    let full = levels.last().map_or(1.0, |level| f64::from(level.edge));
    let mut left = steps;
    let mut cost = |level: &Level| {
        let here = left.min(level.steps);
        left -= here;
        f64::from(here) * (f64::from(level.edge) / full).powi(2)
    };
    levels.iter().map(&mut cost).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(edge: u32, steps: u32) -> Level {
        Level { edge, steps }
    }

    fn square(edge: u32) -> ImageSize {
        ImageSize::new(edge, edge)
    }

    #[test]
    fn doubling_levels_go_from_coarse_to_full_size_and_share_all_steps() {
        assert_eq!(levels(square(512), Sizes::One, 200), [level(512, 200)]);
        assert_eq!(levels(square(512), Sizes::Doubling(1), 200), [level(512, 200)]);
        assert_eq!(
            levels(square(512), Sizes::Doubling(3), 200),
            [level(128, 68), level(256, 66), level(512, 66)]
        );
    }

    #[test]
    fn a_small_picture_or_few_steps_give_fewer_levels() {
        assert_eq!(
            levels(ImageSize::new(150, 400), Sizes::Doubling(4), 100),
            [level(200, 50), level(400, 50)]
        );
        assert_eq!(levels(square(40), Sizes::Doubling(4), 100), [level(40, 100)]);
        assert_eq!(levels(square(2000), Sizes::Doubling(4), 5), [level(1000, 3), level(2000, 2)]);
        assert_eq!(levels(square(2000), Sizes::Doubling(4), 1), [level(2000, 1)]);
        assert_eq!(levels(square(2000), Sizes::Growing(160), 1), [level(2000, 1)]);
    }

    #[test]
    fn growing_levels_begin_at_the_first_size_and_spend_fewer_steps_at_each() {
        let of = |size, steps| levels(size, Sizes::Growing(160), steps);
        assert_eq!(of(square(320), 110), [level(160, 57), level(226, 33), level(320, 20)]);
        assert_eq!(of(square(160), 110), [level(160, 110)]);
        assert_eq!(of(square(64), 110), [level(64, 110)]);
        let large = of(square(2048), 200);
        assert_eq!((large.len(), large[0].edge, large[7].edge), (8, 160, 2048));
        assert_eq!(large.iter().map(|level| level.steps).sum::<u32>(), 200);
        assert!(
            large
                .windows(2)
                .all(|pair| pair[0].steps >= pair[1].steps && pair[1].edge * 5 < pair[0].edge * 8),
            "{large:?}"
        );
        assert!(large[7].steps >= 10, "{large:?}");
        assert_eq!(of(ImageSize::new(1600, 160), 100)[0].edge, 640, "64 px high");
    }

    #[test]
    fn a_large_picture_costs_a_fifth_of_as_many_steps_at_full_size() {
        for edge in [1024, 2048, 4096] {
            let levels = levels(square(edge), Sizes::Growing(160), 200);
            assert!(work(&levels, 200) < 40.0, "{levels:?}");
        }
    }

    #[test]
    fn a_step_at_half_the_size_costs_a_quarter() {
        let levels = levels(square(512), Sizes::Doubling(3), 30);
        assert_eq!(
            [5, 10, 12, 30, 99].map(|steps| work(&levels, steps)),
            [0.3125, 0.625, 1.125, 13.125, 13.125]
        );
    }
}
