//! What painting takes of a graphics card's memory, and how a picture is painted that would take
//! too much. Pure arithmetic, from measurements: WebGPU tells the size of one buffer, but neither
//! how much memory there is nor what is used.

use serde::{Deserialize, Serialize};

/// Bytes at any size: above all the network, ready for both directions.
const NETWORK_BYTES: u64 = 135 << 20;
/// Bytes for each pixel of a picture that the network, as published, sees as a whole, in a browser:
/// the gradients of its two largest feature maps, 512, and as much again in pieces of memory that
/// serve at another time. There each tensor has a piece of its own; natively several share one, and
/// a picture takes a fifth to a third less. Where maps are kept in halves it is the same, since
/// gradients are not. Regions, which the command line alone has, take more.
const MAPS_BYTES: u64 = 1_060;
/// The same where all layers are evaluated together.
const TOGETHER_BYTES: u64 = 1_440;
/// The same of a tile as large as it may be, whose cores are maps of their own; maps in halves save
/// a sixth of it.
const TILE_BYTES: u64 = 1_400;
/// Bytes for each pixel that is seen of a painting while it is studied: two maps of block 1, and
/// some more. Nothing is kept for a way back.
const STUDY_BYTES: u64 = 625;
/// Bytes for each pixel of the picture beside the optimiser's memory: its other vectors, the
/// photo's content, the pictures themselves.
const PICTURE_BYTES: u64 = 165;
/// What is added to that in tiles: what becomes of them is gathered.
const GATHERED_BYTES: u64 = 40;
/// Bytes of one f32.
const FLOAT_BYTES: u64 = 4;
/// Channels of the widest feature map at full resolution: those of block 1.
const WIDEST_CHANNELS: u64 = 64;
/// Elements in a chunk, by which L-BFGS's vectors grow.
pub const CHUNK: usize = 4096;
/// Colours of a pixel, each an element of a vector.
const COLOURS: u64 = 3;
/// Pairs that L-BFGS remembers where there is room, and the fewest that are worth it.
const MOST_PAIRS: u64 = 10;
const FEWEST_PAIRS: u64 = 3;
/// Bytes of all pairs together, but for the fewest, and where memory is to be spared: ten and five
/// at 1448².
const PAIRS_BYTES: u64 = 512 << 20;
const SPARING_PAIRS_BYTES: u64 = 256 << 20;
/// The longest side, px, of a picture that is painted as a whole. A square one takes about 4 GB.
const MOST_WHOLE_EDGE_PX: u32 = if cfg!(target_family = "wasm") { 1536 } else { 2048 };
/// The side of the largest square of which all layers are evaluated together, px. Of a larger
/// picture the first layer is evaluated by itself: its map, one of the two largest, is then not
/// there while the gradients of the deeper layers are. A smaller one fits anyway, and a few
/// programs more take longer to start than to run.
const TOGETHER_EDGE_PX: u32 = 384;
/// The longest side of a tile with its halo, px: about 0.8 GB, and three fifths of its work are for
/// its core.
const TILE_EDGE_PX: u32 = 768;
/// The shortest such side that leaves room between the halos, px.
pub const LEAST_TILE_EDGE_PX: u32 = 208;
/// The longest where memory is to be spared, and of what is seen as a whole then.
const SPARING_EDGE_PX: u32 = 640;
/// The longest side offered on a graphics card, px: a poster's, 35 cm at 300 dpi.
const MAX_EDGE_PX: u32 = 4096;

/// How much of a graphics card's memory to take, where a picture can be painted with more or with
/// less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryUse {
    /// As much as makes it fast.
    #[default]
    Ample,
    /// Less, with tiles also where the picture could be seen as a whole, and with feature maps in
    /// halves where the card has them. The picture differs in what no one can foresee anyway, by
    /// half as much again as another order of sums makes it differ.
    Sparing,
}

/// In what feature maps are kept on a graphics card between the layers. Sums and gradients are f32
/// either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// f32.
    #[default]
    Single,
    /// f16, where the card has it.
    Half,
}

impl Precision {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Single, Self::Half];

    /// Its name, lower-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Half => "half",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|precision| precision.name() == name)
    }
}

/// What a device has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLimits {
    /// The longest side, px, of a picture that the network sees as a whole; larger ones it sees in
    /// tiles.
    pub whole_edge: u32,
    /// The longest side, px, of a tile with its halo.
    pub tile_edge: u32,
    /// The side, px, of the largest square of which all layers are evaluated together; of what is
    /// larger the first is by itself.
    pub together_edge: u32,
    /// Most bytes of what L-BFGS remembers, unless that is too little for the fewest pairs.
    pub pairs_bytes: u64,
    /// Most bytes of one buffer.
    pub buffer_bytes: u64,
    /// Whether it can keep feature maps in f16.
    pub has_f16: bool,
    /// In what feature maps are kept.
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

    /// Of a graphics card that binds buffers of as many bytes. The widest feature map lies in one,
    /// with the pixel that a replicated border adds to every side.
    pub fn of_buffers(buffer_bytes: u64) -> Self {
        Self { buffer_bytes, together_edge: TOGETHER_EDGE_PX, ..Self::AMPLE }
            .in_tiles_above(MOST_WHOLE_EDGE_PX)
    }

    /// What there is room for when memory is used in this way.
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

    /// Whether all layers of what shows so many pixels are evaluated together.
    pub fn evaluates_together(self, pixels: usize) -> bool {
        pixels as u64 <= u64::from(self.together_edge).pow(2)
    }

    /// Whether the network sees a picture of this size as a whole.
    pub fn sees_whole(self, width: u32, height: u32) -> bool {
        width.max(height) <= self.whole_edge
    }

    /// The longest side, px, of a square picture that can be painted at all: L-BFGS's memory lies
    /// in one buffer.
    pub fn max_edge(self) -> u32 {
        let vector =
            self.buffer_bytes / (2 * FEWEST_PAIRS * FLOAT_BYTES) / CHUNK as u64 * CHUNK as u64;
        px((vector / COLOURS).isqrt()).min(MAX_EDGE_PX)
    }

    /// This capacity, but that the network sees nothing larger at once than a square of this side,
    /// px; less where a buffer does not hold its map.
    #[must_use]
    pub fn in_tiles_above(self, edge: u32) -> Self {
        let held = (self.buffer_bytes / (WIDEST_CHANNELS * FLOAT_BYTES)).isqrt().saturating_sub(2);
        let whole_edge = edge.min(px(held));
        Self { whole_edge, tile_edge: whole_edge.min(TILE_EDGE_PX), ..self }
    }

    /// Pairs that L-BFGS remembers of a picture of as many pixels.
    pub fn pairs(self, pixels: usize) -> usize {
        let pairs = self.pairs_bytes.min(self.buffer_bytes) / pair_bytes(pixels as u64).max(1);
        usize::try_from(pairs.clamp(FEWEST_PAIRS, MOST_PAIRS)).unwrap_or(usize::MAX)
    }

    /// About the most that is reserved on the device while a picture of this size, px, is painted
    /// after paintings no longer than `style_edge`, px. They count as squares; each further one
    /// takes some 10 MiB more.
    pub fn bytes_to_paint(self, width: u32, height: u32, style_edge: u32) -> u64 {
        self.bytes_of_steps(width, height).max(self.bytes_to_study(style_edge))
    }

    /// The same while a square painting of this side, px, is studied, which happens before the
    /// first step. In tiles it is a guess, and the steps take more.
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

    /// The same during the steps.
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

/// Bytes of one of L-BFGS's pairs for a picture of as many pixels: two vectors.
fn pair_bytes(pixels: u64) -> u64 {
    2 * FLOAT_BYTES * (COLOURS * pixels).next_multiple_of(CHUNK as u64)
}

/// As a side of a picture, px.
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
