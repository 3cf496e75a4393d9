//! The convolution as a matrix product whose left factor is never written down ("implicit GEMM"), in tiles.
//!
//! A workgroup answers for a tile of pixels and a group of output channels. It goes through the input channels four at a time: it
//! brings their part of the picture, with a margin, and their weights into shared memory, and each unit multiplies them into sums that
//! it keeps in registers, for a run of neighbouring pixels and a few vectors of channels. Along a run, one reading serves all columns
//! of the window.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, empty, extents};
use super::Plan;

/// How a kernel's work is divided. Which way is fastest depends on the adapter: a GPU has many units with few registers each, whereas an
/// emulated one keeps "registers" in memory anyway and pays for every single float that is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Division {
    /// Many small units: each keeps 8 px × 8 channels in 64 registers, and a workgroup shares pixels and weights.
    #[default]
    Fine,
    /// A quarter as many large ones: each keeps 4×4 px × 16 channels, and a workgroup shares pixels alone.
    Coarse,
}

impl Division {
    /// Every way there is.
    pub const ALL: [Self; 2] = [Self::Fine, Self::Coarse];

    /// Its name, lower-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Coarse => "coarse",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|division| division.name() == name)
    }
}

/// How the work of one kernel is divided; compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Tiling {
    /// Taps along one side of the window, odd.
    window: usize,
    /// Zeros around what is read, to each side.
    padding: usize,
    /// Width of a workgroup's tile, px.
    columns: usize,
    /// Height of a workgroup's tile, px.
    rows: usize,
    /// Channels that a workgroup writes, in vectors.
    group: usize,
    /// Width of a unit's part of the tile, px.
    run: usize,
    /// Height of a unit's part of the tile, px.
    height: usize,
    /// Channels that a unit writes, in vectors.
    depth: usize,
    /// Whether the weights go through shared memory, or straight from where they lie to each unit.
    shares_weights: bool,
}

impl Tiling {
    /// For `outputs` channels written. A workgroup answers for 8×8 px × 64 channels; the first layer's gradient has a single vector of
    /// channels, for which it answers for 32×16 px. The fine division has 64 units and 10.6 KiB of shared memory, and between 5 and 6
    /// multiplications follow on each float that is read from there. Both were chosen among several by time on emulated GPUs, the fine one
    /// also by count of registers and readings; a real GPU has yet to judge.
    const fn new(plan: Plan, outputs: usize, window: usize) -> Self {
        let (columns, rows, group) = if outputs.is_multiple_of(16 * VECTOR) { (8, 8, 16) } else { (32, 16, 1) };
        let (run, height, depth, shares_weights) = match plan.division {
            Division::Fine => (8, 1, 2, true),
            Division::Coarse => (4, 4, 4, false),
        };
        let depth = if depth < group { depth } else { group };
        Self { window, padding: plan.padding, columns, rows, group, run, height, depth, shares_weights }
    }

    /// Units side by side over the channels of a group.
    const fn lanes(self) -> usize {
        self.group / self.depth
    }

    /// Units side by side over the columns of a tile.
    const fn runs(self) -> usize {
        self.columns / self.run
    }

    const fn units(self) -> usize {
        self.lanes() * self.runs() * self.rows / self.height
    }

    /// Vectors that a unit keeps sums in.
    const fn sums(self) -> usize {
        self.height * self.run * self.depth
    }

    /// Uninitialised memory for what a kernel answers to `x`, `[1, H, W, C]`.
    fn answer(self, x: &CubeTensor, outputs: usize) -> CubeTensor {
        let [batch, height, width, _] = extents(x);
        let [height, width] = [height, width].map(|side| side + 2 * self.padding + 1 - self.window);
        empty(x, [batch, height, width, outputs])
    }

    /// Width of a tile with its margins, px.
    const fn stage_columns(self) -> usize {
        self.columns + self.window - 1
    }

    /// Pixels of a tile with its margins.
    const fn stage(self) -> usize {
        self.stage_columns() * (self.rows + self.window - 1)
    }

    /// Rows of the weights of one vector of input channels: one for each tap and channel.
    const fn taps(self) -> usize {
        self.window * self.window * VECTOR
    }

    /// Pixels that a unit reads along a row.
    const fn strip(self) -> usize {
        self.run + self.window - 1
    }

    /// Workgroups for a result `[1, H, W, C]`.
    fn cube_count(self, result: &CubeTensor) -> CubeCount {
        let [_, height, width, channels] = extents(result);
        let count = |all: usize, part: usize| u32::try_from(all.div_ceil(part)).expect("a count of workgroups");
        CubeCount::Static(count(width, self.columns), count(height, self.rows), count(channels / VECTOR, self.group))
    }

    fn cube_dim(self) -> CubeDim {
        CubeDim::new_1d(u32::try_from(self.units()).expect("a count of units"))
    }
}

/// `max(0, x * weights + bias)` with the plan's zeros around `x`: `[1, C_in, H, W]`, `[9, C_in, C_out]`, `[C_out]` to `[1, C_out, H', W']`,
/// where a side grows by twice the padding and shrinks by two.
pub fn convolve_relu(x: CubeTensor, weights: CubeTensor, bias: CubeTensor, plan: Plan) -> CubeTensor {
    let x = channels_last(x);
    let [_, _, outputs] = extents(&weights);
    let tiling = Tiling::new(plan, outputs, 3);
    let answer = tiling.answer(&x, outputs);
    // SAFETY: the kernel reads within the extents it is given, and writes only within those of the answer.
    unsafe {
        forward_kernel::launch_unchecked(
            &x.client.clone(),
            tiling.cube_count(&answer),
            tiling.cube_dim(),
            VECTOR,
            x.into_tensor_arg(),
            weights.into_tensor_arg(),
            bias.into_tensor_arg(),
            answer.clone().into_tensor_arg(),
            tiling,
        );
    }
    channels_first(answer)
}

/// `(gradient where answer > 0) * weights` with the plan's zeros around the gradient: `[1, C_out, H, W]` twice, `[9, C_out, C_in]` to
/// `[1, C_in, H', W']`.
pub fn convolve_relu_backward(gradient: CubeTensor, answer: CubeTensor, weights: CubeTensor, plan: Plan) -> CubeTensor {
    let [gradient, answer] = [gradient, answer].map(channels_last);
    let [_, _, outputs] = extents(&weights);
    let tiling = Tiling::new(plan, outputs, 3);
    let result = tiling.answer(&gradient, outputs);
    // SAFETY: as above.
    unsafe {
        backward_kernel::launch_unchecked(
            &gradient.client.clone(),
            tiling.cube_count(&result),
            tiling.cube_dim(),
            VECTOR,
            gradient.into_tensor_arg(),
            answer.into_tensor_arg(),
            weights.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            tiling,
        );
    }
    channels_first(result)
}

/// Each pixel's channels times a matrix, a convolution with a window of one: `[1, C_in, H, W]`, `[C_in, C_out]` to `[1, C_out, H, W]`.
pub fn weighted(x: CubeTensor, matrix: CubeTensor) -> CubeTensor {
    let x = channels_last(x);
    let [_, outputs] = extents(&matrix);
    let tiling = Tiling::new(Plan { padding: 0, division: Division::Fine }, outputs, 1);
    let result = tiling.answer(&x, outputs);
    // SAFETY: as above.
    unsafe {
        linear_kernel::launch_unchecked(
            &x.client.clone(),
            tiling.cube_count(&result),
            tiling.cube_dim(),
            VECTOR,
            x.into_tensor_arg(),
            matrix.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            tiling,
        );
    }
    channels_first(result)
}

#[cube(launch_unchecked)]
fn forward_kernel<N: Size>(
    x: &Tensor<Vector<f32, N>>,
    weights: &Tensor<Vector<f32, N>>,
    bias: &Tensor<Vector<f32, N>>,
    answer: &mut Tensor<Vector<f32, N>>,
    #[comptime] tiling: Tiling,
) {
    let mut sums = Array::<Vector<f32, N>>::new(comptime!(tiling.sums()));
    #[unroll]
    for vector in 0..tiling.depth {
        let value = bias[output_channel(vector, tiling)];
        #[unroll]
        for pixel in 0..comptime!(tiling.height * tiling.run) {
            sums[comptime!(pixel * tiling.depth + vector)] = value;
        }
    }
    convolve(x, x, weights, &mut sums, answer.shape(3) / VECTOR, false, tiling);
    #[unroll]
    for index in 0..comptime!(tiling.sums()) {
        sums[index] = max(sums[index], Vector::new(0.0f32));
    }
    store(&sums, answer, tiling);
}

#[cube(launch_unchecked)]
fn backward_kernel<N: Size>(
    gradient: &Tensor<Vector<f32, N>>,
    answer: &Tensor<Vector<f32, N>>,
    weights: &Tensor<Vector<f32, N>>,
    result: &mut Tensor<Vector<f32, N>>,
    #[comptime] tiling: Tiling,
) {
    let mut sums = zeros::<N>(comptime!(tiling.sums()));
    convolve(gradient, answer, weights, &mut sums, result.shape(3) / VECTOR, true, tiling);
    store(&sums, result, tiling);
}

#[cube(launch_unchecked)]
fn linear_kernel<N: Size>(
    x: &Tensor<Vector<f32, N>>,
    weights: &Tensor<Vector<f32, N>>,
    result: &mut Tensor<Vector<f32, N>>,
    #[comptime] tiling: Tiling,
) {
    let mut sums = zeros::<N>(comptime!(tiling.sums()));
    convolve(x, x, weights, &mut sums, result.shape(3) / VECTOR, false, tiling);
    store(&sums, result, tiling);
}

#[cube]
fn zeros<N: Size>(#[comptime] count: usize) -> Array<Vector<f32, N>> {
    let mut sums = Array::<Vector<f32, N>>::new(count);
    #[unroll]
    for index in 0..count {
        sums[index] = Vector::new(0.0f32);
    }
    sums
}

/// Adds the convolution of `x`, or of `x` where `mask > 0`, to this unit's `sums`; `outputs` are all channels written, in vectors.
#[cube]
fn convolve<N: Size>(
    x: &Tensor<Vector<f32, N>>,
    mask: &Tensor<Vector<f32, N>>,
    weights: &Tensor<Vector<f32, N>>,
    sums: &mut Array<Vector<f32, N>>,
    outputs: usize,
    #[comptime] masked: bool,
    #[comptime] tiling: Tiling,
) {
    let mut pixels = Shared::<[Vector<f32, N>]>::new_slice(comptime!(tiling.stage()));
    let mut taps =
        Shared::<[Vector<f32, N>]>::new_slice(comptime!(if tiling.shares_weights { tiling.taps() * tiling.group } else { 1 }));
    let inputs = x.shape(3) / VECTOR;
    for input in 0..inputs {
        load_pixels(x, mask, &mut pixels, input, masked, tiling);
        if comptime!(tiling.shares_weights) {
            load_taps(weights, &mut taps, input, inputs, outputs, tiling);
        }
        sync_cube();
        multiply(&pixels, &taps, weights, sums, input, inputs, outputs, tiling);
        sync_cube();
    }
}

/// Brings the tile and its margins of one vector of input channels to shared memory; beyond what is read are zeros.
#[cube]
fn load_pixels<N: Size>(
    x: &Tensor<Vector<f32, N>>,
    mask: &Tensor<Vector<f32, N>>,
    pixels: &mut Shared<[Vector<f32, N>]>,
    input: usize,
    #[comptime] masked: bool,
    #[comptime] tiling: Tiling,
) {
    let zero = Vector::<f32, N>::new(0.0f32);
    let height = x.shape(1);
    let width = x.shape(2);
    let inputs = x.shape(3) / VECTOR;
    let top = CUBE_POS_Y as usize * tiling.rows;
    let left = CUBE_POS_X as usize * tiling.columns;
    #[unroll]
    for turn in 0..comptime!(tiling.stage().div_ceil(tiling.units())) {
        let index = UNIT_POS as usize + comptime!(turn * tiling.units());
        if index < comptime!(tiling.stage()) {
            // Both count from the padding, so that nothing is below 0.
            let row = top + index / comptime!(tiling.stage_columns());
            let column = left + index % comptime!(tiling.stage_columns());
            let padding = tiling.padding;
            let inside = row >= padding && row < height + padding && column >= padding && column < width + padding;
            let pixel = select(inside, (row - padding) * width + column - padding, 0usize.runtime());
            let mut value = x[pixel * inputs + input];
            if masked {
                value = select_many(mask[pixel * inputs + input].greater_than(&zero), value, zero);
            }
            pixels[index] = select(inside, value, zero);
        }
    }
}

/// Brings the weights between one vector of input channels and the workgroup's output channels to shared memory.
#[cube]
fn load_taps<N: Size>(
    weights: &Tensor<Vector<f32, N>>,
    taps: &mut Shared<[Vector<f32, N>]>,
    input: usize,
    inputs: usize,
    outputs: usize,
    #[comptime] tiling: Tiling,
) {
    let first = CUBE_POS_Z as usize * tiling.group;
    let count = comptime!(tiling.taps() * tiling.group);
    #[unroll]
    for turn in 0..comptime!(count.div_ceil(tiling.units())) {
        let index = UNIT_POS as usize + comptime!(turn * tiling.units());
        if index < count {
            let tap = index / comptime!(tiling.group * VECTOR);
            let channel = (tap * inputs + input) * VECTOR + index / tiling.group % VECTOR;
            taps[index] = weights[channel * outputs + first + index % tiling.group];
        }
    }
}

/// Multiplies one vector of input channels into this unit's `sums`.
#[cube]
fn multiply<N: Size>(
    pixels: &Shared<[Vector<f32, N>]>,
    taps: &Shared<[Vector<f32, N>]>,
    weights: &Tensor<Vector<f32, N>>,
    sums: &mut Array<Vector<f32, N>>,
    input: usize,
    inputs: usize,
    outputs: usize,
    #[comptime] tiling: Tiling,
) {
    let corner = unit_row(tiling) * comptime!(tiling.stage_columns()) + unit_column(tiling);
    let mut strips = Array::<Vector<f32, N>>::new(comptime!(tiling.height * tiling.strip()));
    for window_row in 0..tiling.window {
        let first_pixel = corner + window_row * comptime!(tiling.stage_columns());
        #[unroll]
        for row in 0..tiling.height {
            #[unroll]
            for index in 0..comptime!(tiling.strip()) {
                strips[comptime!(row * tiling.strip() + index)] =
                    pixels[first_pixel + comptime!(row * tiling.stage_columns() + index)];
            }
        }
        #[unroll]
        for window_column in 0..tiling.window {
            #[unroll]
            for vector in 0..tiling.depth {
                let tap = window_row * tiling.window + window_column;
                let first = (tap * inputs + input) * VECTOR;
                let w0 = row_of_weights(taps, weights, tap, first, outputs, 0usize, vector, tiling);
                let w1 = row_of_weights(taps, weights, tap, first, outputs, 1usize, vector, tiling);
                let w2 = row_of_weights(taps, weights, tap, first, outputs, 2usize, vector, tiling);
                let w3 = row_of_weights(taps, weights, tap, first, outputs, 3usize, vector, tiling);
                #[unroll]
                for pixel in 0..comptime!(tiling.height * tiling.run) {
                    let place = comptime!(pixel / tiling.run * tiling.strip() + pixel % tiling.run + window_column);
                    let sum = comptime!(pixel * tiling.depth + vector);
                    let x = strips[place];
                    // Stored once for all four: an emulated GPU keeps `sums` in memory.
                    sums[sum] = sums[sum]
                        + Vector::broadcast(x.extract(0usize)) * w0
                        + Vector::broadcast(x.extract(1usize)) * w1
                        + Vector::broadcast(x.extract(2usize)) * w2
                        + Vector::broadcast(x.extract(3usize)) * w3;
                }
            }
        }
    }
}

/// The weights between one input channel and one vector of this unit's output channels.
#[cube]
fn row_of_weights<N: Size>(
    taps: &Shared<[Vector<f32, N>]>,
    weights: &Tensor<Vector<f32, N>>,
    tap: usize,
    first_input: usize,
    outputs: usize,
    #[comptime] component: usize,
    #[comptime] vector: usize,
    #[comptime] tiling: Tiling,
) -> Vector<f32, N> {
    if comptime!(tiling.shares_weights) {
        let lane = UNIT_POS as usize % comptime!(tiling.lanes());
        taps[tap * comptime!(VECTOR * tiling.group) + lane + comptime!(component * tiling.group + vector * tiling.lanes())]
    } else {
        weights[(first_input + component) * outputs + output_channel(vector, tiling)]
    }
}

/// Writes this unit's `sums` where they lie in the picture.
#[cube]
fn store<N: Size>(sums: &Array<Vector<f32, N>>, result: &mut Tensor<Vector<f32, N>>, #[comptime] tiling: Tiling) {
    let height = result.shape(1);
    let width = result.shape(2);
    let outputs = result.shape(3) / VECTOR;
    let first_row = CUBE_POS_Y as usize * tiling.rows + unit_row(tiling);
    let first_column = CUBE_POS_X as usize * tiling.columns + unit_column(tiling);
    #[unroll]
    for pixel in 0..comptime!(tiling.height * tiling.run) {
        let row = first_row + comptime!(pixel / tiling.run);
        let column = first_column + comptime!(pixel % tiling.run);
        if row < height && column < width {
            #[unroll]
            for vector in 0..tiling.depth {
                let channel = output_channel(vector, tiling);
                result[(row * width + column) * outputs + channel] = sums[comptime!(pixel * tiling.depth + vector)];
            }
        }
    }
}

/// The first row of this unit's part of the tile.
#[cube]
fn unit_row(#[comptime] tiling: Tiling) -> usize {
    UNIT_POS as usize / comptime!(tiling.lanes() * tiling.runs()) * tiling.height
}

/// The first column of this unit's part of the tile.
#[cube]
fn unit_column(#[comptime] tiling: Tiling) -> usize {
    UNIT_POS as usize / comptime!(tiling.lanes()) % comptime!(tiling.runs()) * tiling.run
}

/// One of the output channels of this unit, in vectors.
#[cube]
fn output_channel(#[comptime] vector: usize, #[comptime] tiling: Tiling) -> usize {
    CUBE_POS_Z as usize * tiling.group + UNIT_POS as usize % comptime!(tiling.lanes()) + comptime!(vector * tiling.lanes())
}
