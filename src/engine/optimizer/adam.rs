//! Adam over the pixels.

use burn::tensor::{Device, ExecutionError, Tensor};

use super::{Evaluation, Report};
use crate::engine::loss::Terms;
use crate::engine::ops::adam::{self, AdamStep};
use crate::engine::{State, StateError};
use crate::losses::Losses;

/// Decay of the first moment.
const BETA_1: f32 = 0.9;
/// Decay of the second moment.
const BETA_2: f32 = 0.999;
/// Term added to the root of the second moment. Keeps the quotient finite where the gradient is
/// zero.
const EPSILON: f32 = 1e-8;
/// Initial learning rate, in sRGB values of 0..1: enough to depart from the photo within a few
/// dozen steps.
const FIRST_RATE: f32 = 0.03;
/// Learning rate at the last step, as a share of [`FIRST_RATE`]. A constant rate would leave noise
/// with the amplitude of one step.
const LAST_SHARE: f32 = 0.05;
/// Names of the moments in a saved state.
const MOMENTS: [&str; 2] = ["adam.first_moment", "adam.second_moment"];

/// Schedule of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    first: f32,
    last: f32,
    steps: u32,
}

impl LearningRate {
    /// Creates a constant schedule.
    pub fn constant(rate: f32) -> Self {
        Self { first: rate, last: rate, steps: 1 }
    }

    /// Creates a schedule that decays by half a cosine over `steps` steps.
    pub fn falling(steps: u32) -> Self {
        Self { first: FIRST_RATE, last: FIRST_RATE * LAST_SHARE, steps }
    }

    /// Returns the rate of a step, counted from 0.
    fn at(self, step: u32) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "a share of the run needs no precision")]
        let share_done = (step as f32 / self.steps.max(1) as f32).min(1.0);
        let falling = 0.5 * (1.0 + (std::f32::consts::PI * share_done).cos());
        self.last + (self.first - self.last) * falling
    }
}

/// Adam (Kingma, Ba 2015) with bias correction, over one image, `[1, 3, H, W]`. With a decaying
/// rate the last iterate is the best one: averages of iterates have a higher loss.
#[derive(Debug)]
pub struct Adam {
    x: Tensor<4>,
    /// First and second moments, `[2, 3, H, W]`.
    moments: Tensor<4>,
    /// Loss terms at the last evaluated image.
    terms: Option<Terms>,
    rate: LearningRate,
    /// Position in the schedule: number of steps done or skipped.
    steps: u32,
    /// Number of gradients in the moments.
    gradients: u32,
}

impl Adam {
    /// Creates the optimiser at `x` with zero moments.
    pub fn new(x: Tensor<4>, rate: LearningRate) -> Self {
        let [_, colours, height, width] = x.dims();
        let moments = Tensor::zeros([2, colours, height, width], &x.device());
        Self { moments, x, terms: None, rate, steps: 0, gradients: 0 }
    }

    /// Skips the first `steps` of the schedule, leaving the moments empty.
    #[must_use]
    pub fn joining_after(self, steps: u32) -> Self {
        Self { steps, ..self }
    }

    /// Saves everything to `state`.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn save(&self, state: &mut State) -> Result<(), ExecutionError> {
        state.put_tensor("x", &self.x).await?;
        for (name, moment) in MOMENTS.into_iter().zip(0..) {
            state.put_tensor(name, &self.moments.clone().narrow(0, moment, 1)).await?;
        }
        if let Some(terms) = &self.terms {
            terms.save(state).await?;
        }
        let LearningRate { first, last, steps } = self.rate;
        let counts = [steps, self.steps, self.gradients].map(f64::from);
        state.put_numbers(
            "adam.numbers",
            &[first.into(), last.into(), counts[0], counts[1], counts[2]],
        );
        Ok(())
    }

    /// Restores what [`Self::save`] wrote.
    ///
    /// # Errors
    /// [`StateError`] if a part is missing or misshapen.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates and counts were saved as f64"
    )]
    pub fn load(state: &State, device: &Device) -> Result<Self, StateError> {
        let [first, last, rate_steps, steps, gradients] = state.exact_numbers("adam.numbers")?;
        let x: Tensor<4> = state.tensor("x", device)?;
        let mut moments = Vec::new();
        for name in MOMENTS {
            let moment: Tensor<4> = state.tensor(name, device)?;
            if moment.dims() != x.dims() {
                return Err(StateError::Part(name.to_owned()));
            }
            moments.push(moment);
        }
        Ok(Self {
            x,
            moments: Tensor::cat(moments, 0),
            terms: Terms::load(state, device)?,
            rate: LearningRate { first: first as f32, last: last as f32, steps: rate_steps as u32 },
            steps: steps as u32,
            gradients: gradients as u32,
        })
    }

    /// Returns the current image, `[1, 3, H, W]`.
    pub fn x(&self) -> &Tensor<4> {
        &self.x
    }

    /// Reads back the loss terms of the last evaluation.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub fn report(&self) -> impl Future<Output = Result<Report, ExecutionError>> + use<> {
        let terms = self.terms.clone();
        async {
            let losses = match terms {
                Some(terms) => terms.read().await?,
                None => Losses::default(),
            };
            Ok(Report { losses, goes_on: true })
        }
    }

    /// Takes a step, given the evaluation of the current image. Each element moves by at most about
    /// the learning rate.
    pub fn step(&mut self, Evaluation { terms, gradient }: Evaluation) {
        self.terms = Some(terms);
        let rate = self.rate.at(self.steps);
        self.steps += 1;
        self.gradients += 1;
        let count = i32::try_from(self.gradients).unwrap_or(i32::MAX);
        let weight = [BETA_1, BETA_2].map(|decay| 1.0 - decay.powi(count));
        self.moments = adam::moments(self.moments.clone(), gradient, [BETA_1, BETA_2]);
        self.x = adam::step(
            self.x.clone(),
            self.moments.clone(),
            AdamStep { weight, epsilon: EPSILON, rate },
        );
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn the_first_step_is_the_learning_rate_against_the_gradients_sign() {
        let device = Device::flex();
        let mut adam =
            Adam::new(Tensor::zeros([1, 3, 1, 1], &device), LearningRate::constant(0.02));
        let none = || Tensor::zeros([1], &device);
        let terms = Terms { content: none(), style: none(), total_variation: none() };
        adam.step(Evaluation {
            terms,
            gradient: Tensor::from_data([[[[2.0]], [[-1e4]], [[0.0]]]], &device),
        });
        let moved = adam.x().to_data().try_into_vec::<f32>().unwrap();
        for (found, expected) in moved.iter().zip([-0.02, 0.02, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{moved:?}");
        }
    }

    #[test]
    fn a_falling_rate_decreases_at_every_step_and_a_constant_one_does_not() {
        let rates: Vec<f32> = (0..200).map(|step| LearningRate::falling(200).at(step)).collect();
        assert!((rates[0] - FIRST_RATE).abs() < 1e-6);
        assert!(rates.windows(2).all(|pair| pair[1] < pair[0]));
        assert!(rates[199] > 0.0 && rates[199] < 0.06 * FIRST_RATE);
        let constant = LearningRate::constant(0.02);
        assert_eq!((constant.at(0), constant.at(7)), (0.02, 0.02));
    }
}
