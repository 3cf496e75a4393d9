//! Reconstructions: an image from noise by chosen layers alone, as in the paper's fig. 1.

use serde::{Deserialize, Serialize};

use crate::layer::Layer;
use crate::recipe::{LayerWeights, LossWeights, Recipe};

/// What is reconstructed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconstructionOf {
    /// The photo's content.
    #[default]
    Content,
    /// The painting's style.
    Style,
}

/// The settings of a reconstruction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reconstruction {
    /// What it reconstructs.
    pub subject: ReconstructionOf,
    /// The content layer.
    pub content_layer: Layer,
    /// The style layers.
    pub style_layers: LayerWeights,
}

impl Default for Reconstruction {
    fn default() -> Self {
        let LossWeights { style_layers, .. } = LossWeights::default();
        Self { subject: ReconstructionOf::default(), content_layer: Layer::CONTENT, style_layers }
    }
}

impl Reconstruction {
    /// Whether a layer counts.
    pub fn is_possible(&self) -> bool {
        self.subject == ReconstructionOf::Content || !self.style_layers.layers().is_empty()
    }

    /// Returns the recipe, in all else as `own`.
    pub fn recipe(&self, own: &Recipe) -> Recipe {
        own.reconstructing(match self.subject {
            ReconstructionOf::Content => LossWeights::content_alone(self.content_layer),
            ReconstructionOf::Style => {
                LossWeights::style_alone(self.style_layers, own.features.units)
            }
        })
    }

    /// Returns the layers by name, for a file name.
    pub fn layers(&self) -> String {
        match self.subject {
            ReconstructionOf::Content => self.content_layer.name().to_owned(),
            ReconstructionOf::Style => self
                .style_layers
                .layers()
                .iter()
                .map(|layer| layer.name())
                .collect::<Vec<_>>()
                .join("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Sizes, Start};

    #[test]
    fn content_is_painted_from_its_one_layer_alone_and_style_from_its_layers_alone() {
        let own = Recipe {
            size: 192,
            steps: 30,
            seed: 4,
            style_scale: 2.0,
            sizes: Sizes::Doubling(3),
            ..Recipe::default()
        };
        let content = Reconstruction { content_layer: Layer::Conv2_2, ..Reconstruction::default() };
        let recipe = content.recipe(&own);
        recipe.validate().unwrap();
        assert_eq!(
            (recipe.size, recipe.steps, recipe.seed, recipe.style_scale, recipe.sizes),
            (192, 30, 4, 1.0, Sizes::One)
        );
        assert_eq!((recipe.start, content.layers().as_str()), (Start::NOISE, "conv2_2"));
        assert_eq!(recipe.loss_weights.counted_content_layers().layers(), [Layer::Conv2_2]);
        assert_eq!(recipe.loss_weights.style_layers.layers(), []);

        let layers = LayerWeights::even(&Layer::STYLE[..2], 0.5);
        let style =
            Reconstruction { subject: ReconstructionOf::Style, style_layers: layers, ..content };
        let recipe = style.recipe(&own);
        recipe.validate().unwrap();
        assert_eq!(recipe.loss_weights.counted_content_layers().layers(), []);
        assert_eq!(
            (recipe.loss_weights.style_layers, style.layers().as_str()),
            (layers, "conv1_1-conv2_1")
        );
    }

    #[test]
    fn without_a_layer_there_is_no_style_to_paint() {
        let none =
            Reconstruction { style_layers: LayerWeights::default(), ..Reconstruction::default() };
        assert!(none.is_possible(), "content has its layer");
        assert!(!Reconstruction { subject: ReconstructionOf::Style, ..none }.is_possible());
    }
}
