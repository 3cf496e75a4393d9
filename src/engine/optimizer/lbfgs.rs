//! L-BFGS over the pixels. All vectors and decisions stay on the device.

use burn::tensor::{Device, ExecutionError, Tensor};

use super::{Evaluation, Report};
use crate::engine::loss::Terms;
use crate::engine::ops::float;
use crate::engine::ops::lbfgs::{
    CHUNK, Evaluated, LbfgsScalars, LbfgsState, inner_products_within, scalar,
};
use crate::engine::ops::readback::read_back;
use crate::engine::{State, StateError};
use crate::losses::Losses;

/// L-BFGS (Nocedal 1980) with Armijo backtracking; see [`LbfgsScalars`]. On a GPU, [`Self::tell`]
/// reads nothing back.
#[derive(Debug)]
pub struct Lbfgs {
    state: LbfgsState,
    /// Whether the next evaluation is at [`Self::x`] because the objective has changed.
    monitors: bool,
    /// Whether the last evaluation was at [`Self::x`] because the objective had changed.
    monitored: bool,
    /// Whether the next evaluation is at the trial although the objective has changed.
    stale: bool,
}

impl Lbfgs {
    /// Creates the optimiser at `x`, `[1, 3, H, W]`, with a history of up to `pairs` pairs, 1 to
    /// 20. Without history, the first trial of a line search is `x − g`, with `g` scaled down to a
    /// mean absolute value of `first_step` if it exceeds that.
    pub fn new(pairs: usize, x: Tensor<4>, first_step: f32) -> Self {
        let elements = x.shape().num_elements();
        let memory = Tensor::zeros([elements.div_ceil(CHUNK), 2 * pairs, CHUNK], &x.device());
        Self::at(LbfgsState::new(
            x,
            memory,
            &LbfgsScalars::new(pairs, first_step * float(elements)),
        ))
    }

    /// Creates the optimiser from a state whose loss and gradient are unknown.
    fn at(state: LbfgsState) -> Self {
        Self { state, monitors: true, monitored: false, stale: false }
    }

    /// Returns this optimiser at another image size. `x`, `[1, 3, H, W]`, is the current image
    /// resized. History rows are resized likewise. The gradient of a mean is inversely proportional
    /// to the number of elements, so `y` is scaled accordingly.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn carried(&self, x: Tensor<4>, first_step: f32) -> Result<Self, ExecutionError> {
        let (had, elements) = (self.x().shape().num_elements(), x.shape().num_elements());
        let memory = self.state.memory_at(&x, float(had) / float(elements));
        let (products, scalars) = (
            read_back(inner_products_within(memory.clone())).await?,
            self.state.read_scalars().await?,
        );
        Ok(Self::at(LbfgsState::new(
            x,
            memory,
            &scalars.carried(&products, first_step * float(elements)),
        )))
    }

    /// Saves everything to `state`.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn save(&self, state: &mut State) -> Result<(), ExecutionError> {
        let LbfgsState { scalars, x, gradient, memory, .. } = &self.state;
        state.put_tensor("x", x).await?;
        state.put_tensor("lbfgs.gradient", gradient).await?;
        state.put_tensor("lbfgs.memory", memory).await?;
        // Key of older states.
        state.put_tensor("lbfgs.ledger", scalars).await?;
        state.put_numbers(
            "lbfgs.flags",
            &[self.monitors, self.monitored, self.stale].map(|flag| f64::from(u8::from(flag))),
        );
        Ok(())
    }

    /// Restores what [`Self::save`] wrote.
    ///
    /// # Errors
    /// [`StateError`] if a part is missing or misshapen, as in states saved before the scalars
    /// existed.
    pub fn load(state: &State, device: &Device) -> Result<Self, StateError> {
        let misshapen = |name: &str| StateError::Part(name.to_owned());
        let [monitors, monitored, stale] =
            state.exact_numbers("lbfgs.flags")?.map(|flag| flag != 0.0);
        let (x, memory): (Tensor<4>, Tensor<3>) =
            (state.tensor("x", device)?, state.tensor("lbfgs.memory", device)?);
        let gradient: Tensor<3> = state.tensor("lbfgs.gradient", device)?;
        let rows = memory.dims()[1];
        let numbers = state.values("lbfgs.ledger")?;
        let scalars = LbfgsScalars::from_numbers(rows / 2, numbers)
            .ok_or_else(|| misshapen("lbfgs.ledger"))?;
        let fits = |vectors: &Tensor<3>, rows| {
            vectors.dims() == [x.shape().num_elements().div_ceil(CHUNK), rows, CHUNK]
        };
        if !(fits(&memory, rows) && rows.is_multiple_of(2)) {
            return Err(misshapen("lbfgs.memory"));
        }
        if !fits(&gradient, 1) {
            return Err(misshapen("lbfgs.gradient"));
        }
        let mut state = LbfgsState { gradient, ..LbfgsState::new(x, memory, &scalars) };
        state.update_trial(&scalars);
        Ok(Self { state, monitors, monitored, stale })
    }

    /// Returns the best image so far, `[1, 3, H, W]`.
    pub fn x(&self) -> &Tensor<4> {
        &self.state.x
    }

    /// Tells the optimiser that the objective has changed, so that loss and gradient at [`Self::x`]
    /// are outdated. The history stays; backtracking guards against pairs that no longer fit.
    ///
    /// The next evaluation is at [`Self::x`], unless the last one was. While a slider is dragged,
    /// every evaluation may be of another objective, and the image must progress nevertheless.
    pub fn objective_changed(&mut self) {
        self.stale = self.monitored;
        self.monitors = !self.monitored;
    }

    /// Returns the image to evaluate next, `[1, 3, H, W]`.
    pub fn ask(&self) -> Tensor<4> {
        if self.monitors { self.x() } else { &self.state.trial }.clone()
    }

    /// Processes the evaluation of the image that [`Self::ask`] returned.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn tell(
        &mut self,
        Evaluation { terms, gradient }: Evaluation,
    ) -> Result<(), ExecutionError> {
        let evaluated = match (self.monitors, self.stale) {
            (true, _) => Evaluated::Monitor,
            (false, true) => Evaluated::TrialAfterChange,
            (false, false) => Evaluated::Trial,
        };
        let Terms { content, style, total_variation } = terms;
        self.state.observe(evaluated, [content, style, total_variation], gradient).await?;
        (self.monitored, self.monitors, self.stale) = (self.monitors, false, false);
        Ok(())
    }

    /// Reads back the state after the last evaluation.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub fn report(&self) -> impl Future<Output = Result<Report, ExecutionError>> + use<> {
        let scalars = self.state.read_scalars();
        async {
            let scalars = scalars.await?;
            let [content, style, total_variation] =
                [0, 1, 2].map(|term| scalars.get(scalar::TERMS + term));
            let losses = Losses { content, style, total_variation };
            Ok(Report { losses, goes_on: scalars.is(scalar::IS_FINITE) })
        }
    }

    /// Reads back the number of accepted trials.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn iterations(&self) -> Result<u32, ExecutionError> {
        Ok(self.state.read_scalars().await?.iterations())
    }
}

#[cfg(test)]
mod tests;
