//! Everything that determines a result, in one serialisable value: the same recipe and pictures
//! give the same pastiche.

mod by_layer;
mod choices;
mod grid;
mod json;
mod loss_weights;
mod preset;
pub mod pyramid;
mod sizes;

use std::ops::RangeInclusive;

use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use choices::{
    Border, Colours, FeatureOptions, Filters, LayerStatistics, LossUnits, OptimizerKind, Palette,
    Pooling, Start, Statistic,
};
pub use grid::{Cell, grid};
pub use loss_weights::{LayerWeights, LossWeights, MAX_STYLES};
pub use preset::Preset;
pub use sizes::Sizes;

/// A complete description of one style transfer, apart from its pictures.
///
/// ```
/// use impasto::recipe::Recipe;
///
/// let recipe = Recipe::from_json(r#"{"size": 256, "emphasis": {"content_weight": 80}}"#)?;
/// assert_eq!((recipe.size, recipe.steps), (256, Recipe::default().steps));
/// assert_eq!(Recipe::from_json(&recipe.to_json())?, recipe);
/// assert!(Recipe::from_json(r#"{"size": 7}"#).is_err());
/// # Ok::<(), impasto::recipe::RecipeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// Of the recipe's form. A form that only gains fields keeps its number: what is missing takes
    /// its default.
    pub version: u32,
    /// Longer side of the result at most, px.
    pub size: u32,
    /// Steps of the optimiser: evaluations of the objective. L-BFGS spends the first at each size
    /// on looking where it stands.
    pub steps: u32,
    /// How the pixels are changed.
    pub optimizer: OptimizerKind,
    /// What content, style and smoothness weigh against each other.
    #[serde(rename = "emphasis")]
    pub loss_weights: LossWeights,
    /// How the network reads the pictures.
    #[serde(rename = "reading")]
    pub features: FeatureOptions,
    /// What happens to colours.
    pub colours: Colours,
    /// What the optimisation begins with.
    pub start: Start,
    /// Longer side of a style picture, as a multiple of the photo's: larger means larger strokes.
    pub style_scale: f32,
    /// Whether a frame around a painting counts as part of it.
    pub keep_frame: bool,
    /// Sizes that the picture is painted at, coarse to fine.
    pub sizes: Sizes,
    /// Seed of the noise, and of the dither laid on the start picture.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            version: Self::VERSION,
            size: 512,
            steps: 200,
            optimizer: OptimizerKind::default(),
            loss_weights: LossWeights::default(),
            features: FeatureOptions::default(),
            colours: Colours::default(),
            start: Start::PHOTO,
            style_scale: 1.0,
            keep_frame: false,
            sizes: Sizes::Growing(160),
            seed: 0,
        }
    }
}

/// A recipe that does not make sense.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RecipeError {
    /// A value outside of its range.
    #[error("{field} is {value}; it must lie between {least} and {greatest}")]
    Range {
        /// Name of the field.
        field: String,
        /// What it was.
        value: f64,
        /// The smallest value allowed.
        least: f64,
        /// The greatest value allowed.
        greatest: f64,
    },
    /// Neither content, style nor smoothness weighs anything.
    #[error(
        "recipe leaves nothing to paint after: content, style and smoothness all weigh nothing"
    )]
    Nothing,
    /// Statistics that have no units of activations.
    #[error("statistics other than Gram matrices are measured in units of the painting alone")]
    Units,
    /// A text that is no recipe: what is wrong, and where.
    #[error("recipe cannot be read: {0}")]
    Unreadable(String),
}

impl Recipe {
    /// The newest form that is understood.
    pub const VERSION: u32 = 3;
    /// Sizes allowed, px of the longer side.
    pub const SIZE: RangeInclusive<u32> = 32..=8192;
    /// Numbers of steps allowed.
    pub const STEPS: RangeInclusive<u32> = 1..=100_000;
    /// Scales of a style picture allowed.
    pub const STYLE_SCALE: RangeInclusive<f32> = 0.25..=4.0;

    /// Holds each value against its range.
    ///
    /// # Errors
    /// The first [`RecipeError`] found.
    pub fn validate(&self) -> Result<(), RecipeError> {
        within("version", self.version, &(1..=Self::VERSION))?;
        within("size", self.size, &Self::SIZE)?;
        within("steps", self.steps, &Self::STEPS)?;
        within("style scale", self.style_scale, &Self::STYLE_SCALE)?;
        self.sizes.validate()?;
        if self.features.units == LossUnits::Activation
            && self.features.statistics != LayerStatistics::default()
        {
            return Err(RecipeError::Units);
        }
        self.start.validate()?;
        self.loss_weights.validate()
    }

    /// A picture painted out of noise from what `loss_weights` has of it, as in the paper's fig. 1.
    /// Size, steps, seed, optimiser and reading are as here; what regulates a repainted photo has
    /// no place in it.
    #[must_use]
    pub fn reconstructing(&self, loss_weights: LossWeights) -> Self {
        let Self { size, steps, seed, optimizer, features, .. } = *self;
        let (start, sizes) = (Start::NOISE, Sizes::One);
        Self {
            size,
            steps,
            seed,
            optimizer,
            features,
            loss_weights,
            start,
            sizes,
            ..Self::default()
        }
    }

    /// What was the default before version 3.
    pub fn before_version_3() -> Self {
        let (loss_weights, features) = (LossWeights::plain(), FeatureOptions::before_version_3());
        Self {
            loss_weights,
            features,
            keep_frame: true,
            sizes: Sizes::One,
            start: Start::RECOLOURED,
            ..Self::default()
        }
    }

    /// Whether this is what the default was before version 3, whatever its size, steps and seed.
    pub fn is_default_before_version_3(&self) -> bool {
        *self
            == Self {
                size: self.size,
                steps: self.steps,
                seed: self.seed,
                ..Self::before_version_3()
            }
    }

    /// Longer side of a style picture, px, for a photo of this longer side: no shorter than the
    /// shortest size, no longer than the longest.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "clamped to sizes"
    )]
    pub fn style_edge(&self, content_edge: u32) -> u32 {
        ((content_edge as f32 * self.style_scale).round() as u32)
            .clamp(*Self::SIZE.start(), *Self::SIZE.end())
    }
}

/// A value by the name that a recipe's text has for it.
///
/// # Errors
/// What names there are.
pub fn named<T: DeserializeOwned>(name: &str) -> Result<T, String> {
    let deserializer: StrDeserializer<ValueError> = name.into_deserializer();
    T::deserialize(deserializer).map_err(|error| error.to_string())
}

fn within<T: Copy + PartialOrd + Into<f64>>(
    field: &str,
    value: T,
    range: &RangeInclusive<T>,
) -> Result<(), RecipeError> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, greatest) = ((*range.start()).into(), (*range.end()).into());
    Err(RecipeError::Range { field: field.to_owned(), value: value.into(), least, greatest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(recipe: &Recipe) -> String {
        recipe.validate().unwrap_err().to_string()
    }

    #[test]
    fn absurd_values_are_refused_by_name_and_range() {
        assert_eq!(
            refused(&Recipe { size: 7, ..Recipe::default() }),
            "size is 7; it must lie between 32 and 8192"
        );
        assert!(refused(&Recipe { steps: 0, ..Recipe::default() }).starts_with("steps is 0;"));
        assert!(refused(&Recipe { version: 4, ..Recipe::default() }).starts_with("version is 4;"));
        assert!(
            refused(&Recipe { style_scale: f32::NAN, ..Recipe::default() })
                .starts_with("style scale is NaN;")
        );
        assert!(
            refused(&Recipe { sizes: Sizes::Doubling(9), ..Recipe::default() })
                .starts_with("number of sizes is 9;")
        );
        assert!(
            refused(&Recipe { sizes: Sizes::Growing(9), ..Recipe::default() })
                .starts_with("first size is 9;")
        );
        assert!(
            refused(&Recipe { start: Start::default(), ..Recipe::default() })
                .starts_with("sum of the start's shares is 0;")
        );
        let with = |loss_weights| refused(&Recipe { loss_weights, ..Recipe::default() });
        assert!(
            with(LossWeights { content_weight: f32::NAN, ..LossWeights::default() })
                .starts_with("content weight is NaN;")
        );
        assert!(
            with(LossWeights { tv_weight: -1.0, ..LossWeights::default() })
                .starts_with("total-variation weight is -1;")
        );
        let layers = LayerWeights::even(&[crate::layer::Layer::Conv3_1], -2.0);
        assert!(
            with(LossWeights { style_layers: layers, ..LossWeights::default() })
                .starts_with("style weight of conv3_1 is -2;")
        );
    }

    #[test]
    fn a_style_pictures_edge_follows_the_photos() {
        let recipe = Recipe { style_scale: 1.5, ..Recipe::default() };
        assert_eq!(
            (recipe.style_edge(300), recipe.style_edge(8000), recipe.style_edge(16)),
            (450, 8192, 32)
        );
    }
}
