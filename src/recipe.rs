//! Everything that determines a result, in one serialisable value: the same recipe and pictures give the same pastiche.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How one block's feature maps are halved for the next. The paper found average pooling to give the better pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Mean of 2×2.
    #[default]
    Average,
    /// Greatest of 2×2, as VGG-19 was trained.
    Max,
}

/// What the network sees beyond the picture's border.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Border {
    /// The picture mirrored, for a margin, so that the painting's texture runs to the edge without a frame.
    #[default]
    Reflect,
    /// Zeros around every layer, as in the paper: they leave a faint frame.
    Zero,
}

/// How the network reads a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// How feature maps are halved.
    pub pooling: Pooling,
    /// What lies beyond the border.
    pub border: Border,
}

impl Reading {
    /// As the paper's network reads, with either pooling.
    pub const fn plain(pooling: Pooling) -> Self {
        Self { pooling, border: Border::Zero }
    }
}

/// How the pixels are changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    /// L-BFGS with backtracking: the better picture in as many steps.
    #[default]
    Lbfgs,
    /// Adam with a falling rate: needs less memory.
    Adam,
}

/// What the person regulates while a run goes on. Changing it changes scalars of the objective, never its targets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Emphasis {
    /// Weight of the content loss for each element of conv4_2, `a = alpha·N·M` beside `beta = 1`, so that a value means the
    /// same at every size. Loss units per activation².
    pub content_weight: f32,
    /// Weight of total variation for each element of the picture, in levels² of 255.
    pub tv_weight: f32,
}

impl Default for Emphasis {
    fn default() -> Self {
        Self { content_weight: 160.0, tv_weight: 0.0 }
    }
}

/// A complete description of one style transfer, apart from its two pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// Longer side of the result at most, px.
    pub size: u32,
    /// Steps of the optimiser: evaluations of the objective.
    pub steps: u32,
    /// How the pixels are changed.
    pub optimizer: OptimizerKind,
    /// What content, style and smoothness weigh against each other.
    pub emphasis: Emphasis,
    /// How the network reads the pictures.
    pub reading: Reading,
    /// Seed of the dither laid on the start picture.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            size: 512,
            steps: 200,
            optimizer: OptimizerKind::default(),
            emphasis: Emphasis::default(),
            reading: Reading::default(),
            seed: 0,
        }
    }
}

/// A recipe's value outside of what makes sense.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{field} is {value}; it must lie between {least} and {greatest}")]
pub struct RecipeError {
    /// Name of the field.
    pub field: &'static str,
    /// What it was.
    pub value: f64,
    /// The smallest value allowed.
    pub least: f64,
    /// The greatest value allowed.
    pub greatest: f64,
}

impl Emphasis {
    /// Content weights allowed: zero is style alone.
    pub const CONTENT_WEIGHT: RangeInclusive<f32> = 0.0..=1e6;
    /// Content weights between which pictures differ usefully: the ends of the slider, which is logarithmic.
    pub const CONTENT_SLIDER: RangeInclusive<f32> = 16.0..=1600.0;
    /// Total-variation weights allowed.
    pub const TV_WEIGHT: RangeInclusive<f32> = 0.0..=1e6;

    /// Holds each value against its range.
    ///
    /// # Errors
    /// The first [`RecipeError`] found; NaN is outside of every range.
    pub fn validate(&self) -> Result<(), RecipeError> {
        within("content weight", self.content_weight, &Self::CONTENT_WEIGHT)?;
        within("total-variation weight", self.tv_weight, &Self::TV_WEIGHT)
    }
}

impl Recipe {
    /// Sizes allowed, px of the longer side.
    pub const SIZE: RangeInclusive<u32> = 32..=8192;
    /// Numbers of steps allowed.
    pub const STEPS: RangeInclusive<u32> = 1..=100_000;

    /// Holds each value against its range.
    ///
    /// # Errors
    /// The first [`RecipeError`] found.
    pub fn validate(&self) -> Result<(), RecipeError> {
        within("size", self.size, &Self::SIZE)?;
        within("steps", self.steps, &Self::STEPS)?;
        self.emphasis.validate()
    }
}

fn within<T: Copy + PartialOrd + Into<f64>>(field: &'static str, value: T, range: &RangeInclusive<T>) -> Result<(), RecipeError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(RecipeError { field, value: value.into(), least: (*range.start()).into(), greatest: (*range.end()).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_recipe_is_valid_and_survives_a_round_trip() {
        let recipe = Recipe::default();
        recipe.validate().unwrap();
        let json = serde_json::to_string(&recipe).unwrap();
        assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap(), recipe);
    }

    #[test]
    fn absurd_values_are_refused_by_name_and_range() {
        let refused = Recipe { size: 7, ..Recipe::default() }.validate().unwrap_err();
        assert_eq!(refused.to_string(), "size is 7; it must lie between 32 and 8192");
        let refused = Recipe { steps: 0, ..Recipe::default() }.validate().unwrap_err();
        assert_eq!(refused.field, "steps");
        let emphasis = Emphasis { content_weight: f32::NAN, ..Emphasis::default() };
        assert_eq!(emphasis.validate().unwrap_err().field, "content weight");
        let emphasis = Emphasis { tv_weight: -1.0, ..Emphasis::default() };
        assert_eq!(emphasis.validate().unwrap_err().field, "total-variation weight");
    }

    #[test]
    fn unknown_fields_are_refused_and_missing_ones_take_their_default() {
        assert!(serde_json::from_str::<Recipe>(r#"{"sise": 512}"#).is_err());
        assert_eq!(serde_json::from_str::<Recipe>(r#"{"steps": 5}"#).unwrap(), Recipe { steps: 5, ..Recipe::default() });
    }
}
