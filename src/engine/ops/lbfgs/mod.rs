//! L-BFGS on vectors: inner products, decisions, updates. On a GPU the passes read the decision
//! from the scalars on the device. The twin reads the scalars back, which costs no wait on the CPU.
//!
//! Vectors are `[K, R, CHUNK]`: `R` rows in `K` zero-padded chunks. Sums over chunks run in
//! parallel and stay accurate.

#[cfg(feature = "gpu")]
mod decision;
#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod passes;
mod scalars;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use burn::tensor::{ExecutionError, Tensor, TensorData};

use super::image::resize;
use super::readback::read_back;
use super::sum;
pub use crate::memory::CHUNK;
pub use scalars::{Evaluated, LbfgsScalars, scalar};

/// Returns images, `[R, 3, H, W]`, as vectors, `[K, R, CHUNK]`.
pub fn to_chunks(pictures: Tensor<4>) -> Tensor<3> {
    let flat = pictures.flatten::<2>(1, 3);
    let [rows, elements] = flat.dims();
    let chunks = elements.div_ceil(CHUNK);
    let padding = Tensor::zeros([rows, chunks * CHUNK - elements], &flat.device());
    let padded = if padding.dims()[1] == 0 { flat } else { Tensor::cat(vec![flat, padding], 1) };
    padded.reshape([rows, chunks, CHUNK]).swap_dims(0, 1)
}

/// Returns the inner products of the rows of `memory`, `[K, R, CHUNK]`, with each other: `[R, R]`.
pub fn inner_products_within(memory: Tensor<3>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&memory.device()) {
        return glue::inner_products_within(memory);
    }
    memory.clone().matmul(memory.swap_dims(1, 2)).sum_dim(0).squeeze_dim(0)
}

/// The tensors of the optimiser: best image, history and line-search trial.
#[derive(Debug)]
pub struct LbfgsState {
    /// The state, as [`LbfgsScalars`] lays it out.
    pub scalars: Tensor<1>,
    /// The best image so far, `[1, 3, H, W]`.
    pub x: Tensor<4>,
    /// Gradient of the loss at `x`, `[K, 1, CHUNK]`.
    pub gradient: Tensor<3>,
    /// History rows, two per pair, `[K, R, CHUNK]`.
    pub memory: Tensor<3>,
    /// Search direction, `[K, 1, CHUNK]`.
    pub direction: Tensor<3>,
    /// The line-search trial, `[1, 3, H, W]`; `x` if there is none.
    pub trial: Tensor<4>,
}

impl LbfgsState {
    /// Creates the state at `x`, `[1, 3, H, W]`, without a trial and with an unknown gradient.
    pub fn new(x: Tensor<4>, memory: Tensor<3>, scalars: &LbfgsScalars) -> Self {
        let device = x.device();
        let chunks = memory.dims()[0];
        let zeros = || Tensor::zeros([chunks, 1, CHUNK], &device);
        let scalars = Tensor::from_floats(scalars.numbers(), &device);
        Self { scalars, gradient: zeros(), memory, direction: zeros(), trial: x.clone(), x }
    }

    /// Takes an evaluation with these loss terms, `[1]` each, and `gradient`, `[1, 3, H, W]`, and
    /// computes the next trial.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn observe(
        &mut self,
        evaluated: Evaluated,
        terms: [Tensor<1>; 3],
        gradient: Tensor<4>,
    ) -> Result<(), ExecutionError> {
        #[cfg(feature = "gpu")]
        if super::on_gpu(&gradient.device()) {
            self.observe_on_device(evaluated, terms, gradient);
            return Ok(());
        }
        let before = self.read_scalars().await?;
        let gradient = to_chunks(gradient);
        let step = self.direction.clone().mul_scalar(before.get(scalar::STEP_SIZE));
        let new =
            Tensor::cat(vec![step, gradient.clone() - self.gradient.clone(), gradient.clone()], 1);
        let with = |rows: &Tensor<3>| {
            new.clone().matmul(rows.clone().swap_dims(1, 2)).sum_dim(0).squeeze_dim::<2>(0)
        };
        let inner_products = Tensor::cat(vec![with(&self.memory), with(&new)], 1).flatten(0, 1);
        let measures = Tensor::cat(vec![inner_products, sum(gradient.clone().abs())], 0);
        let terms = read_back(Tensor::cat(terms.into(), 0)).await?;
        let scalars =
            before.after(evaluated, [terms[0], terms[1], terms[2]], &read_back(measures).await?);
        if let Some(slot) = scalars.slot() {
            let rows = [0..new.dims()[0], 2 * slot..2 * slot + 2, 0..CHUNK];
            self.memory.inplace(|memory| memory.slice_assign(rows, new.narrow(1, 0, 2)));
        }
        if scalars.is(scalar::ACCEPTED) {
            self.x = self.trial.clone();
        }
        if scalars.is(scalar::REFRESHED) {
            self.gradient = gradient;
        }
        self.scalars = Tensor::from_floats(scalars.numbers(), &self.x.device());
        self.update_trial(&scalars);
        Ok(())
    }

    /// Does so with our kernels, without waiting for the device.
    #[cfg(feature = "gpu")]
    fn observe_on_device(
        &mut self,
        evaluated: Evaluated,
        terms: [Tensor<1>; 3],
        gradient: Tensor<4>,
    ) {
        let new = glue::differences(
            self.direction.clone(),
            self.scalars.clone(),
            self.gradient.clone(),
            gradient,
        );
        let measures = glue::inner_products(new.clone(), self.memory.clone());
        self.scalars = glue::decide(self.scalars.clone(), measures, terms, evaluated);
        let pictures = [self.x.clone(), self.trial.clone()];
        // Handed over, not cloned: they are written over in place then.
        let own = [self.memory.extract(), self.gradient.extract()];
        (self.x, [self.memory, self.gradient]) =
            glue::commit(self.scalars.clone(), pictures, new, own);
        self.update_trial_on_device();
    }

    #[cfg(feature = "gpu")]
    fn update_trial_on_device(&mut self) {
        let own = [self.memory.clone(), self.gradient.clone()];
        (self.direction, self.trial) = glue::trial_point(self.scalars.clone(), own, self.x.clone());
    }

    /// Recomputes direction and trial from `scalars`, the current ones.
    pub fn update_trial(&mut self, scalars: &LbfgsScalars) {
        #[cfg(feature = "gpu")]
        if super::on_gpu(&self.x.device()) {
            return self.update_trial_on_device();
        }
        let [chunks, rows, _] = self.memory.dims();
        let (coefficients, last) = scalars.coefficients().split_at(rows);
        let coefficients = Tensor::<3>::from_data(
            TensorData::new(coefficients.to_vec(), [1, 1, rows]),
            &self.x.device(),
        );
        let remembered = coefficients.expand([chunks, 1, rows]).matmul(self.memory.clone());
        self.direction = remembered + self.gradient.clone().mul_scalar(last[0]);
        self.trial = self.x.clone();
        if scalars.is(scalar::HAS_TRIAL) {
            let step = self
                .direction
                .clone()
                .mul_scalar(scalars.get(scalar::STEP_SIZE))
                .flatten::<1>(0, 2);
            self.trial = self.x.clone()
                + step.narrow(0, 0, self.x.shape().num_elements()).reshape(self.x.dims());
        }
    }

    /// Returns the history resized to `picture`, `[1, 3, H, W]`; changes of the gradient, the odd
    /// rows, are multiplied by `factor`.
    pub fn memory_at(&self, picture: &Tensor<4>, factor: f32) -> Tensor<3> {
        let [_, _, height, width] = picture.dims();
        let memory = self.resized_memory([height, width]);
        let coefficients: Vec<f32> =
            (0..memory.dims()[1]).map(|row| if row % 2 == 0 { 1.0 } else { factor }).collect();
        memory
            * Tensor::<1>::from_floats(coefficients.as_slice(), &picture.device())
                .reshape([1, -1, 1])
    }

    fn resized_memory(&self, size: [usize; 2]) -> Tensor<3> {
        let [_, colours, height, width] = self.x.dims();
        #[cfg(feature = "gpu")]
        if super::on_gpu(&self.x.device()) {
            return super::image::resize_chunks(self.memory.clone(), [height, width], size, CHUNK);
        }
        let [chunks, rows, _] = self.memory.dims();
        let vectors = self.memory.clone().swap_dims(0, 1).reshape([rows, chunks * CHUNK]);
        let pictures =
            vectors.narrow(1, 0, colours * height * width).reshape([rows, colours, height, width]);
        to_chunks(resize(pictures, size))
    }

    /// Reads the scalars back.
    ///
    /// # Errors
    /// When the device fails or is lost.
    ///
    /// # Panics
    /// Never: their number follows from the history rows.
    pub fn read_scalars(
        &self,
    ) -> impl Future<Output = Result<LbfgsScalars, ExecutionError>> + use<> {
        let pairs = self.memory.dims()[1] / 2;
        let numbers = read_back(self.scalars.clone());
        async move {
            Ok(LbfgsScalars::from_numbers(pairs, numbers.await?)
                .expect("a ledger is as long as its memory says"))
        }
    }
}
