//! One style transfer, driven from outside step by step.

use std::collections::VecDeque;
use std::rc::Rc;

use burn::tensor::{Device, ExecutionError};
use thiserror::Error;

use super::loss::{Objective, Terms};
use super::optimizer::{Evaluation, Optimizer};
use super::{ImageTensor, Vgg19, colour};
use crate::losses::Losses;
use crate::pixels::{ImageSize, MIN_EDGE_PX, Pixels};
use crate::recipe::{Emphasis, MAX_STYLES, Recipe, RecipeError, Start};
use crate::schedule::{self, Level};

/// Levels of 255 by which the dither spreads the start picture, peak to peak: the width of one 8-bit step.
const DITHER_LEVELS: f32 = 1.0;

/// Why a style transfer cannot begin or go on.
#[derive(Debug, Error)]
pub enum TransferError {
    /// The recipe does not make sense.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// More style pictures than a recipe has weights for.
    #[error("there are {0} style pictures; {MAX_STYLES} can be blended")]
    TooManyStyles(usize),
    /// The device failed or is lost.
    #[error("the device failed: {0}")]
    Device(#[from] ExecutionError),
    /// A loss is not a finite number any more.
    #[error("the losses are {0:?} at step {1}")]
    Diverged(Losses, u32),
}

/// The pictures that go in, each at the size to work at.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// For what the result shows.
    pub photo: Pixels,
    /// For how it is painted; may be none, where content alone counts.
    pub paintings: Vec<Pixels>,
    /// An earlier result, of the photo's size, to begin with instead of what the recipe says.
    pub earlier: Option<Pixels>,
}

/// The same on the device, at one size, as the network is to see them.
#[derive(Clone, Debug)]
struct Scene {
    photo: ImageTensor,
    paintings: Vec<ImageTensor>,
    /// The photo in its own colours.
    original: ImageTensor,
}

impl Scene {
    fn new(pictures: &Pictures, recipe: &Recipe, device: &Device) -> Self {
        let (size, colours) = (pictures.photo.size(), recipe.colours);
        let rgb = pictures.photo.composited_rgb();
        let painting = |painting: &Pixels| {
            let seen = colour::painting_seen(colours, &rgb, painting.composited_rgb());
            ImageTensor::from_rgb(painting.size(), seen, device).resized(painted_size(painting.size(), size.long_edge(), recipe))
        };
        Self {
            paintings: pictures.paintings.iter().map(painting).collect(),
            photo: ImageTensor::from_rgb(size, colour::photo_seen(colours, rgb.clone()), device),
            original: ImageTensor::from_rgb(size, rgb, device),
        }
    }

    /// The scene at half its size, `times` over; a painting that is small already is halved less often.
    fn halved(&self, times: u32) -> Self {
        let painting = |painting: &ImageTensor| {
            let ImageSize { width, height } = painting.size();
            painting.halved(times.min((width.min(height) / MIN_EDGE_PX).max(1).ilog2()))
        };
        Self {
            photo: self.photo.halved(times),
            paintings: self.paintings.iter().map(painting).collect(),
            original: self.original.halved(times),
        }
    }

    /// The picture that the optimisation begins with: photo, painting and noise by their shares, under a dither.
    fn mixed(&self, start: Start, seed: u64) -> ImageTensor {
        let size = self.photo.size();
        let [photo, painting, noise] = start.shares();
        let stretched = self.paintings.first().unwrap_or(&self.photo).resized(size).into_tensor();
        let noise = ImageTensor::from_rgb(size, noise_and_dither(3 * size.area(), noise, seed), &stretched.device());
        let photo = self.photo.tensor().clone().mul_scalar(photo);
        ImageTensor::new(photo + stretched.mul_scalar(painting) + noise.into_tensor())
    }
}

/// A run: the pastiche, what it is measured against, and the optimiser that changes it.
#[derive(Debug)]
pub struct StyleTransfer {
    vgg: Rc<Vgg19>,
    recipe: Recipe,
    /// At the result's size.
    full: Scene,
    /// At the size that is painted at now.
    scene: Scene,
    objective: Objective,
    /// Holds the picture being optimised.
    optimizer: Optimizer,
    /// Of the photo, to be restored on export.
    alpha: Option<Vec<u8>>,
    /// The objective's terms at the last step that was accepted, still on the device.
    terms: Option<Terms>,
    step: u32,
    /// Steps left at this size.
    left: u32,
    /// The sizes to come.
    levels: VecDeque<Level>,
}

impl StyleTransfer {
    /// Prepares a run of `recipe`.
    ///
    /// # Errors
    /// [`TransferError::Recipe`], [`TransferError::TooManyStyles`].
    pub fn new(vgg: Rc<Vgg19>, pictures: &Pictures, recipe: &Recipe, device: &Device) -> Result<Self, TransferError> {
        recipe.validate()?;
        if pictures.paintings.len() > MAX_STYLES {
            return Err(TransferError::TooManyStyles(pictures.paintings.len()));
        }
        let size = pictures.photo.size();
        let full = Scene::new(pictures, recipe, device);
        // An earlier result is gone on with at its own size: a smaller one would lose its detail.
        let pyramid = if pictures.earlier.is_some() { 1 } else { recipe.pyramid };
        let mut levels: VecDeque<Level> = schedule::levels(size.width.min(size.height), pyramid, recipe.steps).into();
        let Level { halvings, steps } = levels.pop_front().expect("a schedule has a level");
        let scene = full.halved(halvings);
        let start = match &pictures.earlier {
            None => scene.mixed(recipe.start, recipe.seed),
            Some(earlier) => {
                let earlier = colour::photo_seen(recipe.colours, earlier.composited_rgb());
                ImageTensor::from_rgb(size, earlier, device)
            }
        };
        Ok(Self {
            objective: Objective::new(&vgg, &scene.photo, &scene.paintings, recipe.reading, recipe.emphasis),
            optimizer: Optimizer::new(recipe.optimizer, start.into_tensor(), steps),
            alpha: pictures.photo.alpha(),
            recipe: recipe.clone(),
            terms: None,
            step: 0,
            left: steps,
            vgg,
            full,
            scene,
            levels,
        })
    }

    /// Does one step: one evaluation of the objective and its gradient. Nothing is read back, but for L-BFGS's few numbers.
    ///
    /// # Errors
    /// [`TransferError::Device`].
    pub async fn step(&mut self) -> Result<(), TransferError> {
        if self.left == 0 {
            self.ascend();
        }
        let (terms, gradient) = self.objective.gradient(&self.vgg, self.optimizer.ask());
        let evaluation = Evaluation { loss: terms.total(), gradient };
        if self.optimizer.tell(evaluation).await? {
            self.terms = Some(terms);
        }
        self.step += 1;
        self.left = self.left.saturating_sub(1);
        Ok(())
    }

    /// Goes on at the next size, if there is one, from the picture as it is.
    fn ascend(&mut self) {
        let Some(Level { halvings, steps }) = self.levels.pop_front() else { return };
        let pastiche = ImageTensor::new(self.optimizer.x().clone());
        self.scene = self.full.halved(halvings);
        let Scene { photo, paintings, .. } = &self.scene;
        self.objective = Objective::new(&self.vgg, photo, paintings, self.recipe.reading, self.recipe.emphasis);
        self.optimizer = Optimizer::new(self.recipe.optimizer, pastiche.resized(photo.size()).into_tensor(), steps);
        self.left = steps;
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
    pub fn set_emphasis(&mut self, emphasis: Emphasis) -> Result<(), TransferError> {
        emphasis.validate()?;
        if emphasis == self.recipe.emphasis {
            return Ok(());
        }
        self.objective.set_emphasis(&self.vgg, emphasis);
        self.recipe.emphasis = emphasis;
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

    /// Reads the pastiche back as a picture of the size that is painted at now, clamped, under the photo's alpha.
    ///
    /// # Errors
    /// [`TransferError::Device`].
    pub async fn pixels(&self) -> Result<Pixels, TransferError> {
        let pastiche = ImageTensor::new(self.optimizer.x().clone());
        let size = pastiche.size();
        let rgb = colour::finished(self.recipe.colours, &pastiche, &self.scene.original).to_rgb().await?;
        let alpha = self.alpha.as_ref().map(|alpha| sampled(alpha, self.full.photo.size(), size));
        Ok(Pixels::from_rgb(size, &rgb, alpha.as_deref()))
    }
}

/// The size at which a painting is studied that is `given` px large and belongs to a photo of `content_edge` px. It has been fitted to
/// [`Recipe::style_edge`] without enlarging it; larger strokes than it has by itself are had by stretching it.
#[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
fn painted_size(given: ImageSize, content_edge: u32, recipe: &Recipe) -> ImageSize {
    let unscaled = given.long_edge().min(content_edge) as f32;
    let greatest = *Recipe::SIZE.end() as f32 / given.long_edge() as f32;
    let factor = (recipe.style_scale * unscaled / given.long_edge() as f32).min(greatest);
    if recipe.style_scale > 1.0 && factor > 1.0 { given.stretched(factor) } else { given }
}

/// A channel of a picture of size `from` at the smaller size `to`: the nearest pixels.
fn sampled(channel: &[u8], from: ImageSize, to: ImageSize) -> Vec<u8> {
    let nearest = |at: u32, from: u32, to: u32| (u64::from(at) * u64::from(from) / u64::from(to)) as usize;
    let row = |y: u32| nearest(y, from.height, to.height) * from.width as usize;
    (0..to.height).flat_map(|y| (0..to.width).map(move |x| channel[row(y) + nearest(x, from.width, to.width)])).collect()
}

/// `count` values: white noise in 0..1 by its `share`, and a dither of one 8-bit level, seeded. A photo of 8 bits has flat areas in which
/// every pixel would move alike; the dither breaks their ties, differently for each seed.
fn noise_and_dither(count: usize, share: f32, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut value = || split_mix(&mut state) * share + (split_mix(&mut state) - 0.5) * DITHER_LEVELS / 255.0;
    (0..count).map(|_| value()).collect()
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
        let first = noise_and_dither(30_000, 0.0, 1);
        assert_eq!(first, noise_and_dither(30_000, 0.0, 1));
        assert_ne!(first, noise_and_dither(30_000, 0.0, 2));
        assert!(first.iter().all(|value| value.abs() <= 0.5 / 255.0));
        let mean: f32 = first.iter().sum::<f32>() / 30_000.0;
        assert!(mean.abs() < 1e-4, "{mean}");
    }

    #[test]
    fn white_noise_fills_its_share_of_the_range() {
        let noise = noise_and_dither(30_000, 0.5, 1);
        let mean: f32 = noise.iter().sum::<f32>() / 30_000.0;
        let (least, greatest) = noise.iter().fold((1.0_f32, 0.0_f32), |(low, high), &value| (low.min(value), high.max(value)));
        assert!((mean - 0.25).abs() < 5e-3 && least < 0.01 && greatest > 0.49, "{mean} in {least}..{greatest}");
    }

    #[test]
    fn a_painting_is_stretched_only_for_strokes_larger_than_its_own() {
        let at = |given, scale| painted_size(given, 500, &Recipe { style_scale: scale, ..Recipe::default() });
        assert_eq!(at(ImageSize::new(500, 400), 1.0), ImageSize::new(500, 400));
        assert_eq!(at(ImageSize::new(250, 100), 0.5), ImageSize::new(250, 100));
        assert_eq!(at(ImageSize::new(1000, 400), 2.0), ImageSize::new(1000, 400), "large enough by itself");
        assert_eq!(at(ImageSize::new(800, 400), 2.0), ImageSize::new(1000, 500));
        assert_eq!(at(ImageSize::new(200, 100), 2.0), ImageSize::new(400, 200), "twice its own, not twice the photo's");
    }

    #[test]
    fn a_sampled_channel_takes_every_other_pixel() {
        let channel: Vec<u8> = (0..15).collect();
        assert_eq!(sampled(&channel, ImageSize::new(5, 3), ImageSize::new(2, 1)), [0, 2]);
        assert_eq!(sampled(&channel, ImageSize::new(5, 3), ImageSize::new(5, 3)), channel);
    }

    #[test]
    fn split_mix_gives_the_published_sequence() {
        // First output for seed 0 is 0xe220a8397b1dcdaf.
        let expected = f64::from(0x00e2_20a8_u32) / f64::from(1_u32 << 24);
        assert!((f64::from(split_mix(&mut 0)) - expected).abs() < 1e-9);
    }
}
