//! Tile sizes and launch sizes of the tiled kernel.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::{CubeCount, CubeDim};

use super::super::layout::{VECTOR, empty, empty_as, extents};
use super::shared::output_side;

/// Tile and register block sizes, a compile-time constant of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tiling {
    /// Window size, in taps per side; odd.
    pub window: usize,
    /// Zero padding on each side, px.
    pub padding: usize,
    /// Width of a workgroup's tile, px.
    pub columns: usize,
    /// Height of a workgroup's tile, px.
    pub rows: usize,
    /// Output channels per workgroup, in vectors.
    pub group: usize,
    /// Width of a unit's register block, px. Its height is a single row.
    pub run: usize,
    /// Output channels per unit, in vectors.
    pub depth: usize,
}

impl Tiling {
    /// Chooses the tile for this number of output channels: 8×8 px × 64 channels; or 32×16 px × 4
    /// channels for the first layer's gradient, which has a single vector of channels. A workgroup
    /// has 64 units and up to 10.6 KiB of shared memory. Each float loaded from there feeds four to
    /// six multiply-adds. Other tile and block sizes were no faster on a large GPU.
    const fn new(padding: usize, outputs: usize, window: usize) -> Self {
        let (columns, rows, group) =
            if outputs.is_multiple_of(16 * VECTOR) { (8, 8, 16) } else { (32, 16, 1) };
        let depth = if group == 1 { 1 } else { 2 };
        Self { window, padding, columns, rows, group, run: 8, depth }
    }

    /// Returns the number of units along a tile's channels.
    pub const fn lanes(self) -> usize {
        self.group / self.depth
    }

    /// Returns the number of units along a tile's row.
    pub const fn runs(self) -> usize {
        self.columns / self.run
    }

    /// Returns the number of units of a workgroup.
    pub const fn units(self) -> usize {
        self.lanes() * self.runs() * self.rows
    }

    /// Returns the number of a unit's accumulators, in vectors.
    pub const fn sums(self) -> usize {
        self.run * self.depth
    }

    /// Returns the width of a tile with its halo, px.
    pub const fn stage_columns(self) -> usize {
        self.columns + self.window - 1
    }

    /// Returns the number of pixels of a tile with its halo.
    pub const fn stage(self) -> usize {
        self.stage_columns() * (self.rows + self.window - 1)
    }

    /// Returns the number of weights per vector of input channels, in vectors: for each tap and
    /// component, those of the group's output channels.
    pub const fn taps(self) -> usize {
        self.window * self.window * VECTOR * self.group
    }

    /// Returns the number of loads per unit with which a workgroup loads `count` vectors.
    pub const fn turns(self, count: usize) -> usize {
        count.div_ceil(self.units())
    }

    /// Returns the number of pixels that a unit loads per row of the window.
    pub const fn strip(self) -> usize {
        self.run + self.window - 1
    }
}

/// Target number of workgroups, to which the input channels are split if a map has fewer tiles, as
/// in deep layers. A large GPU runs about four workgroups on each of its hundred cores.
const WORKGROUPS: usize = 512;
/// Minimum number of input channels per slice, in vectors. With fewer, storing the sums would cost
/// as much as computing them.
const LEAST_LENGTH: usize = 8;

/// Launch parameters of one convolution. If the map has too few tiles to fill a GPU, the input
/// channels are split into slices with separate workgroups, whose sums are added up afterwards
/// (split-K).
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// Compile-time constants of the kernel.
    pub tiling: Tiling,
    /// Input channels per slice, in vectors; the last slice may have fewer.
    pub length: usize,
    slices: usize,
    // Shape of the output.
    height: usize,
    width: usize,
    outputs: usize,
}

impl Job {
    /// Plans the convolution of `x`, `[1, H, W, C]`, to `outputs` channels with this padding and
    /// window.
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

    /// Returns whether the launch yields several slices, to be added up.
    pub const fn is_sliced(self) -> bool {
        self.slices > 1
    }

    /// Allocates the sums of all slices, `[S, H, W, C]` in f32, on the device of `like`.
    pub fn parts(self, like: &CubeTensor) -> CubeTensor {
        empty(like, [self.slices, self.height, self.width, self.outputs])
    }

    /// Allocates the output, `[1, H, W, C]` in `dtype`, on the device of `like`.
    pub fn output(self, like: &CubeTensor, dtype: DType) -> CubeTensor {
        empty_as(like, [1, self.height, self.width, self.outputs], dtype)
    }

    /// Returns the grid: columns, rows, and slices × groups of output channels.
    pub fn cube_count(self) -> CubeCount {
        let count = |all: usize| u32::try_from(all).expect("a count of workgroups");
        let groups = self.outputs / (VECTOR * self.tiling.group);
        CubeCount::Static(
            count(self.width.div_ceil(self.tiling.columns)),
            count(self.height.div_ceil(self.tiling.rows)),
            count(groups * self.slices),
        )
    }

    /// Returns the workgroup size.
    pub fn cube_dim(self) -> CubeDim {
        CubeDim::new_1d(u32::try_from(self.tiling.units()).expect("a count of units"))
    }
}
