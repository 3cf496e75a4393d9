//! The passes over memory. Each sum is taken in a fixed order, so that a run is the same to the bit each time.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, a_unit_each, empty, extents};
use super::super::sums::{across, of_workgroup};
use super::AdamStep;

/// New vectors that products are asked of.
const NEW: usize = 3;
/// Units that share one row of a chunk, and one sum over all chunks.
const UNITS: usize = 64;

/// `length · direction`, `gradient − before` and `gradient`: `[K, 3, L]`.
pub fn changes(direction: CubeTensor, length: f32, before: CubeTensor, gradient: CubeTensor) -> CubeTensor {
    let gradient = into_contiguous(gradient);
    let elements = gradient.meta.num_elements();
    let [chunks, _, chunk] = extents(&direction);
    let new = empty(&direction, [chunks, NEW, chunk]);
    let client = direction.client.clone();
    let (count, units) = a_unit_each(&direction, chunks * chunk);
    // SAFETY: units beyond the chunks do nothing, and elements beyond the picture read its first.
    unsafe {
        changes_kernel::launch_unchecked(
            &client,
            count,
            units,
            direction.into_tensor_arg(),
            before.into_tensor_arg(),
            gradient.into_tensor_arg(),
            new.clone().into_tensor_arg(),
            length,
            elements,
        );
    }
    new
}

/// All inner products, the loss and the third vector's sum of magnitudes: `[3·(R + 3) + 2]`.
pub fn products(new: CubeTensor, memory: CubeTensor, loss: CubeTensor) -> CubeTensor {
    let [new, memory] = [new, memory].map(into_contiguous);
    let [chunks, remembered, _] = extents(&memory);
    let rows = remembered + NEW;
    let parts = empty(&new, [chunks, rows, VECTOR]);
    let sums = empty(&new, [NEW * rows + 2]);
    let client = new.client.clone();
    let count = |count: usize| u32::try_from(count).expect("a count of workgroups");
    let units = CubeDim::new_1d(count(UNITS));
    // SAFETY: the grids cover the rows of all chunks and the sums exactly.
    unsafe {
        parts_kernel::launch_unchecked(
            &client,
            CubeCount::Static(count(rows), count(chunks), 1),
            units,
            VECTOR,
            new.into_tensor_arg(),
            memory.into_tensor_arg(),
            parts.clone().into_tensor_arg(),
        );
        sums_kernel::launch_unchecked(
            &client,
            CubeCount::Static(count(NEW * rows + 2), 1, 1),
            units,
            parts.into_tensor_arg(),
            loss.into_tensor_arg(),
            sums.clone().into_tensor_arg(),
        );
    }
    sums
}

/// The sum of all rows of the memory and the gradient by their factors: `[K, 1, L]`.
pub fn combined(memory: CubeTensor, gradient: CubeTensor, factors: CubeTensor) -> CubeTensor {
    let memory = into_contiguous(memory);
    let [chunks, _, chunk] = extents(&memory);
    let sum = empty(&memory, [chunks, 1, chunk]);
    let client = memory.client.clone();
    let (count, units) = a_unit_each(&memory, chunks * chunk / VECTOR);
    // SAFETY: units beyond the chunks do nothing.
    unsafe {
        combined_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            memory.into_tensor_arg(),
            gradient.into_tensor_arg(),
            factors.into_tensor_arg(),
            sum.clone().into_tensor_arg(),
        );
    }
    sum
}

/// `x + length · direction`: `[1, 3, H, W]`.
pub fn moved(x: CubeTensor, direction: CubeTensor, length: f32) -> CubeTensor {
    let [x, direction] = [x, direction].map(into_contiguous);
    let result = empty(&x, extents::<4>(&x));
    let elements = x.meta.num_elements();
    let client = x.client.clone();
    let (count, units) = a_unit_each(&x, elements);
    // SAFETY: units beyond the picture do nothing, and the direction is at least as long.
    unsafe {
        moved_kernel::launch_unchecked(
            &client,
            count,
            units,
            x.into_tensor_arg(),
            direction.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            length,
            elements,
        );
    }
    result
}

/// Both moments with their shares of the gradient and its square: `[2, 3, H, W]`.
pub fn moments(before: CubeTensor, gradient: CubeTensor, [first, second]: [f32; 2]) -> CubeTensor {
    let [before, gradient] = [before, gradient].map(into_contiguous);
    let elements = gradient.meta.num_elements();
    let result = empty(&before, extents::<4>(&before));
    let client = before.client.clone();
    let (count, units) = a_unit_each(&before, elements);
    // SAFETY: units beyond the picture do nothing.
    unsafe {
        moments_kernel::launch_unchecked(
            &client,
            count,
            units,
            before.into_tensor_arg(),
            gradient.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            elements,
            first,
            second,
        );
    }
    result
}

/// `x` moved against its first moment, by the rate over the root of the second: `[1, 3, H, W]`.
pub fn stepped(x: CubeTensor, moments: CubeTensor, step: AdamStep) -> CubeTensor {
    let [x, moments] = [x, moments].map(into_contiguous);
    let elements = x.meta.num_elements();
    let result = empty(&x, extents::<4>(&x));
    let AdamStep { weight, epsilon, rate } = step;
    let client = x.client.clone();
    let (count, units) = a_unit_each(&x, elements);
    // SAFETY: as above.
    unsafe {
        stepped_kernel::launch_unchecked(
            &client,
            count,
            units,
            x.into_tensor_arg(),
            moments.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            elements,
            weight[0],
            weight[1],
            epsilon,
            rate,
        );
    }
    result
}

#[cube(launch_unchecked)]
fn changes_kernel(
    direction: &Tensor<f32>,
    before: &Tensor<f32>,
    gradient: &Tensor<f32>,
    new: &mut Tensor<f32>,
    length: f32,
    elements: usize,
) {
    let chunk = new.shape(2);
    if ABSOLUTE_POS < new.shape(0) * chunk {
        let number = ABSOLUTE_POS / chunk;
        let place = ABSOLUTE_POS % chunk;
        let inside = ABSOLUTE_POS < elements;
        let value = select(inside, gradient[select(inside, ABSOLUTE_POS, 0usize.runtime())], 0.0f32);
        let first = number * NEW * chunk + place;
        new[first] = direction[number * direction.stride(0) + place] * length;
        new[first + chunk] = value - before[number * before.stride(0) + place];
        new[first + 2 * chunk] = value;
    }
}

/// One row of one chunk: its products with the three new ones, and the sum of its magnitudes.
#[cube(launch_unchecked)]
fn parts_kernel<N: Size>(new: &Tensor<Vector<f32, N>>, memory: &Tensor<Vector<f32, N>>, parts: &mut Tensor<f32>) {
    let row = CUBE_POS_X as usize;
    let number = CUBE_POS_Y as usize;
    let chunk = new.shape(2) / VECTOR;
    let remembered = memory.shape(1);
    let first_new = number * NEW * chunk;
    let mut sums = Array::<Vector<f32, N>>::new(VECTOR);
    #[unroll]
    for index in 0..VECTOR {
        sums[index] = Vector::new(0.0f32);
    }
    for place in range_stepped(UNIT_POS as usize, chunk, UNITS) {
        let value = if row < remembered {
            memory[(number * remembered + row) * chunk + place]
        } else {
            new[first_new + (row - remembered) * chunk + place]
        };
        #[unroll]
        for index in 0..NEW {
            sums[index] += value * new[first_new + index * chunk + place];
        }
        sums[NEW] += max(value, -value);
    }
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(VECTOR * UNITS));
    #[unroll]
    for index in 0..VECTOR {
        shared[index * UNITS + UNIT_POS as usize] = sums[index];
    }
    sync_cube();
    if UNIT_POS < comptime!(VECTOR as u32) {
        let mut sum = Vector::<f32, N>::new(0.0f32);
        for unit in 0..UNITS {
            sum += shared[UNIT_POS as usize * UNITS + unit];
        }
        let index = (number * (remembered + NEW) + row) * VECTOR + UNIT_POS as usize;
        parts[index] = across(sum);
    }
}

/// One sum over all chunks, or the loss in its place.
#[cube(launch_unchecked)]
fn sums_kernel(parts: &Tensor<f32>, loss: &Tensor<f32>, sums: &mut Tensor<f32>) {
    let rows = parts.shape(1);
    let wanted = CUBE_POS_X as usize;
    let products = NEW * rows;
    // Behind the products come the loss and the last row's magnitudes.
    let row = select(wanted < products, wanted % rows, rows - 1);
    let column = select(wanted < products, wanted / rows, NEW.runtime());
    let mut sum = 0.0f32;
    for chunk in range_stepped(UNIT_POS as usize, parts.shape(0), UNITS) {
        sum += parts[(chunk * rows + row) * VECTOR + column];
    }
    let total = of_workgroup(sum, UNITS);
    if UNIT_POS == 0 {
        sums[wanted] = select(wanted == products, loss[0], total);
    }
}

#[cube(launch_unchecked)]
fn combined_kernel<N: Size>(
    memory: &Tensor<Vector<f32, N>>,
    gradient: &Tensor<Vector<f32, N>>,
    factors: &Tensor<f32>,
    sum: &mut Tensor<Vector<f32, N>>,
) {
    let chunk = sum.shape(2) / VECTOR;
    if ABSOLUTE_POS < sum.shape(0) * chunk {
        let number = ABSOLUTE_POS / chunk;
        let place = ABSOLUTE_POS % chunk;
        let rows = memory.shape(1);
        let mut total = gradient[number * (gradient.stride(0) / VECTOR) + place] * Vector::broadcast(factors[rows]);
        for row in 0..rows {
            total += memory[(number * rows + row) * chunk + place] * Vector::broadcast(factors[row]);
        }
        sum[ABSOLUTE_POS] = total;
    }
}

#[cube(launch_unchecked)]
fn moved_kernel(x: &Tensor<f32>, direction: &Tensor<f32>, result: &mut Tensor<f32>, length: f32, elements: usize) {
    if ABSOLUTE_POS < elements {
        result[ABSOLUTE_POS] = x[ABSOLUTE_POS] + direction[ABSOLUTE_POS] * length;
    }
}

#[cube(launch_unchecked)]
fn moments_kernel(
    before: &Tensor<f32>,
    gradient: &Tensor<f32>,
    result: &mut Tensor<f32>,
    elements: usize,
    first: f32,
    second: f32,
) {
    if ABSOLUTE_POS < elements {
        let pull = gradient[ABSOLUTE_POS];
        let square = elements + ABSOLUTE_POS;
        result[ABSOLUTE_POS] = before[ABSOLUTE_POS] * first + pull * (1.0 - first);
        result[square] = before[square] * second + pull * pull * (1.0 - second);
    }
}

#[cube(launch_unchecked)]
fn stepped_kernel(
    x: &Tensor<f32>,
    moments: &Tensor<f32>,
    result: &mut Tensor<f32>,
    elements: usize,
    first_weight: f32,
    second_weight: f32,
    epsilon: f32,
    rate: f32,
) {
    if ABSOLUTE_POS < elements {
        let mean = moments[ABSOLUTE_POS] / first_weight;
        let deviation = (moments[elements + ABSOLUTE_POS] / second_weight).sqrt();
        result[ABSOLUTE_POS] = x[ABSOLUTE_POS] - mean / (deviation + epsilon) * rate;
    }
}
