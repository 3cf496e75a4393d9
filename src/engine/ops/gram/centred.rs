//! Kernels of the covariance from moments, forward and backward.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::layout::{VECTOR, cube_of, empty, extents, launch_1d};
use super::super::sums::{across, of_workgroup};
use super::LEAST_SQUARE;

/// Units in the workgroup that computes the [`scales`].
const UNITS: usize = 256;
/// Returns `s₀·(G − m·mᵀ)` above `s₁·mᵀ` from moments `G` above `mᵀ`, `[C + 1, C]`, and scales `s`,
/// `[2]`.
pub fn centred(moments: CubeTensor, scales: CubeTensor) -> CubeTensor {
    let [moments, scales] = [moments, scales].map(into_contiguous);
    let [rows, channels] = extents(&moments);
    let centred = empty(&moments, [rows, channels]);
    let client = moments.client.clone();
    let (count, units) = launch_1d(&centred, rows * channels / VECTOR);
    // SAFETY: units past the end of the moments do nothing.
    unsafe {
        centred_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            moments.into_tensor_arg(),
            scales.into_tensor_arg(),
            centred.clone().into_tensor_arg(),
        );
    }
    centred
}

/// Returns the gradient with respect to the moments, `s₀·D` above `(s₁·d − s₀·(D + Dᵀ)·m)ᵀ`, from
/// that with respect to the result of [`centred`], `D` above `dᵀ`.
pub fn backward(gradient: CubeTensor, moments: CubeTensor, scales: CubeTensor) -> CubeTensor {
    let [gradient, moments, scales] = [gradient, moments, scales].map(into_contiguous);
    let [rows, channels] = extents(&moments);
    let result = empty(&moments, [rows, channels]);
    let client = moments.client.clone();
    let (count, units) = launch_1d(&result, rows * channels / VECTOR);
    // SAFETY: units past the end of the moments do nothing.
    unsafe {
        backward_kernel::launch_unchecked(
            &client,
            count,
            units,
            VECTOR,
            gradient.into_tensor_arg(),
            moments.into_tensor_arg(),
            scales.into_tensor_arg(),
            result.clone().into_tensor_arg(),
        );
    }
    result
}

/// Returns one over the norm of the first `C` rows, the covariance, and one over that of the last
/// row, the mean, of `[C + 1, C]`: `[2]`. The squared norm of the covariance counts as at least
/// `least · ‖mean‖⁴`.
pub fn scales(centred: CubeTensor, least: f32) -> CubeTensor {
    let centred = into_contiguous(centred);
    let scales = empty(&centred, [2]);
    let client = centred.client.clone();
    // SAFETY: units read only within the moments, and unit 0 writes both scales.
    unsafe {
        scales_kernel::launch_unchecked(
            &client,
            CubeCount::Static(1, 1, 1),
            cube_of(UNITS),
            VECTOR,
            centred.into_tensor_arg(),
            scales.clone().into_tensor_arg(),
            least,
        );
    }
    scales
}

#[cube(launch_unchecked)]
fn scales_kernel<N: Size>(centred: &Tensor<Vector<f32, N>>, scales: &mut Tensor<f32>, least: f32) {
    let vectors = centred.shape(1) / VECTOR;
    let matrix = centred.shape(1) * vectors;
    let spread = squares(centred, 0, matrix);
    let means = squares(centred, matrix, matrix + vectors);
    if UNIT_POS == 0 {
        let floor = means * means * least;
        scales[0] = 1.0 / f32::sqrt(f32::max(f32::max(spread, floor), LEAST_SQUARE));
        scales[1] = 1.0 / f32::sqrt(f32::max(means, LEAST_SQUARE));
    }
}

/// Sums the squares of the vectors in `first..end` over a workgroup. Only unit 0 returns the
/// result.
#[cube]
fn squares<N: Size>(centred: &Tensor<Vector<f32, N>>, first: usize, end: usize) -> f32 {
    let mut sum = Vector::<f32, N>::new(0.0f32);
    for index in range_stepped(first + UNIT_POS as usize, end, UNITS) {
        sum += centred[index] * centred[index];
    }
    let all = of_workgroup(across(sum), UNITS);
    sync_cube();
    all
}

#[cube(launch_unchecked)]
fn centred_kernel<N: Size>(
    moments: &Tensor<Vector<f32, N>>,
    scales: &Tensor<f32>,
    centred: &mut Tensor<Vector<f32, N>>,
) {
    let channels = moments.shape(1);
    let vectors = channels / VECTOR;
    let (row, column) = (ABSOLUTE_POS / vectors, ABSOLUTE_POS % vectors);
    if row < channels {
        let product = Vector::<f32, N>::new(component(moments, channels * vectors, row))
            * moments[channels * vectors + column];
        centred[ABSOLUTE_POS] = (moments[ABSOLUTE_POS] - product) * Vector::new(scales[0]);
    } else if row == channels {
        centred[ABSOLUTE_POS] = moments[ABSOLUTE_POS] * Vector::new(scales[1]);
    }
}

#[cube(launch_unchecked)]
fn backward_kernel<N: Size>(
    gradient: &Tensor<Vector<f32, N>>,
    moments: &Tensor<Vector<f32, N>>,
    scales: &Tensor<f32>,
    result: &mut Tensor<Vector<f32, N>>,
) {
    let channels = moments.shape(1);
    let vectors = channels / VECTOR;
    let mean = channels * vectors;
    let (row, column) = (ABSOLUTE_POS / vectors, ABSOLUTE_POS % vectors);
    if row < channels {
        result[ABSOLUTE_POS] = gradient[ABSOLUTE_POS] * Vector::new(scales[0]);
    } else if row == channels {
        let mut sum = Vector::<f32, N>::new(0.0f32);
        for other in 0..channels {
            sum +=
                gradient[other * vectors + column] * Vector::new(component(moments, mean, other));
        }
        #[unroll]
        for part in 0..VECTOR {
            let first = (column * VECTOR + part) * vectors;
            let mut along = Vector::<f32, N>::new(0.0f32);
            for other in 0..vectors {
                along += gradient[first + other] * moments[mean + other];
            }
            let own = sum.extract(part);
            sum.insert(part, own + across(along));
        }
        result[ABSOLUTE_POS] =
            gradient[ABSOLUTE_POS] * Vector::new(scales[1]) - sum * Vector::new(scales[0]);
    }
}

/// Returns element `place` of the row that begins at vector `first`.
#[cube]
fn component<N: Size>(tensor: &Tensor<Vector<f32, N>>, first: usize, place: usize) -> f32 {
    let vector = tensor[first + place / VECTOR];
    let mut value = 0.0f32;
    #[unroll]
    for part in 0..VECTOR {
        value = select(place % VECTOR == part, vector.extract(part), value);
    }
    value
}
