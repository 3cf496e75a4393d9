//! Optimisers over the pixels, with an ask–tell interface: the caller asks where to evaluate the
//! objective, and tells the optimiser the result. All vectors stay on the device.

mod adam;
mod lbfgs;

pub use adam::{Adam, LearningRate};
pub use lbfgs::Lbfgs;

use burn::tensor::{Device, ExecutionError, Tensor};

use super::loss::Terms;
use super::{LocalBoxFuture, State, StateError};
use crate::losses::Losses;
use crate::recipe::OptimizerKind;

/// Mean absolute change of an element in L-BFGS's first step, in sRGB values of 0..1.
pub const FIRST_STEP: f32 = 0.01;

/// Value and gradient of the objective at one image.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Loss terms, outside of any autodiff graph.
    pub terms: Terms,
    /// Gradient of the sum of the terms, `[1, 3, H, W]`.
    pub gradient: Tensor<4>,
}

/// State of the optimisation after the last evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Loss terms at L-BFGS's best image, or at the last image that Adam stepped from. Zeros before
    /// the first evaluation.
    pub losses: Losses,
    /// Whether the optimiser can continue. L-BFGS cannot if loss or gradient at its best image are
    /// not finite. Adam always can, but its next image, and hence the next loss, is then
    /// not finite.
    pub goes_on: bool,
}

/// Optimiser selected by a recipe.
#[derive(Debug)]
pub enum Optimizer {
    /// Adam, with two vectors of state.
    Adam(Box<Adam>),
    /// L-BFGS, with up to 24 vectors of state: better images for the same number of evaluations.
    Lbfgs(Box<Lbfgs>),
}

impl Optimizer {
    /// Creates the optimiser of `kind` at `x`, `[1, 3, H, W]`, for `steps` evaluations. L-BFGS
    /// keeps a history of up to `pairs` pairs.
    pub fn new(kind: OptimizerKind, x: Tensor<4>, steps: u32, pairs: usize) -> Self {
        match kind {
            OptimizerKind::Adam => Self::Adam(Box::new(Adam::new(x, LearningRate::falling(steps)))),
            OptimizerKind::Lbfgs => Self::Lbfgs(Box::new(Lbfgs::new(pairs, x, FIRST_STEP))),
        }
    }

    /// Returns an optimiser of `kind` that continues from the best image, with `done` of `steps`
    /// evaluations spent. Its history or moments start empty.
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

    /// Returns this optimiser at another image size, for `steps` more evaluations. `x`,
    /// `[1, 3, H, W]`, is the current image resized. L-BFGS resizes its history. Adam restarts,
    /// since the moments of a smaller image do more harm than good.
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
    /// [`StateError`] if a part is missing or misshapen.
    pub fn load(kind: OptimizerKind, state: &State, device: &Device) -> Result<Self, StateError> {
        Ok(match kind {
            OptimizerKind::Adam => Self::Adam(Box::new(Adam::load(state, device)?)),
            OptimizerKind::Lbfgs => Self::Lbfgs(Box::new(Lbfgs::load(state, device)?)),
        })
    }

    /// Returns the best image so far, `[1, 3, H, W]`; with Adam, the current one.
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

    /// Processes the evaluation of the image that [`Self::ask`] returned. On a GPU, only submits
    /// work.
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

    /// Tells the optimiser that the objective has changed, and its loss and gradient with it.
    pub fn objective_changed(&mut self) {
        match self {
            Self::Adam(_) => {}
            Self::Lbfgs(lbfgs) => lbfgs.objective_changed(),
        }
    }
}
