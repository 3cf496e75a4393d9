//! Named recipes.

use serde::{Deserialize, Serialize};

use super::{FeatureOptions, LossWeights, Palette, Pooling, Recipe, Sizes, Start};

/// A named recipe. It leaves alone size, steps, seed, optimiser, blend and frame, and the colours
/// unless it is about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Photo and painting count alike.
    #[default]
    Balanced,
    /// The photo stays plain to see.
    CloserToThePhoto,
    /// Larger, freer strokes.
    BolderStrokes,
    /// The painting's strokes in the photo's colours.
    ColoursOfThePhoto,
    /// The paper: Gram matrices in units of activations, one size, start from noise, zero padding;
    /// and a little smoothness.
    Paper,
}

impl Preset {
    /// All, in the order of the menu.
    pub const ALL: [Self; 5] = [
        Self::Balanced,
        Self::CloserToThePhoto,
        Self::BolderStrokes,
        Self::ColoursOfThePhoto,
        Self::Paper,
    ];

    /// Returns its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Balanced => "Balanced",
            Self::CloserToThePhoto => "Closer to the photo",
            Self::BolderStrokes => "Bolder strokes",
            Self::ColoursOfThePhoto => "Colours of the photo",
            Self::Paper => "Paper, 2015",
        }
    }

    /// Returns its name in files and command lines.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::CloserToThePhoto => "closer_to_the_photo",
            Self::BolderStrokes => "bolder_strokes",
            Self::ColoursOfThePhoto => "colours_of_the_photo",
            Self::Paper => "paper",
        }
    }

    /// Returns the recipe, with what it leaves alone from `other`.
    pub fn applied_to(self, other: &Recipe) -> Recipe {
        let Recipe { size, steps, seed, optimizer, colours, keep_frame, .. } = *other;
        let mut recipe =
            Recipe { size, steps, seed, optimizer, colours, keep_frame, ..Recipe::default() };
        recipe.loss_weights.styles = other.loss_weights.styles;
        match self {
            Self::Balanced => {}
            Self::CloserToThePhoto => recipe.loss_weights.content_weight = 2000.0,
            Self::BolderStrokes => {
                recipe.loss_weights.content_weight = 350.0;
                recipe.loss_weights.outlines = 16.0;
                recipe.style_scale = 1.5;
            }
            Self::ColoursOfThePhoto => recipe.colours.palette = Palette::Photo,
            Self::Paper => {
                recipe.features = FeatureOptions::plain(Pooling::Average);
                recipe.loss_weights =
                    LossWeights { styles: other.loss_weights.styles, ..LossWeights::plain() };
                recipe.sizes = Sizes::One;
                recipe.start = Start::NOISE;
                // Beyond the paper, which shows other sizes after more steps.
                recipe.loss_weights.tv_weight = LossWeights::CLEARING_TV_WEIGHT;
            }
        }
        recipe
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::OptimizerKind;

    #[test]
    fn presets_are_valid_told_apart_and_keep_what_is_not_theirs() {
        let mut other = Recipe {
            size: 640,
            steps: 77,
            seed: 5,
            optimizer: OptimizerKind::Adam,
            keep_frame: true,
            ..Recipe::default()
        };
        other.colours.palette = Palette::Matched;
        other.loss_weights.styles = [0.2, 0.8, 1.0, 1.0];
        let recipes = Preset::ALL.map(|preset| preset.applied_to(&other));
        for (index, recipe) in recipes.iter().enumerate() {
            recipe.validate().unwrap();
            assert_eq!((recipe.size, recipe.steps, recipe.seed), (640, 77, 5));
            assert_eq!((recipe.optimizer, recipe.keep_frame), (OptimizerKind::Adam, true));
            let about_colours = *recipe == recipes[3];
            assert_eq!(recipe.colours.palette == Palette::Matched, !about_colours);
            assert_eq!(recipe.loss_weights.styles, other.loss_weights.styles);
            assert!(!recipes[..index].contains(recipe), "{recipe:?}");
        }
    }

    #[test]
    fn keys_are_those_of_the_files() {
        for preset in Preset::ALL {
            assert_eq!(serde_json::to_string(&preset).unwrap(), format!("\"{}\"", preset.key()));
        }
    }
}
