//! A style transfer, driven from outside step by step.

mod pictures;
mod saving;
mod scene;
mod schedule;

use std::rc::Rc;

use burn::tensor::Device;

pub use self::pictures::{Pictures, TransferError};
use self::scene::Scene;
use self::schedule::Schedule;
use super::loss::{Objective, ObjectiveInputs, Pass, Progress, scaled};
use super::ops::readback::sync;
use super::optimizer::{Evaluation, Optimizer, Report};
use super::{ImageTensor, InFlight, Vgg19, colour};
use crate::losses::Losses;
use crate::memory::DeviceLimits;
use crate::pixels::{ImageSize, Pixels, Reduction};
use crate::recipe::pyramid::{self, Level};
use crate::recipe::{LossWeights, OptimizerKind, Recipe, Sizes};

/// Outcome of [`StyleTransfer::advance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// Part of a step, or of the targets.
    Part,
    /// Last of the missing targets. Steps allocate buffers of other sizes, so memory that the
    /// targets used can be released now.
    Targets,
    /// End of a step.
    Step,
}

/// Run of a recipe: the pastiche, the objective, and the optimiser that minimises it.
///
/// ```
/// use std::rc::Rc;
///
/// use impasto::engine::weights::{ChannelMeans, Weights};
/// use impasto::engine::{Pictures, StyleTransfer, Vgg19, device};
/// use impasto::pixels::{ImageSize, Pixels};
/// use impasto::recipe::Recipe;
/// use pollster::block_on;
///
/// let grey = |level| Pixels::new(ImageSize::new(32, 32), vec![level; 4 * 32 * 32]).unwrap();
/// let recipe = Recipe { size: 32, steps: 2, ..Recipe::default() };
/// let open = device::open_cpu()?;
/// let vgg = Vgg19::new(Weights::committed(), &ChannelMeans::built_in(), &open.device);
/// let pictures = Pictures::new(grey(255), vec![grey(255)]);
/// let mut run =
///     StyleTransfer::new(Rc::new(vgg), &pictures, &recipe, open.limits, &open.device)?;
/// while !run.finished() {
///     block_on(run.step())?;
/// }
/// assert_eq!(block_on(run.pixels())?.size(), ImageSize::new(32, 32));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StyleTransfer {
    vgg: Rc<Vgg19>,
    recipe: Recipe,
    /// Limits of the device.
    limits: DeviceLimits,
    /// Input images, unchanged.
    pictures: Pictures,
    /// Alpha channel of the photo, restored in every result image.
    alpha: Option<Rc<[u8]>>,
    /// Scene at the size of the result.
    full: Scene,
    /// Scene at the current size.
    scene: Scene,
    objective: Objective,
    /// Optimiser; holds the pastiche.
    optimizer: Optimizer,
    /// Evaluation of the step in progress, between its parts.
    pass: Option<Pass>,
    schedule: Schedule,
}

impl StyleTransfer {
    /// Prepares a run of `recipe` on `device`, within its `limits`.
    ///
    /// # Errors
    /// [`TransferError`] if the recipe or the images are invalid.
    pub fn new(
        vgg: Rc<Vgg19>,
        pictures: &Pictures,
        recipe: &Recipe,
        limits: DeviceLimits,
        device: &Device,
    ) -> Result<Self, TransferError> {
        // An earlier result continues at its own size: a smaller one would lose its detail.
        let sizes = if pictures.earlier.is_some() { Sizes::One } else { recipe.sizes };
        let levels = pyramid::levels(pictures.photo.size(), sizes, recipe.steps);
        Self::at_levels(vgg, pictures, recipe, levels, limits, device)
    }

    /// Prepares a run through the given `levels`, of which one is required.
    pub(super) fn at_levels(
        vgg: Rc<Vgg19>,
        pictures: &Pictures,
        recipe: &Recipe,
        levels: Vec<Level>,
        limits: DeviceLimits,
        device: &Device,
    ) -> Result<Self, TransferError> {
        recipe.validate()?;
        pictures.check()?;
        let size = pictures.photo.size();
        let schedule = Schedule::new(levels);
        let (edge, steps) = (schedule.edge, schedule.left);
        let optimizer = |scene: &Scene| {
            let start = match &pictures.earlier {
                None => {
                    let reduction = Reduction::between(size.long_edge(), edge);
                    let recoloured =
                        || scene::recoloured(pictures, recipe, device).reduced(reduction);
                    scene.mixed(recipe.start, recoloured, recipe.seed)
                }
                Some(earlier) => {
                    let earlier = colour::photo_seen(recipe.colours, earlier.composited_rgb());
                    ImageTensor::from_rgb(size, &earlier, device)
                }
            };
            let pairs = limits.pairs(size.area());
            Ok(Optimizer::new(recipe.optimizer, start.into_tensor(), steps, pairs))
        };
        let inputs = (pictures.clone(), recipe.clone());
        Self::assembled(vgg, inputs, limits, device, schedule, optimizer)
    }

    /// Assembles a run that stands where `schedule` says, with the optimiser that `optimizer` makes
    /// for the scene of its current size.
    fn assembled(
        vgg: Rc<Vgg19>,
        (pictures, recipe): (Pictures, Recipe),
        limits: DeviceLimits,
        device: &Device,
        schedule: Schedule,
        optimizer: impl FnOnce(&Scene) -> Result<Optimizer, TransferError>,
    ) -> Result<Self, TransferError> {
        let full = Scene::new(&pictures, &recipe, device);
        let scene = full.at(schedule.edge);
        Ok(Self {
            optimizer: optimizer(&scene)?,
            objective: objective(&scene.subject, &recipe, limits),
            pass: None,
            alpha: pictures.photo.alpha().map(Rc::from),
            vgg,
            recipe,
            limits,
            pictures,
            full,
            scene,
            schedule,
        })
    }

    /// Runs one step: one evaluation of the objective and its gradient. Waits for the device
    /// between the parts of a step, but not after the last.
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

    /// Returns a fence in the device's queue, reached when all work submitted before it is done.
    pub fn fence(&self) -> InFlight<Result<(), TransferError>> {
        // A crop of one pixel has the same size in every run, so the read-back needs no further
        // pipeline.
        let pixel = ImageTensor::new(self.optimizer.x().clone()).part([0, 0], [1, 1]);
        InFlight::new(async { Ok(sync(pixel.into_tensor()).await?) })
    }

    /// Returns the number of parts of the targets still to be made.
    pub fn targets_missing(&self) -> u32 {
        self.objective.targets_missing()
    }

    /// Submits the next missing part of the targets, one tile of the photo or a painting, if any.
    /// Does not wait for the device.
    pub fn make_target(&mut self) {
        self.objective.make_target(&self.vgg);
    }

    /// Submits part of a step: the next part of the targets if any is missing; otherwise one tile
    /// of one sweep, or the whole step if the image is a single tile. Does not wait for the device:
    /// a caller that submits many parts keeps the device's queue short with [`Self::fence`].
    ///
    /// # Errors
    /// [`TransferError::Device`].
    pub async fn advance(&mut self) -> Result<Advance, TransferError> {
        if self.schedule.left == 0 && self.pass.is_none() {
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
                self.schedule.count_step();
                Ok(Advance::Step)
            }
        }
    }

    /// Continues at the next size, if any, from the current pastiche.
    pub(super) async fn ascend(&mut self) -> Result<(), TransferError> {
        let Some(Level { edge, steps }) = self.schedule.ascend() else { return Ok(()) };
        let pastiche = ImageTensor::new(self.optimizer.x().clone());
        self.scene = self.full.at(edge);
        self.objective = objective(&self.scene.subject, &self.recipe, self.limits);
        let pastiche = pastiche.resize(self.scene.subject.photo.size());
        self.optimizer = self.optimizer.carried(pastiche.into_tensor(), steps).await?;
        Ok(())
    }

    /// Returns the number of tiles at the current size.
    pub fn tiles(&self) -> usize {
        self.objective.tiles().len()
    }

    /// Returns the number of steps done.
    pub fn steps_done(&self) -> u32 {
        self.schedule.step
    }

    /// Whether all steps of the recipe are done.
    pub fn finished(&self) -> bool {
        self.schedule.step >= self.recipe.steps
    }

    /// Changes the weights of the terms from the next step on.
    ///
    /// # Errors
    /// [`TransferError::Recipe`] if the weights are invalid; the old ones stay.
    pub fn set_loss_weights(&mut self, loss_weights: LossWeights) -> Result<(), TransferError> {
        loss_weights.validate()?;
        if loss_weights == self.recipe.loss_weights {
            return Ok(());
        }
        self.pass = None;
        self.objective.set_loss_weights(scaled(loss_weights, self.recipe.features));
        self.recipe.loss_weights = loss_weights;
        self.optimizer.objective_changed();
        Ok(())
    }

    /// Switches to another optimiser, which continues from the current pastiche.
    pub fn set_optimizer(&mut self, kind: OptimizerKind) {
        if kind != self.recipe.optimizer {
            self.pass = None;
            let pairs = self.limits.pairs(self.pictures.photo.size().area());
            let Schedule { step, left, .. } = self.schedule;
            self.optimizer = self.optimizer.changed(kind, step, step + left, pairs);
            self.recipe.optimizer = kind;
        }
    }

    /// Reads back the losses at the pastiche as of this call, after the steps submitted so far.
    /// They are zero before the first step at a size or with an optimiser.
    ///
    /// # Errors
    /// [`TransferError::Device`], or [`TransferError::Diverged`] if a loss or its gradient is not
    /// finite.
    pub fn losses(&self) -> impl Future<Output = Result<Losses, TransferError>> + use<> {
        let (report, step) = (self.optimizer.report(), self.schedule.step);
        async move {
            let Report { losses, goes_on } = report.await?;
            if losses.total().is_finite() && goes_on {
                Ok(losses)
            } else {
                Err(TransferError::Diverged(losses, step))
            }
        }
    }

    /// Reads back the pastiche as of this call, at the current size, clamped and with the photo's
    /// alpha.
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

/// Creates the objective of `recipe` for these images, without targets.
fn objective(subject: &ObjectiveInputs, recipe: &Recipe, limits: DeviceLimits) -> Objective {
    Objective::without_targets(
        subject,
        recipe.features,
        scaled(recipe.loss_weights, recipe.features),
        limits,
    )
}

/// Downsamples a channel from size `from` to the smaller size `to` by nearest pixel.
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
    fn a_channel_is_downsampled_by_nearest_pixel() {
        let channel: Vec<u8> = (0..15).collect();
        assert_eq!(sampled(&channel, ImageSize::new(5, 3), ImageSize::new(2, 1)), [0, 2]);
        assert_eq!(sampled(&channel, ImageSize::new(5, 3), ImageSize::new(5, 3)), channel);
    }
}
