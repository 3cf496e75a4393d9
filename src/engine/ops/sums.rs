//! Reductions in a fixed order, so that results are bitwise reproducible.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::layout::{VECTOR, cube_of, empty, launch_1d};

/// Units in the workgroup that computes a [`total`].
const UNITS: usize = 256;

/// Returns the sum of all `parts`, `[N]` to `[1]`; `N` must be a multiple of 4. A whole workgroup
/// shares the work, where Burn's own reduction uses a single unit.
pub fn total(parts: CubeTensor) -> CubeTensor {
    assert!(parts.meta.num_elements().is_multiple_of(VECTOR), "whole vectors");
    let total = empty(&parts, [1]);
    let client = parts.client.clone();
    // SAFETY: units read only below the length, and unit 0 writes the only element of the total.
    unsafe {
        total_kernel::launch_unchecked(
            &client,
            CubeCount::Static(1, 1, 1),
            cube_of(UNITS),
            VECTOR,
            parts.into_tensor_arg(),
            total.clone().into_tensor_arg(),
        );
    }
    total
}

/// Sums the slices of `parts`, `[S, …]`, into `sum` and returns it: `scale · Σₛ parts[s]`. The
/// number of elements of `sum` must be a multiple of 4.
pub fn sum_slices_into(parts: CubeTensor, sum: CubeTensor, scale: f32) -> CubeTensor {
    let client = parts.client.clone();
    assert!(sum.meta.num_elements().is_multiple_of(VECTOR), "whole vectors");
    let length = sum.meta.num_elements() / VECTOR;
    let (count, units) = launch_1d(&sum, length);
    // SAFETY: units past the end of the sum do nothing.
    unsafe {
        sum_slices_into_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            parts.into_tensor_arg(),
            sum.clone().into_tensor_arg(),
            length,
            scale,
        );
    }
    sum
}

#[cube(launch_unchecked)]
fn total_kernel<N: Size>(parts: &Tensor<Vector<f32, N>>, total: &mut Tensor<f32>) {
    let mut sum = Vector::<f32, N>::new(0.0f32);
    for index in range_stepped(UNIT_POS as usize, parts.shape(0) / VECTOR, UNITS) {
        sum += parts[index];
    }
    let all = of_workgroup(across(sum), UNITS);
    if UNIT_POS == 0 {
        total[0] = all;
    }
}

#[cube(launch_unchecked)]
fn sum_slices_into_kernel<N: Size>(
    parts: &Tensor<Vector<f32, N>>,
    sum: &mut Tensor<Vector<f32, N>>,
    length: usize,
    scale: f32,
) {
    if ABSOLUTE_POS < length {
        sum[ABSOLUTE_POS] =
            over_slices(parts, ABSOLUTE_POS, length, Vector::new(0.0f32)) * Vector::new(scale);
    }
}

/// Returns `first + Σₛ parts[s][place]`. A slice of `parts` has `length` vectors.
#[cube]
pub fn over_slices<N: Size>(
    parts: &Tensor<Vector<f32, N>>,
    place: usize,
    length: usize,
    first: Vector<f32, N>,
) -> Vector<f32, N> {
    let mut sum = first;
    for slice in 0..parts.shape(0) {
        sum += parts[slice * length + place];
    }
    sum
}

/// Sums one value per unit of a workgroup. Only unit 0 returns the result.
#[cube]
pub fn of_workgroup(own: f32, #[comptime] units: usize) -> f32 {
    let mut shared = Shared::<[f32]>::new_slice(units);
    shared[UNIT_POS as usize] = own;
    sync_cube();
    let mut sum = 0.0f32;
    if UNIT_POS == 0 {
        for unit in 0..units {
            sum += shared[unit];
        }
    }
    sum
}

/// Sums the components of a vector.
#[cube]
pub fn across<N: Size>(vector: Vector<f32, N>) -> f32 {
    vector.extract(0usize)
        + vector.extract(1usize)
        + vector.extract(2usize)
        + vector.extract(3usize)
}
