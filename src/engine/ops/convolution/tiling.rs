//! How the work of one convolution is divided among workgroups and their units, by the fine
//! division.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::{CubeCount, CubeDim};

use super::super::layout::{VECTOR, empty, empty_as, extents};
use super::shared::output_side;

/// How the work of one kernel is divided; compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tiling {
    /// Taps along one side of the window, odd.
    pub window: usize,
    /// Zeros around what is read, to each side.
    pub padding: usize,
    /// Width of a workgroup's tile, px.
    pub columns: usize,
    /// Height of a workgroup's tile, px.
    pub rows: usize,
    /// Channels that a workgroup writes, in vectors.
    pub group: usize,
    /// Width of a unit's part of the tile, a single row, px.
    pub run: usize,
    /// Channels that a unit writes, in vectors.
    pub depth: usize,
}

impl Tiling {
    /// For `outputs` channels written. A workgroup answers for 8×8 px × 64 channels; the first
    /// layer's gradient has a single vector of channels, for which it answers for 32×16 px. It has
    /// 64 units and 10.6 KiB of shared memory, and between 5 and 6 multiplications follow on each
    /// float that is read from there. Both were chosen among several by time on a real GPU of many
    /// cores, where no other tile and no other unit was faster.
    const fn new(padding: usize, outputs: usize, window: usize) -> Self {
        let (columns, rows, group) =
            if outputs.is_multiple_of(16 * VECTOR) { (8, 8, 16) } else { (32, 16, 1) };
        let depth = if group == 1 { 1 } else { 2 };
        Self { window, padding, columns, rows, group, run: 8, depth }
    }

    /// Units side by side over the channels of a group.
    pub const fn lanes(self) -> usize {
        self.group / self.depth
    }

    /// Units side by side over the columns of a tile.
    pub const fn runs(self) -> usize {
        self.columns / self.run
    }

    /// Units of a workgroup.
    pub const fn units(self) -> usize {
        self.lanes() * self.runs() * self.rows
    }

    /// Vectors that a unit keeps sums in.
    pub const fn sums(self) -> usize {
        self.run * self.depth
    }

    /// Width of a tile with its margins, px.
    pub const fn stage_columns(self) -> usize {
        self.columns + self.window - 1
    }

    /// Pixels of a tile with its margins.
    pub const fn stage(self) -> usize {
        self.stage_columns() * (self.rows + self.window - 1)
    }

    /// Vectors of weights of one vector of input channels: for each tap and channel those of the
    /// group.
    pub const fn taps(self) -> usize {
        self.window * self.window * VECTOR * self.group
    }

    /// Times that a unit fetches something where all units fetch `count` vectors.
    pub const fn turns(self, count: usize) -> usize {
        count.div_ceil(self.units())
    }

    /// Pixels that a unit reads along a row.
    pub const fn strip(self) -> usize {
        self.run + self.window - 1
    }
}

/// Workgroups up to which slices are made. A deep layer's map has few tiles, and a large GPU holds
/// some four workgroups on each of its hundred cores.
const WORKGROUPS: usize = 512;
/// The fewest input channels for which a slice is made, in vectors: below, writing its sums would
/// cost as much as making them.
const LEAST_LENGTH: usize = 8;

/// One convolution to be done. Where its map has too few tiles for a whole GPU, the sum over the
/// input channels is cut into slices, each tile has a workgroup for each slice, and the slices'
/// sums are added up afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// What is compiled in.
    pub tiling: Tiling,
    /// Input channels of a slice, in vectors; the last may have fewer.
    pub length: usize,
    slices: usize,
    /// Extents of the answer.
    height: usize,
    width: usize,
    outputs: usize,
}

impl Job {
    /// For `x`, `[1, H, W, C]`, with so many zeros to each side, and so many output channels.
    pub fn new(padding: usize, x: &CubeTensor, outputs: usize, window: usize) -> Self {
        let tiling = Tiling::new(padding, outputs, window);
        let [_, height, width, inputs] = extents(x);
        let [height, width] = [height, width].map(|side| output_side(side, padding, window));
        let inputs = inputs / VECTOR;
        let tiles = height.div_ceil(tiling.rows) * width.div_ceil(tiling.columns) * outputs
            / (VECTOR * tiling.group);
        let slices = (WORKGROUPS / tiles).min(inputs / LEAST_LENGTH).max(1);
        let length = inputs.div_ceil(slices);
        Self { tiling, length, slices: inputs.div_ceil(length), height, width, outputs }
    }

    /// Whether the answer has to be added up.
    pub const fn is_sliced(self) -> bool {
        self.slices > 1
    }

    /// Uninitialised memory, where `like` lies, for what each slice answers: `[S, H, W, C]`.
    pub fn parts(self, like: &CubeTensor) -> CubeTensor {
        empty(like, [self.slices, self.height, self.width, self.outputs])
    }

    /// Uninitialised memory, where `like` lies, for the answer in `dtype`: `[1, H, W, C]`.
    pub fn output(self, like: &CubeTensor, dtype: DType) -> CubeTensor {
        empty_as(like, [1, self.height, self.width, self.outputs], dtype)
    }

    /// Workgroups, those of a slice one after another.
    pub fn cube_count(self) -> CubeCount {
        let count = |all: usize| u32::try_from(all).expect("a count of workgroups");
        let groups = self.outputs / (VECTOR * self.tiling.group);
        CubeCount::Static(
            count(self.width.div_ceil(self.tiling.columns)),
            count(self.height.div_ceil(self.tiling.rows)),
            count(groups * self.slices),
        )
    }

    /// Units of a workgroup.
    pub fn cube_dim(self) -> CubeDim {
        CubeDim::new_1d(u32::try_from(self.tiling.units()).expect("a count of units"))
    }
}
