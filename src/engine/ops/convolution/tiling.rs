//! How the tiled kernel divides a convolution among workgroups and units.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::{CubeCount, CubeDim};

use super::super::layout::{VECTOR, empty, empty_as, extents};
use super::shared::output_side;

/// The division of one kernel; a compile-time constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tiling {
    /// Taps along one side of the window, odd.
    pub window: usize,
    /// Zero padding on each side, px.
    pub padding: usize,
    /// Width of a workgroup's tile, px.
    pub columns: usize,
    /// Height of a workgroup's tile, px.
    pub rows: usize,
    /// Channels per workgroup, in vectors.
    pub group: usize,
    /// Width of a unit's part of the tile, a single row, px.
    pub run: usize,
    /// Channels per unit, in vectors.
    pub depth: usize,
}

impl Tiling {
    /// Chooses the division for this many output channels: 8×8 px × 64 channels per workgroup;
    /// 32×16 px for the first layer's gradient, which has a single vector of channels. 64 units,
    /// 10.6 KiB of shared memory, and five to six multiplications per float loaded from there. No
    /// other tile or unit was faster on a large GPU.
    const fn new(padding: usize, outputs: usize, window: usize) -> Self {
        let (columns, rows, group) =
            if outputs.is_multiple_of(16 * VECTOR) { (8, 8, 16) } else { (32, 16, 1) };
        let depth = if group == 1 { 1 } else { 2 };
        Self { window, padding, columns, rows, group, run: 8, depth }
    }

    /// Units along the channels of a group.
    pub const fn lanes(self) -> usize {
        self.group / self.depth
    }

    /// Units along the columns of a tile.
    pub const fn runs(self) -> usize {
        self.columns / self.run
    }

    /// Units of a workgroup.
    pub const fn units(self) -> usize {
        self.lanes() * self.runs() * self.rows
    }

    /// Accumulators of a unit, in vectors.
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

    /// Weights of one vector of input channels, in vectors: the group's channels for each tap and
    /// component.
    pub const fn taps(self) -> usize {
        self.window * self.window * VECTOR * self.group
    }

    /// Loads per unit where all units together load `count` vectors.
    pub const fn turns(self, count: usize) -> usize {
        count.div_ceil(self.units())
    }

    /// Pixels that a unit loads along a row.
    pub const fn strip(self) -> usize {
        self.run + self.window - 1
    }
}

/// Workgroups below which the input channels are split. A deep layer's map has few tiles, and a
/// large GPU runs some four workgroups on each of its hundred cores.
const WORKGROUPS: usize = 512;
/// Fewest input channels of a slice, in vectors: below, storing its sums would cost as much as
/// computing them.
const LEAST_LENGTH: usize = 8;

/// One convolution to launch. If its map has too few tiles for a whole GPU, the input channels are
/// split into slices, each with workgroups of its own, and their sums are added up afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// Compile-time constants.
    pub tiling: Tiling,
    /// Input channels of a slice, in vectors; the last slice may have fewer.
    pub length: usize,
    slices: usize,
    /// Extents of the output.
    height: usize,
    width: usize,
    outputs: usize,
}

impl Job {
    /// Plans the convolution of `x`, `[1, H, W, C]`, with this padding and number of output
    /// channels.
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

    /// Whether slices have to be added up.
    pub const fn is_sliced(self) -> bool {
        self.slices > 1
    }

    /// Allocates the partial sums of all slices beside `like`: `[S, H, W, C]`.
    pub fn parts(self, like: &CubeTensor) -> CubeTensor {
        empty(like, [self.slices, self.height, self.width, self.outputs])
    }

    /// Allocates the output beside `like` in `dtype`: `[1, H, W, C]`.
    pub fn output(self, like: &CubeTensor, dtype: DType) -> CubeTensor {
        empty_as(like, [1, self.height, self.width, self.outputs], dtype)
    }

    /// Returns the number of workgroups, slice by slice.
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
