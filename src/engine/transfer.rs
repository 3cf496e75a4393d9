//! One style transfer, driven from outside step by step.

use std::rc::Rc;

use burn::tensor::{Device, ExecutionError};
use thiserror::Error;

use super::loss::{Objective, Terms};
use super::optimizer::{Evaluation, Optimizer};
use super::{ImageTensor, Vgg19};
use crate::losses::Losses;
use crate::pixels::{ImageSize, Pixels};
use crate::recipe::{Emphasis, Recipe, RecipeError};

/// Levels of 255 by which the dither spreads the start picture, peak to peak: the width of one 8-bit step.
const DITHER_LEVELS: f32 = 1.0;

/// Why a style transfer cannot begin or go on.
#[derive(Debug, Error)]
pub enum TransferError {
    /// The recipe does not make sense.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The device failed or is lost.
    #[error("the device failed: {0}")]
    Device(#[from] ExecutionError),
    /// A loss is not a finite number any more.
    #[error("the losses are {0:?} at step {1}")]
    Diverged(Losses, u32),
}

/// A run: the pastiche, what it is measured against, and the optimiser that changes it.
#[derive(Debug)]
pub struct StyleTransfer {
    vgg: Rc<Vgg19>,
    objective: Objective,
    /// Holds the picture being optimised.
    optimizer: Optimizer,
    size: ImageSize,
    /// Of the photo, to be restored on export.
    alpha: Option<Vec<u8>>,
    /// The objective's terms at the last step that was accepted, still on the device.
    terms: Option<Terms>,
    step: u32,
    steps: u32,
}

impl StyleTransfer {
    /// Prepares a run of `recipe` over pictures that already have the size to work at. The pastiche starts as the photo.
    ///
    /// # Errors
    /// [`TransferError::Recipe`].
    pub fn new(vgg: Rc<Vgg19>, content: &Pixels, style: &Pixels, recipe: &Recipe, device: &Device) -> Result<Self, TransferError> {
        recipe.validate()?;
        let start = ImageTensor::from_rgb(content.size(), dithered(content.composited_rgb(), recipe.seed), device).into_tensor();
        let photo = ImageTensor::from_pixels(content, device);
        let painting = ImageTensor::from_pixels(style, device);
        let objective = Objective::new(&vgg, &photo, &painting, recipe.reading, recipe.emphasis);
        Ok(Self {
            vgg,
            objective,
            optimizer: Optimizer::new(recipe.optimizer, start, recipe.steps),
            size: content.size(),
            alpha: content.alpha(),
            terms: None,
            step: 0,
            steps: recipe.steps,
        })
    }

    /// Does one step: one evaluation of the objective and its gradient. Nothing is read back, but for L-BFGS's few numbers.
    ///
    /// # Errors
    /// [`TransferError::Device`].
    pub async fn step(&mut self) -> Result<(), TransferError> {
        let (terms, gradient) = self.objective.gradient(&self.vgg, self.optimizer.ask());
        let evaluation = Evaluation { loss: terms.total(), gradient };
        if self.optimizer.tell(evaluation).await? {
            self.terms = Some(terms);
        }
        self.step += 1;
        Ok(())
    }

    /// Steps done.
    pub fn steps_done(&self) -> u32 {
        self.step
    }

    /// Whether all steps of the recipe are done.
    pub fn finished(&self) -> bool {
        self.step >= self.steps
    }

    /// Width and height of the pastiche.
    pub fn size(&self) -> ImageSize {
        self.size
    }

    /// Changes what the terms weigh from the next step on.
    ///
    /// # Errors
    /// [`TransferError::Recipe`]; the old weights stay then.
    pub fn set_emphasis(&mut self, emphasis: Emphasis) -> Result<(), TransferError> {
        emphasis.validate()?;
        self.objective.emphasis = emphasis;
        self.optimizer.objective_changed();
        Ok(())
    }

    /// Waits for the steps asked for so far and reads the losses at the picture as it is; zeros before the first.
    ///
    /// # Errors
    /// [`TransferError::Device`], or [`TransferError::Diverged`] when a loss is not finite.
    pub async fn losses(&self) -> Result<Losses, TransferError> {
        let Some(terms) = self.terms.clone() else {
            return Ok(Losses::default());
        };
        let losses = terms.read().await?;
        if !losses.total().is_finite() {
            return Err(TransferError::Diverged(losses, self.step));
        }
        Ok(losses)
    }

    /// Reads the pastiche back as a picture, clamped, under the photo's alpha.
    ///
    /// # Errors
    /// [`TransferError::Device`].
    pub async fn pixels(&self) -> Result<Pixels, TransferError> {
        let rgb = ImageTensor::new(self.optimizer.x().clone()).to_rgb().await?;
        Ok(Pixels::from_rgb(self.size, &rgb, self.alpha.as_deref()))
    }
}

/// `rgb` with a seeded uniform dither of one 8-bit level laid on. A photo of 8 bits has flat areas in which every pixel would
/// move alike; the dither breaks their ties, differently for each seed.
fn dithered(mut rgb: Vec<f32>, seed: u64) -> Vec<f32> {
    let mut state = seed;
    for value in &mut rgb {
        *value += (split_mix(&mut state) - 0.5) * DITHER_LEVELS / 255.0;
    }
    rgb
}

/// The next number in 0..1 of `SplitMix64` (Steele, Lea, Flood 2014): the same on every machine.
fn split_mix(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit an f32 exactly")]
    let unit = (z >> 40) as f32 / (1_u32 << 24) as f32;
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dither_is_small_centred_and_the_seeds_own() {
        let flat = vec![0.5; 30_000];
        let first = dithered(flat.clone(), 1);
        assert_eq!(first, dithered(flat.clone(), 1));
        assert_ne!(first, dithered(flat, 2));
        assert!(first.iter().all(|value| (value - 0.5).abs() <= 0.5 / 255.0));
        let mean: f32 = first.iter().sum::<f32>() / 30_000.0;
        assert!((mean - 0.5).abs() < 1e-4, "{mean}");
    }

    #[test]
    fn split_mix_gives_the_published_sequence() {
        // First output for seed 0 is 0xe220a8397b1dcdaf.
        let expected = f64::from(0x00e2_20a8_u32) / f64::from(1_u32 << 24);
        assert!((f64::from(split_mix(&mut 0)) - expected).abs() < 1e-9);
    }
}
