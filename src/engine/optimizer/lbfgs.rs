//! L-BFGS over the pixels, with every vector on the device.

mod curvature;
mod vectors;

use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, ExecutionError, Tensor};

use self::curvature::{Curvature, Direction, PairProducts, Products};
use self::vectors::{CHUNK, MEASURED};
use super::Evaluation;
use crate::engine::numbers::{float, read_back};
use crate::engine::{State, StateError};

/// Share of the promised fall that a step must reach (Armijo's `c1`).
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// Times that a step is halved before the history is blamed.
const MAX_HALVINGS: u32 = 20;
/// By how much the first step shrinks when even steepest descent falls nowhere.
const SHRINK: f64 = 0.1;

/// L-BFGS (Nocedal 1980) with Armijo backtracking.
///
/// Each evaluation costs one small read-back: the loss, and the inner products of the new vectors with those in memory. All
/// further arithmetic of the recursion is on those numbers; the vectors never leave the device.
///
/// A step that is not finite or does not fall enough is halved; after too many halvings the history is forgotten, and without a
/// history the first step shrinks. So the picture never gets worse, and never stays on a bad curvature.
#[derive(Debug)]
pub struct Lbfgs {
    /// The best picture so far, `[1, 3, H, W]`.
    x: Tensor<4>,
    /// Of the loss at `x`; like every vector `[K, 1, CHUNK]`.
    gradient: Tensor<3>,
    /// Sum of the gradient's magnitudes.
    steepness: f64,
    loss: f64,
    /// Pairs, two rows each, `[K, 2·pairs, CHUNK]`.
    memory: Tensor<3>,
    curvature: Curvature,
    trial: Option<Trial>,
    /// Whether the objective is known at [`Self::x`] and no trial has been told since.
    looked: bool,
    /// Whether the objective has changed since it was looked at.
    stale: bool,
    /// Sum of the magnitudes of a step without history.
    first_step: f64,
    /// The same before any stall made it shorter.
    usual_step: f64,
    iterations: u32,
}

/// A step under examination.
#[derive(Debug)]
struct Trial {
    /// The picture after the step, `[1, 3, H, W]`.
    x: Tensor<4>,
    direction: Tensor<3>,
    /// Of the loss along the direction.
    slope: f64,
    length: f64,
    halvings: u32,
}

/// What is read back of one evaluation.
struct Measures {
    loss: f64,
    pair: PairProducts,
    gradient: Products,
    gradient_squared: f64,
    steepness: f64,
}

impl Lbfgs {
    /// Starts at `x`, `[1, 3, H, W]`. A step without history changes the elements by `first_step` on average, or is the gradient
    /// itself where that is smaller. As many `pairs` of past steps are remembered.
    pub fn new(pairs: usize, x: Tensor<4>, first_step: f64) -> Self {
        let elements = x.shape().num_elements();
        let chunks = elements.div_ceil(CHUNK);
        let curvature = Curvature::new(pairs);
        let zeros = |rows| Tensor::zeros([chunks, rows, CHUNK], &x.device());
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let first_step = first_step * elements as f64;
        let (gradient, memory) = (zeros(1), zeros(curvature.rows()));
        Self {
            x,
            gradient,
            steepness: 0.0,
            loss: 0.0,
            memory,
            curvature,
            trial: None,
            looked: false,
            stale: false,
            first_step,
            usual_step: first_step,
            iterations: 0,
        }
    }

    /// The same optimiser on a picture of another size, `x`, `[1, 3, H, W]`, which is the one so far resized: what the pairs tell of the
    /// objective's curvature is resized with it. The gradient of a mean falls on more elements there, on each as much less.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn carried(&self, x: Tensor<4>, first_step: f64) -> Result<Self, ExecutionError> {
        let mut carried = Self::new(self.curvature.capacity(), x, first_step);
        let (old, new) = (self.x.dims(), carried.x.dims());
        let rows = self.curvature.rows();
        let chunks = carried.memory.dims()[0];
        let options =
            InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false).with_output_size([new[2], new[3]]);
        let share = float(self.x.shape().num_elements()) / float(carried.x.shape().num_elements());
        // Row by row: all of them at once would take the memory twice over, and would not lie as vectors do.
        for row in 0..rows {
            let vector = self.memory.clone().narrow(1, row, 1).flatten::<1>(0, 2).narrow(0, 0, self.x.shape().num_elements());
            let picture = interpolate(vector.reshape(old), options.clone());
            let factor = if row % 2 == 0 { 1.0 } else { share };
            let vector = vectors::of_pictures(picture.mul_scalar(factor));
            carried.memory.inplace(|memory| memory.slice_assign([0..chunks, row..row + 1, 0..CHUNK], vector));
        }
        let products = carried.memory.clone().matmul(carried.memory.clone().swap_dims(1, 2)).sum_dim(0);
        let products = read_back(products).await?.into_iter().map(f64::from).collect();
        carried.curvature = Curvature::from_products(self.curvature.capacity(), self.curvature.slots(), products);
        carried.iterations = self.iterations;
        Ok(carried)
    }

    /// Keeps everything in `state`.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn save(&self, state: &mut State) -> Result<(), ExecutionError> {
        state.put_tensor("x", &self.x).await?;
        state.put_tensor("lbfgs.gradient", &self.gradient).await?;
        state.put_tensor("lbfgs.memory", &self.memory).await?;
        self.curvature.save(state);
        if let Some(Trial { direction, slope, length, halvings, .. }) = &self.trial {
            state.put_tensor("lbfgs.direction", direction).await?;
            state.put_numbers("lbfgs.trial", &[*slope, *length, f64::from(*halvings)]);
        }
        let flags = [self.looked, self.stale].map(|flag| f64::from(u8::from(flag)));
        let iterations = f64::from(self.iterations);
        let numbers = [self.steepness, self.loss, flags[0], flags[1], self.first_step, self.usual_step, iterations];
        state.put_numbers("lbfgs.numbers", &numbers);
        Ok(())
    }

    /// What [`Self::save`] kept.
    ///
    /// # Errors
    /// [`StateError`].
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts were kept as floats")]
    pub fn load(state: &State, device: &Device) -> Result<Self, StateError> {
        let [steepness, loss, looked, stale, first_step, usual_step, iterations] = state.exact_numbers("lbfgs.numbers")?;
        let x: Tensor<4> = state.tensor("x", device)?;
        let memory: Tensor<3> = state.tensor("lbfgs.memory", device)?;
        let chunks = x.shape().num_elements().div_ceil(CHUNK);
        let fits = |vectors: &Tensor<3>, rows| vectors.dims() == [chunks, rows, CHUNK];
        let trial = if state.has("lbfgs.trial") {
            let [slope, length, halvings] = state.exact_numbers("lbfgs.trial")?;
            let direction = state.tensor("lbfgs.direction", device)?;
            if !fits(&direction, 1) {
                return Err(StateError::Part("lbfgs.direction".to_owned()));
            }
            Some(Trial::new(&x, direction, slope, length, halvings as u32))
        } else {
            None
        };
        let lbfgs = Self {
            x,
            gradient: state.tensor("lbfgs.gradient", device)?,
            steepness,
            loss,
            curvature: Curvature::load(memory.dims()[1] / 2, state)?,
            memory,
            trial,
            looked: looked != 0.0,
            stale: stale != 0.0,
            first_step,
            usual_step,
            iterations: iterations as u32,
        };
        if fits(&lbfgs.memory, lbfgs.curvature.rows()) && fits(&lbfgs.gradient, 1) {
            Ok(lbfgs)
        } else {
            Err(StateError::Part("lbfgs.memory".to_owned()))
        }
    }

    /// The best picture so far, `[1, 3, H, W]`.
    pub fn x(&self) -> &Tensor<4> {
        &self.x
    }

    /// Steps accepted so far.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Says that loss and gradient at [`Self::x`] are no longer what they were. The history stays: backtracking guards against
    /// what has become wrong in it.
    ///
    /// The next evaluation is at [`Self::x`] again, unless the last one was: while a slider is dragged every evaluation may find
    /// another objective, and the picture moves on all the same.
    pub fn objective_changed(&mut self) {
        self.first_step = self.usual_step;
        self.stale = self.looked;
        if !self.looked {
            self.trial = None;
        }
    }

    /// Whether there is a direction to go on in, or it is yet to be looked for: there is none where loss or gradient are not finite.
    pub fn has_a_way_on(&self) -> bool {
        self.trial.is_some() || !self.looked
    }

    /// Where the objective is to be evaluated next, `[1, 3, H, W]`.
    pub fn ask(&self) -> Tensor<4> {
        self.trial.as_ref().map_or(&self.x, |trial| &trial.x).clone()
    }

    /// Takes the objective at the picture asked for. Answers whether that picture is now [`Self::x`].
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn tell(&mut self, evaluation: Evaluation) -> Result<bool, ExecutionError> {
        let trial = self.trial.take();
        let stale = std::mem::take(&mut self.stale);
        self.looked = trial.is_none();
        let (direction, length) = trial.as_ref().map_or((&self.gradient, 0.0), |trial| (&trial.direction, trial.length));
        let new = vectors::changes(direction, single(length), &self.gradient, evaluation.gradient);
        let measures = self.measure(&new, evaluation.loss).await?;
        if let Some(trial) = trial {
            if !measures.falls(self.loss, trial.slope * trial.length) {
                if !stale {
                    self.retreat(trial);
                }
                return Ok(false);
            }
            self.x = trial.x;
            self.first_step = self.usual_step;
            self.iterations += 1;
        }
        self.gradient = new.clone().narrow(1, MEASURED - 1, 1);
        (self.steepness, self.loss) = (measures.steepness, measures.loss);
        self.curvature.set_gradient(measures.gradient, measures.gradient_squared);
        // Of two objectives, the change of the gradient tells no curvature.
        let slot = if stale { None } else { self.curvature.remember(&measures.pair) };
        if let Some(slot) = slot {
            let pair = new.narrow(1, 0, 2);
            let chunks = pair.dims()[0];
            self.memory.inplace(|memory| memory.slice_assign([0..chunks, 2 * slot..2 * slot + 2, 0..CHUNK], pair));
        }
        self.descend();
        Ok(true)
    }

    /// Reads back what the recursion needs to know of `new`, `[K, 3, CHUNK]`.
    async fn measure(&self, new: &Tensor<3>, loss: Tensor<1>) -> Result<Measures, ExecutionError> {
        let numbers = read_back(vectors::products(new, &self.memory, loss)).await?;
        Ok(Measures::from_numbers(&numbers, self.curvature.rows()))
    }

    /// Tries a shorter step; or, when that has been done too often, one that owes nothing to the history.
    fn retreat(&mut self, trial: Trial) {
        if trial.halvings < MAX_HALVINGS {
            let Trial { direction, slope, length, halvings, .. } = trial;
            self.trial = Some(Trial::new(&self.x, direction, slope, 0.5 * length, halvings + 1));
            return;
        }
        if self.curvature.is_empty() {
            self.first_step *= SHRINK;
        }
        self.curvature.clear();
        self.descend();
    }

    /// Chooses the next direction and its first length.
    fn descend(&mut self) {
        if !self.loss.is_finite() {
            // Nothing could fall from here: the next evaluation is at x again, by when the objective may have changed.
            return;
        }
        let mut along = self.curvature.direction();
        if !(along.slope.is_finite() && along.slope <= 0.0) {
            self.curvature.clear();
            along = self.curvature.direction();
        }
        let Direction { rows, gradient, slope } = along;
        if !slope.is_finite() {
            // The gradient itself is not finite: the same.
            return;
        }
        let length = if self.curvature.is_empty() { (self.first_step / self.steepness).min(1.0) } else { 1.0 };
        let factors = rows.into_iter().chain([gradient]).map(single).collect();
        let direction = vectors::combined(&self.memory, &self.gradient, factors);
        self.trial = Some(Trial::new(&self.x, direction, slope, length, 0));
    }
}

impl Trial {
    fn new(x: &Tensor<4>, direction: Tensor<3>, slope: f64, length: f64, halvings: u32) -> Self {
        Self { x: vectors::moved(x, &direction, single(length)), direction, slope, length, halvings }
    }
}

impl Measures {
    /// From the products of the new vectors with the `rows` in memory and with each other, row by row, then loss and steepness.
    fn from_numbers(numbers: &[f32], rows: usize) -> Self {
        let numbers: Vec<f64> = numbers.iter().map(|&number| f64::from(number)).collect();
        let (products, scalars) = numbers.split_at(MEASURED * (rows + MEASURED));
        let [step, change, gradient] =
            std::array::from_fn(|index| products[index * (rows + MEASURED)..][..rows + MEASURED].to_vec());
        let remembered = |products: &[f64]| products[..rows].to_vec();
        let pair = PairProducts {
            step: remembered(&step),
            change: remembered(&change),
            step_with: [step[rows], step[rows + 1], step[rows + 2]],
            change_with: [change[rows + 1], change[rows + 2]],
        };
        let (gradient_squared, gradient) = (gradient[rows + 2], remembered(&gradient));
        Self { loss: scalars[0], pair, gradient, gradient_squared, steepness: scalars[1] }
    }

    /// Whether the step is finite and falls from `loss` by enough of the `promised` change.
    fn falls(&self, loss: f64, promised: f64) -> bool {
        self.loss <= loss + SUFFICIENT_DECREASE * promised && self.gradient_squared.is_finite()
    }
}

/// In the device's precision.
#[expect(clippy::cast_possible_truncation, reason = "the device computes in f32")]
fn single(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use pollster::block_on;

    use super::*;

    /// A valley in two of many dimensions, `½·Σ w·(x − 0.5)²` with weights of 1 to 100; elements beyond one chunk take part.
    fn valley(x: &Tensor<4>, scale: f32) -> Evaluation {
        let weights = Tensor::<1, burn::tensor::Int>::arange(0..x.shape().num_elements() as i64, &x.device()).float();
        let weights = weights.remainder_scalar(100.0).add_scalar(1.0).mul_scalar(scale).reshape(x.dims());
        let away = x.clone().sub_scalar(0.5);
        Evaluation { loss: (away.clone().square() * weights.clone()).sum().mul_scalar(0.5), gradient: away * weights }
    }

    fn start() -> Lbfgs {
        Lbfgs::new(10, Tensor::zeros([1, 3, 40, 50], &Device::flex()), 0.01)
    }

    fn loss(lbfgs: &Lbfgs) -> f32 {
        valley(lbfgs.x(), 1.0).loss.into_scalar::<f32>()
    }

    #[test]
    fn it_finds_the_bottom_of_a_long_valley_without_ever_climbing() {
        let mut lbfgs = start();
        let mut before = loss(&lbfgs);
        let first = before;
        for _ in 0..60 {
            let evaluation = valley(&lbfgs.ask(), 1.0);
            block_on(lbfgs.tell(evaluation)).unwrap();
            let after = loss(&lbfgs);
            assert!(after <= before, "from {before} to {after}");
            before = after;
        }
        assert!(before < 1e-6 * first, "from {first} to {before}");
        assert!(lbfgs.iterations() > 20);
    }

    #[test]
    fn what_is_not_finite_or_does_not_fall_is_refused_and_it_goes_on() {
        let mut lbfgs = start();
        for round in 0..200 {
            let mut evaluation = valley(&lbfgs.ask(), 1.0);
            match round % 7 {
                3 => evaluation.gradient = evaluation.gradient.mul_scalar(f32::NAN),
                5 => evaluation.loss = evaluation.loss.mul_scalar(f32::INFINITY),
                _ => {}
            }
            // A stretch in which nothing falls, long enough to exhaust the halvings and the history.
            if (40..90).contains(&round) {
                evaluation.loss = evaluation.loss.add_scalar(1e9);
            }
            let x = lbfgs.x().clone();
            let went_on = block_on(lbfgs.tell(evaluation)).unwrap();
            let moved = (lbfgs.x().clone() - x).abs().sum().into_scalar::<f32>();
            assert!(moved.is_finite() && (went_on || moved == 0.0), "round {round}");
        }
        assert!(loss(&lbfgs) < 1.0, "{}", loss(&lbfgs));
    }

    #[test]
    fn a_gradient_that_is_not_finite_where_it_stands_is_told() {
        // Of the last one the square overflows, and nothing else.
        for spoilt in [f32::NAN, f32::INFINITY, 1e30] {
            let mut lbfgs = start();
            assert!(lbfgs.has_a_way_on());
            let mut evaluation = valley(&lbfgs.ask(), 1.0);
            evaluation.gradient = evaluation.gradient.mul_scalar(spoilt);
            block_on(lbfgs.tell(evaluation)).unwrap();
            assert!(!lbfgs.has_a_way_on(), "{spoilt}");
            let evaluation = valley(&lbfgs.ask(), 1.0);
            block_on(lbfgs.tell(evaluation)).unwrap();
            assert!(lbfgs.has_a_way_on(), "it looks again");
        }
    }

    #[test]
    fn a_stall_ends_with_the_next_change_of_the_objective() {
        let mut lbfgs = start();
        let tell = |lbfgs: &mut Lbfgs, raised: f32| {
            let mut evaluation = valley(&lbfgs.ask(), 1.0);
            evaluation.loss = evaluation.loss.add_scalar(raised);
            block_on(lbfgs.tell(evaluation)).unwrap()
        };
        tell(&mut lbfgs, 0.0);
        // Whatever it tries seems worse, for as long as it takes to shrink the step below any number's last digit.
        for _ in 0..400 {
            assert!(!tell(&mut lbfgs, 1e9));
        }
        let stalled = loss(&lbfgs);
        lbfgs.objective_changed();
        for _ in 0..30 {
            tell(&mut lbfgs, 0.0);
        }
        assert!(loss(&lbfgs) < 0.1 * stalled, "from {stalled} to {}", loss(&lbfgs));
    }

    #[test]
    fn an_objective_that_changes_before_every_evaluation_is_followed() {
        let mut lbfgs = start();
        let first = loss(&lbfgs);
        for round in 0..60_u8 {
            lbfgs.objective_changed();
            let evaluation = valley(&lbfgs.ask(), 1.0 + 0.001 * f32::from(round % 2));
            block_on(lbfgs.tell(evaluation)).unwrap();
        }
        assert!(loss(&lbfgs) < 0.5 * first, "from {first} to {}", loss(&lbfgs));
    }

    #[test]
    fn after_a_change_of_the_objective_it_looks_again_before_it_steps() {
        let mut lbfgs = start();
        for scale in [1.0, 0.2] {
            lbfgs.objective_changed();
            assert_eq!((lbfgs.ask() - lbfgs.x().clone()).abs().sum().into_scalar::<f32>(), 0.0);
            for _ in 0..30 {
                let evaluation = valley(&lbfgs.ask(), scale);
                block_on(lbfgs.tell(evaluation)).unwrap();
            }
        }
        assert!(loss(&lbfgs) < 1e-3);
    }

    /// A slope in which the lower rows count more, up to a hundredfold, on average over all elements.
    fn slope(x: &Tensor<4>) -> Evaluation {
        let [_, channels, height, width] = x.dims();
        let rows = Tensor::<1, burn::tensor::Int>::arange(0..height as i64, &x.device()).float();
        let weights = rows.add_scalar(0.5).mul_scalar(99.0 / height as f32).add_scalar(1.0).reshape([1, 1, height, 1]);
        let away = x.clone().sub_scalar(0.5);
        let elements = (channels * height * width) as f32;
        let loss = (away.clone().square() * weights.clone()).sum().div_scalar(2.0 * elements);
        Evaluation { loss, gradient: (away * weights).div_scalar(elements) }
    }

    #[test]
    fn what_it_has_learnt_holds_at_another_size() {
        learns_for_another_size(&Device::flex());
        #[cfg(feature = "gpu")]
        learns_for_another_size(&crate::engine::kernels::gpu_for_tests());
    }

    fn learns_for_another_size(device: &Device) {
        let descend = |lbfgs: &mut Lbfgs, evaluations: u32| {
            for _ in 0..evaluations {
                let evaluation = slope(&lbfgs.ask());
                block_on(lbfgs.tell(evaluation)).unwrap();
            }
            slope(lbfgs.x()).loss.into_scalar::<f32>()
        };
        let zeros = |height, width| Tensor::zeros([1, 3, height, width], device);
        let mut small = Lbfgs::new(10, zeros(30, 36), 0.01);
        descend(&mut small, 12);
        let mut carried = block_on(small.carried(zeros(60, 72), 0.01)).unwrap();
        assert_eq!(carried.iterations(), small.iterations());
        let (learnt, fresh) = (descend(&mut carried, 3), descend(&mut Lbfgs::new(10, zeros(60, 72), 0.01), 3));
        assert!(learnt < 0.2 * fresh, "{learnt} after three evaluations, and {fresh} without what was learnt");
    }
}
