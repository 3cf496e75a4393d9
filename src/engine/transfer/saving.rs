//! A run's whole state to bytes and back.

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
    /// The whole run as bytes: recipe, pictures, and the optimiser with all that it has learnt.
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

    /// The kernels' strategy that a kept run was painted with, if it was set: with another one it
    /// would go on otherwise in its last digits.
    ///
    /// # Errors
    /// [`StateError`] for other bytes.
    pub fn strategy_of(bytes: &[u8]) -> Result<Option<Strategy>, StateError> {
        let state = State::from_bytes(bytes)?;
        let text = |name: &str| state.has(name).then(|| state.text(name)).transpose();
        let division = text("division")?.and_then(|name| ConvKernel::named(&name));
        // Runs were kept before there was a choice.
        let precision =
            text("precision")?.map_or(Some(Precision::default()), |name| Precision::named(&name));
        let precision = precision.ok_or_else(|| StateError::Part("precision".to_owned()))?;
        Ok(division.map(|division| Strategy { division, precision }))
    }

    /// Takes up the run that [`Self::save`] kept: every number of it is as it was, though not how
    /// tensors lie in memory. Where `limits` has the picture seen in other tiles it goes on
    /// otherwise in its last digits.
    ///
    /// # Errors
    /// [`TransferError::State`] for other bytes, [`TransferError::Recipe`].
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
        // Runs were kept before there were other sizes than halves: by how often the full one was
        // halved.
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

    /// What the run paints.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Does `steps` in all instead of as many as the recipe said, the rest of them at the last
    /// size; one at least, where that is yet to come.
    ///
    /// # Errors
    /// [`TransferError::Recipe`] for a number that no recipe may have; the old number stays then.
    pub fn set_steps(&mut self, steps: u32) -> Result<(), TransferError> {
        let least = if self.levels.is_empty() { 0 } else { self.step + 1 };
        let recipe = Recipe { steps: steps.max(least), ..self.recipe.clone() };
        recipe.validate()?;
        self.recipe = recipe;
        self.skip_levels();
        Ok(())
    }

    /// Goes on at the last size from the next step on if the steps left do not reach for every size
    /// as planned.
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

/// A count that was kept as a float.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float's cast saturates"
)]
fn count(number: f64) -> u32 {
    number as u32
}
