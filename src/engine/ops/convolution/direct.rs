//! Direct convolution kernel: every unit loads from global memory, without shared memory.
//!
//! A unit computes a register block of 4×4 px × 16 channels. It loops over the vectors of input
//! channels and the rows of the window, and loads pixels once per row for all three columns. The
//! accumulators are separate variables, because a software GPU keeps those in registers, but not
//! array elements. Four weights serve all pixels of the block before the next four are extracted.
//! Blocks are small, so that the small maps of deep layers leave few units idle.
//!
//! Feature maps may be f16, as in the tiled kernel; sums and gradients are f32.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{
    VECTOR, channels_first, channels_last, empty, empty_as, extents, launch_1d, launch_1d_of,
};
use super::super::precision::{dtype, element};
use super::WINDOW;
use super::plan::Plan;
use super::shared::{gated, output_side, place, relu_as};

/// Side of a unit's register block, px.
const SIDE: usize = 4;
/// Pixels that a unit loads per row of its block.
const STRIP: usize = SIDE + WINDOW - 1;
/// Maximum number of output channels per block, in vectors.
const DEPTH: usize = 4;
/// Units per workgroup: the number of f32 lanes in the widest SIMD register of a CPU.
const UNITS: u32 = 16;

/// Launch parameters of one convolution.
struct Job {
    /// Shape of the output, `[1, H, W, C]`.
    shape: [usize; 4],
    /// Output channels per block, in vectors.
    depth: usize,
}

impl Job {
    /// Plans the convolution of `x`, `[1, H, W, C]`, to `outputs` channels with this padding.
    fn new(padding: usize, x: &CubeTensor, outputs: usize) -> Self {
        let [_, height, width, _] = extents(x);
        let [height, width] = [height, width].map(|side| output_side(side, padding, WINDOW));
        // The first layer's gradient has a single vector of channels.
        let depth = if outputs.is_multiple_of(DEPTH * VECTOR) { DEPTH } else { 1 };
        Self { shape: [1, height, width, outputs], depth }
    }

    /// Returns the grid and workgroup: at least one unit per block.
    fn launch_1d(&self, like: &CubeTensor) -> (CubeCount, CubeDim) {
        let [_, height, width, outputs] = self.shape;
        let blocks = height.div_ceil(SIDE) * width.div_ceil(SIDE) * outputs / (VECTOR * self.depth);
        launch_1d_of(like, blocks, CubeDim::new_1d(UNITS))
    }
}

/// Computes the same as [`super::tiled::convolve_relu`].
pub fn convolve_relu(
    x: CubeTensor,
    weights: CubeTensor,
    bias: CubeTensor,
    plan: Plan,
) -> CubeTensor {
    let x = channels_last(x);
    let [_, _, outputs] = extents(&weights);
    let job = Job::new(plan.padding, &x, outputs);
    let output = empty_as(&x, job.shape, dtype(plan.strategy.precision));
    let (count, units) = job.launch_1d(&x);
    let elements = [element(&x), element(&output)];
    // SAFETY: the kernel reads only within the extents of its inputs and writes only within those
    // of the output.
    unsafe {
        forward_kernel::launch_unchecked(
            &x.client.clone(),
            count,
            units,
            VECTOR,
            x.into_tensor_arg(),
            weights.into_tensor_arg(),
            bias.into_tensor_arg(),
            output.clone().into_tensor_arg(),
            plan.padding,
            job.depth,
            elements,
        );
    }
    channels_first(output)
}

/// Computes the same as [`super::tiled::convolve_relu_backward`].
pub fn convolve_relu_backward(
    gradient: CubeTensor,
    output: CubeTensor,
    weights: CubeTensor,
    plan: Plan,
) -> CubeTensor {
    let [gradient, output] = [gradient, output].map(channels_last);
    convolve_backward(channels_first(gate(gradient, output)), weights, plan)
}

/// Computes the same as [`super::tiled::convolve_backward`].
pub fn convolve_backward(gradient: CubeTensor, weights: CubeTensor, plan: Plan) -> CubeTensor {
    let gradient = channels_last(gradient);
    let [_, _, outputs] = extents(&weights);
    let job = Job::new(plan.padding, &gradient, outputs);
    let result = empty(&gradient, job.shape);
    let (count, units) = job.launch_1d(&gradient);
    // SAFETY: as in `convolve_relu`.
    unsafe {
        backward_kernel::launch_unchecked(
            &gradient.client.clone(),
            count,
            units,
            VECTOR,
            gradient.into_tensor_arg(),
            weights.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            plan.padding,
            job.depth,
        );
    }
    channels_first(result)
}

/// Gates `gradient` by `output > 0`, both `[1, H, W, C]`, in place if uniquely owned. A separate
/// pass is cheaper than gating on load, since many units load the same pixel.
fn gate(gradient: CubeTensor, output: CubeTensor) -> CubeTensor {
    let gradient = if gradient.can_mut() { gradient } else { gradient.copy() };
    let client = gradient.client.clone();
    let length = gradient.meta.num_elements() / VECTOR;
    let (count, units) = launch_1d(&gradient, length);
    let output_element = element(&output);
    // SAFETY: units past the end of the gradient do nothing.
    unsafe {
        gate_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            gradient.clone().into_tensor_arg(),
            output.into_tensor_arg(),
            length,
            output_element,
        );
    }
    gradient
}

#[cube(launch_unchecked)]
fn forward_kernel<X: Float, P: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    weights: &Tensor<Vector<f32, N>>,
    bias: &Tensor<Vector<f32, N>>,
    output: &mut Tensor<Vector<P, N>>,
    #[comptime] padding: usize,
    #[comptime] depth: usize,
    #[define(X, P)] _elements: [ElemType; 2],
) {
    let block = block(output.shape(2), output.shape(3) / VECTOR, depth);
    if block.row < output.shape(1) {
        let mut sums = Sequence::<RuntimeCell<f32>>::new();
        #[unroll]
        for _ in 0..comptime!(SIDE * SIDE) {
            #[unroll]
            for vector in 0..depth {
                let bias = bias[block.output + vector];
                #[unroll]
                for component in 0..VECTOR {
                    sums.push(RuntimeCell::new(bias.extract(component)));
                }
            }
        }
        convolve(x, weights, &sums, &block, padding, depth);
        store(&sums, output, &block, true, depth);
    }
}

#[cube(launch_unchecked)]
fn gate_kernel<M: Float, N: Size>(
    gradient: &mut Tensor<Vector<f32, N>>,
    output: &Tensor<Vector<M, N>>,
    length: usize,
    #[define(M)] _element: ElemType,
) {
    if ABSOLUTE_POS < length {
        gradient[ABSOLUTE_POS] = gated(gradient[ABSOLUTE_POS], output[ABSOLUTE_POS]);
    }
}

#[cube(launch_unchecked)]
fn backward_kernel<N: Size>(
    gradient: &Tensor<Vector<f32, N>>,
    weights: &Tensor<Vector<f32, N>>,
    result: &mut Tensor<Vector<f32, N>>,
    #[comptime] padding: usize,
    #[comptime] depth: usize,
) {
    let block = block(result.shape(2), result.shape(3) / VECTOR, depth);
    if block.row < result.shape(1) {
        let mut sums = Sequence::<RuntimeCell<f32>>::new();
        #[unroll]
        for _ in 0..comptime!(SIDE * SIDE * depth * VECTOR) {
            sums.push(RuntimeCell::new(0.0f32));
        }
        convolve(gradient, weights, &sums, &block, padding, depth);
        store(&sums, result, &block, false, depth);
    }
}

/// Register block of a unit in the output.
#[derive(CubeType)]
struct Block {
    /// First row; past the end of the map if the unit has no work.
    row: usize,
    /// First column.
    column: usize,
    /// First output channel, in vectors.
    output: usize,
    /// Number of all output channels, in vectors.
    outputs: usize,
}

/// Returns the block of this unit. Adjacent units compute different channels of the same pixels.
#[cube]
fn block(width: usize, outputs: usize, #[comptime] depth: usize) -> Block {
    let parts = outputs / depth;
    let columns = width.div_ceil(SIDE);
    let place = ABSOLUTE_POS / parts;
    Block {
        row: place / columns * SIDE,
        column: place % columns * SIDE,
        output: ABSOLUTE_POS % parts * depth,
        outputs,
    }
}

/// Adds the convolution of `x` to the `sums` of a block.
#[cube]
fn convolve<X: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    weights: &Tensor<Vector<f32, N>>,
    sums: &Sequence<RuntimeCell<f32>>,
    block: &Block,
    #[comptime] padding: usize,
    #[comptime] depth: usize,
) {
    let inputs = x.shape(3) / VECTOR;
    for input in 0..inputs {
        for window_row in 0..WINDOW {
            let pixels = pixels(x, block, window_row, input, padding);
            #[unroll]
            for window_column in 0..WINDOW {
                let first = ((window_row * WINDOW + window_column) * inputs + input)
                    * VECTOR
                    * block.outputs
                    + block.output;
                #[unroll]
                for vector in 0..depth {
                    multiply(
                        &pixels,
                        weights,
                        sums,
                        first + vector,
                        block.outputs,
                        window_column,
                        vector,
                        depth,
                    );
                }
            }
        }
    }
}

/// Loads one vector of input channels for the pixels under a row of the window, as separate
/// components; zero in the padding.
#[cube]
fn pixels<X: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    block: &Block,
    window_row: usize,
    input: usize,
    #[comptime] padding: usize,
) -> Sequence<f32> {
    let inputs = x.shape(3) / VECTOR;
    let mut components = Sequence::<f32>::new();
    #[unroll]
    for index in 0..comptime!(SIDE * STRIP) {
        let row = block.row + window_row + comptime!(index / STRIP);
        let column = block.column + comptime!(index % STRIP);
        let place = place(x, row, column, padding);
        let value = select(
            place.inside,
            Vector::cast_from(x[place.index * inputs + input]),
            Vector::<f32, N>::new(0.0f32),
        );
        #[unroll]
        for component in 0..VECTOR {
            components.push(value.extract(component));
        }
    }
    components
}

/// Accumulates one column of the window into the `sums` of one vector of output channels. The
/// weights begin at `first`.
#[cube]
fn multiply<N: Size>(
    pixels: &Sequence<f32>,
    weights: &Tensor<Vector<f32, N>>,
    sums: &Sequence<RuntimeCell<f32>>,
    first: usize,
    outputs: usize,
    #[comptime] window_column: usize,
    #[comptime] vector: usize,
    #[comptime] depth: usize,
) {
    let w0 = weights[first];
    let w1 = weights[first + outputs];
    let w2 = weights[first + 2 * outputs];
    let w3 = weights[first + 3 * outputs];
    #[unroll]
    for component in 0..VECTOR {
        let (v0, v1, v2, v3) = (
            w0.extract(component),
            w1.extract(component),
            w2.extract(component),
            w3.extract(component),
        );
        #[unroll]
        for pixel in 0..comptime!(SIDE * SIDE) {
            let x = comptime!((pixel / SIDE * STRIP + pixel % SIDE + window_column) * VECTOR);
            let sum = sums.index(comptime!((pixel * depth + vector) * VECTOR + component));
            let (x0, x1) = (*pixels.index(x), *pixels.index(comptime!(x + 1)));
            let (x2, x3) = (*pixels.index(comptime!(x + 2)), *pixels.index(comptime!(x + 3)));
            sum.store(sum.read() + x0 * v0 + x1 * v1 + x2 * v2 + x3 * v3);
        }
    }
}

/// Stores the `sums` of a block, with ReLU in the `forward` pass.
#[cube]
fn store<P: Float, N: Size>(
    sums: &Sequence<RuntimeCell<f32>>,
    output: &mut Tensor<Vector<P, N>>,
    block: &Block,
    #[comptime] forward: bool,
    #[comptime] depth: usize,
) {
    let height = output.shape(1);
    let width = output.shape(2);
    #[unroll]
    for pixel in 0..comptime!(SIDE * SIDE) {
        let row = block.row + comptime!(pixel / SIDE);
        let column = block.column + comptime!(pixel % SIDE);
        if row < height && column < width {
            #[unroll]
            for vector in 0..depth {
                let mut sum = Vector::<f32, N>::empty();
                #[unroll]
                for component in 0..VECTOR {
                    sum.insert(
                        component,
                        sums.index(comptime!((pixel * depth + vector) * VECTOR + component)).read(),
                    );
                }
                if forward {
                    sum = relu_as::<P, N>(sum);
                }
                output[(row * width + column) * block.outputs + block.output + vector] =
                    Vector::cast_from(sum);
            }
        }
    }
}
