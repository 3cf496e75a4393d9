//! The settings, kept between visits, and their meaning on a given device.

use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize};

use super::device_choice::DeviceChoice;
use super::reconstruction::Reconstruction;
use crate::layer::Layer;
use crate::memory::MemoryUse;
use crate::protocol::{DeviceKind, DeviceReport};
use crate::recipe::{LayerWeights, LossWeights, Palette, Preset, Recipe, Start};

/// Sizes offered, px of the longer side. Between powers of two lies half the way in cost.
pub const SIZES: [u32; 12] = [64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096];

/// Steps allowed: all that a recipe may have, so that a recipe file means the same here.
pub const STEPS: RangeInclusive<u32> = Recipe::STEPS;

/// Total-variation weights with visible effect, from a hint to plain blur. The slider is
/// logarithmic, with zero at its left end.
const TV_SLIDER: RangeInclusive<f32> = 1.0..=10_000.0;

/// Outline weights with visible effect; a slider likewise.
const OUTLINES_SLIDER: RangeInclusive<f32> = 1.0..=1000.0;

/// Slider positions: 0 to this.
pub const SLIDER_END: u32 = 100;

/// The settings. `None` means the device's default, so that a better device brings a better
/// default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Longer side of the result, px.
    pub size: Option<u32>,
    /// Steps of the optimiser.
    pub steps: Option<u32>,
    /// All else that determines a result.
    #[serde(deserialize_with = "recipe_or_default")]
    pub recipe: Recipe,
    /// What a reconstruction shows.
    pub reconstruction: Reconstruction,
    /// Where to compute.
    pub device: DeviceChoice,
    /// How much of a graphics card's memory to take.
    pub memory: MemoryUse,
    /// Whether single keys are switched off.
    pub single_keys_off: bool,
    /// Whether a preset brought the photo's colours.
    pub colours_by_preset: bool,
    /// How fast painting was last.
    pub paces: Paces,
}

/// Time for a step and 10⁶ pixels of a square result, ms, on each kind of device; `None` before
/// anything was painted there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paces {
    gpu: Option<f64>,
    processor: Option<f64>,
}

impl Paces {
    /// Returns the pace on a device of this kind.
    pub fn on(self, kind: DeviceKind) -> Option<f64> {
        let pace = match kind {
            DeviceKind::Gpu => self.gpu,
            DeviceKind::Cpu => self.processor,
        };
        pace.filter(|ms| ms.is_finite() && *ms > 0.0)
    }

    /// Notes the pace on a device of this kind.
    pub fn note(&mut self, kind: DeviceKind, ms: f64) {
        match kind {
            DeviceKind::Gpu => self.gpu = Some(ms),
            DeviceKind::Cpu => self.processor = Some(ms),
        }
    }
}

impl Settings {
    /// Parses stored settings. Garbage and values out of range give defaults: the browser may
    /// change the text.
    pub fn from_json(text: &str) -> Self {
        let read: Self = serde_json::from_str(text).unwrap_or_default();
        Self {
            size: read.size.filter(|size| Recipe::SIZE.contains(size)),
            steps: read.steps.filter(|steps| STEPS.contains(steps)),
            ..read
        }
    }

    /// Returns the JSON for [`Self::from_json`].
    ///
    /// # Panics
    /// Never: settings have a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("settings have a JSON form")
    }

    /// Returns the longer side, px: as set if the device can hold it, else the device's default.
    pub fn size_on(&self, device: Option<&DeviceReport>) -> u32 {
        let fits = |size: &u32| device.is_none_or(|report| *size <= report.max_edge.max(SIZES[0]));
        let default = if is_fast(device) { 512 } else { 128 };
        let largest = || sizes_on(device).last().copied().unwrap_or(SIZES[0]);
        self.size.filter(fits).or(Some(default).filter(fits)).unwrap_or_else(largest)
    }

    /// Returns the steps: as set, else the device's default.
    pub fn steps_on(&self, device: Option<&DeviceReport>) -> u32 {
        self.steps.unwrap_or(if is_fast(device) { 200 } else { 60 })
    }

    /// Returns the recipe of the next run.
    pub fn recipe_on(&self, device: Option<&DeviceReport>) -> Recipe {
        let size = self.size_on(device);
        let style_scale = self.recipe.style_scale.min(largest_style_scale(size, device));
        Recipe { size, steps: self.steps_on(device), style_scale, ..self.recipe.clone() }
    }

    /// Returns the recipe to save: as set, also where `device` holds less.
    pub fn recipe_to_save(&self, device: Option<&DeviceReport>) -> Recipe {
        let size = self.size.unwrap_or_else(|| self.size_on(device));
        Recipe { size, steps: self.steps_on(device), ..self.recipe.clone() }
    }

    /// Takes over `recipe`.
    pub fn take_recipe(&mut self, recipe: Recipe) {
        (self.size, self.steps) = (Some(recipe.size), Some(recipe.steps));
        self.colours_by_preset = recipe.colours.palette == Palette::Photo
            && Preset::ColoursOfThePhoto.applied_to(&recipe) == recipe;
        self.recipe = recipe;
    }

    /// Returns the preset that the recipe is, if it is one. The photo's colours are a preset's if
    /// it brought them.
    pub fn preset(&self) -> Option<Preset> {
        let fits = |preset: &Preset| {
            preset.applied_to(&self.recipe) == self.recipe
                && (*preset == Preset::ColoursOfThePhoto) == self.colours_by_preset
        };
        Preset::ALL.into_iter().find(fits)
    }

    /// Takes over what a preset is about. The colours that another preset brought go with it.
    pub fn take_preset(&mut self, preset: Preset) {
        if std::mem::take(&mut self.colours_by_preset) {
            self.recipe.colours.palette = Palette::Painting;
        }
        self.recipe = preset.applied_to(&self.recipe);
        self.colours_by_preset = preset == Preset::ColoursOfThePhoto;
    }

    /// Sets whose colours the result has.
    pub fn set_palette(&mut self, palette: Palette) {
        self.recipe.colours.palette = palette;
        self.colours_by_preset = false;
    }
}

/// Returns `layers` with `layer` toggled. The others keep their proportions, and the sum stays.
pub fn with_layer_toggled(weights: LayerWeights, layer: Layer) -> LayerWeights {
    let active: Vec<(Layer, f32)> = weights.active().collect();
    let sum: f32 = active.iter().map(|(_, weight)| weight).sum();
    let mean = if active.is_empty() { 1.0 } else { sum / count(&active) };
    let is_in = weights.of(layer) > 0.0;
    let changed = weights.with(layer, if is_in { 0.0 } else { mean });
    let layers: Vec<(Layer, f32)> = changed.active().collect();
    // Recomputed rather than rescaled, so that toggling twice leaves no rounding.
    let whole = if sum > 0.0 { sum } else { 1.0 };
    if weights.is_in_proportion_to(LayerWeights::finest_first(&weights.layers())) {
        let usual = LayerWeights::finest_first(&changed.layers());
        return usual.active().fold(usual, |all, (layer, weight)| all.with(layer, weight * whole));
    }
    if is_even(weights) {
        return LayerWeights::even(&changed.layers(), whole / count(&layers).max(1.0));
    }
    let left: f32 = layers.iter().map(|(_, weight)| weight).sum();
    layers
        .iter()
        .fold(LayerWeights::default(), |all, &(layer, weight)| all.with(layer, weight * sum / left))
}

/// Whether the layers have the page's usual weights.
pub fn is_usual(weights: LayerWeights) -> bool {
    is_even(weights) || weights.is_in_proportion_to(LayerWeights::finest_first(&weights.layers()))
}

/// Whether all layers that count weigh the same.
fn is_even(weights: LayerWeights) -> bool {
    let mut active = weights.active().map(|(_, weight)| weight);
    active.next().is_none_or(|first| active.all(|weight| weight == first))
}

#[expect(clippy::cast_precision_loss, reason = "a few layers")]
fn count(layers: &[(Layer, f32)]) -> f32 {
    layers.len() as f32
}

/// Parses a stored recipe; an invalid one becomes the default without affecting other settings. An
/// untouched older default becomes the new one.
fn recipe_or_default<'de, D: Deserializer<'de>>(stored: D) -> Result<Recipe, D::Error> {
    let stored = serde_json::Value::deserialize(stored)?;
    let mut recipe = Recipe::from_json(&stored.to_string()).unwrap_or_default();
    if stored["version"] == 1 && recipe.start == Start::PHOTO {
        // Version 2's default.
        recipe.start = Start::RECOLOURED;
    }
    if recipe.is_default_before_version_3() {
        recipe = Recipe {
            size: recipe.size,
            steps: recipe.steps,
            seed: recipe.seed,
            ..Recipe::default()
        };
    }
    Ok(recipe)
}

/// Returns the largest style scale on `device`.
#[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
fn largest_style_scale(size: u32, device: Option<&DeviceReport>) -> f32 {
    device.map_or(*Recipe::STYLE_SCALE.end(), |report| {
        (report.max_edge as f32 / size as f32).max(1.0)
    })
}

/// Returns the sizes that `device` can hold, at least one; all before the device is known.
pub fn sizes_on(device: Option<&DeviceReport>) -> Vec<u32> {
    let max_edge = device.map_or(u32::MAX, |report| report.max_edge);
    SIZES.into_iter().filter(|&size| size <= max_edge || size == SIZES[0]).collect()
}

/// Whether `device` is a real GPU, or unknown.
pub fn is_fast(device: Option<&DeviceReport>) -> bool {
    device.is_none_or(|report| report.kind == DeviceKind::Gpu && !report.software)
}

/// Returns the content weight at a position of the slider "Content to style": all content at 0, all
/// style at [`SLIDER_END`].
pub fn content_weight_at(position: u32) -> f32 {
    log_between(
        *LossWeights::CONTENT_SLIDER.end(),
        *LossWeights::CONTENT_SLIDER.start(),
        fraction(position, SLIDER_END),
    )
}

/// Returns the position of a content weight: inverse of [`content_weight_at`].
pub fn content_position(weight: f32) -> u32 {
    position_between(
        *LossWeights::CONTENT_SLIDER.end(),
        *LossWeights::CONTENT_SLIDER.start(),
        weight,
        SLIDER_END,
    )
}

/// Returns the total-variation weight at a position of the slider "Smoothness"; none at 0.
pub fn tv_weight_at(position: u32) -> f32 {
    weight_at(&TV_SLIDER, position)
}

/// Returns the outline weight at a position of the slider "Keep outlines"; none at 0.
pub fn outlines_at(position: u32) -> f32 {
    weight_at(&OUTLINES_SLIDER, position)
}

/// Returns the position of an outline weight: inverse of [`outlines_at`].
pub fn outlines_position(weight: f32) -> u32 {
    position_at(&OUTLINES_SLIDER, weight)
}

fn weight_at(range: &RangeInclusive<f32>, position: u32) -> f32 {
    match position.checked_sub(1) {
        None => 0.0,
        Some(rest) => log_between(*range.start(), *range.end(), fraction(rest, SLIDER_END - 1)),
    }
}

fn position_at(range: &RangeInclusive<f32>, weight: f32) -> u32 {
    if weight <= 0.0 {
        0
    } else {
        1 + position_between(*range.start(), *range.end(), weight, SLIDER_END - 1)
    }
}

/// Returns the grain at a position of the slider "Fine to coarse": -1 at 0, 1 at [`SLIDER_END`].
pub fn grain_at(position: u32) -> f32 {
    2.0 * fraction(position, SLIDER_END) - 1.0
}

/// Returns the position of a grain: inverse of [`grain_at`].
pub fn grain_position(grain: f32) -> u32 {
    share_position(f32::midpoint(grain, 1.0))
}

/// Returns the share at a position of a slider: 0 at 0, 1 at [`SLIDER_END`].
pub fn share_at(position: u32) -> f32 {
    fraction(position, SLIDER_END)
}

/// Returns the position of a share: inverse of [`share_at`].
pub fn share_position(share: f32) -> u32 {
    position_of(share, SLIDER_END)
}

/// Returns the position of a total-variation weight: inverse of [`tv_weight_at`].
pub fn tv_position(weight: f32) -> u32 {
    position_at(&TV_SLIDER, weight)
}

#[expect(clippy::cast_precision_loss, reason = "slider positions are far below 2^24")]
fn fraction(position: u32, end: u32) -> f32 {
    position.min(end) as f32 / end as f32
}

fn log_between(from: f32, to: f32, fraction: f32) -> f32 {
    from * (to / from).powf(fraction)
}

fn position_between(from: f32, to: f32, value: f32, end: u32) -> u32 {
    position_of((value / from).ln() / (to / from).ln(), end)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the value is clamped to 0..=end, which is far below 2^24"
)]
fn position_of(fraction: f32, end: u32) -> u32 {
    (fraction.clamp(0.0, 1.0) * end as f32).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::DeviceLimits;
    use crate::recipe::{OptimizerKind, Sizes};

    fn device(kind: DeviceKind, software: bool, max_edge: u32) -> DeviceReport {
        DeviceReport { kind, name: String::new(), software, max_edge, limits: DeviceLimits::AMPLE }
    }

    #[test]
    fn each_device_has_its_defaults() {
        let settings = Settings::default();
        let gpu = settings.recipe_on(Some(&device(DeviceKind::Gpu, false, 1400)));
        assert_eq!((gpu.size, gpu.steps), (512, 200));
        for slow in [device(DeviceKind::Cpu, false, 512), device(DeviceKind::Gpu, true, 1024)] {
            let recipe = settings.recipe_on(Some(&slow));
            assert_eq!((recipe.size, recipe.steps), (128, 60));
        }
        assert_eq!(
            settings.size_on(Some(&device(DeviceKind::Gpu, false, 300))),
            256,
            "the largest that fits"
        );
    }

    #[test]
    fn the_persons_size_wins_while_it_fits() {
        let settings = Settings { size: Some(1024), ..Settings::default() };
        assert_eq!(settings.size_on(Some(&device(DeviceKind::Gpu, false, 1024))), 1024);
        assert_eq!(settings.size_on(Some(&device(DeviceKind::Gpu, false, 1023))), 512);
        assert_eq!(settings.size_on(Some(&device(DeviceKind::Cpu, false, 1023))), 128);
    }

    #[test]
    fn a_loaded_recipe_comes_back_as_it_was_also_from_a_device_too_small_for_it() {
        let mut recipe = Recipe {
            size: 1000,
            steps: 50_000,
            style_scale: 3.3,
            sizes: Sizes::Doubling(5),
            seed: u64::MAX,
            ..Recipe::default()
        };
        recipe.loss_weights.styles = [0.1, 0.2, 0.3, 0.4];
        recipe.loss_weights.style_layers =
            LayerWeights::default().with(Layer::Conv1_2, 0.7).with(Layer::Conv4_4, 2.5);
        recipe.loss_weights.content_weight = 3.0;
        let mut settings = Settings::default();
        settings.take_recipe(recipe.clone());
        let small = device(DeviceKind::Cpu, false, 512);
        assert_eq!(settings.recipe_to_save(Some(&small)), recipe);
        assert_eq!(settings.recipe_on(Some(&small)).size, 128, "what it holds");
        assert_eq!(
            settings.recipe_on(Some(&device(DeviceKind::Gpu, false, 4000))),
            recipe,
            "any size that fits"
        );
        let visited = Settings::from_json(&settings.to_json());
        assert_eq!(visited.recipe_to_save(None), recipe, "from one visit to the next");
    }

    #[test]
    fn a_layer_taken_out_and_in_again_leaves_no_trace_and_the_others_keep_their_proportions() {
        let even = LayerWeights::even(&Layer::STYLE, 0.2);
        for weights in [even, LossWeights::default().style_layers] {
            for layer in Layer::ALL {
                assert_eq!(
                    with_layer_toggled(with_layer_toggled(weights, layer), layer),
                    weights,
                    "{}",
                    layer.name()
                );
            }
        }
        let none = Layer::STYLE.into_iter().fold(even, with_layer_toggled);
        assert_eq!(none, LayerWeights::default());
        assert_eq!(
            with_layer_toggled(none, Layer::Conv2_1),
            LayerWeights::even(&[Layer::Conv2_1], 1.0)
        );

        let uneven = LayerWeights::default()
            .with(Layer::Conv1_1, 1.0)
            .with(Layer::Conv2_1, 3.0)
            .with(Layer::Conv3_1, 4.0);
        assert!(
            is_usual(even) && is_usual(LossWeights::default().style_layers) && !is_usual(uneven)
        );
        let without = with_layer_toggled(uneven, Layer::Conv3_1);
        assert_eq!((without.of(Layer::Conv1_1), without.of(Layer::Conv2_1)), (2.0, 6.0));
        let with = with_layer_toggled(without, Layer::Conv5_1);
        assert!((with.of(Layer::Conv2_1) / with.of(Layer::Conv1_1) - 3.0).abs() < 1e-5);
    }

    #[test]
    fn a_painting_too_large_for_the_device_is_studied_smaller() {
        let recipe = Recipe { style_scale: 2.0, ..Recipe::default() };
        let settings = Settings { size: Some(512), recipe, ..Settings::default() };
        let scale_on = |max_edge| {
            settings.recipe_on(Some(&device(DeviceKind::Gpu, false, max_edge))).style_scale
        };
        assert_eq!((scale_on(1536), scale_on(768), scale_on(512)), (2.0, 1.5, 1.0));
    }

    #[test]
    fn a_recipe_is_known_by_its_preset_until_something_is_changed() {
        for preset in Preset::ALL {
            let mut settings = Settings::default();
            settings.take_preset(preset);
            assert_eq!(settings.preset(), Some(preset));
            settings.recipe.loss_weights.tv_weight = 77.0;
            assert_eq!(settings.preset(), None);
        }
    }

    #[test]
    fn only_sizes_that_fit_are_offered_but_always_one() {
        assert_eq!(sizes_on(Some(&device(DeviceKind::Cpu, false, 256))), [64, 128, 192, 256]);
        assert_eq!(sizes_on(Some(&device(DeviceKind::Cpu, false, 10))), [64]);
        assert_eq!(sizes_on(None), SIZES);
    }

    #[test]
    fn every_recipe_that_the_page_can_ask_for_is_valid() {
        for size in SIZES {
            for position in [0, 1, 50, SLIDER_END] {
                let (content_weight, tv_weight) =
                    (content_weight_at(position), tv_weight_at(position));
                let loss_weights =
                    LossWeights { content_weight, tv_weight, ..LossWeights::default() };
                let recipe = Recipe { loss_weights, ..Recipe::default() };
                Settings { size: Some(size), recipe, ..Settings::default() }
                    .recipe_on(None)
                    .validate()
                    .unwrap();
            }
        }
    }

    #[test]
    fn sliders_are_logarithmic_and_invertible() {
        assert!((content_weight_at(0) - 16_000.0).abs() < 1.0, "all content at the left");
        assert!((content_weight_at(50) - 506.0).abs() < 0.1);
        assert!((content_weight_at(SLIDER_END) - 16.0).abs() < 0.1);
        assert_eq!(content_position(LossWeights::default().content_weight), 50);
        assert_eq!((grain_at(0), grain_at(50), grain_at(SLIDER_END)), (-1.0, 0.0, 1.0));
        assert_eq!(tv_weight_at(0).to_bits(), 0.0f32.to_bits());
        assert_eq!(tv_position(LossWeights::default().tv_weight), 41);
        for position in 0..=SLIDER_END {
            assert_eq!(content_position(content_weight_at(position)), position);
            assert_eq!(tv_position(tv_weight_at(position)), position);
            assert_eq!(outlines_position(outlines_at(position)), position);
            assert_eq!(grain_position(grain_at(position)), position);
            assert_eq!(share_position(share_at(position)), position);
        }
    }

    #[test]
    fn stored_settings_come_back_and_garbage_is_forgiven() {
        let settings = Settings {
            size: Some(768),
            device: DeviceChoice::Cpu,
            recipe: Recipe {
                optimizer: OptimizerKind::Adam,
                sizes: Sizes::Doubling(3),
                ..Recipe::default()
            },
            ..Settings::default()
        };
        assert_eq!(Settings::from_json(&settings.to_json()), settings);
        for garbage in [
            "",
            "null",
            "[1]",
            r#"{"size": "large"}"#,
            r#"{"recipe": {"emphasis": {"content_weight": -5}}}"#,
            r#"{"size": 7, "steps": 0}"#,
        ] {
            assert_eq!(Settings::from_json(garbage), Settings::default(), "{garbage}");
        }
        let half = Settings::from_json(r#"{"size": 256, "recipe": {"colour": "blue"}}"#);
        assert_eq!((half.size, &half.recipe), (Some(256), &Recipe::default()));
        let older = |start| {
            Settings::from_json(&format!(r#"{{"recipe": {{"version": 1, "start": {start}}}}}"#))
                .recipe
                .start
        };
        assert_eq!(
            older(r#"{"photo": 1, "painting": 0, "noise": 0}"#),
            Start::PHOTO,
            "what was the default is the new one"
        );
        let with_its_own =
            r#"{"version": 1, "start": {"photo": 1}, "emphasis": {"content_weight": 80}}"#;
        assert_eq!(
            Settings::from_json(&format!(r#"{{"recipe": {with_its_own}}}"#)).recipe.start,
            Start::RECOLOURED,
            "version 2's default"
        );
        assert_eq!(older(r#"{"photo": 0, "painting": 0, "noise": 1}"#), Start::NOISE);
        let stored =
            |recipe: &str| Settings::from_json(&format!(r#"{{"recipe": {recipe}}}"#)).recipe;
        assert_eq!(
            stored(r#"{"version": 2, "seed": 7}"#),
            Recipe { seed: 7, ..Recipe::default() },
            "no one had changed it"
        );
        let changed = r#"{"version": 2, "emphasis": {"content_weight": 80}}"#;
        assert_eq!(
            stored(changed),
            Recipe::from_json(changed).unwrap(),
            "and what someone had set means what it meant"
        );
    }
}
