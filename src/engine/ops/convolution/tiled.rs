//! Tiled convolution kernel: implicit GEMM, a matrix product whose left factor (im2col) is never
//! materialised.
//!
//! A workgroup computes a tile of pixels × a group of output channels. It loops over the vectors of
//! input channels, and stages pixels (with halo) and weights of one vector in shared memory. Each
//! unit accumulates a register block: a run of adjacent pixels × a few vectors of channels. Within
//! a run, one load of a pixel serves all columns of the window.
//!
//! The next stage is prefetched into registers meanwhile. If a map has few tiles, the input
//! channels are split into slices, which a second kernel adds up (split-K).
//!
//! Feature maps may be f16: they are widened to f32 on load and rounded to f16 on store. Sums,
//! slices and gradients are f32.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, extents, launch_1d};
use super::super::precision::{dtype, element};
use super::super::sums;
use super::WINDOW;
use super::plan::Plan;
use super::shared::{gated, place, relu_as};
use super::tiling::{Job, Tiling};

/// Returns `max(0, x ∗ weights + bias)` with the plan's padding `p`: `[1, C_in, H, W]`,
/// `[9, C_in, C_out]`, `[C_out]` to `[1, C_out, H + 2p − 2, W + 2p − 2]`.
pub fn convolve_relu(
    x: CubeTensor,
    weights: CubeTensor,
    bias: CubeTensor,
    plan: Plan,
) -> CubeTensor {
    let x = channels_last(x);
    let [_, _, outputs] = extents(&weights);
    let job = Job::new(plan.padding, &x, outputs, WINDOW);
    let output_dtype = dtype(plan.strategy.precision);
    let parts = if job.is_sliced() { job.parts(&x) } else { job.output(&x, output_dtype) };
    let elements = [element(&x), element(&parts)];
    // SAFETY: the kernel reads only within the extents of its inputs and writes only within those
    // of the parts.
    unsafe {
        forward_kernel::launch_unchecked(
            &x.client.clone(),
            job.cube_count(),
            job.cube_dim(),
            VECTOR,
            x.into_tensor_arg(),
            weights.into_tensor_arg(),
            bias.clone().into_tensor_arg(),
            parts.clone().into_tensor_arg(),
            job.length,
            job.tiling,
            elements,
        );
    }
    channels_first(if job.is_sliced() {
        sum_slices_relu(&parts, bias, job.output(&parts, output_dtype))
    } else {
        parts
    })
}

/// Writes `max(0, Σₛ parts[s] + bias)` to `output`, `[1, H, W, C]`, and returns it.
fn sum_slices_relu(parts: &CubeTensor, bias: CubeTensor, output: CubeTensor) -> CubeTensor {
    let client = parts.client.clone();
    let length = output.meta.num_elements() / VECTOR;
    let (count, units) = launch_1d(&output, length);
    // SAFETY: units past the end of the output do nothing.
    unsafe {
        sum_slices_relu_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            parts.clone().into_tensor_arg(),
            bias.into_tensor_arg(),
            output.clone().into_tensor_arg(),
            length,
            element(&output),
        );
    }
    output
}

/// Returns `(gradient where output > 0, else 0) ∗ weights` with the plan's padding: gradient and
/// output `[1, C_out, H, W]`, weights `[9, C_out, C_in]`, to `[1, C_in, H', W']`.
pub fn convolve_relu_backward(
    gradient: CubeTensor,
    output: CubeTensor,
    weights: CubeTensor,
    plan: Plan,
) -> CubeTensor {
    let [gradient, output] = [gradient, output].map(channels_last);
    let [_, _, outputs] = extents(&weights);
    let job = Job::new(plan.padding, &gradient, outputs, WINDOW);
    let parts = job.parts(&gradient);
    let output_element = element(&output);
    // SAFETY: as in `convolve_relu`.
    unsafe {
        backward_kernel::launch_unchecked(
            &gradient.client.clone(),
            job.cube_count(),
            job.cube_dim(),
            VECTOR,
            gradient.into_tensor_arg(),
            output.into_tensor_arg(),
            weights.into_tensor_arg(),
            parts.clone().into_tensor_arg(),
            job.length,
            job.tiling,
            output_element,
        );
    }
    channels_first(sum_slices(parts, job))
}

/// Returns `gradient ∗ weights` with the plan's padding: `[1, C_out, H, W]`, `[9, C_out, C_in]` to
/// `[1, C_in, H', W']`.
pub fn convolve_backward(gradient: CubeTensor, weights: CubeTensor, plan: Plan) -> CubeTensor {
    let [_, _, outputs] = extents(&weights);
    linear(gradient, weights, plan.padding, outputs, WINDOW)
}

/// Multiplies each pixel's channels by a matrix, a 1×1 convolution: `[1, C_in, H, W]`,
/// `[C_in, C_out]` to `[1, C_out, H, W]` in f32. Every strategy uses this kernel, since the product
/// is a small part of a step.
pub fn weighted(x: CubeTensor, matrix: CubeTensor) -> CubeTensor {
    let [_, outputs] = extents(&matrix);
    linear(x, matrix, 0, outputs, 1)
}

/// Convolves without bias and ReLU; the output is f32.
fn linear(
    x: CubeTensor,
    weights: CubeTensor,
    padding: usize,
    outputs: usize,
    window: usize,
) -> CubeTensor {
    let x = channels_last(x);
    let job = Job::new(padding, &x, outputs, window);
    let parts = job.parts(&x);
    let x_element = element(&x);
    // SAFETY: as in `convolve_relu`.
    unsafe {
        linear_kernel::launch_unchecked(
            &x.client.clone(),
            job.cube_count(),
            job.cube_dim(),
            VECTOR,
            x.into_tensor_arg(),
            weights.into_tensor_arg(),
            parts.clone().into_tensor_arg(),
            job.length,
            job.tiling,
            x_element,
        );
    }
    channels_first(sum_slices(parts, job))
}

/// Returns the sum over the slices of a job's `parts`, `[1, H, W, C]`.
fn sum_slices(parts: CubeTensor, job: Job) -> CubeTensor {
    if job.is_sliced() {
        sums::sum_slices_into(parts.clone(), job.output(&parts, parts.dtype), 1.0)
    } else {
        parts
    }
}

#[cube(launch_unchecked)]
fn forward_kernel<X: Float, P: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    weights: &Tensor<Vector<f32, N>>,
    bias: &Tensor<Vector<f32, N>>,
    parts: &mut Tensor<Vector<P, N>>,
    length: usize,
    #[comptime] tiling: Tiling,
    #[define(X, P)] _elements: [ElemType; 2],
) {
    let is_whole = parts.shape(0) == 1;
    let output = first_output(parts.shape(3) / VECTOR, tiling);
    let mut sums = Array::<Vector<f32, N>>::new(comptime!(tiling.sums()));
    #[unroll]
    for vector in 0..tiling.depth {
        let value = select(
            is_whole,
            bias[output + comptime!(vector * tiling.lanes())],
            Vector::new(0.0f32),
        );
        #[unroll]
        for pixel in 0..tiling.run {
            sums[comptime!(pixel * tiling.depth + vector)] = value;
        }
    }
    convolve(x, x, weights, &mut sums, parts.shape(3) / VECTOR, length, false, tiling);
    if is_whole {
        #[unroll]
        for index in 0..comptime!(tiling.sums()) {
            sums[index] = relu_as::<P, N>(sums[index]);
        }
    }
    store(&sums, parts, tiling);
}

#[cube(launch_unchecked)]
fn sum_slices_relu_kernel<P: Float, N: Size>(
    parts: &Tensor<Vector<f32, N>>,
    bias: &Tensor<Vector<f32, N>>,
    output: &mut Tensor<Vector<P, N>>,
    length: usize,
    #[define(P)] _element: ElemType,
) {
    if ABSOLUTE_POS < length {
        let sum = sums::over_slices(
            parts,
            ABSOLUTE_POS,
            length,
            bias[ABSOLUTE_POS % (output.shape(3) / VECTOR)],
        );
        output[ABSOLUTE_POS] = Vector::cast_from(relu_as::<P, N>(sum));
    }
}

#[cube(launch_unchecked)]
fn backward_kernel<M: Float, N: Size>(
    gradient: &Tensor<Vector<f32, N>>,
    output: &Tensor<Vector<M, N>>,
    weights: &Tensor<Vector<f32, N>>,
    parts: &mut Tensor<Vector<f32, N>>,
    length: usize,
    #[comptime] tiling: Tiling,
    #[define(M)] _element: ElemType,
) {
    let mut sums = zeros::<N>(comptime!(tiling.sums()));
    convolve(gradient, output, weights, &mut sums, parts.shape(3) / VECTOR, length, true, tiling);
    store(&sums, parts, tiling);
}

#[cube(launch_unchecked)]
fn linear_kernel<X: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    weights: &Tensor<Vector<f32, N>>,
    parts: &mut Tensor<Vector<f32, N>>,
    length: usize,
    #[comptime] tiling: Tiling,
    #[define(X)] _element: ElemType,
) {
    let mut sums = zeros::<N>(comptime!(tiling.sums()));
    convolve(x, x, weights, &mut sums, parts.shape(3) / VECTOR, length, false, tiling);
    store(&sums, parts, tiling);
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

/// Adds the convolution of `x` over this workgroup's slice of input channels to this unit's `sums`.
/// If `masked`, `x` is gated by `mask > 0`. `outputs` is the number of all output channels, and
/// `length` the number of input channels per slice, both in vectors.
#[cube]
fn convolve<X: Float, M: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    mask: &Tensor<Vector<M, N>>,
    weights: &Tensor<Vector<f32, N>>,
    sums: &mut Array<Vector<f32, N>>,
    outputs: usize,
    length: usize,
    #[comptime] masked: bool,
    #[comptime] tiling: Tiling,
) {
    let mut pixels = Shared::<[Vector<f32, N>]>::new_slice(comptime!(tiling.stage()));
    let mut taps = Shared::<[Vector<f32, N>]>::new_slice(comptime!(tiling.taps()));
    let inputs = x.shape(3) / VECTOR;
    let first = slice(outputs, tiling) * length;
    let end = min(first + length, inputs);
    // Prefetch: the next stage is loaded to registers while the current one is multiplied.
    let mut next_pixels = Array::<Vector<f32, N>>::new(comptime!(tiling.turns(tiling.stage())));
    let mut next_taps = Array::<Vector<f32, N>>::new(comptime!(tiling.turns(tiling.taps())));
    fetch(x, mask, weights, &mut next_pixels, &mut next_taps, first, outputs, masked, tiling);
    for input in first..end {
        share(&next_pixels, &mut pixels, comptime!(tiling.stage()), tiling);
        share(&next_taps, &mut taps, comptime!(tiling.taps()), tiling);
        sync_cube();
        let next = min(input + 1, end - 1);
        fetch(x, mask, weights, &mut next_pixels, &mut next_taps, next, outputs, masked, tiling);
        multiply(&pixels, &taps, sums, tiling);
        sync_cube();
    }
}

/// Loads to registers this unit's share of the tile with its halo, and of the weights, for one
/// vector of input channels.
#[cube]
fn fetch<X: Float, M: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    mask: &Tensor<Vector<M, N>>,
    weights: &Tensor<Vector<f32, N>>,
    pixels: &mut Array<Vector<f32, N>>,
    taps: &mut Array<Vector<f32, N>>,
    input: usize,
    outputs: usize,
    #[comptime] masked: bool,
    #[comptime] tiling: Tiling,
) {
    #[unroll]
    for turn in 0..comptime!(tiling.turns(tiling.stage())) {
        let index = UNIT_POS as usize + comptime!(turn * tiling.units());
        if index < comptime!(tiling.stage()) {
            pixels[turn] = pixel(x, mask, input, index, masked, tiling);
        }
    }
    let inputs = x.shape(3) / VECTOR;
    let first = group(outputs, tiling);
    #[unroll]
    for turn in 0..comptime!(tiling.turns(tiling.taps())) {
        let index = UNIT_POS as usize + comptime!(turn * tiling.units());
        if index < comptime!(tiling.taps()) {
            let tap = index / comptime!(tiling.group * VECTOR);
            let channel = (tap * inputs + input) * VECTOR + index / tiling.group % VECTOR;
            taps[turn] = weights[channel * outputs + first + index % tiling.group];
        }
    }
}

/// Stores this unit's share of the workgroup's `count` fetched vectors to shared memory.
#[cube]
fn share<N: Size>(
    fetched: &Array<Vector<f32, N>>,
    shared: &mut Shared<[Vector<f32, N>]>,
    #[comptime] count: usize,
    #[comptime] tiling: Tiling,
) {
    #[unroll]
    for turn in 0..comptime!(tiling.turns(count)) {
        let index = UNIT_POS as usize + comptime!(turn * tiling.units());
        if index < count {
            shared[index] = fetched[turn];
        }
    }
}

/// Returns one vector of input channels of a pixel in the tile with its halo; zero in the padding.
#[cube]
fn pixel<X: Float, M: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    mask: &Tensor<Vector<M, N>>,
    input: usize,
    index: usize,
    #[comptime] masked: bool,
    #[comptime] tiling: Tiling,
) -> Vector<f32, N> {
    let inputs = x.shape(3) / VECTOR;
    let row = CUBE_POS_Y as usize * tiling.rows + index / comptime!(tiling.stage_columns());
    let column = CUBE_POS_X as usize * tiling.columns + index % comptime!(tiling.stage_columns());
    let place = place(x, row, column, tiling.padding);
    let index = place.index * inputs + input;
    let mut value = Vector::<f32, N>::cast_from(x[index]);
    if masked {
        value = gated(value, mask[index]);
    }
    select(place.inside, value, Vector::new(0.0f32))
}

/// Accumulates one vector of input channels into this unit's `sums`.
#[cube]
fn multiply<N: Size>(
    pixels: &Shared<[Vector<f32, N>]>,
    taps: &Shared<[Vector<f32, N>]>,
    sums: &mut Array<Vector<f32, N>>,
    #[comptime] tiling: Tiling,
) {
    let corner = unit_row(tiling) * comptime!(tiling.stage_columns()) + unit_column(tiling);
    let mut strip = Array::<Vector<f32, N>>::new(comptime!(tiling.strip()));
    for window_row in 0..tiling.window {
        let first_pixel = corner + window_row * comptime!(tiling.stage_columns());
        #[unroll]
        for index in 0..comptime!(tiling.strip()) {
            strip[index] = pixels[first_pixel + index];
        }
        #[unroll]
        for window_column in 0..tiling.window {
            #[unroll]
            for vector in 0..tiling.depth {
                let tap = window_row * tiling.window + window_column;
                let lane = UNIT_POS as usize % comptime!(tiling.lanes());
                let first = tap * comptime!(VECTOR * tiling.group)
                    + lane
                    + comptime!(vector * tiling.lanes());
                let w0 = taps[first];
                let w1 = taps[first + tiling.group];
                let w2 = taps[first + comptime!(2 * tiling.group)];
                let w3 = taps[first + comptime!(3 * tiling.group)];
                #[unroll]
                for pixel in 0..tiling.run {
                    let sum = comptime!(pixel * tiling.depth + vector);
                    let x = strip[comptime!(pixel + window_column)];
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

/// Stores this unit's `sums` to the workgroup's slice of `parts`.
#[cube]
fn store<P: Float, N: Size>(
    sums: &Array<Vector<f32, N>>,
    parts: &mut Tensor<Vector<P, N>>,
    #[comptime] tiling: Tiling,
) {
    let height = parts.shape(1);
    let width = parts.shape(2);
    let outputs = parts.shape(3) / VECTOR;
    let first_pixel = slice(outputs, tiling) * height * width;
    let output = first_output(outputs, tiling);
    let row = CUBE_POS_Y as usize * tiling.rows + unit_row(tiling);
    let first_column = CUBE_POS_X as usize * tiling.columns + unit_column(tiling);
    #[unroll]
    for pixel in 0..tiling.run {
        let column = first_column + pixel;
        if row < height && column < width {
            #[unroll]
            for vector in 0..tiling.depth {
                let place = (first_pixel + row * width + column) * outputs + output;
                parts[place + comptime!(vector * tiling.lanes())] =
                    Vector::cast_from(sums[comptime!(pixel * tiling.depth + vector)]);
            }
        }
    }
}

/// Returns this unit's row in the tile.
#[cube]
fn unit_row(#[comptime] tiling: Tiling) -> usize {
    UNIT_POS as usize / comptime!(tiling.lanes() * tiling.runs())
}

/// Returns the first column of this unit's run in the tile.
#[cube]
fn unit_column(#[comptime] tiling: Tiling) -> usize {
    UNIT_POS as usize / comptime!(tiling.lanes()) % comptime!(tiling.runs()) * tiling.run
}

/// Returns the index of the slice of input channels that this workgroup sums.
#[cube]
fn slice(outputs: usize, #[comptime] tiling: Tiling) -> usize {
    CUBE_POS_Z as usize / (outputs / tiling.group)
}

/// Returns the first output channel of this workgroup, in vectors.
#[cube]
fn group(outputs: usize, #[comptime] tiling: Tiling) -> usize {
    CUBE_POS_Z as usize % (outputs / tiling.group) * tiling.group
}

/// Returns the first output channel of this unit, in vectors. Its others follow at a stride of
/// [`Tiling::lanes`], so that adjacent units access adjacent vectors (coalesced).
#[cube]
fn first_output(outputs: usize, #[comptime] tiling: Tiling) -> usize {
    group(outputs, tiling) + UNIT_POS as usize % comptime!(tiling.lanes())
}
