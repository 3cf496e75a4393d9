//! Kernels of the squared distance and its gradient. Sums have a fixed order, so distances are
//! bitwise reproducible.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{
    VECTOR, channels_first, channels_last, empty, launch_1d, summing_units,
};
use super::super::precision::element;
use super::super::sums::{across, total};

/// Returns `Σ (scale·(x − target))²`, `[1]`.
///
/// # Panics
/// If `x` and `target` differ in precision.
pub fn squared_distance(x: CubeTensor, target: CubeTensor, scale: f32) -> CubeTensor {
    assert_eq!(x.dtype, target.dtype, "one precision");
    let [x, target] = [x, target].map(contiguous);
    let length = x.meta.num_elements() / VECTOR;
    let units = summing_units(length);
    let sums = empty(&x, [units]);
    let client = x.client.clone();
    let x_element = element(&x);
    let (count, workgroup) = launch_1d(&x, units);
    // SAFETY: each unit reads only below the length and writes its own sum; the grid covers the
    // sums exactly.
    unsafe {
        sum_kernel::launch_unchecked(
            &client,
            count,
            workgroup,
            VECTOR,
            x.into_tensor_arg(),
            target.into_tensor_arg(),
            sums.clone().into_tensor_arg(),
            length,
            units,
            scale,
            x_element,
        );
    }
    total(sums)
}

/// Returns `factor·g·(x − target)` in f32, in the shape of `x`, for `g`, `[1]`.
pub fn difference(g: CubeTensor, x: CubeTensor, target: CubeTensor, factor: f32) -> CubeTensor {
    let is_map = x.meta.num_dims() == 4;
    let [x, target] = [x, target].map(contiguous);
    let length = x.meta.num_elements() / VECTOR;
    let result = empty_f32(&x);
    let client = x.client.clone();
    let x_element = element(&x);
    let (count, workgroup) = launch_1d(&x, length);
    // SAFETY: units past the length do nothing.
    unsafe {
        difference_kernel::launch_unchecked(
            &client,
            count,
            workgroup,
            VECTOR,
            g.into_tensor_arg(),
            x.into_tensor_arg(),
            target.into_tensor_arg(),
            result.clone().into_tensor_arg(),
            length,
            factor,
            x_element,
        );
    }
    if is_map { channels_first(result) } else { result }
}

/// Makes a tensor contiguous: a map channels-last, at no cost if one of our kernels wrote it, and a
/// matrix in its own order.
fn contiguous(tensor: CubeTensor) -> CubeTensor {
    if tensor.meta.num_dims() == 4 { channels_last(tensor) } else { into_contiguous(tensor) }
}

/// Allocates an f32 tensor in the shape of a matrix or of a channels-last map.
fn empty_f32(tensor: &CubeTensor) -> CubeTensor {
    match *tensor.meta.shape().as_slice() {
        [rows, columns] => empty(tensor, [rows, columns]),
        [batch, height, width, channels] => empty(tensor, [batch, height, width, channels]),
        ref other => panic!("neither a map nor a matrix: {other:?}"),
    }
}

#[cube(launch_unchecked)]
fn sum_kernel<X: Float, N: Size>(
    x: &Tensor<Vector<X, N>>,
    target: &Tensor<Vector<X, N>>,
    sums: &mut Tensor<f32>,
    length: usize,
    units: usize,
    scale: f32,
    #[define(X)] _element: ElemType,
) {
    let mut sum = Vector::<f32, N>::new(0.0f32);
    for index in range_stepped(ABSOLUTE_POS, length, units) {
        let difference = (Vector::<f32, N>::cast_from(x[index]) - Vector::cast_from(target[index]))
            * Vector::new(scale);
        sum += difference * difference;
    }
    sums[ABSOLUTE_POS] = across(sum);
}

#[cube(launch_unchecked)]
fn difference_kernel<X: Float, N: Size>(
    g: &Tensor<f32>,
    x: &Tensor<Vector<X, N>>,
    target: &Tensor<Vector<X, N>>,
    result: &mut Tensor<Vector<f32, N>>,
    length: usize,
    factor: f32,
    #[define(X)] _element: ElemType,
) {
    if ABSOLUTE_POS < length {
        let difference =
            Vector::<f32, N>::cast_from(x[ABSOLUTE_POS]) - Vector::cast_from(target[ABSOLUTE_POS]);
        result[ABSOLUTE_POS] = difference * Vector::new(g[0] * factor);
    }
}
