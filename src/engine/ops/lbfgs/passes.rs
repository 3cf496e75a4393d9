//! Kernels of the passes over vectors. Sums have a fixed order, so runs are bitwise reproducible.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, cube_of, empty, extents, launch_1d};
use super::super::sums::{across, of_workgroup};
use super::scalars::{MEASURED, scalar};

/// Units of a workgroup, which share one row of a chunk, or one sum over all chunks.
const UNITS: usize = 64;

/// Returns the vectors `s`, `y` and `g`, `[K, 3, L]`: step size · `direction`, `gradient` −
/// `before`, and `gradient`.
pub fn differences(
    direction: CubeTensor,
    scalars: CubeTensor,
    before: CubeTensor,
    gradient: CubeTensor,
) -> CubeTensor {
    let gradient = into_contiguous(gradient);
    let elements = gradient.meta.num_elements();
    let [chunks, _, chunk] = extents(&direction);
    let new = empty(&direction, [chunks, MEASURED, chunk]);
    let client = direction.client.clone();
    let (count, units) = launch_1d(&direction, chunks * chunk);
    // SAFETY: units past the end of the chunks do nothing, and elements past the end of the image
    // read its first.
    unsafe {
        differences_kernel::launch_unchecked(
            &client,
            count,
            units,
            direction.into_tensor_arg(),
            scalars.into_tensor_arg(),
            before.into_tensor_arg(),
            gradient.into_tensor_arg(),
            new.clone().into_tensor_arg(),
            elements,
        );
    }
    new
}

/// Returns the inner products of the `new` vectors with the history rows and with each other,
/// row-major, then the L1 norm of the third: `[3·(R + 3) + 1]`.
pub fn inner_products(new: CubeTensor, memory: CubeTensor) -> CubeTensor {
    let [chunks, history_rows, _] = extents(&memory);
    let rows = history_rows + MEASURED;
    let parts = empty(&new, [chunks, rows, VECTOR]);
    let sums = empty(&new, [MEASURED * rows + 1]);
    let client = new.client.clone();
    let count = |count: usize| u32::try_from(count).expect("a count of workgroups");
    let units = CubeDim::new_1d(count(UNITS));
    // SAFETY: the first grid covers the rows of all chunks exactly, and the second the sums.
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
            CubeCount::Static(count(MEASURED * rows + 1), 1, 1),
            units,
            parts.into_tensor_arg(),
            sums.clone().into_tensor_arg(),
        );
    }
    sums
}

/// Returns the inner products of the history rows, `[K, R, L]`, with each other: `[R, R]`.
pub fn inner_products_within(memory: CubeTensor) -> CubeTensor {
    let [_, rows, _] = extents(&memory);
    let inner_products = empty(&memory, [rows, rows]);
    let client = memory.client.clone();
    let count = u32::try_from(rows).expect("a count of workgroups");
    // SAFETY: the grid covers the inner products exactly.
    unsafe {
        inner_products_within_kernel::launch_unchecked(
            &client,
            CubeCount::Static(count, count, 1),
            cube_of(UNITS),
            VECTOR,
            memory.into_tensor_arg(),
            inner_products.clone().into_tensor_arg(),
        );
    }
    inner_products
}

/// Carries out the decision in `scalars`: returns image, history and gradient, the last two updated
/// in place if uniquely owned.
pub fn commit(
    scalars: CubeTensor,
    [x, trial]: [CubeTensor; 2],
    new: CubeTensor,
    vectors: [CubeTensor; 2],
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let [x, trial] = [x, trial].map(into_contiguous);
    let [memory, gradient] =
        vectors.map(|vectors| if vectors.can_mut() { vectors } else { vectors.copy() });
    let [chunks, _, chunk] = extents(&memory);
    let (result, elements) = (empty(&x, extents::<4>(&x)), x.meta.num_elements());
    let client = x.client.clone();
    let (count, units) = launch_1d(&x, chunks * chunk);
    // SAFETY: units past the end of the chunks do nothing, those past the end of the image skip it,
    // and every slot has two rows in the history.
    unsafe {
        commit_kernel::launch_unchecked(
            &client,
            count,
            units,
            scalars.into_tensor_arg(),
            x.into_tensor_arg(),
            trial.into_tensor_arg(),
            new.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            memory.clone().into_tensor_arg(),
            gradient.clone().into_tensor_arg(),
            elements,
        );
    }
    (result, memory, gradient)
}

/// Returns the search direction `d = Σ cᵢ·vᵢ`, `[K, 1, L]`, and the trial point
/// `x + step size · d`, `[1, 3, H, W]`.
pub fn trial_point(
    scalars: CubeTensor,
    [memory, gradient]: [CubeTensor; 2],
    x: CubeTensor,
) -> (CubeTensor, CubeTensor) {
    let x = into_contiguous(x);
    let [chunks, _, chunk] = extents(&memory);
    let direction = empty(&memory, [chunks, 1, chunk]);
    let (trial, elements) = (empty(&x, extents::<4>(&x)), x.meta.num_elements());
    let client = memory.client.clone();
    let (count, units) = launch_1d(&memory, chunks * chunk / VECTOR);
    // SAFETY: units past the end of the chunks do nothing, and those past the end of the image skip
    // it.
    unsafe {
        trial_point_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            scalars.into_tensor_arg(),
            memory.into_tensor_arg(),
            gradient.into_tensor_arg(),
            x.into_tensor_arg(),
            direction.clone().into_tensor_arg(),
            trial.clone().into_tensor_arg(),
            elements,
        );
    }
    (direction, trial)
}

#[cube(launch_unchecked)]
fn differences_kernel(
    direction: &Tensor<f32>,
    scalars: &Tensor<f32>,
    before: &Tensor<f32>,
    gradient: &Tensor<f32>,
    new: &mut Tensor<f32>,
    elements: usize,
) {
    let chunk = new.shape(2);
    if ABSOLUTE_POS < new.shape(0) * chunk {
        let chunk_index = ABSOLUTE_POS / chunk;
        let inside = ABSOLUTE_POS < elements;
        let value =
            select(inside, gradient[select(inside, ABSOLUTE_POS, 0usize.runtime())], 0.0f32);
        let first = chunk_index * MEASURED * chunk + ABSOLUTE_POS % chunk;
        new[first] = direction[ABSOLUTE_POS] * scalars[scalar::STEP_SIZE];
        new[first + chunk] = value - before[ABSOLUTE_POS];
        new[first + 2 * chunk] = value;
    }
}

/// Computes, for one row of one chunk, its inner products with the three new vectors, and its L1
/// norm.
#[cube(launch_unchecked)]
fn parts_kernel<N: Size>(
    new: &Tensor<Vector<f32, N>>,
    memory: &Tensor<Vector<f32, N>>,
    parts: &mut Tensor<f32>,
) {
    let row = CUBE_POS_X as usize;
    let chunk_index = CUBE_POS_Y as usize;
    let chunk = new.shape(2) / VECTOR;
    let history_rows = memory.shape(1);
    let first_new = chunk_index * MEASURED * chunk;
    let mut sums = Array::<Vector<f32, N>>::new(VECTOR);
    #[unroll]
    for index in 0..VECTOR {
        sums[index] = Vector::new(0.0f32);
    }
    for within in range_stepped(UNIT_POS as usize, chunk, UNITS) {
        let value = if row < history_rows {
            memory[(chunk_index * history_rows + row) * chunk + within]
        } else {
            new[first_new + (row - history_rows) * chunk + within]
        };
        #[unroll]
        for index in 0..MEASURED {
            sums[index] += value * new[first_new + index * chunk + within];
        }
        sums[MEASURED] += max(value, -value);
    }
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(VECTOR * UNITS));
    #[unroll]
    for index in 0..VECTOR {
        shared[index * UNITS + UNIT_POS as usize] = sums[index];
    }
    sync_cube();
    if (UNIT_POS as usize) < VECTOR {
        let mut sum = Vector::<f32, N>::new(0.0f32);
        for unit in 0..UNITS {
            sum += shared[UNIT_POS as usize * UNITS + unit];
        }
        let index = (chunk_index * (history_rows + MEASURED) + row) * VECTOR + UNIT_POS as usize;
        parts[index] = across(sum);
    }
}

/// Adds up one inner product, or the L1 norm, over all chunks.
#[cube(launch_unchecked)]
fn sums_kernel(parts: &Tensor<f32>, sums: &mut Tensor<f32>) {
    let rows = parts.shape(1);
    let index = CUBE_POS_X as usize;
    let inner_products = MEASURED * rows;
    // After the inner products comes the L1 norm of the last row, the gradient.
    let row = select(index < inner_products, index % rows, rows - 1);
    let column = select(index < inner_products, index / rows, MEASURED.runtime());
    let mut sum = 0.0f32;
    for chunk in range_stepped(UNIT_POS as usize, parts.shape(0), UNITS) {
        sum += parts[(chunk * rows + row) * VECTOR + column];
    }
    let total = of_workgroup(sum, UNITS);
    if UNIT_POS == 0 {
        sums[index] = total;
    }
}

/// Computes one inner product and stores it at both symmetric positions. Each chunk is summed by
/// itself before it is added to the total, which keeps the sum accurate.
#[cube(launch_unchecked)]
fn inner_products_within_kernel<N: Size>(
    memory: &Tensor<Vector<f32, N>>,
    inner_products: &mut Tensor<f32>,
) {
    let row = CUBE_POS_X as usize;
    let column = CUBE_POS_Y as usize;
    if column <= row {
        let rows = memory.shape(1);
        let length = memory.shape(2) / VECTOR;
        let mut sum = Vector::<f32, N>::new(0.0f32);
        for chunk in 0..memory.shape(0) {
            let mut chunk_sum = Vector::<f32, N>::new(0.0f32);
            for within in range_stepped(UNIT_POS as usize, length, UNITS) {
                chunk_sum += memory[(chunk * rows + row) * length + within]
                    * memory[(chunk * rows + column) * length + within];
            }
            sum += chunk_sum;
        }
        let total = of_workgroup(across(sum), UNITS);
        if UNIT_POS == 0 {
            inner_products[row * rows + column] = total;
            inner_products[column * rows + row] = total;
        }
    }
}

/// Carries out the decision. Binds eight storage buffers, the seven tensors and their extents,
/// which is the limit that WebGPU guarantees.
#[cube(launch_unchecked)]
fn commit_kernel(
    scalars: &Tensor<f32>,
    x: &Tensor<f32>,
    trial: &Tensor<f32>,
    new: &Tensor<f32>,
    result: &mut Tensor<f32>,
    memory: &mut Tensor<f32>,
    gradient: &mut Tensor<f32>,
    elements: usize,
) {
    let chunk = memory.shape(2);
    if ABSOLUTE_POS < memory.shape(0) * chunk {
        let chunk_index = ABSOLUTE_POS / chunk;
        let within = ABSOLUTE_POS % chunk;
        let first = chunk_index * MEASURED * chunk + within;
        if scalars[scalar::REFRESHED] == 1.0 {
            gradient[ABSOLUTE_POS] = new[first + 2 * chunk];
        }
        let slot = scalars[scalar::SLOT];
        if slot >= 0.0 {
            let row = chunk_index * memory.shape(1) + 2 * usize::cast_from(slot);
            memory[row * chunk + within] = new[first];
            memory[(row + 1) * chunk + within] = new[first + chunk];
        }
        if ABSOLUTE_POS < elements {
            result[ABSOLUTE_POS] =
                select(scalars[scalar::ACCEPTED] == 1.0, trial[ABSOLUTE_POS], x[ABSOLUTE_POS]);
        }
    }
}

#[cube(launch_unchecked)]
fn trial_point_kernel<N: Size>(
    scalars: &Tensor<f32>,
    memory: &Tensor<Vector<f32, N>>,
    gradient: &Tensor<Vector<f32, N>>,
    x: &Tensor<f32>,
    direction: &mut Tensor<Vector<f32, N>>,
    trial: &mut Tensor<f32>,
    elements: usize,
) {
    let chunk = direction.shape(2) / VECTOR;
    if ABSOLUTE_POS < direction.shape(0) * chunk {
        let chunk_index = ABSOLUTE_POS / chunk;
        let within = ABSOLUTE_POS % chunk;
        let rows = memory.shape(1);
        let mut sum =
            gradient[ABSOLUTE_POS] * Vector::broadcast(scalars[scalar::COEFFICIENTS + rows]);
        for row in 0..rows {
            sum += memory[(chunk_index * rows + row) * chunk + within]
                * Vector::broadcast(scalars[scalar::COEFFICIENTS + row]);
        }
        direction[ABSOLUTE_POS] = sum;
        let has_trial = scalars[scalar::HAS_TRIAL] == 1.0;
        #[unroll]
        for index in 0..VECTOR {
            let element = ABSOLUTE_POS * VECTOR + index;
            if element < elements {
                trial[element] = select(
                    has_trial,
                    x[element] + sum.extract(index) * scalars[scalar::STEP_SIZE],
                    x[element],
                );
            }
        }
    }
}
