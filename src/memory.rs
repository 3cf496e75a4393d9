//! How much device memory painting takes, and how to paint where that is too much. Pure arithmetic
//! from measurements: WebGPU tells the size of one buffer, but neither how much memory there is nor
//! how much is in use. `docs/memory.md` tells the rest.

use serde::{Deserialize, Serialize};

/// Bytes at any image size: mostly the weights, packed for both passes.
const NETWORK_BYTES: u64 = 135 << 20;
/// Bytes per pixel of an untiled image in a browser: 512 for the two largest gradients, and about
/// as much in idle buffers, since CubeCL does not sub-allocate in wasm. Natively a fifth to a third
/// less; as much with f16 maps, since gradients are f32; more with regions.
const MAPS_BYTES: u64 = 1_060;
/// Bytes per pixel of an untiled image whose layers all share one backward pass.
const TOGETHER_BYTES: u64 = 1_440;
/// Bytes per pixel of a tile of the largest size, whose crops are maps of their own. f16 maps save
/// a sixth.
const TILE_BYTES: u64 = 1_400;
/// Bytes per pixel of a painting while its targets are made: two maps of block 1 and some more.
/// Nothing is saved for a backward pass.
const STUDY_BYTES: u64 = 625;
/// Bytes per pixel of the image beside L-BFGS's history: its other vectors, the content targets,
/// the images.
const PICTURE_BYTES: u64 = 165;
/// Bytes per pixel that tiling adds to that, for the gathered gradient.
const GATHERED_BYTES: u64 = 40;
/// Bytes of an f32.
const FLOAT_BYTES: u64 = 4;
/// Channels of the widest feature map at full resolution: those of block 1.
const WIDEST_CHANNELS: u64 = 64;
/// Elements of a chunk: the granularity of L-BFGS's vectors.
pub const CHUNK: usize = 4096;
/// Colour channels of a pixel.
const COLOURS: u64 = 3;
/// Most and fewest history pairs of L-BFGS; fewer are not worth their cost.
const MOST_PAIRS: u64 = 10;
const FEWEST_PAIRS: u64 = 3;
/// Most bytes of the history, ample and sparing: ten and five pairs at 1448².
const PAIRS_BYTES: u64 = 512 << 20;
const SPARING_PAIRS_BYTES: u64 = 256 << 20;
/// The longest side, px, of an untiled image. A square one takes about 4 GB.
const MOST_WHOLE_EDGE_PX: u32 = if cfg!(target_family = "wasm") { 1536 } else { 2048 };
/// The side, px, of the largest square whose layers all share one backward pass. Above it the first
/// layer has a pass of its own, so that its map, one of the two largest, is freed before the deeper
/// gradients exist. Below it everything fits, and the extra launches would cost more than they
/// save.
const TOGETHER_EDGE_PX: u32 = 384;
/// The longest side of a tile with its halo, px: about 0.8 GB, of whose work three fifths are for
/// the core.
const TILE_EDGE_PX: u32 = 768;
/// The shortest side of a tile, px, that leaves room between its halos.
pub const LEAST_TILE_EDGE_PX: u32 = 208;
/// The longest side of a tile, and of an untiled image, where memory is spared, px.
const SPARING_EDGE_PX: u32 = 640;
/// The longest side offered on a GPU, px: a poster of 35 cm at 300 dpi.
const MAX_EDGE_PX: u32 = 4096;

/// How much device memory to take, where an image can be painted with more or with less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryUse {
    /// As much as makes it fast.
    #[default]
    Ample,
    /// Less: tiles also where the image would fit untiled, and f16 feature maps where the device
    /// has f16. The result differs by about 1.5× the effect of another summation order.
    Sparing,
}

/// Precision of stored feature maps on a GPU. Sums and gradients are f32 either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// f32.
    #[default]
    Single,
    /// f16, where the device has it.
    Half,
}

impl Precision {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Single, Self::Half];

    /// Returns its name, lower-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Half => "half",
        }
    }

    /// Returns the precision of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|precision| precision.name() == name)
    }
}

/// What a device has room for, and how to paint there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLimits {
    /// The longest side, px, of an untiled image.
    pub whole_edge: u32,
    /// The longest side, px, of a tile with its halo.
    pub tile_edge: u32,
    /// The side, px, of the largest square whose layers all share one backward pass.
    pub together_edge: u32,
    /// Most bytes of L-BFGS's history, unless the fewest pairs need more.
    pub pairs_bytes: u64,
    /// Most bytes of one buffer.
    pub buffer_bytes: u64,
    /// Whether it can store feature maps in f16.
    pub has_f16: bool,
    /// Precision of stored feature maps.
    pub precision: Precision,
}

impl DeviceLimits {
    /// Room for everything.
    pub const AMPLE: Self = Self {
        whole_edge: u32::MAX,
        tile_edge: TILE_EDGE_PX,
        together_edge: u32::MAX,
        pairs_bytes: PAIRS_BYTES,
        buffer_bytes: u64::MAX,
        has_f16: false,
        precision: Precision::Single,
    };

    /// Limits of a GPU that binds buffers of this many bytes. The widest feature map fits one, with
    /// the pixel that a replicated border adds on each side.
    pub fn of_buffers(buffer_bytes: u64) -> Self {
        Self { buffer_bytes, together_edge: TOGETHER_EDGE_PX, ..Self::AMPLE }
            .in_tiles_above(MOST_WHOLE_EDGE_PX)
    }

    /// Returns the limits for this use of memory.
    #[must_use]
    pub fn with(self, memory: MemoryUse) -> Self {
        match memory {
            MemoryUse::Ample => self,
            MemoryUse::Sparing => Self {
                pairs_bytes: SPARING_PAIRS_BYTES,
                precision: if self.has_f16 { Precision::Half } else { Precision::Single },
                ..self.in_tiles_above(self.whole_edge.min(SPARING_EDGE_PX))
            },
        }
    }

    /// Whether all layers of an image of this many pixels share one backward pass.
    pub fn evaluates_together(self, pixels: usize) -> bool {
        pixels as u64 <= u64::from(self.together_edge).pow(2)
    }

    /// Whether an image of this size is painted untiled.
    pub fn sees_whole(self, width: u32, height: u32) -> bool {
        width.max(height) <= self.whole_edge
    }

    /// Returns the longest side, px, of a square image that can be painted at all: L-BFGS's history
    /// must fit one buffer.
    pub fn max_edge(self) -> u32 {
        let vector =
            self.buffer_bytes / (2 * FEWEST_PAIRS * FLOAT_BYTES) / CHUNK as u64 * CHUNK as u64;
        px((vector / COLOURS).isqrt()).min(MAX_EDGE_PX)
    }

    /// Returns these limits with tiles above this side, px, or above the side whose map fits one
    /// buffer.
    #[must_use]
    pub fn in_tiles_above(self, edge: u32) -> Self {
        let held = (self.buffer_bytes / (WIDEST_CHANNELS * FLOAT_BYTES)).isqrt().saturating_sub(2);
        let whole_edge = edge.min(px(held));
        Self { whole_edge, tile_edge: whole_edge.min(TILE_EDGE_PX), ..self }
    }

    /// Returns the history pairs of L-BFGS for an image of this many pixels.
    pub fn pairs(self, pixels: usize) -> usize {
        let pairs = self.pairs_bytes.min(self.buffer_bytes) / pair_bytes(pixels as u64).max(1);
        usize::try_from(pairs.clamp(FEWEST_PAIRS, MOST_PAIRS)).unwrap_or(usize::MAX)
    }

    /// Estimates the most bytes reserved while an image of this size, px, is painted from paintings
    /// up to `style_edge`, px. Paintings count as squares; each further one adds some 10 MiB.
    pub fn bytes_to_paint(self, width: u32, height: u32, style_edge: u32) -> u64 {
        self.bytes_of_steps(width, height).max(self.bytes_to_study(style_edge))
    }

    /// Estimates the bytes while the targets of a square painting of this side, px, are made,
    /// before the first step. In tiles it is a guess; the steps take more.
    fn bytes_to_study(self, edge: u32) -> u64 {
        let [pixels, of_tile] = [edge, self.tile_edge].map(|side| u64::from(side).pow(2));
        let whole = self.sees_whole(edge, edge);
        NETWORK_BYTES
            + if whole {
                STUDY_BYTES * pixels
            } else {
                STUDY_BYTES * of_tile + GATHERED_BYTES * pixels
            }
    }

    /// Estimates the bytes during the steps.
    fn bytes_of_steps(self, width: u32, height: u32) -> u64 {
        let pixels = u64::from(width) * u64::from(height);
        let together = self.evaluates_together(usize::try_from(pixels).unwrap_or(usize::MAX));
        let as_a_whole = if together { TOGETHER_BYTES } else { MAPS_BYTES } * pixels;
        let [tile_width, tile_height] =
            [width, height].map(|side| u64::from(side.min(self.tile_edge)));
        let in_tiles = TILE_BYTES * tile_width * tile_height + GATHERED_BYTES * pixels;
        let maps =
            if self.sees_whole(width, height) { as_a_whole } else { as_a_whole.min(in_tiles) };
        let pairs = self.pairs(usize::try_from(pixels).unwrap_or(usize::MAX)) as u64;
        NETWORK_BYTES + maps + PICTURE_BYTES * pixels + pair_bytes(pixels) * pairs
    }
}

/// Returns the bytes of one history pair, two vectors, for an image of this many pixels.
fn pair_bytes(pixels: u64) -> u64 {
    2 * FLOAT_BYTES * (COLOURS * pixels).next_multiple_of(CHUNK as u64)
}

/// Returns a side as px, saturating.
fn px(edge: u64) -> u32 {
    u32::try_from(edge).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESKTOP: u64 = 2 << 30;

    #[test]
    fn the_memory_to_paint_is_what_was_measured() {
        let [ample, sparing] = [MemoryUse::Ample, MemoryUse::Sparing]
            .map(|memory| DeviceLimits::of_buffers(DESKTOP).in_tiles_above(1536).with(memory));
        let whole = [(256, 249), (384, 395), (512, 498), (1024, 1600), (1536, 3373)]
            .map(|measured| (ample, measured));
        let in_tiles = [
            (ample, (2048, 2040)),
            (sparing, (1024, 1108)),
            (sparing, (1536, 1425)),
            (sparing, (2048, 1864)),
        ];
        let of_one_size = whole
            .into_iter()
            .chain(in_tiles)
            .map(|(limits, (side, mib))| (limits, side, side, mib));
        let large_strokes =
            [(256, 284), (512, 758), (768, 1540)].map(|(side, mib)| (ample, side, 2 * side, mib));
        for (limits, side, style_edge, mib) in of_one_size.chain(large_strokes) {
            let estimate = limits.bytes_to_paint(side, side, style_edge) >> 20;
            assert!(
                estimate.abs_diff(mib) * 10 <= mib,
                "{side} px after {style_edge} px: {estimate} MiB instead of {mib}"
            );
        }
    }

    #[test]
    fn small_buffers_bound_what_is_seen_at_once_and_what_is_painted_at_all() {
        let [small, large] = [128 << 20, DESKTOP].map(DeviceLimits::of_buffers);
        assert_eq!((small.whole_edge, small.tile_edge, small.max_edge()), (722, 722, 1365));
        assert_eq!((large.whole_edge, large.tile_edge, large.max_edge()), (2048, 768, 4096));
    }

    #[test]
    fn large_pictures_have_fewer_pairs_and_those_lie_in_a_buffer() {
        let [small, large] = [128 << 20, DESKTOP].map(DeviceLimits::of_buffers);
        let pairs = |limits: DeviceLimits, side: usize| limits.pairs(side * side);
        assert_eq!([512, 1024, 2048, 3072, 4096].map(|side| pairs(large, side)), [10, 10, 5, 3, 3]);
        assert_eq!([512, 1024, 1365].map(|side| pairs(small, side)), [10, 5, 3]);
        for (limits, longest) in [(small, small.max_edge()), (large, large.max_edge())] {
            for (width, height) in (32..=longest)
                .flat_map(|side| [(side, side), (longest, side), (side, side * 2 / 3)])
            {
                let pixels = u64::from(width) * u64::from(height);
                let pairs = limits.pairs(usize::try_from(pixels).unwrap()) as u64;
                assert!(
                    pairs * pair_bytes(pixels) <= limits.buffer_bytes,
                    "{pairs} pairs at {width}×{height}"
                );
            }
        }
        assert_eq!(DeviceLimits::AMPLE.pairs(0), 10);
    }

    #[test]
    fn with_room_for_everything_every_picture_is_seen_as_a_whole() {
        assert!(DeviceLimits::AMPLE.sees_whole(8192, 8192));
    }

    #[test]
    fn halves_are_kept_only_where_memory_is_spared_and_the_card_has_them() {
        for has_f16 in [false, true] {
            let limits = DeviceLimits { has_f16, ..DeviceLimits::of_buffers(DESKTOP) };
            assert_eq!(limits.with(MemoryUse::Ample).precision, Precision::Single);
            assert_eq!(limits.with(MemoryUse::Sparing).precision == Precision::Half, has_f16);
        }
    }

    #[test]
    fn where_memory_is_spared_large_pictures_take_less_and_small_ones_no_more() {
        let ample = DeviceLimits { has_f16: true, ..DeviceLimits::of_buffers(DESKTOP) };
        let takes = |memory, side| ample.with(memory).bytes_to_paint(side, side, side);
        for side in [512, 704, 768] {
            assert!(takes(MemoryUse::Sparing, side) <= takes(MemoryUse::Ample, side), "{side}");
        }
        for side in [1024, 1536, 2048] {
            assert!(
                takes(MemoryUse::Sparing, side) * 10 < takes(MemoryUse::Ample, side) * 9,
                "{side}"
            );
        }
    }
}
