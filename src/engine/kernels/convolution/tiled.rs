//! The convolution as a matrix product whose left factor is never written down ("implicit GEMM"), in tiles.
//!
//! A workgroup answers for a tile of pixels and a group of output channels. It goes through the input channels four at a time: it
//! brings their part of the picture, with a margin, and their weights into shared memory, and each unit multiplies them into sums that
//! it keeps in registers, for a run of neighbouring pixels and a few vectors of channels. Along a run, one reading serves all columns
//! of the window.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, empty, extents};

/// How the work is divided; compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Tiling {
    /// Taps along one side of the window, odd.
    window: usize,
    /// Width of a workgroup's tile, px.
    columns: usize,
    /// Height of a workgroup's tile, px.
    rows: usize,
    /// Channels that a workgroup writes, in vectors.
    group: usize,
    /// Channels that a unit writes, in vectors.
    depth: usize,
}

/// Neighbouring pixels for which a unit keeps sums. With 8 channels for each, in 64 registers, between 5 and 6 multiplications follow on
/// each float that is read from shared memory.
const RUN: usize = 8;

impl Tiling {
    /// For `outputs` channels written. 64 units share 8×8 px × 64 channels: 10.6 KiB of shared memory; the first layer's gradient has
    /// a single vector of channels, for which they share 32×16 px. Chosen among tiles of 8 and 16 px with 4 to 16 channels for a unit by
    /// time on an emulated GPU and by count of registers and readings; a real GPU has yet to judge.
    const fn new(outputs: usize, window: usize) -> Self {
        if outputs.is_multiple_of(16 * VECTOR) {
            Self { window, columns: 8, rows: 8, group: 16, depth: 2 }
        } else {
            Self { window, columns: 32, rows: 16, group: 1, depth: 1 }
        }
    }

    /// Units side by side over the channels of a group.
    const fn lanes(self) -> usize {
        self.group / self.depth
    }

    /// Units side by side over the columns of a tile.
    const fn runs(self) -> usize {
        self.columns / RUN
    }

    const fn units(self) -> usize {
        self.lanes() * self.runs() * self.rows
    }

    /// Pixels beyond the tile that the window reaches, to each side.
    const fn margin(self) -> usize {
        self.window / 2
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
        RUN + self.window - 1
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

/// `max(0, x * weights + bias)`: `[1, C_in, H, W]`, `[9, C_in, C_out]`, `[C_out]` to `[1, C_out, H, W]`.
pub fn convolve_relu(x: CubeTensor, weights: CubeTensor, bias: CubeTensor) -> CubeTensor {
    let x = channels_last(x);
    let [_, _, outputs] = extents(&weights);
    let [batch, height, width, _] = extents(&x);
    let answer = empty(&x, [batch, height, width, outputs]);
    let tiling = Tiling::new(outputs, 3);
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

/// `(gradient where answer > 0) * weights`: `[1, C_out, H, W]` twice, `[9, C_out, C_in]` to `[1, C_in, H, W]`.
pub fn convolve_relu_backward(gradient: CubeTensor, answer: CubeTensor, weights: CubeTensor) -> CubeTensor {
    let [gradient, answer] = [gradient, answer].map(channels_last);
    let [_, _, outputs] = extents(&weights);
    let [batch, height, width, _] = extents(&gradient);
    let result = empty(&gradient, [batch, height, width, outputs]);
    let tiling = Tiling::new(outputs, 3);
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
    let [batch, height, width, _] = extents(&x);
    let result = empty(&x, [batch, height, width, outputs]);
    let tiling = Tiling::new(outputs, 1);
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
    let mut sums = Array::<Vector<f32, N>>::new(comptime!(RUN * tiling.depth));
    #[unroll]
    for vector in 0..tiling.depth {
        let value = bias[output_channel(vector, tiling)];
        #[unroll]
        for pixel in 0..RUN {
            sums[comptime!(pixel * tiling.depth + vector)] = value;
        }
    }
    convolve(x, x, weights, &mut sums, answer.shape(3) / VECTOR, false, tiling);
    #[unroll]
    for index in 0..comptime!(RUN * tiling.depth) {
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
    let mut sums = zeros::<N>(comptime!(RUN * tiling.depth));
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
    let mut sums = zeros::<N>(comptime!(RUN * tiling.depth));
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
    let mut taps = Shared::<[Vector<f32, N>]>::new_slice(comptime!(tiling.taps() * tiling.group));
    let inputs = x.shape(3) / VECTOR;
    for input in 0..inputs {
        load_pixels(x, mask, &mut pixels, input, masked, tiling);
        load_taps(weights, &mut taps, input, inputs, outputs, tiling);
        sync_cube();
        multiply(&pixels, &taps, sums, tiling);
        sync_cube();
    }
}

/// Brings the tile and its margins of one vector of input channels to shared memory; beyond the picture are zeros.
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
            // Both count from the margin, so that nothing is below 0.
            let row = top + index / comptime!(tiling.stage_columns());
            let column = left + index % comptime!(tiling.stage_columns());
            let margin = comptime!(tiling.margin());
            let inside = row >= margin && row < height + margin && column >= margin && column < width + margin;
            let pixel = select(inside, (row - margin) * width + column - margin, 0usize.runtime());
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

/// Multiplies what lies in shared memory into this unit's `sums`.
#[cube]
fn multiply<N: Size>(
    pixels: &Shared<[Vector<f32, N>]>,
    taps: &Shared<[Vector<f32, N>]>,
    sums: &mut Array<Vector<f32, N>>,
    #[comptime] tiling: Tiling,
) {
    let row = unit_row(tiling);
    let column = unit_column(tiling);
    let lane = UNIT_POS as usize % comptime!(tiling.lanes());
    let mut strip = Array::<Vector<f32, N>>::new(comptime!(tiling.strip()));
    for window_row in 0..tiling.window {
        #[unroll]
        for index in 0..comptime!(tiling.strip()) {
            strip[index] = pixels[(row + window_row) * comptime!(tiling.stage_columns()) + column + index];
        }
        let first = window_row * comptime!(tiling.window * VECTOR * tiling.group) + lane;
        #[unroll]
        for window_column in 0..tiling.window {
            #[unroll]
            for component in 0..VECTOR {
                #[unroll]
                for vector in 0..tiling.depth {
                    let offset = comptime!((window_column * VECTOR + component) * tiling.group + vector * tiling.lanes());
                    let weight = taps[first + offset];
                    #[unroll]
                    for pixel in 0..RUN {
                        let value = Vector::broadcast(strip[comptime!(pixel + window_column)].extract(component));
                        sums[comptime!(pixel * tiling.depth + vector)] += value * weight;
                    }
                }
            }
        }
    }
}

/// Writes this unit's `sums` where they lie in the picture.
#[cube]
fn store<N: Size>(sums: &Array<Vector<f32, N>>, result: &mut Tensor<Vector<f32, N>>, #[comptime] tiling: Tiling) {
    let height = result.shape(1);
    let width = result.shape(2);
    let outputs = result.shape(3) / VECTOR;
    let row = CUBE_POS_Y as usize * tiling.rows + unit_row(tiling);
    let column = CUBE_POS_X as usize * tiling.columns + unit_column(tiling);
    if row < height {
        #[unroll]
        for pixel in 0..RUN {
            if column + pixel < width {
                #[unroll]
                for vector in 0..tiling.depth {
                    let channel = output_channel(vector, tiling);
                    result[(row * width + column + pixel) * outputs + channel] = sums[comptime!(pixel * tiling.depth + vector)];
                }
            }
        }
    }
}

/// This unit's row within the tile.
#[cube]
fn unit_row(#[comptime] tiling: Tiling) -> usize {
    UNIT_POS as usize / comptime!(tiling.lanes() * tiling.runs())
}

/// The first column of this unit's run within the tile.
#[cube]
fn unit_column(#[comptime] tiling: Tiling) -> usize {
    UNIT_POS as usize / comptime!(tiling.lanes()) % comptime!(tiling.runs()) * RUN
}

/// One of the output channels of this unit, in vectors.
#[cube]
fn output_channel(#[comptime] vector: usize, #[comptime] tiling: Tiling) -> usize {
    CUBE_POS_Z as usize * tiling.group + UNIT_POS as usize % comptime!(tiling.lanes()) + comptime!(vector * tiling.lanes())
}
