//! Optimisers over the pixels. The caller asks where to evaluate the objective, and tells the
//! result. All vectors stay on the device.

mod adam;
mod lbfgs;

pub use adam::{Adam, LearningRate};
pub use lbfgs::Lbfgs;

use burn::tensor::{Device, ExecutionError, Tensor};

use super::loss::Terms;
use super::{LocalBoxFuture, State, StateError};
use crate::losses::Losses;
use crate::recipe::OptimizerKind;

/// Mean change of an element in L-BFGS's first step, in sRGB values of 0..1.
pub const FIRST_STEP: f32 = 0.01;

/// The objective at one image.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Terms of the loss, outside of any autodiff graph.
    pub terms: Terms,
    /// Gradient of their sum, `[1, 3, H, W]`.
    pub gradient: Tensor<4>,
}

/// The state of the optimisation after its last evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The terms at L-BFGS's best image, or at the last image that Adam stepped from; zeros before
    /// the first evaluation.
    pub losses: Losses,
    /// Whether the optimiser can continue. L-BFGS cannot where loss or gradient are not finite.
    /// Adam steps to an image that is not finite, which the next loss shows.
    pub goes_on: bool,
}

/// The optimiser that a recipe names.
#[derive(Debug)]
pub enum Optimizer {
    /// Adam: two vectors of state.
    Adam(Box<Adam>),
    /// L-BFGS: better images for as many evaluations, with up to 24 vectors of state.
    Lbfgs(Box<Lbfgs>),
}

impl Optimizer {
    /// Creates the optimiser of `kind` at `x`, `[1, 3, H, W]`, with `steps` evaluations to spend;
    /// L-BFGS remembers this many `pairs`.
    pub fn new(kind: OptimizerKind, x: Tensor<4>, steps: u32, pairs: usize) -> Self {
        match kind {
            OptimizerKind::Adam => Self::Adam(Box::new(Adam::new(x, LearningRate::falling(steps)))),
            OptimizerKind::Lbfgs => Self::Lbfgs(Box::new(Lbfgs::new(pairs, x, FIRST_STEP))),
        }
    }

    /// Returns an optimiser of `kind` that continues from the best image, with `done` of `steps`
    /// evaluations spent. It starts without history.
    #[must_use]
    pub fn changed(&self, kind: OptimizerKind, done: u32, steps: u32, pairs: usize) -> Self {
        let x = self.x().clone();
        match kind {
            OptimizerKind::Adam => {
                Self::Adam(Box::new(Adam::new(x, LearningRate::falling(steps)).joining_after(done)))
            }
            OptimizerKind::Lbfgs => Self::new(kind, x, steps, pairs),
        }
    }

    /// Returns this optimiser at another image size: `x`, `[1, 3, H, W]`, is the current image
    /// resized; `steps` are left. L-BFGS carries its history along. Adam restarts, since moments of
    /// the smaller size do more harm than good.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn carried(&self, x: Tensor<4>, steps: u32) -> Result<Self, ExecutionError> {
        Ok(match self {
            Self::Adam(_) => Self::Adam(Box::new(Adam::new(x, LearningRate::falling(steps)))),
            Self::Lbfgs(lbfgs) => Self::Lbfgs(Box::new(lbfgs.carried(x, FIRST_STEP).await?)),
        })
    }

    /// Saves everything to `state`.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn save(&self, state: &mut State) -> Result<(), ExecutionError> {
        match self {
            Self::Adam(adam) => adam.save(state).await,
            Self::Lbfgs(lbfgs) => lbfgs.save(state).await,
        }
    }

    /// Restores an optimiser of `kind` from what [`Self::save`] wrote.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn load(kind: OptimizerKind, state: &State, device: &Device) -> Result<Self, StateError> {
        Ok(match kind {
            OptimizerKind::Adam => Self::Adam(Box::new(Adam::load(state, device)?)),
            OptimizerKind::Lbfgs => Self::Lbfgs(Box::new(Lbfgs::load(state, device)?)),
        })
    }

    /// The best image so far, `[1, 3, H, W]`.
    pub fn x(&self) -> &Tensor<4> {
        match self {
            Self::Adam(adam) => adam.x(),
            Self::Lbfgs(lbfgs) => lbfgs.x(),
        }
    }

    /// Reads back the state after the last evaluation.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub fn report(&self) -> LocalBoxFuture<Result<Report, ExecutionError>> {
        match self {
            Self::Adam(adam) => Box::pin(adam.report()),
            Self::Lbfgs(lbfgs) => Box::pin(lbfgs.report()),
        }
    }

    /// Returns the image to evaluate next, `[1, 3, H, W]`.
    pub fn ask(&self) -> Tensor<4> {
        match self {
            Self::Adam(adam) => adam.x().clone(),
            Self::Lbfgs(lbfgs) => lbfgs.ask(),
        }
    }

    /// Takes the objective at that image. On a GPU it waits for nothing.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn tell(&mut self, evaluation: Evaluation) -> Result<(), ExecutionError> {
        match self {
            Self::Adam(adam) => {
                adam.step(evaluation);
                Ok(())
            }
            Self::Lbfgs(lbfgs) => lbfgs.tell(evaluation).await,
        }
    }

    /// Tells the optimiser that the objective has changed.
    pub fn objective_changed(&mut self) {
        match self {
            Self::Adam(_) => {}
            Self::Lbfgs(lbfgs) => lbfgs.objective_changed(),
        }
    }
}
