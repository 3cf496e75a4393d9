//! Moments of a feature map, and the mean's backward pass, which adds an offset per channel.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, channels_first, channels_last, empty, extents, launch_1d};
use super::super::precision::element;
use super::super::sums::over_slices;
use super::slices::{products, reciprocal};

/// Target number of units: enough to fill a large GPU, with few partial sums to add up.
const UNITS: usize = 16_384;
/// Minimum positions per unit. With fewer, storing a sum would cost as much as computing it.
const LEAST_POSITIONS: usize = 16;

/// Returns the moments `F·Fᵀ / M` above `(F·u)ᵀ / M`, `[C + 1, C]`, of a map `[1, C, H, W]`, with
/// one factor `u` per position, `[1, 1, H, W]`, or one for all, `[1, 1, 1, 1]`.
pub fn moments(map: CubeTensor, factors: CubeTensor) -> CubeTensor {
    let map = channels_last(map);
    let [_, height, width, channels] = extents(&map);
    let (products, means) = (products(map.clone()), parts(map, factors));
    let moments = empty(&products, [channels + 1, channels]);
    let client = moments.client.clone();
    let (count, units) = launch_1d(&moments, moments.meta.num_elements() / VECTOR);
    // SAFETY: units past the end of the moments do nothing.
    unsafe {
        moments_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            products.into_tensor_arg(),
            means.into_tensor_arg(),
            moments.clone().into_tensor_arg(),
            reciprocal(height * width),
        );
    }
    moments
}

/// Returns `(F·u)ᵀ` per slice of positions, `[S, C]`, of a channels-last map `[1, H, W, C]`.
fn parts(map: CubeTensor, factors: CubeTensor) -> CubeTensor {
    let factors = into_contiguous(factors);
    let [_, height, width, channels] = extents(&map);
    let (positions, vectors) = (height * width, channels / VECTOR);
    let length = positions.div_ceil((UNITS / vectors).max(1)).max(LEAST_POSITIONS);
    let slices = positions.div_ceil(length);
    let parts = empty(&map, [slices, channels]);
    let client = map.client.clone();
    let map_element = element(&map);
    let (count, units) = launch_1d(&map, slices * vectors);
    // SAFETY: units past the end of the parts do nothing, and others read only positions of the
    // map.
    unsafe {
        parts_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            map.into_tensor_arg(),
            factors.into_tensor_arg(),
            parts.clone().into_tensor_arg(),
            length,
            map_element,
        );
    }
    parts
}

/// Adds `g_c·u_p / M` to `map`, `[1, C, H, W]` in f32, at channel `c` and position `p`, where `g`
/// is the last row of `gradient`, `[C + 1, C]`. Writes in place: `map` must be uniquely owned.
pub fn offset(map: CubeTensor, gradient: CubeTensor, factors: CubeTensor) -> CubeTensor {
    let map = channels_last(map);
    let [gradient, factors] = [gradient, factors].map(into_contiguous);
    let [_, height, width, _] = extents::<4>(&map);
    let length = map.meta.num_elements() / VECTOR;
    let client = map.client.clone();
    let (count, units) = launch_1d(&map, length);
    // SAFETY: units past the end of the map do nothing, and the gradient has one row more than the
    // map has channels.
    unsafe {
        offset_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            map.clone().into_tensor_arg(),
            gradient.into_tensor_arg(),
            factors.into_tensor_arg(),
            length,
            reciprocal(height * width),
        );
    }
    channels_first(map)
}

#[cube(launch_unchecked)]
fn parts_kernel<M: Float, N: Size>(
    map: &Tensor<Vector<M, N>>,
    factors: &Tensor<f32>,
    parts: &mut Tensor<Vector<f32, N>>,
    length: usize,
    #[define(M)] _element: ElemType,
) {
    let vectors = map.shape(3) / VECTOR;
    let slice = ABSOLUTE_POS / vectors;
    if slice < parts.shape(0) {
        let positions = map.shape(1) * map.shape(2);
        let first = slice * length;
        let mut sum = Vector::<f32, N>::new(0.0f32);
        for position in first..min(first + length, positions) {
            let factor = Vector::<f32, N>::new(factor_at(factors, position));
            sum += Vector::cast_from(map[position * vectors + ABSOLUTE_POS % vectors]) * factor;
        }
        parts[ABSOLUTE_POS] = sum;
    }
}

#[cube(launch_unchecked)]
fn offset_kernel<N: Size>(
    map: &mut Tensor<Vector<f32, N>>,
    gradient: &Tensor<Vector<f32, N>>,
    factors: &Tensor<f32>,
    length: usize,
    scale: f32,
) {
    if ABSOLUTE_POS < length {
        let channels = map.shape(3);
        let vectors = channels / VECTOR;
        let factor = Vector::<f32, N>::new(factor_at(factors, ABSOLUTE_POS / vectors) * scale);
        map[ABSOLUTE_POS] += gradient[channels * vectors + ABSOLUTE_POS % vectors] * factor;
    }
}

#[cube(launch_unchecked)]
fn moments_kernel<N: Size>(
    products: &Tensor<Vector<f32, N>>,
    means: &Tensor<Vector<f32, N>>,
    moments: &mut Tensor<Vector<f32, N>>,
    scale: f32,
) {
    let vectors = moments.shape(1) / VECTOR;
    let matrix = moments.shape(1) * vectors;
    let none = Vector::new(0.0f32);
    if ABSOLUTE_POS < matrix {
        moments[ABSOLUTE_POS] =
            over_slices(products, ABSOLUTE_POS, matrix, none) * Vector::new(scale);
    } else if ABSOLUTE_POS < matrix + vectors {
        moments[ABSOLUTE_POS] =
            over_slices(means, ABSOLUTE_POS - matrix, vectors, none) * Vector::new(scale);
    }
}

/// Returns the factor at a position; a single factor applies to all.
#[cube]
fn factor_at(factors: &Tensor<f32>, position: usize) -> f32 {
    factors[select(factors.len() == 1, 0, position)]
}
