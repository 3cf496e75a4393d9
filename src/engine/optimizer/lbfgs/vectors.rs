//! What L-BFGS does with vectors, in our own kernels where they run and in Burn's operations elsewhere.
//!
//! Vectors lie in chunks, `[K, R, CHUNK]` for `R` of them, with zeros at the end: sums over chunks run side by side and keep their accuracy.

use burn::tensor::{Tensor, TensorData};

#[cfg(feature = "gpu")]
use crate::engine::kernels;
use crate::engine::numbers::sum;
pub use crate::memory::CHUNK;

/// Vectors measured at each evaluation: step, change of the gradient, gradient.
pub const MEASURED: usize = 3;

/// Pictures' elements, `[R, 3, H, W]`, as vectors, `[K, R, CHUNK]`.
pub fn of_pictures(pictures: Tensor<4>) -> Tensor<3> {
    let flat = pictures.flatten::<2>(1, 3);
    let [rows, elements] = flat.dims();
    let chunks = elements.div_ceil(CHUNK);
    let padding = Tensor::zeros([rows, chunks * CHUNK - elements], &flat.device());
    let padded = if padding.dims()[1] == 0 { flat } else { Tensor::cat(vec![flat, padding], 1) };
    padded.reshape([rows, chunks, CHUNK]).swap_dims(0, 1)
}

/// `length · direction`, `gradient − before` and `gradient`, `[K, 3, CHUNK]`.
pub fn changes(direction: &Tensor<3>, length: f32, before: &Tensor<3>, gradient: Tensor<4>) -> Tensor<3> {
    #[cfg(feature = "gpu")]
    if kernels::serve(&gradient.device()) {
        return kernels::vectors::changes(direction.clone(), length, before.clone(), gradient);
    }
    let gradient = of_pictures(gradient);
    Tensor::cat(vec![direction.clone().mul_scalar(length), gradient.clone() - before.clone(), gradient], 1)
}

/// The inner products of `new`, `[K, 3, CHUNK]`, with `memory`, `[K, R, CHUNK]`, and with each other, row by row, then `loss` and the sum of
/// the last one's magnitudes: `[3·(R + 3) + 2]`.
pub fn products(new: &Tensor<3>, memory: &Tensor<3>, loss: Tensor<1>) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if kernels::serve(&new.device()) {
        return kernels::vectors::products(new.clone(), memory.clone(), loss);
    }
    let with = |rows: &Tensor<3>| new.clone().matmul(rows.clone().swap_dims(1, 2)).sum_dim(0).squeeze_dim::<2>(0);
    let products = Tensor::cat(vec![with(memory), with(new)], 1);
    let steepness = sum(new.clone().narrow(1, MEASURED - 1, 1).abs());
    Tensor::cat(vec![products.flatten(0, 1), loss, steepness], 0)
}

/// The sum of `memory`, `[K, R, CHUNK]`, and `gradient`, `[K, 1, CHUNK]`, by `factors`, the gradient's last: `[K, 1, CHUNK]`.
pub fn combined(memory: &Tensor<3>, gradient: &Tensor<3>, factors: Vec<f32>) -> Tensor<3> {
    let device = memory.device();
    #[cfg(feature = "gpu")]
    if kernels::serve(&device) {
        return kernels::vectors::combined(memory.clone(), gradient.clone(), Tensor::from_data(factors.as_slice(), &device));
    }
    let [chunks, rows, _] = memory.dims();
    let remembered = Tensor::<3>::from_data(TensorData::new(factors[..rows].to_vec(), [1, 1, rows]), &device);
    remembered.expand([chunks, 1, rows]).matmul(memory.clone()) + gradient.clone().mul_scalar(factors[rows])
}

/// `x + length · direction`, `[1, 3, H, W]`.
pub fn moved(x: &Tensor<4>, direction: &Tensor<3>, length: f32) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if kernels::serve(&x.device()) {
        return kernels::vectors::moved(x.clone(), direction.clone(), length);
    }
    let step = direction.clone().mul_scalar(length).flatten::<1>(0, 2);
    x.clone() + step.narrow(0, 0, x.shape().num_elements()).reshape(x.dims())
}
