//! The images of a run on the device, and the start image.

use burn::tensor::Device;

use super::pictures::Pictures;
use crate::engine::loss::ObjectiveInputs;
use crate::engine::{ImageTensor, Mask, colour, mask};
use crate::pixels::{ImageSize, Pixels, Reduction};
use crate::recipe::{Palette, Recipe, Start};

/// Peak-to-peak amplitude of the dither on the start image, in 8-bit levels: one quantisation step.
const DITHER_LEVELS: f32 = 1.0;

/// Images of a run on the device, at one size, as the network receives them.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Images for the objective.
    pub subject: ObjectiveInputs,
    /// Photo in its own colours.
    pub original: ImageTensor,
}

impl Scene {
    /// Uploads `pictures` at their own size, after the recipe's colour handling.
    pub fn new(pictures: &Pictures, recipe: &Recipe, device: &Device) -> Self {
        let (size, colours) = (pictures.photo.size(), recipe.colours);
        let rgb = pictures.photo.composited_rgb();
        let painting = |painting: &Pixels| {
            let seen = colour::painting_seen(colours, &rgb, painting.composited_rgb());
            ImageTensor::from_rgb(painting.size(), &seen, device).resize(style_size(
                painting.size(),
                size.long_edge(),
                recipe,
            ))
        };
        let subject = ObjectiveInputs {
            paintings: pictures.paintings.iter().map(painting).collect(),
            masks: Mask::from_pixels(&pictures.masks, device),
            photo: ImageTensor::from_rgb(size, &colour::photo_seen(colours, rgb.clone()), device),
        };
        Self { subject, original: ImageTensor::from_rgb(size, &rgb, device) }
    }

    /// Returns the scene with the longer side of its photo reduced to `edge` px. A painting that is
    /// already small is reduced less.
    #[must_use]
    pub fn at(&self, edge: u32) -> Self {
        let reduction = Reduction::between(self.original.size().long_edge(), edge);
        let ObjectiveInputs { photo, paintings, masks } = &self.subject;
        let subject = ObjectiveInputs {
            photo: photo.reduced(reduction),
            paintings: paintings
                .iter()
                .map(|painting| painting.reduced(reduction.within(painting.size())))
                .collect(),
            masks: masks.iter().map(|mask| mask.reduced(reduction)).collect(),
        };
        Self { subject, original: self.original.reduced(reduction) }
    }

    /// Returns the start image: a mix by the shares of `start`, plus dither. `recoloured` makes the
    /// recoloured photo, at the scene's size, if it has a share.
    pub fn mixed(
        &self,
        start: Start,
        recoloured: impl FnOnce() -> ImageTensor,
        seed: u64,
    ) -> ImageTensor {
        let ObjectiveInputs { photo, paintings, .. } = &self.subject;
        let size = photo.size();
        let shares = start.normalised();
        let noise = noise_and_dither(3 * size.area(), shares.noise, seed);
        let noise = ImageTensor::from_rgb(size, &noise, &photo.tensor().device()).into_tensor();
        let part = |picture: &ImageTensor, share| picture.tensor().clone().mul_scalar(share);
        let parts = [
            (shares.photo > 0.0).then(|| part(photo, shares.photo)),
            (shares.recoloured > 0.0).then(|| part(&recoloured(), shares.recoloured)),
            (shares.painting > 0.0)
                .then(|| part(&paintings.first().unwrap_or(photo).resize(size), shares.painting)),
        ];
        ImageTensor::new(parts.into_iter().flatten().fold(noise, |sum, part| sum + part))
    }
}

/// Returns the photo in the colours that the result will have, at its own size. Where style counts
/// and the palette is the painting's, these are the paintings' colours, blended or by region;
/// otherwise those that the network receives.
pub fn recoloured(pictures: &Pictures, recipe: &Recipe, device: &Device) -> ImageTensor {
    let photo = pictures.photo.composited_rgb();
    let mut rgb = colour::photo_seen(recipe.colours, photo.clone());
    if recipe.colours.palette == Palette::Painting
        && !recipe.loss_weights.style_layers.layers().is_empty()
    {
        let shares = recipe.loss_weights.style_shares(pictures.paintings.len());
        let paintings: Vec<Vec<f32>> =
            pictures.paintings.iter().map(Pixels::composited_rgb).collect();
        let counted = paintings.iter().map(Vec::as_slice).zip(shares);
        for (region, blend) in regions(pictures, counted) {
            let inside = colour::recoloured(&photo, &region, &blend);
            let change = |index: usize| region[index / 3] * (inside[index] - photo[index]);
            rgb.iter_mut().enumerate().for_each(|(index, value)| *value += change(index));
        }
    }
    ImageTensor::from_rgb(pictures.photo.size(), &rgb, device)
}

/// Share of each pixel in a region, and the paintings of the region with their shares.
type Region<'a> = (Vec<f32>, Vec<(&'a [f32], f32)>);

/// Returns the regions of the paintings with a weight: one per painting if there are masks,
/// otherwise one for all.
fn regions<'a>(
    pictures: &Pictures,
    paintings: impl Iterator<Item = (&'a [f32], f32)>,
) -> Vec<Region<'a>> {
    let counted = |(_, share): &(&[f32], f32)| *share > 0.0;
    if pictures.masks.is_empty() {
        let blend: Vec<_> = paintings.filter(counted).collect();
        let everywhere =
            (!blend.is_empty()).then(|| (vec![1.0; pictures.photo.size().area()], blend));
        return everywhere.into_iter().collect();
    }
    let own = mask::shares(&pictures.masks)
        .into_iter()
        .zip(paintings)
        .filter(|(_, painting)| counted(painting));
    own.map(|(region, (painting, _))| (region, vec![(painting, 1.0)])).collect()
}

/// Returns the size at which a painting of size `given` is studied beside a photo of `content_edge`
/// px. The painting has been fitted to [`Recipe::style_edge`] without enlarging it; strokes larger
/// than its own require enlarging.
#[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
fn style_size(given: ImageSize, content_edge: u32, recipe: &Recipe) -> ImageSize {
    let unscaled = given.long_edge().min(content_edge) as f32;
    let greatest = *Recipe::SIZE.end() as f32 / given.long_edge() as f32;
    let factor = (recipe.style_scale * unscaled / given.long_edge() as f32).min(greatest);
    if recipe.style_scale > 1.0 && factor > 1.0 { given.stretched(factor) } else { given }
}

/// Returns `count` seeded values: white noise in 0..1 times `share`, plus a dither of one 8-bit
/// level. In a flat area of an 8-bit photo all pixels would move alike; the dither breaks the
/// symmetry, differently for each seed.
fn noise_and_dither(count: usize, share: f32, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut value =
        || split_mix(&mut state) * share + (split_mix(&mut state) - 0.5) * DITHER_LEVELS / 255.0;
    (0..count).map(|_| value()).collect()
}

/// Returns the next number in 0..1 of `SplitMix64` (Steele, Lea, Flood 2014), identical on every
/// machine.
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
    fn the_dither_is_small_and_centred_and_depends_on_the_seed() {
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
        let (least, greatest) = noise
            .iter()
            .fold((1.0_f32, 0.0_f32), |(low, high), &value| (low.min(value), high.max(value)));
        assert!(
            (mean - 0.25).abs() < 5e-3 && least < 0.01 && greatest > 0.49,
            "{mean} in {least}..{greatest}"
        );
    }

    #[test]
    fn a_painting_is_enlarged_only_for_strokes_larger_than_its_own() {
        let at = |given, scale| {
            style_size(given, 500, &Recipe { style_scale: scale, ..Recipe::default() })
        };
        assert_eq!(at(ImageSize::new(500, 400), 1.0), ImageSize::new(500, 400));
        assert_eq!(at(ImageSize::new(250, 100), 0.5), ImageSize::new(250, 100));
        assert_eq!(
            at(ImageSize::new(1000, 400), 2.0),
            ImageSize::new(1000, 400),
            "large enough by itself"
        );
        assert_eq!(at(ImageSize::new(800, 400), 2.0), ImageSize::new(1000, 500));
        assert_eq!(
            at(ImageSize::new(200, 100), 2.0),
            ImageSize::new(400, 200),
            "twice its own, not twice the photo's"
        );
    }

    #[test]
    fn split_mix_matches_the_published_sequence() {
        // The first output for seed 0 is 0xe220a8397b1dcdaf.
        let expected = f64::from(0x00e2_20a8_u32) / f64::from(1_u32 << 24);
        assert!((f64::from(split_mix(&mut 0)) - expected).abs() < 1e-9);
    }
}
