//! One style transfer, driven from outside step by step.

mod pictures;
mod saving;
mod scene;

use std::collections::VecDeque;
use std::rc::Rc;

use burn::tensor::Device;

pub use self::pictures::{Pictures, TransferError};
use self::scene::Scene;
use super::loss::{Objective, ObjectiveInputs, Pass, Progress};
use super::ops::readback::sync;
use super::optimizer::{Evaluation, Optimizer, Report};
use super::{ImageTensor, InFlight, Vgg19, colour};
use crate::losses::Losses;
use crate::memory::DeviceLimits;
use crate::pixels::{ImageSize, Pixels, Reduction};
use crate::recipe::pyramid::{self, Level};
use crate::recipe::{LossWeights, OptimizerKind, Recipe, Sizes};

/// What [`StyleTransfer::advance`] has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// A part of a step, or of the targets.
    Part,
    /// The last of the targets that were missing. Making them took memory in other pieces than a
    /// step does.
    Targets,
    /// The end of a step.
    Step,
}

/// A run: the pastiche, what it is measured against, and the optimiser that changes it.
#[derive(Debug)]
pub struct StyleTransfer {
    vgg: Rc<Vgg19>,
    recipe: Recipe,
    /// Of the device.
    limits: DeviceLimits,
    /// As they were given.
    pictures: Pictures,
    /// Of the photo, to be restored in every picture that is read.
    alpha: Option<Rc<[u8]>>,
    /// At the result's size.
    full: Scene,
    /// At the size that is painted at now.
    scene: Scene,
    objective: Objective,
    /// Holds the picture being optimised.
    optimizer: Optimizer,
    /// The evaluation under way, of a step that is done in part.
    pass: Option<Pass>,
    step: u32,
    /// Longer side of this size, px.
    edge: u32,
    /// Steps left at this size.
    left: u32,
    /// The sizes to come.
    levels: VecDeque<Level>,
}

impl StyleTransfer {
    /// Prepares a run of `recipe` on `device`, which has room for `limits`.
    ///
    /// # Errors
    /// [`TransferError`] of the recipe or the pictures.
    pub fn new(
        vgg: Rc<Vgg19>,
        pictures: &Pictures,
        recipe: &Recipe,
        limits: DeviceLimits,
        device: &Device,
    ) -> Result<Self, TransferError> {
        // An earlier result is gone on with at its own size: a smaller one would lose its detail.
        let sizes = if pictures.earlier.is_some() { Sizes::One } else { recipe.sizes };
        let levels = pyramid::levels(pictures.photo.size(), sizes, recipe.steps);
        Self::at_levels(vgg, pictures, recipe, levels.into(), limits, device)
    }

    /// The same through these `levels`, of which there is one at least.
    pub(super) fn at_levels(
        vgg: Rc<Vgg19>,
        pictures: &Pictures,
        recipe: &Recipe,
        mut levels: VecDeque<Level>,
        limits: DeviceLimits,
        device: &Device,
    ) -> Result<Self, TransferError> {
        recipe.validate()?;
        pictures.check()?;
        let size = pictures.photo.size();
        let full = Scene::new(pictures, recipe, device);
        let Level { edge, steps } = levels.pop_front().expect("a schedule has a level");
        let scene = full.at(edge);
        let start = match &pictures.earlier {
            None => {
                let reduction = Reduction::between(size.long_edge(), edge);
                let recoloured = || scene::recoloured(pictures, recipe, device).reduced(reduction);
                scene.mixed(recipe.start, recoloured, recipe.seed)
            }
            Some(earlier) => {
                let earlier = colour::photo_seen(recipe.colours, earlier.composited_rgb());
                ImageTensor::from_rgb(size, &earlier, device)
            }
        };
        Ok(Self {
            objective: objective(&scene.subject, recipe, limits),
            optimizer: Optimizer::new(
                recipe.optimizer,
                start.into_tensor(),
                steps,
                limits.pairs(size.area()),
            ),
            recipe: recipe.clone(),
            limits,
            alpha: pictures.photo.alpha().map(Rc::from),
            pictures: pictures.clone(),
            pass: None,
            step: 0,
            edge,
            left: steps,
            vgg,
            full,
            scene,
            levels,
        })
    }

    /// Does one step: one evaluation of the objective and its gradient. It is not waited for, but
    /// where it has several parts each but the last is.
    ///
    /// # Errors
    /// [`TransferError::Device`].
    pub async fn step(&mut self) -> Result<(), TransferError> {
        loop {
            match self.advance().await? {
                Advance::Step => return Ok(()),
                Advance::Targets => self.optimizer.x().device().memory_cleanup(),
                Advance::Part => {}
            }
            self.fence().wait().await?;
        }
    }

    /// A mark in the device's queue, reached when all that was asked for before it is done.
    pub fn fence(&self) -> InFlight<Result<(), TransferError>> {
        // Of one pixel, so that it takes no other program for another size.
        let pixel = ImageTensor::new(self.optimizer.x().clone()).part([0, 0], [1, 1]);
        InFlight::new(async { Ok(sync(pixel.into_tensor()).await?) })
    }

    /// Parts of the targets that are missing.
    pub fn targets_missing(&self) -> u32 {
        self.objective.targets_missing()
    }

    /// Makes the next part of the targets, if one is missing: one look at a tile of photo or
    /// painting. It is not waited for.
    pub fn make_target(&mut self) {
        self.objective.make_target(&self.vgg);
    }

    /// Does a part of a step: all of it, or one look at a tile, or, where targets are missing, what
    /// makes a part of them. It is not waited for: who asks for many sees to it, by
    /// [`Self::fence`], that the device's queue stays short.
    ///
    /// # Errors
    /// [`TransferError::Device`].
    pub async fn advance(&mut self) -> Result<Advance, TransferError> {
        if self.left == 0 && self.pass.is_none() {
            self.ascend().await?;
        }
        if self.targets_missing() > 0 {
            self.make_target();
            return Ok(if self.targets_missing() > 0 { Advance::Part } else { Advance::Targets });
        }
        let pass = self.pass.take().unwrap_or_else(|| Pass::new(self.optimizer.ask()));
        match pass.advance(&self.objective, &self.vgg) {
            Progress::Going(pass) => {
                self.pass = Some(pass);
                Ok(Advance::Part)
            }
            Progress::Done(terms, gradient) => {
                self.optimizer.tell(Evaluation { terms, gradient }).await?;
                self.step += 1;
                self.left = self.left.saturating_sub(1);
                Ok(Advance::Step)
            }
        }
    }

    /// Goes on at the next size, if there is one, from the picture as it is.
    pub(super) async fn ascend(&mut self) -> Result<(), TransferError> {
        let Some(Level { edge, steps }) = self.levels.pop_front() else { return Ok(()) };
        let pastiche = ImageTensor::new(self.optimizer.x().clone());
        self.edge = edge;
        self.scene = self.full.at(edge);
        self.objective = objective(&self.scene.subject, &self.recipe, self.limits);
        let pastiche = pastiche.resize(self.scene.subject.photo.size());
        self.optimizer = self.optimizer.carried(pastiche.into_tensor(), steps).await?;
        self.left = steps;
        Ok(())
    }

    /// Tiles in which the network sees the picture at the size that is painted at now.
    pub fn tiles(&self) -> usize {
        self.objective.tiles().len()
    }

    /// Steps done.
    pub fn steps_done(&self) -> u32 {
        self.step
    }

    /// Whether all steps of the recipe are done.
    pub fn finished(&self) -> bool {
        self.step >= self.recipe.steps
    }

    /// Changes what the terms weigh from the next step on.
    ///
    /// # Errors
    /// [`TransferError::Recipe`]; the old weights stay then.
    pub fn set_loss_weights(&mut self, loss_weights: LossWeights) -> Result<(), TransferError> {
        loss_weights.validate()?;
        if loss_weights == self.recipe.loss_weights {
            return Ok(());
        }
        self.pass = None;
        self.objective.set_loss_weights(loss_weights.balanced(self.recipe.features));
        self.recipe.loss_weights = loss_weights;
        self.optimizer.objective_changed();
        Ok(())
    }

    /// Goes on from the picture as it is with another optimiser.
    pub fn set_optimizer(&mut self, kind: OptimizerKind) {
        if kind != self.recipe.optimizer {
            self.pass = None;
            let pairs = self.limits.pairs(self.pictures.photo.size().area());
            self.optimizer = self.optimizer.changed(kind, self.step, self.step + self.left, pairs);
            self.recipe.optimizer = kind;
        }
    }

    /// Waits for the steps asked for so far and reads the losses at the picture as it is when this
    /// is begun; zeros before the first at a size and with an optimiser.
    ///
    /// # Errors
    /// [`TransferError::Device`], or [`TransferError::Diverged`] when a loss or its gradient is not
    /// finite.
    pub fn losses(&self) -> impl Future<Output = Result<Losses, TransferError>> + use<> {
        let (report, step) = (self.optimizer.report(), self.step);
        async move {
            let Report { losses, goes_on } = report.await?;
            if losses.total().is_finite() && goes_on {
                Ok(losses)
            } else {
                Err(TransferError::Diverged(losses, step))
            }
        }
    }

    /// Reads the pastiche back as a picture of the size that is painted at now, as it is when this
    /// is begun, clamped, under the photo's alpha.
    ///
    /// # Errors
    /// [`TransferError::Device`].
    pub fn pixels(&self) -> impl Future<Output = Result<Pixels, TransferError>> + use<> {
        let pastiche = ImageTensor::new(self.optimizer.x().clone());
        let finished = colour::finished(self.recipe.colours, &pastiche, &self.scene.original);
        let (alpha, photo) = (self.alpha.clone(), self.pictures.photo.size());
        async move {
            let pixels = finished.to_pixels().await?;
            Ok(match alpha {
                Some(alpha) => {
                    let alpha = sampled(&alpha, photo, pixels.size());
                    pixels.under(&alpha)
                }
                None => pixels,
            })
        }
    }
}

/// What `recipe` measures a pastiche of `subject` against; its targets are yet to be made.
fn objective(subject: &ObjectiveInputs, recipe: &Recipe, limits: DeviceLimits) -> Objective {
    Objective::without_targets(
        subject,
        recipe.features,
        recipe.loss_weights.balanced(recipe.features),
        limits,
    )
}

/// A channel of a picture of size `from` at the smaller size `to`: the nearest pixels.
fn sampled(channel: &[u8], from: ImageSize, to: ImageSize) -> Vec<u8> {
    let nearest = |at: u32, from: u32, to: u32| at as usize * from as usize / to as usize;
    let row = |y: u32| nearest(y, from.height, to.height) * from.width as usize;
    (0..to.height)
        .flat_map(|y| {
            (0..to.width).map(move |x| channel[row(y) + nearest(x, from.width, to.width)])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sampled_channel_takes_every_other_pixel() {
        let channel: Vec<u8> = (0..15).collect();
        assert_eq!(sampled(&channel, ImageSize::new(5, 3), ImageSize::new(2, 1)), [0, 2]);
        assert_eq!(sampled(&channel, ImageSize::new(5, 3), ImageSize::new(5, 3)), channel);
    }
}
