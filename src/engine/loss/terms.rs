//! The terms of the objective.

use burn::tensor::{Device, ExecutionError, Tensor};

use crate::engine::ops::readback::read_back;
use crate::engine::{State, StateError};
use crate::losses::Losses;

/// Names of the terms in a saved state.
const NAMES: [&str; 3] = ["terms.content", "terms.style", "terms.total_variation"];

/// Weighted terms of the objective for one pastiche, on the device.
///
/// - **Shape:** `[1]` each.
#[derive(Clone, Debug)]
pub struct Terms {
    /// `a · Σ w_l/(N_l·M_l) · L_content,l`, plus the outlines loss if it has a weight.
    pub content: Tensor<1>,
    /// `Σ w_l · E_l`. The paper's beta is 1, so the content weight alone sets the balance.
    pub style: Tensor<1>,
    /// Weighted total variation, per element of the image, in squared 8-bit levels.
    pub total_variation: Tensor<1>,
}

/// Weighted losses of the pixels, which need no feature maps, by the term that they belong to.
///
/// - **Shape:** `[1]` each.
#[derive(Clone, Debug)]
pub struct PixelLosses {
    /// Share in [`Terms::content`]: outlines, or `None` if their weight is 0.
    pub content: Option<Tensor<1>>,
    /// [`Terms::total_variation`].
    pub total_variation: Tensor<1>,
}

impl PixelLosses {
    /// Returns the sum of the losses, `[1]`.
    pub fn total(&self) -> Tensor<1> {
        let total_variation = self.total_variation.clone();
        match &self.content {
            Some(content) => total_variation + content.clone(),
            None => total_variation,
        }
    }

    /// Returns the same values outside any autodiff graph.
    pub fn detached(self) -> Self {
        Self {
            content: self.content.map(Tensor::without_autodiff),
            total_variation: self.total_variation.without_autodiff(),
        }
    }
}

impl Terms {
    /// Returns the sum of the terms, `[1]`: the loss that the optimiser minimises.
    pub fn total(&self) -> Tensor<1> {
        self.content.clone() + self.style.clone() + self.total_variation.clone()
    }

    /// Adds `other` term by term.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            content: self.content + other.content,
            style: self.style + other.style,
            total_variation: self.total_variation + other.total_variation,
        }
    }

    /// Returns the same values outside any autodiff graph.
    pub fn detached(self) -> Self {
        Self {
            content: self.content.without_autodiff(),
            style: self.style.without_autodiff(),
            total_variation: self.total_variation.without_autodiff(),
        }
    }

    /// Saves the terms in `state`.
    ///
    /// # Errors
    /// If the device fails or is lost.
    pub async fn save(&self, state: &mut State) -> Result<(), ExecutionError> {
        for (name, term) in
            NAMES.into_iter().zip([&self.content, &self.style, &self.total_variation])
        {
            state.put_tensor(name, term).await?;
        }
        Ok(())
    }

    /// Loads the terms that [`Self::save`] stored, if any.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn load(state: &State, device: &Device) -> Result<Option<Self>, StateError> {
        if !state.has(NAMES[0]) {
            return Ok(None);
        }
        let [content, style, total_variation] = NAMES.map(|name| state.tensor(name, device));
        Ok(Some(Self { content: content?, style: style?, total_variation: total_variation? }))
    }

    /// Reads the three values back in one transfer.
    ///
    /// # Errors
    /// If the device fails or is lost.
    pub async fn read(self) -> Result<Losses, ExecutionError> {
        let values =
            read_back(Tensor::cat(vec![self.content, self.style, self.total_variation], 0)).await?;
        Ok(Losses { content: values[0], style: values[1], total_variation: values[2] })
    }
}
