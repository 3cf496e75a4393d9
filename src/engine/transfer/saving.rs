//! Saving and resuming a run.

use std::rc::Rc;

use burn::tensor::Device;

use super::schedule::Schedule;
use super::{Pictures, StyleTransfer, TransferError};
use crate::engine::ops::convolution::{ConvKernel, Strategy};
use crate::engine::optimizer::Optimizer;
use crate::engine::{State, StateError, Vgg19};
use crate::memory::{DeviceLimits, Precision};
use crate::recipe::Recipe;

impl StyleTransfer {
    /// Saves the whole run as bytes: recipe, images, progress, and the optimiser's state.
    ///
    /// # Errors
    /// [`TransferError::Device`].
    pub async fn save(&self) -> Result<Vec<u8>, TransferError> {
        let mut state = State::default();
        state.put_text("recipe", &self.recipe.to_json());
        put_pictures(&mut state, &self.pictures);
        self.optimizer.save(&mut state).await?;
        self.schedule.save(&mut state);
        if let Some(Strategy { division, precision }) = self.vgg.strategy() {
            state.put_text("division", division.name());
            state.put_text("precision", precision.name());
        }
        Ok(state.to_bytes())
    }

    /// Returns the kernel strategy that a saved run used, if it was set. Resumed with another one,
    /// the run differs in its last digits.
    ///
    /// # Errors
    /// [`StateError`] if `bytes` is not a saved run.
    pub fn strategy_of(bytes: &[u8]) -> Result<Option<Strategy>, StateError> {
        let state = State::from_bytes(bytes)?;
        let text = |name: &str| state.has(name).then(|| state.text(name)).transpose();
        let division = text("division")?.and_then(|name| ConvKernel::named(&name));
        // Older states have no precision.
        let precision =
            text("precision")?.map_or(Some(Precision::default()), |name| Precision::named(&name));
        let precision = precision.ok_or_else(|| StateError::Part("precision".to_owned()))?;
        Ok(division.map(|division| Strategy { division, precision }))
    }

    /// Resumes a run that [`Self::save`] saved. Every number is restored exactly, though not the
    /// memory layout of tensors. If `limits` imply other tiles, the run differs in its last digits.
    ///
    /// # Errors
    /// [`TransferError::State`] if `bytes` is not a saved run, or [`TransferError`] if its recipe
    /// or images are invalid.
    pub fn resume(
        vgg: Rc<Vgg19>,
        bytes: &[u8],
        limits: DeviceLimits,
        device: &Device,
    ) -> Result<Self, TransferError> {
        let state = State::from_bytes(bytes)?;
        let recipe = Recipe::from_json(&state.text("recipe")?)?;
        let pictures = pictures_in(&state)?;
        pictures.check()?;
        let schedule = Schedule::load(&state, pictures.photo.size().long_edge())?;
        let kind = recipe.optimizer;
        Self::assembled(vgg, (pictures, recipe), limits, device, schedule, |scene| {
            let optimizer = Optimizer::load(kind, &state, device)?;
            if optimizer.x().dims() != scene.subject.photo.tensor().dims() {
                return Err(StateError::Part("x".to_owned()).into());
            }
            Ok(optimizer)
        })
    }

    /// Returns the recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Changes the total number of steps. If it no longer suffices for all planned sizes, the run
    /// skips to the last one. Additional steps run at the last size. A last size still to come gets
    /// at least one step.
    ///
    /// # Errors
    /// [`TransferError::Recipe`] if the number is invalid; the old one stays.
    pub fn set_steps(&mut self, steps: u32) -> Result<(), TransferError> {
        let steps = steps.max(self.schedule.least_steps());
        let recipe = Recipe { steps, ..self.recipe.clone() };
        recipe.validate()?;
        self.recipe = recipe;
        if self.schedule.shorten(steps) {
            self.pass = None;
        }
        Ok(())
    }
}

fn put_pictures(state: &mut State, pictures: &Pictures) {
    let Pictures { photo, paintings, masks, earlier } = pictures;
    state.put_picture("photo", photo);
    for (name, pictures) in [("painting", paintings), ("mask", masks)] {
        pictures
            .iter()
            .enumerate()
            .for_each(|(index, picture)| state.put_picture(&format!("{name}.{index}"), picture));
    }
    if let Some(earlier) = earlier {
        state.put_picture("earlier", earlier);
    }
}

fn pictures_in(state: &State) -> Result<Pictures, StateError> {
    let earlier = state.has("earlier").then(|| state.picture("earlier")).transpose()?;
    Ok(Pictures {
        photo: state.picture("photo")?,
        paintings: state.pictures("painting")?,
        masks: state.pictures("mask")?,
        earlier,
    })
}
