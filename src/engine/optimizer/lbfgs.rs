//! L-BFGS over the pixels, with every vector on the device, and its decisions too.

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

/// L-BFGS (Nocedal 1980) with Armijo backtracking, as [`LbfgsScalars`] tells. On a GPU nothing is
/// read back but what [`Self::report`] is asked for: whether a step is accepted, and where the next
/// one goes, is decided there.
#[derive(Debug)]
pub struct Lbfgs {
    state: LbfgsState,
    /// Whether the next evaluation is of [`Self::x`], since the objective has changed.
    looks: bool,
    /// Whether the last one was, for that reason.
    looked: bool,
    /// Whether the objective has changed since then.
    stale: bool,
}

impl Lbfgs {
    /// Starts at `x`, `[1, 3, H, W]`. A step without history changes the elements by `first_step`
    /// on average, or is the gradient itself where that is smaller. As many `pairs` of past steps
    /// are remembered, 1 to 20.
    pub fn new(pairs: usize, x: Tensor<4>, first_step: f32) -> Self {
        let elements = x.shape().num_elements();
        let memory = Tensor::zeros([elements.div_ceil(CHUNK), 2 * pairs, CHUNK], &x.device());
        Self::at(LbfgsState::new(
            x,
            memory,
            &LbfgsScalars::new(pairs, first_step * float(elements)),
        ))
    }

    fn at(state: LbfgsState) -> Self {
        Self { state, looks: true, looked: false, stale: false }
    }

    /// The same optimiser on a picture of another size, `x`, `[1, 3, H, W]`, which is the one so
    /// far resized: what the pairs tell of the objective's curvature is resized with it. The
    /// gradient of a mean falls on more elements there, on each as much less.
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

    /// Keeps everything in `state`.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn save(&self, state: &mut State) -> Result<(), ExecutionError> {
        let LbfgsState { scalars, x, gradient, memory, .. } = &self.state;
        state.put_tensor("x", x).await?;
        state.put_tensor("lbfgs.gradient", gradient).await?;
        state.put_tensor("lbfgs.memory", memory).await?;
        state.put_tensor("lbfgs.ledger", scalars).await?;
        state.put_numbers(
            "lbfgs.flags",
            &[self.looks, self.looked, self.stale].map(|flag| f64::from(u8::from(flag))),
        );
        Ok(())
    }

    /// What [`Self::save`] kept.
    ///
    /// # Errors
    /// [`StateError`]; also for a run that was kept before there was a ledger.
    pub fn load(state: &State, device: &Device) -> Result<Self, StateError> {
        let misshapen = |name: &str| StateError::Part(name.to_owned());
        let [looks, looked, stale] = state.exact_numbers("lbfgs.flags")?.map(|flag| flag != 0.0);
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
        Ok(Self { state, looks, looked, stale })
    }

    /// The best picture so far, `[1, 3, H, W]`.
    pub fn x(&self) -> &Tensor<4> {
        &self.state.x
    }

    /// Says that loss and gradient at [`Self::x`] are no longer what they were. The history stays:
    /// backtracking guards against what has become wrong in it.
    ///
    /// The next evaluation is at [`Self::x`] again, unless the last one was: while a slider is
    /// dragged every evaluation may find another objective, and the picture moves on all the same.
    pub fn objective_changed(&mut self) {
        self.stale = self.looked;
        self.looks = !self.looked;
    }

    /// Where the objective is to be evaluated next, `[1, 3, H, W]`.
    pub fn ask(&self) -> Tensor<4> {
        if self.looks { self.x() } else { &self.state.trial }.clone()
    }

    /// Takes the objective at the picture asked for.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn tell(
        &mut self,
        Evaluation { terms, gradient }: Evaluation,
    ) -> Result<(), ExecutionError> {
        let evaluated = match (self.looks, self.stale) {
            (true, _) => Evaluated::Monitor,
            (false, true) => Evaluated::TrialAfterChange,
            (false, false) => Evaluated::Trial,
        };
        let Terms { content, style, total_variation } = terms;
        self.state.observe(evaluated, [content, style, total_variation], gradient).await?;
        (self.looked, self.looks, self.stale) = (self.looks, false, false);
        Ok(())
    }

    /// What has come of the evaluations so far.
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

    /// Steps accepted so far.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn iterations(&self) -> Result<u32, ExecutionError> {
        Ok(self.state.read_scalars().await?.iterations())
    }
}

#[cfg(test)]
mod tests;
