//! Everything that determines a result, in one serialisable value: the same recipe and images give
//! the same pastiche.

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
    /// Version of the form. A form that only gains fields keeps its number: missing fields take
    /// their defaults.
    pub version: u32,
    /// Longer side of the result at most, px.
    pub size: u32,
    /// Evaluations of the objective. L-BFGS spends the first one at each size on the start.
    pub steps: u32,
    /// Optimiser of the pixels.
    pub optimizer: OptimizerKind,
    /// Weights of the loss terms.
    #[serde(rename = "emphasis")]
    pub loss_weights: LossWeights,
    /// How features are computed and compared.
    #[serde(rename = "reading")]
    pub features: FeatureOptions,
    /// Whose colours the result has.
    pub colours: Colours,
    /// The start image.
    pub start: Start,
    /// Longer side of a style image as a multiple of the photo's; larger gives larger strokes.
    pub style_scale: f32,
    /// Whether a frame around a painting is part of it.
    pub keep_frame: bool,
    /// Sizes to paint at, coarse to fine.
    pub sizes: Sizes,
    /// Seed of the noise, and of the dither on the start image.
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

/// An invalid recipe.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RecipeError {
    /// A value out of range.
    #[error("{field} is {value}; it must lie between {least} and {greatest}")]
    Range {
        /// Name of the field.
        field: String,
        /// Its value.
        value: f64,
        /// The least value allowed.
        least: f64,
        /// The greatest value allowed.
        greatest: f64,
    },
    /// Content, style, smoothness and outlines all have weight 0.
    #[error(
        "recipe leaves nothing to paint after: content, style, smoothness and outlines all weigh \
         nothing"
    )]
    Nothing,
    /// Statistics without losses in units of activations.
    #[error("statistics other than Gram matrices are measured in units of the painting alone")]
    Units,
    /// A text that is no recipe; what is wrong, and where.
    #[error("recipe cannot be read: {0}")]
    Unreadable(String),
}

impl Recipe {
    /// The newest version.
    pub const VERSION: u32 = 3;
    /// Sizes allowed, px of the longer side.
    pub const SIZE: RangeInclusive<u32> = 32..=8192;
    /// Numbers of steps allowed.
    pub const STEPS: RangeInclusive<u32> = 1..=100_000;
    /// Style scales allowed.
    pub const STYLE_SCALE: RangeInclusive<f32> = 0.25..=4.0;

    /// Checks each value against its range.
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

    /// Returns the recipe of a reconstruction from noise by `loss_weights`, as in fig. 1 of the
    /// paper. Size, steps, seed, optimiser and features stay; the rest is default.
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

    /// Returns the default of versions 1 and 2.
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

    /// Whether this is the default of versions 1 and 2, whatever its size, steps and seed.
    pub fn is_default_before_version_3(&self) -> bool {
        *self
            == Self {
                size: self.size,
                steps: self.steps,
                seed: self.seed,
                ..Self::before_version_3()
            }
    }

    /// Returns the longer side of a style image, px, for a photo of this longer side, clamped to
    /// [`Self::SIZE`].
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

/// Parses a value by its name in JSON.
///
/// # Errors
/// The names that exist.
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
