//! L-BFGS step: inner products, the decision, and the updates of image, history and trial.
//!
//! On a GPU one kernel decides, and the passes after it read the decision from device memory, so no
//! step waits for a read-back. The twin reads the scalars back and decides on the CPU.
//!
//! Vectors are `[K, R, CHUNK]`: `R` rows, each zero-padded and cut into `K` chunks. Chunks are
//! summed in parallel and then added up, which keeps f32 sums accurate.

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

/// Converts images, `[R, 3, H, W]`, to vectors, `[K, R, CHUNK]`.
pub fn to_chunks(pictures: Tensor<4>) -> Tensor<3> {
    let flat = pictures.flatten::<2>(1, 3);
    let [rows, elements] = flat.dims();
    let chunks = elements.div_ceil(CHUNK);
    let padding = Tensor::zeros([rows, chunks * CHUNK - elements], &flat.device());
    let padded = if padding.dims()[1] == 0 { flat } else { Tensor::cat(vec![flat, padding], 1) };
    padded.reshape([rows, chunks, CHUNK]).swap_dims(0, 1)
}

/// Returns the inner products of the history rows, `[K, R, CHUNK]`, with each other: `[R, R]`.
pub fn inner_products_within(memory: Tensor<3>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&memory.device()) {
        return glue::inner_products_within(memory);
    }
    memory.clone().matmul(memory.swap_dims(1, 2)).sum_dim(0).squeeze_dim(0)
}

/// Tensors of the optimiser: scalars, best image, history, search direction and line-search trial.
#[derive(Debug)]
pub struct LbfgsState {
    /// Scalars, in the layout of [`LbfgsScalars`].
    pub scalars: Tensor<1>,
    /// Best image so far, `[1, 3, H, W]`.
    pub x: Tensor<4>,
    /// Gradient of the loss at `x`, `[K, 1, CHUNK]`.
    pub gradient: Tensor<3>,
    /// History, `[K, R, CHUNK]`: two rows per pair, `s` and `y`.
    pub memory: Tensor<3>,
    /// Search direction, `[K, 1, CHUNK]`.
    pub direction: Tensor<3>,
    /// Line-search trial, `[1, 3, H, W]`; equal to `x` if none is pending.
    pub trial: Tensor<4>,
}

impl LbfgsState {
    /// Creates the state at `x`, `[1, 3, H, W]`, with this history and these scalars. No trial is
    /// pending, and the gradient is zero until an evaluation gives it.
    pub fn new(x: Tensor<4>, memory: Tensor<3>, scalars: &LbfgsScalars) -> Self {
        let device = x.device();
        let chunks = memory.dims()[0];
        let zeros = || Tensor::zeros([chunks, 1, CHUNK], &device);
        let scalars = Tensor::from_floats(scalars.numbers(), &device);
        Self { scalars, gradient: zeros(), memory, direction: zeros(), trial: x.clone(), x }
    }

    /// Decides on an evaluation with these loss `terms`, `[1]` each, and this `gradient`,
    /// `[1, 3, H, W]`; then updates the state and computes the next trial.
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
        // The vectors `s`, `y` and `g`.
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

    /// Runs [`Self::observe`] with our kernels, without waiting for the device.
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
        let images = [self.x.clone(), self.trial.clone()];
        // Moved out rather than cloned, so that `commit` can update them in place.
        let vectors = [self.memory.extract(), self.gradient.extract()];
        (self.x, [self.memory, self.gradient]) =
            glue::commit(self.scalars.clone(), images, new, vectors);
        self.update_trial_on_device();
    }

    /// Runs [`Self::update_trial`] with our kernels.
    #[cfg(feature = "gpu")]
    fn update_trial_on_device(&mut self) {
        let vectors = [self.memory.clone(), self.gradient.clone()];
        (self.direction, self.trial) =
            glue::trial_point(self.scalars.clone(), vectors, self.x.clone());
    }

    /// Recomputes direction and trial. `scalars` must equal those on the device.
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
        let from_history = coefficients.expand([chunks, 1, rows]).matmul(self.memory.clone());
        self.direction = from_history + self.gradient.clone().mul_scalar(last[0]);
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

    /// Returns the history resized to the size of `picture`, `[1, 3, H, W]`. The changes of the
    /// gradient `y`, in the odd rows, are multiplied by `factor`.
    pub fn memory_at(&self, picture: &Tensor<4>, factor: f32) -> Tensor<3> {
        let [_, _, height, width] = picture.dims();
        let memory = self.resized_memory([height, width]);
        let coefficients: Vec<f32> =
            (0..memory.dims()[1]).map(|row| if row % 2 == 0 { 1.0 } else { factor }).collect();
        memory
            * Tensor::<1>::from_floats(coefficients.as_slice(), &picture.device())
                .reshape([1, -1, 1])
    }

    /// Returns the history with each row, an image, resized to `size` `[h, w]`.
    fn resized_memory(&self, size: [usize; 2]) -> Tensor<3> {
        let [_, colours, height, width] = self.x.dims();
        #[cfg(feature = "gpu")]
        if super::on_gpu(&self.x.device()) {
            return super::image::resize_chunks(self.memory.clone(), [height, width], size, CHUNK);
        }
        let [chunks, rows, _] = self.memory.dims();
        let vectors = self.memory.clone().swap_dims(0, 1).reshape([rows, chunks * CHUNK]);
        let images =
            vectors.narrow(1, 0, colours * height * width).reshape([rows, colours, height, width]);
        to_chunks(resize(images, size))
    }

    /// Reads back the scalars.
    ///
    /// # Errors
    /// When the device fails or is lost.
    ///
    /// # Panics
    /// Never: the number of history rows determines the number of scalars.
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
