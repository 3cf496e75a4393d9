//! Tiles of an image, for sizes at which the feature maps of the whole do not fit the device.
//!
//! Every loss is a sum over positions of feature maps, even inside a Gram matrix. The *cores* of
//! the tiles partition the image, and each tile contributes the positions of its core. The network
//! sees the core with a halo as wide as its receptive field, so the maps of the core equal those of
//! the whole image: sums and gradients over tiles are exact.

use std::ops::Range;

use burn::tensor::Tensor;

use super::ops::crop::crop;
use super::ops::float;
use super::ops::image::add_at;
use super::{FeatureMap, ImageTensor};
use crate::layer::Layer;
use crate::memory::{DeviceLimits, LEAST_TILE_EDGE_PX};
use crate::pixels::ImageSize;

/// Grid on which cores begin, px: the stride of the deepest layer, so that positions of all layers
/// begin there.
const GRID_PX: usize = Layer::Conv5_1.stride() as usize;
/// Width of a halo, px: the reach of the deepest layer, rounded up to the grid.
const HALO_PX: usize = reach().next_multiple_of(GRID_PX);
/// Shortest side of a tile, px: two halos, a core, and more than [`Span::fewest`] rounds up.
const LEAST_EDGE_PX: usize = LEAST_TILE_EDGE_PX as usize;
const _: () = assert!(
    LEAST_EDGE_PX == 2 * HALO_PX + 3 * GRID_PX,
    "the plain arithmetic of memory knows no layers"
);

/// Returns how far the receptive field of the deepest layer extends beyond a position's own pixels
/// on each side, px: by one position per convolution.
const fn reach() -> usize {
    let (mut reach, mut index) = (0, 0);
    while index < Layer::ALL.len() {
        reach += Layer::ALL[index].stride() as usize;
        index += 1;
    }
    reach
}

/// Tile of an image: a core with its halo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    rows: Span,
    columns: Span,
}

/// Extent of a tile along one axis, px.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    /// Pixels for which this tile contributes its positions.
    core: Range<usize>,
    /// Input region: the core with its halo, within the image.
    seen: Range<usize>,
    /// Side of the whole image.
    whole: usize,
}

impl Tile {
    /// Returns the tiles of an image: a single one if `limits` allow it.
    ///
    /// # Panics
    /// If `limits.tile_edge` leaves no room between the halos.
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

    /// Crops `picture` to the tile's input region.
    pub fn seen(&self, picture: &ImageTensor) -> ImageTensor {
        if self.is_whole() {
            return picture.clone();
        }
        let spans = [&self.rows, &self.columns];
        picture.part(spans.map(|span| span.seen.start), spans.map(|span| span.seen.len()))
    }

    /// Returns the number of pixels of the input region.
    pub fn area(&self) -> usize {
        self.rows.seen.len() * self.columns.seen.len()
    }

    /// Crops `map`, the output of `layer` for the input region, to the core.
    pub fn core(&self, map: FeatureMap, layer: Layer) -> FeatureMap {
        if self.is_whole() {
            return map;
        }
        let [rows, columns] = [&self.rows, &self.columns].map(|span| span.core_in_seen(layer));
        FeatureMap::new(crop(map.into_tensor(), rows, columns))
    }

    /// Crops `whole`, `[1, C, h, w]` over all positions of `layer`, to the core.
    pub fn core_of_whole(&self, whole: Tensor<4>, layer: Layer) -> Tensor<4> {
        if self.is_whole() {
            return whole;
        }
        let channels = whole.dims()[1];
        let [rows, columns] = [&self.rows, &self.columns].map(|span| span.core_in_whole(layer));
        whole.slice([0..1, 0..channels, rows, columns])
    }

    /// Returns the core's share of all positions of `layer`.
    pub fn share(&self, layer: Layer) -> f32 {
        let share = |span: &Span| {
            float(span.core_in_whole(layer).len()) / float(positions(layer, span.whole))
        };
        share(&self.rows) * share(&self.columns)
    }

    /// Adds `part`, `[1, 3, h, w]` over the input region, to `picture`, `[1, 3, H, W]`.
    #[must_use]
    pub fn added(&self, picture: Tensor<4>, part: Tensor<4>) -> Tensor<4> {
        add_at(picture, part, [self.rows.seen.start, self.columns.seen.start])
    }

    fn is_whole(&self) -> bool {
        [&self.rows, &self.columns].into_iter().all(|span| span.core == (0..span.whole))
    }
}

impl Span {
    /// Splits a side of `whole` px into spans of equal length, at most `edge` px: feature maps of
    /// one tile then reuse the buffers of the tile before.
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

    /// Returns the fewest equal spans (≤ `edge` px) that cover `whole` px, and the smallest length
    /// that suffices. All begin on the grid, the last one ends with the image, and neighbours
    /// overlap by at least two halos.
    fn fewest(whole: usize, edge: usize) -> (usize, usize) {
        let lengths =
            (2 * HALO_PX + GRID_PX..=edge).filter(|seen| seen % GRID_PX == whole % GRID_PX);
        // Spans begin on the grid, so the steps between them vary around their mean by less than
        // one grid cell; the longest one decides.
        let reaches = |count: usize, seen: usize| {
            let step = (whole - seen).div_ceil(count - 1).next_multiple_of(GRID_PX);
            step + 2 * HALO_PX <= seen
        };
        let fewest = (2..)
            .find_map(|count| Some((count, lengths.clone().find(|&seen| reaches(count, seen))?)));
        fewest.expect("spans have room between their halos")
    }

    /// Returns the core's positions of `layer` in the map of the whole image.
    fn core_in_whole(&self, layer: Layer) -> Range<usize> {
        positions(layer, self.core.start)..positions(layer, self.core.end)
    }

    /// Returns the core's positions of `layer` in the map of the input region.
    fn core_in_seen(&self, layer: Layer) -> Range<usize> {
        let first = positions(layer, self.seen.start);
        let core = self.core_in_whole(layer);
        core.start - first..core.end - first
    }
}

/// Returns the number of `layer`'s positions along `pixels`.
fn positions(layer: Layer, pixels: usize) -> usize {
    pixels / layer.stride() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: DeviceLimits =
        DeviceLimits { whole_edge: 256, tile_edge: 256, ..DeviceLimits::AMPLE };

    #[test]
    fn the_receptive_field_reaches_70_px() {
        assert_eq!((reach(), HALO_PX), (70, 80));
    }

    #[test]
    fn an_image_within_the_limits_is_one_tile() {
        for size in [ImageSize::new(256, 256), ImageSize::new(100, 256)] {
            let tiles = Tile::all(size, NARROW);
            assert!(tiles.len() == 1 && tiles[0].is_whole(), "{size:?}");
        }
    }

    #[test]
    fn cores_partition_every_layers_positions_and_tiles_stay_within_the_limits() {
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
    fn every_span_has_halos_on_inner_sides_and_a_nonempty_core() {
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
    fn spans_are_the_fewest_and_then_the_shortest_that_suffice() {
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
    fn cores_are_contiguous_and_halos_stop_at_the_image_border() {
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
