//! A picture in tiles, for sizes at which the maps of the whole do not fit the device.
//!
//! Every loss is a sum over positions of maps, be it inside of a Gram matrix. Each tile answers for
//! the positions of its *core*; the cores share the picture out. It is seen with a halo as wide as
//! the network looks, so that its core's maps, and all that they are made of, are those of the
//! whole picture: sums and gradients over tiles are exact.

use std::ops::Range;

use burn::tensor::Tensor;

use super::ops::crop::crop;
use super::ops::float;
use super::ops::image::add_at;
use super::{FeatureMap, ImageTensor};
use crate::layer::Layer;
use crate::memory::{DeviceLimits, LEAST_TILE_EDGE_PX};
use crate::pixels::ImageSize;

/// Cores begin where positions of all layers do: a multiple of the deepest layers' stride, px.
const GRID_PX: usize = Layer::Conv5_1.stride() as usize;
/// A halo, px: how far the deepest layers look, on the grid.
const HALO_PX: usize = reach().next_multiple_of(GRID_PX);
/// The shortest side of a tile, px: halos, a core, and more than [`Span::fewest`] rounds.
const LEAST_EDGE_PX: usize = LEAST_TILE_EDGE_PX as usize;
const _: () = assert!(
    LEAST_EDGE_PX == 2 * HALO_PX + 3 * GRID_PX,
    "the plain arithmetic of memory knows no layers"
);

/// How far from its own pixels a position of the deepest layer looks, px: each convolution sees one
/// position further to every side.
const fn reach() -> usize {
    let (mut reach, mut index) = (0, 0);
    while index < Layer::ALL.len() {
        reach += Layer::ALL[index].stride() as usize;
        index += 1;
    }
    reach
}

/// A part of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    rows: Span,
    columns: Span,
}

/// One side of a tile, px.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    core: Range<usize>,
    /// The core with its halo, as far as the picture goes.
    seen: Range<usize>,
    /// The picture's whole side.
    whole: usize,
}

impl Tile {
    /// The tiles in which a device of this capacity sees a picture: one of the whole where it can.
    ///
    /// # Panics
    /// When a tile has no room between its halos: a mistake of who says what the capacity is.
    pub fn all(size: ImageSize, limits: DeviceLimits) -> Vec<Self> {
        let ImageSize { width, height } = size;
        let edge =
            if limits.sees_whole(width, height) { usize::MAX } else { limits.tile_edge as usize };
        let [rows, columns] = [height, width].map(|side| Span::all(side as usize, edge));
        rows.iter()
            .flat_map(|rows| {
                columns.iter().map(|columns| Self { rows: rows.clone(), columns: columns.clone() })
            })
            .collect()
    }

    /// What the network is to see of `picture`.
    pub fn seen(&self, picture: &ImageTensor) -> ImageTensor {
        if self.is_whole() {
            return picture.clone();
        }
        let spans = [&self.rows, &self.columns];
        picture.part(spans.map(|span| span.seen.start), spans.map(|span| span.seen.len()))
    }

    /// Pixels that [`Self::seen`] shows.
    pub fn area(&self) -> usize {
        self.rows.seen.len() * self.columns.seen.len()
    }

    /// The core of `map`, the answer of `layer` to what [`Self::seen`] showed.
    pub fn core(&self, map: FeatureMap, layer: Layer) -> FeatureMap {
        if self.is_whole() {
            return map;
        }
        let [rows, columns] = [&self.rows, &self.columns].map(|span| span.core_in_seen(layer));
        FeatureMap::new(crop(map.into_tensor(), rows, columns))
    }

    /// The core of `whole`, `[1, C, h, w]`, which lies over all positions of `layer`.
    pub fn core_of_whole(&self, whole: Tensor<4>, layer: Layer) -> Tensor<4> {
        if self.is_whole() {
            return whole;
        }
        let channels = whole.dims()[1];
        let [rows, columns] = [&self.rows, &self.columns].map(|span| span.core_in_whole(layer));
        whole.slice([0..1, 0..channels, rows, columns])
    }

    /// The core's share of all positions of `layer`.
    pub fn share(&self, layer: Layer) -> f32 {
        let share = |span: &Span| {
            float(span.core_in_whole(layer).len()) / float(positions(layer, span.whole))
        };
        share(&self.rows) * share(&self.columns)
    }

    /// `picture` with `part`, of the size that is [`seen`](Self::seen), added where it belongs;
    /// both `[1, 3, H, W]`.
    #[must_use]
    pub fn added(&self, picture: Tensor<4>, part: Tensor<4>) -> Tensor<4> {
        add_at(picture, part, [self.rows.seen.start, self.columns.seen.start])
    }

    fn is_whole(&self) -> bool {
        [&self.rows, &self.columns].into_iter().all(|span| span.core == (0..span.whole))
    }
}

impl Span {
    /// A side of `whole` px in spans of which each sees at most `edge` px, and all as much: maps of
    /// one tile lie in what those of the last have left.
    fn all(whole: usize, edge: usize) -> Vec<Self> {
        if whole <= edge {
            return vec![Self { core: 0..whole, seen: 0..whole, whole }];
        }
        assert!(edge >= LEAST_EDGE_PX, "a tile of {edge} px has no room between its halos");
        let (count, seen) = Self::fewest(whole, edge);
        let start = |index: usize| (whole - seen) * index / (count - 1) / GRID_PX * GRID_PX;
        let bound = |index: usize| match index {
            0 => 0,
            _ if index == count => whole,
            _ => start(index) + HALO_PX,
        };
        let span = |index| Self {
            core: bound(index)..bound(index + 1),
            seen: start(index)..start(index) + seen,
            whole,
        };
        (0..count).map(span).collect()
    }

    /// How few spans of at most `edge` px are enough for a side of `whole` px, and how little each
    /// of them sees then. All begin on the grid, the last where it ends with the picture, and each
    /// shares two halos with the next.
    fn fewest(whole: usize, edge: usize) -> (usize, usize) {
        let lengths =
            (2 * HALO_PX + GRID_PX..=edge).filter(|seen| seen % GRID_PX == whole % GRID_PX);
        // A step to the next span is longer than their mean by less than the grid.
        let reaches = |count: usize, seen: usize| {
            let step = (whole - seen).div_ceil(count - 1).next_multiple_of(GRID_PX);
            step + 2 * HALO_PX <= seen
        };
        let fewest = (2..)
            .find_map(|count| Some((count, lengths.clone().find(|&seen| reaches(count, seen))?)));
        fewest.expect("spans have room between their halos")
    }

    /// The core's positions of `layer` among those of the whole picture.
    fn core_in_whole(&self, layer: Layer) -> Range<usize> {
        positions(layer, self.core.start)..positions(layer, self.core.end)
    }

    /// The core's positions of `layer` among those that are seen.
    fn core_in_seen(&self, layer: Layer) -> Range<usize> {
        let first = positions(layer, self.seen.start);
        let core = self.core_in_whole(layer);
        core.start - first..core.end - first
    }
}

/// Positions of `layer` along as many pixels.
fn positions(layer: Layer, pixels: usize) -> usize {
    pixels / layer.stride() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: DeviceLimits =
        DeviceLimits { whole_edge: 256, tile_edge: 256, ..DeviceLimits::AMPLE };

    #[test]
    fn the_network_looks_70_px_far() {
        assert_eq!((reach(), HALO_PX), (70, 80));
    }

    #[test]
    fn a_picture_that_the_device_has_room_for_is_one_tile() {
        for size in [ImageSize::new(256, 256), ImageSize::new(100, 256)] {
            let tiles = Tile::all(size, NARROW);
            assert!(tiles.len() == 1 && tiles[0].is_whole(), "{size:?}");
        }
    }

    #[test]
    fn cores_share_out_every_layers_positions_and_no_tile_is_larger_than_it_may_be() {
        for (width, height) in [(257, 258), (1000, 333), (272, 1999), (4096, 2731), (300, 230)] {
            let tiles = Tile::all(ImageSize::new(width, height), NARROW);
            assert!(tiles.len() > 1);
            for layer in Layer::ALL {
                let shares: f32 = tiles.iter().map(|tile| tile.share(layer)).sum();
                assert!(
                    (shares - 1.0).abs() < 1e-4,
                    "{shares} of {} at {width}×{height}",
                    layer.name()
                );
            }
            for span in tiles.iter().flat_map(|tile| [&tile.rows, &tile.columns]) {
                assert!(
                    span.seen.len() <= 256 && !span.core_in_whole(Layer::Conv5_1).is_empty(),
                    "{span:?}"
                );
            }
            assert!(
                tiles.iter().all(|tile| tile.area() == tiles[0].area()),
                "a device keeps what one tile took for the next: {width}×{height}"
            );
        }
    }

    #[test]
    fn a_span_sees_a_halo_to_each_side_and_the_smallest_has_a_core_too() {
        for (side, edge) in (209..=4096)
            .map(|side| (side, LEAST_EDGE_PX))
            .chain((769..=4096).flat_map(|side| [(side, 768), (side, 641)]))
        {
            let spans = Span::all(side, edge);
            assert_eq!((spans[0].core.start, spans[spans.len() - 1].core.end), (0, side));
            assert!(
                spans.windows(2).all(|pair| pair[0].core.end == pair[1].core.start
                    && pair[0].core.end % GRID_PX == 0),
                "{spans:?}"
            );
            for Span { core, seen, .. } in &spans {
                assert!(
                    seen.len() <= edge
                        && seen.len() == spans[0].seen.len()
                        && seen.start % GRID_PX == 0
                        && seen.end <= side,
                    "{spans:?}"
                );
                assert!(core.start == 0 || core.start - seen.start >= HALO_PX, "{spans:?}");
                assert!(core.end == side || seen.end - core.end >= HALO_PX, "{spans:?}");
            }
            assert!(
                spans.iter().all(|span| !span.core_in_whole(Layer::Conv5_1).is_empty()),
                "{spans:?}"
            );
        }
    }

    #[test]
    fn tiles_are_as_few_and_then_as_small_as_they_can_be() {
        let spans = |side, edge| {
            let spans = Span::all(side, edge);
            (spans.len(), spans[0].seen.len())
        };
        let sides = [(1024, 640), (1536, 640), (2048, 768), (3072, 768), (4096, 768), (2048, 640)];
        assert_eq!(
            sides.map(|(side, edge)| spans(side, edge)),
            [(2, 592), (3, 624), (4, 640), (5, 752), (7, 736), (4, 640)]
        );
    }

    #[test]
    fn spans_follow_one_another_with_halos_as_far_as_the_picture_goes() {
        let spans = Span::all(500, 256);
        let bounds = |range: &Range<usize>| (range.start, range.end);
        let all: Vec<_> =
            spans.iter().map(|span| (bounds(&span.core), bounds(&span.seen))).collect();
        let expected = [
            ((0, 144), (0, 244)),
            ((144, 208), (64, 308)),
            ((208, 272), (128, 372)),
            ((272, 336), (192, 436)),
            ((336, 500), (256, 500)),
        ];
        assert_eq!(all, expected);
    }
}
