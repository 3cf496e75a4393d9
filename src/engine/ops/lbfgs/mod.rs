//! L-BFGS on vectors: inner products, decisions, and the moves that they ask for. On a GPU the kernels read what is decided from the
//! ledger on the device; Burn's operations are told, which on the processor costs no wait.
//!
//! Vectors lie in chunks, `[K, R, CHUNK]` for `R` of them, with zeros at the end: sums over chunks run side by side and keep their accuracy.

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

use super::image::resized;
use super::readback::read_back;
use super::sum;
pub use crate::memory::CHUNK;
pub use scalars::{Ledger, Occasion, place};

/// Pictures' elements, `[R, 3, H, W]`, as vectors, `[K, R, CHUNK]`.
pub fn of_pictures(pictures: Tensor<4>) -> Tensor<3> {
    let flat = pictures.flatten::<2>(1, 3);
    let [rows, elements] = flat.dims();
    let chunks = elements.div_ceil(CHUNK);
    let padding = Tensor::zeros([rows, chunks * CHUNK - elements], &flat.device());
    let padded = if padding.dims()[1] == 0 { flat } else { Tensor::cat(vec![flat, padding], 1) };
    padded.reshape([rows, chunks, CHUNK]).swap_dims(0, 1)
}

/// The inner products of the vectors in `memory`, `[K, R, CHUNK]`, with each other: `[R, R]`.
pub fn products_within(memory: Tensor<3>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&memory.device()) {
        return glue::products_within(memory);
    }
    memory.clone().matmul(memory.swap_dims(1, 2)).sum_dim(0).squeeze_dim(0)
}

/// Where an optimiser stands, and where it is about to look.
#[derive(Debug)]
pub struct Standing {
    /// What is known of the vectors and decided by it, as [`Ledger`] has it.
    pub ledger: Tensor<1>,
    /// The best picture so far, `[1, 3, H, W]`.
    pub x: Tensor<4>,
    /// Of the loss at `x`, `[K, 1, CHUNK]`.
    pub gradient: Tensor<3>,
    /// Pairs, two rows each, `[K, R, CHUNK]`.
    pub memory: Tensor<3>,
    /// Along which the step under trial goes, `[K, 1, CHUNK]`.
    pub direction: Tensor<3>,
    /// The picture after it, `[1, 3, H, W]`; `x` where none is under trial.
    pub trial: Tensor<4>,
}

impl Standing {
    /// With nothing under trial at `x`, `[1, 3, H, W]`, of whose gradient nothing is known.
    pub fn new(x: Tensor<4>, memory: Tensor<3>, ledger: &Ledger) -> Self {
        let device = x.device();
        let chunks = memory.dims()[0];
        let zeros = || Tensor::zeros([chunks, 1, CHUNK], &device);
        let ledger = Tensor::from_floats(ledger.numbers(), &device);
        Self { ledger, gradient: zeros(), memory, direction: zeros(), trial: x.clone(), x }
    }

    /// Takes in an evaluation with these terms of the loss, `[1]` each, and `gradient`, `[1, 3, H, W]`, and looks for the next picture to try.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn take(
        &mut self,
        occasion: Occasion,
        terms: [Tensor<1>; 3],
        gradient: Tensor<4>,
    ) -> Result<(), ExecutionError> {
        #[cfg(feature = "gpu")]
        if super::on_gpu(&gradient.device()) {
            self.take_on_the_device(occasion, terms, gradient);
            return Ok(());
        }
        let before = self.read_ledger().await?;
        let gradient = of_pictures(gradient);
        let step = self.direction.clone().mul_scalar(before.get(place::LENGTH));
        let new =
            Tensor::cat(vec![step, gradient.clone() - self.gradient.clone(), gradient.clone()], 1);
        let with = |rows: &Tensor<3>| {
            new.clone().matmul(rows.clone().swap_dims(1, 2)).sum_dim(0).squeeze_dim::<2>(0)
        };
        let products = Tensor::cat(vec![with(&self.memory), with(&new)], 1).flatten(0, 1);
        let measures = Tensor::cat(vec![products, sum(gradient.clone().abs())], 0);
        let terms = read_back(Tensor::cat(terms.into(), 0)).await?;
        let ledger =
            before.after(occasion, [terms[0], terms[1], terms[2]], &read_back(measures).await?);
        if let Some(slot) = ledger.slot() {
            let rows = [0..new.dims()[0], 2 * slot..2 * slot + 2, 0..CHUNK];
            self.memory.inplace(|memory| memory.slice_assign(rows, new.narrow(1, 0, 2)));
        }
        if ledger.is(place::MOVED) {
            self.x = self.trial.clone();
        }
        if ledger.is(place::TAKEN) {
            self.gradient = gradient;
        }
        self.ledger = Tensor::from_floats(ledger.numbers(), &self.x.device());
        self.attempt(&ledger);
        Ok(())
    }

    /// The same, asked of our own kernels: nothing is waited for.
    #[cfg(feature = "gpu")]
    fn take_on_the_device(
        &mut self,
        occasion: Occasion,
        terms: [Tensor<1>; 3],
        gradient: Tensor<4>,
    ) {
        let new = glue::changes(
            self.direction.clone(),
            self.ledger.clone(),
            self.gradient.clone(),
            gradient,
        );
        let measures = glue::products(new.clone(), self.memory.clone());
        self.ledger = glue::decided(self.ledger.clone(), measures, terms, occasion);
        let pictures = [self.x.clone(), self.trial.clone()];
        // Handed over, not cloned: they are written over in place then.
        let own = [self.memory.extract(), self.gradient.extract()];
        (self.x, [self.memory, self.gradient]) =
            glue::kept(self.ledger.clone(), pictures, new, own);
        self.attempt_on_the_device();
    }

    #[cfg(feature = "gpu")]
    fn attempt_on_the_device(&mut self) {
        let own = [self.memory.clone(), self.gradient.clone()];
        (self.direction, self.trial) = glue::attempted(self.ledger.clone(), own, self.x.clone());
    }

    /// Makes direction and trial what `ledger`, its own, has them to be.
    pub fn attempt(&mut self, ledger: &Ledger) {
        #[cfg(feature = "gpu")]
        if super::on_gpu(&self.x.device()) {
            return self.attempt_on_the_device();
        }
        let [chunks, rows, _] = self.memory.dims();
        let (factors, last) = ledger.factors().split_at(rows);
        let factors = Tensor::<3>::from_data(
            TensorData::new(factors.to_vec(), [1, 1, rows]),
            &self.x.device(),
        );
        let remembered = factors.expand([chunks, 1, rows]).matmul(self.memory.clone());
        self.direction = remembered + self.gradient.clone().mul_scalar(last[0]);
        self.trial = self.x.clone();
        if ledger.is(place::TRIED) {
            let step =
                self.direction.clone().mul_scalar(ledger.get(place::LENGTH)).flatten::<1>(0, 2);
            self.trial = self.x.clone()
                + step.narrow(0, 0, self.x.shape().num_elements()).reshape(self.x.dims());
        }
    }

    /// The memory resized to the size of `picture`, `[1, 3, H, W]`; changes of the gradient, the odd rows, times `factor`.
    pub fn memory_at(&self, picture: &Tensor<4>, factor: f32) -> Tensor<3> {
        let [_, _, height, width] = picture.dims();
        let memory = self.resized_memory([height, width]);
        let factors: Vec<f32> =
            (0..memory.dims()[1]).map(|row| if row % 2 == 0 { 1.0 } else { factor }).collect();
        memory * Tensor::<1>::from_floats(factors.as_slice(), &picture.device()).reshape([1, -1, 1])
    }

    fn resized_memory(&self, size: [usize; 2]) -> Tensor<3> {
        let [_, colours, height, width] = self.x.dims();
        #[cfg(feature = "gpu")]
        if super::on_gpu(&self.x.device()) {
            return super::image::resized_chunks(self.memory.clone(), [height, width], size, CHUNK);
        }
        let [chunks, rows, _] = self.memory.dims();
        let vectors = self.memory.clone().swap_dims(0, 1).reshape([rows, chunks * CHUNK]);
        let pictures =
            vectors.narrow(1, 0, colours * height * width).reshape([rows, colours, height, width]);
        of_pictures(resized(pictures, size))
    }

    /// The ledger's numbers.
    ///
    /// # Errors
    /// When the device fails or is lost.
    ///
    /// # Panics
    /// Never: there are as many numbers as the memory's rows need.
    pub fn read_ledger(&self) -> impl Future<Output = Result<Ledger, ExecutionError>> + use<> {
        let pairs = self.memory.dims()[1] / 2;
        let numbers = read_back(self.ledger.clone());
        async move {
            Ok(Ledger::from_numbers(pairs, numbers.await?)
                .expect("a ledger is as long as its memory says"))
        }
    }
}
