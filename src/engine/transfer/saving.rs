//! Saving and resuming a run.

use std::collections::VecDeque;
use std::rc::Rc;

use burn::tensor::Device;

use super::{Pictures, StyleTransfer, TransferError, objective};
use crate::engine::ops::convolution::{ConvKernel, Strategy};
use crate::engine::optimizer::Optimizer;
use crate::engine::transfer::scene::Scene;
use crate::engine::{State, StateError, Vgg19};
use crate::memory::{DeviceLimits, Precision};
use crate::recipe::Recipe;
use crate::recipe::pyramid::Level;

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
        state.put_numbers("progress", &[self.step, self.left, self.edge].map(f64::from));
        if let Some(Strategy { division, precision }) = self.vgg.strategy() {
            state.put_text("division", division.name());
            state.put_text("precision", precision.name());
        }
        let levels = self.levels.iter().flat_map(|level| [level.edge, level.steps]).map(f64::from);
        state.put_numbers("sizes", &levels.collect::<Vec<f64>>());
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
        let [step, left, edge] = state.exact_numbers("progress")?.map(count);
        let full_edge = pictures.photo.size().long_edge();
        // Older states know only repeated halving: they store the number of halvings, not the edge.
        let halves = !state.has("sizes");
        let edge_of =
            |number: u32| if halves { full_edge.checked_shr(number).unwrap_or(0) } else { number };
        let levels = state.numbers(if halves { "levels" } else { "sizes" })?;
        let levels = levels
            .as_chunks()
            .0
            .iter()
            .map(|&[size, steps]| Level { edge: edge_of(count(size)), steps: count(steps) });
        let (edge, levels): (u32, VecDeque<Level>) = (edge_of(edge), levels.collect());
        let known = 1..=full_edge;
        if !known.contains(&edge) || levels.iter().any(|level| !known.contains(&level.edge)) {
            return Err(StateError::Part("sizes".to_owned()).into());
        }
        let full = Scene::new(&pictures, &recipe, device);
        let scene = full.at(edge);
        let optimizer = Optimizer::load(recipe.optimizer, &state, device)?;
        if optimizer.x().dims() != scene.subject.photo.tensor().dims() {
            return Err(StateError::Part("x".to_owned()).into());
        }
        Ok(Self {
            objective: objective(&scene.subject, &recipe, limits),
            pass: None,
            levels,
            vgg,
            limits,
            recipe,
            alpha: pictures.photo.alpha().map(Rc::from),
            pictures,
            full,
            scene,
            edge,
            optimizer,
            step,
            left,
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
        let least = if self.levels.is_empty() { 0 } else { self.step + 1 };
        let recipe = Recipe { steps: steps.max(least), ..self.recipe.clone() };
        recipe.validate()?;
        self.recipe = recipe;
        self.skip_levels();
        Ok(())
    }

    /// Skips to the last size from the next step on if fewer steps are left than planned.
    fn skip_levels(&mut self) {
        let planned =
            self.step + self.left + self.levels.iter().map(|level| level.steps).sum::<u32>();
        if self.recipe.steps < planned
            && let Some(last) = self.levels.pop_back()
        {
            self.levels = [Level { steps: self.recipe.steps - self.step, ..last }].into();
            self.pass = None;
            self.left = 0;
        }
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

/// Converts a count that was stored as a float.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float's cast saturates"
)]
fn count(number: f64) -> u32 {
    number as u32
}
