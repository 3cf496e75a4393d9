//! Weights of the loss terms, which can change during a run.

use std::ops::RangeInclusive;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::by_layer::ByLayer;
use super::{LossUnits, RecipeError, within};
use crate::layer::Layer;

/// Most style images that one run blends.
pub const MAX_STYLES: usize = 4;

/// Ratio of style weights from one block to the next at either end of [`LossWeights::grain`].
const GRAIN_STEP: f32 = 4.0;
/// The middle block, whose weight the grain leaves unchanged.
const MIDDLE_BLOCK: f32 = 3.0;

/// A weight per layer; zero leaves a layer out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerWeights(ByLayer<f32>);

impl LayerWeights {
    /// Gives each of `layers` the same `weight`.
    pub fn even(layers: &[Layer], weight: f32) -> Self {
        layers.iter().fold(Self::default(), |weights, &layer| weights.with(layer, weight))
    }

    /// Weights `layers` so that each block has a quarter of the one before it, with sum 1: the
    /// balance of crowsonkb/style-transfer-pytorch. Equal weights would repaint the painting.
    pub fn finest_first(layers: &[Layer]) -> Self {
        let weight = |layer: Layer| 0.25_f32.powi(i32::try_from(layer.block()).unwrap_or(0));
        let sum: f32 = layers.iter().map(|&layer| weight(layer)).sum();
        layers.iter().fold(Self::default(), |all, &layer| all.with(layer, weight(layer) / sum))
    }

    /// Whether these equal `others` up to a factor and rounding.
    pub fn is_in_proportion_to(self, others: Self) -> bool {
        let (own, other) = (self.sum(), others.sum());
        self.0
            .0
            .iter()
            .zip(others.0.0)
            .all(|(weight, of)| (weight * other - of * own).abs() <= 1e-5 * own * other)
    }

    /// Returns these with `weight` for `layer`.
    #[must_use]
    pub fn with(mut self, layer: Layer, weight: f32) -> Self {
        self.0.0[layer as usize] = weight;
        self
    }

    /// Returns the weight of `layer`.
    pub fn of(&self, layer: Layer) -> f32 {
        self.0.of(layer)
    }

    /// Returns the layers that count with their weights, in network order.
    pub fn active(self) -> impl Iterator<Item = (Layer, f32)> {
        Layer::ALL.into_iter().zip(self.0.0).filter(|(_, weight)| *weight != 0.0)
    }

    /// Returns the layers that count.
    pub fn layers(self) -> Vec<Layer> {
        self.active().map(|(layer, _)| layer).collect()
    }

    /// Returns these weights where `counts` is true, else 0.
    #[must_use]
    pub fn only(self, counts: impl Fn(Layer) -> bool) -> Self {
        self.map(|layer, weight| if counts(layer) { weight } else { 0.0 })
    }

    fn sum(self) -> f32 {
        self.0.0.iter().sum()
    }

    /// Returns the weights that `change` makes of each layer and its weight.
    #[must_use]
    pub fn map(self, change: impl Fn(Layer, f32) -> f32) -> Self {
        Self(ByLayer(std::array::from_fn(|index| change(Layer::ALL[index], self.0.0[index]))))
    }
}

/// The weights of the objective's terms, which can change during a run: the paintings' statistics
/// are kept for all layers, and a content layer gets targets when it first has a weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossWeights {
    /// Content weight per element of a feature map: `a = alpha·N·M` beside `beta = 1`, so that a
    /// value means the same at every size. Loss units per activation².
    pub content_weight: f32,
    /// Total-variation weight per element of the image, in levels² of 255.
    pub tv_weight: f32,
    /// Outline weight per element of the cells' Laplacian, in levels² of 255: holds eyes and edges
    /// that style would bend.
    pub outlines: f32,
    /// Content weights of the layers.
    pub content_layers: LayerWeights,
    /// Style weights of the layers, `w_l`.
    pub style_layers: LayerWeights,
    /// Shift of the style weights from -1, finest layers, to 1, coarsest; 0 leaves
    /// [`Self::style_layers`] as they are.
    pub grain: f32,
    /// Weights of the style images in the blend, in proportion. JSON may give fewer: the others are
    /// 0.
    #[serde(deserialize_with = "blend")]
    pub styles: [f32; MAX_STYLES],
}

impl Default for LossWeights {
    fn default() -> Self {
        Self {
            content_weight: 500.0,
            tv_weight: 40.0,
            outlines: 8.0,
            content_layers: LayerWeights::even(&[Layer::CONTENT], 1.0),
            style_layers: LayerWeights::finest_first(&Layer::STYLE),
            grain: 0.0,
            styles: [1.0; MAX_STYLES],
        }
    }
}

fn blend<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[f32; MAX_STYLES], D::Error> {
    let weights = Vec::<f32>::deserialize(deserializer)?;
    LossWeights::blend(&weights).ok_or_else(|| {
        D::Error::invalid_length(weights.len(), &format!("at most {MAX_STYLES} weights").as_str())
    })
}

impl LossWeights {
    /// Content weights allowed; 0 is style alone.
    pub const CONTENT_WEIGHT: RangeInclusive<f32> = 0.0..=1e6;
    /// Content weights that differ usefully: the ends of the logarithmic slider.
    pub const CONTENT_SLIDER: RangeInclusive<f32> = 16.0..=16_000.0;
    /// Total-variation weight that clears the checkerboard of a start from noise, with all style
    /// layers.
    pub const CLEARING_TV_WEIGHT: f32 = Self::CLEARING_TV_WEIGHTS[4];
    /// That weight for style alone, by the block of the deepest layer: shallow layers see the
    /// checkerboard themselves, and more would blur them.
    const CLEARING_TV_WEIGHTS: [f32; 5] = [0.0, 3.0, 100.0, 1000.0, 1000.0];
    /// That weight in units of the painting.
    const CLEARING_IN_UNITS_OF_THE_PAINTING: f32 = 300.0;
    /// Total-variation weights allowed.
    pub const TV_WEIGHT: RangeInclusive<f32> = 0.0..=1e6;
    /// Outline weights allowed.
    pub const OUTLINES: RangeInclusive<f32> = 0.0..=1e6;
    /// Layer weights allowed.
    pub const LAYER_WEIGHT: RangeInclusive<f32> = 0.0..=1e6;
    /// Grains allowed.
    pub const GRAIN: RangeInclusive<f32> = -1.0..=1.0;
    /// Weights of a style image allowed.
    pub const STYLE_WEIGHT: RangeInclusive<f32> = 0.0..=1e3;

    /// Returns the weights of the style layers with [`Self::grain`] applied; the sum is unchanged.
    pub fn graded_style_layers(&self) -> LayerWeights {
        #[expect(clippy::cast_precision_loss, reason = "a block is 1 to 5")]
        let graded = self.style_layers.map(|layer, weight| {
            weight * GRAIN_STEP.powf(self.grain * (layer.block() as f32 - MIDDLE_BLOCK))
        });
        let sum = graded.sum();
        if sum > 0.0 {
            graded.map(|_, weight| weight * self.style_layers.sum() / sum)
        } else {
            graded
        }
    }

    /// Returns [`Self::styles`] with `weights` first and then zeros; `None` for more than
    /// [`MAX_STYLES`].
    pub fn blend(weights: &[f32]) -> Option<[f32; MAX_STYLES]> {
        (weights.len() <= MAX_STYLES)
            .then(|| std::array::from_fn(|index| weights.get(index).copied().unwrap_or(0.0)))
    }

    /// Returns the shares of the first `count` style images, with sum 1; equal ones if all weights
    /// are 0.
    #[expect(clippy::cast_precision_loss, reason = "a few pictures")]
    pub fn style_shares(&self, count: usize) -> Vec<f32> {
        let weights = &self.styles[..count.min(MAX_STYLES)];
        let sum: f32 = weights.iter().sum();
        weights
            .iter()
            .map(|weight| if sum > 0.0 { weight / sum } else { 1.0 / count as f32 })
            .collect()
    }

    /// Even style layers, no smoothness, no outlines: the paper, and the default of recipe versions
    /// 1 and 2.
    pub fn plain() -> Self {
        Self {
            tv_weight: 0.0,
            outlines: 0.0,
            style_layers: LayerWeights::even(&Layer::STYLE, 0.2),
            ..Self::default()
        }
    }

    /// The content of one layer alone.
    pub fn content_alone(layer: Layer) -> Self {
        let (content_layers, style_layers) =
            (LayerWeights::even(&[layer], 1.0), LayerWeights::default());
        Self { content_layers, style_layers, tv_weight: 0.0, outlines: 0.0, ..Self::default() }
    }

    /// The style of these layers alone, with what clears noise.
    pub fn style_alone(style_layers: LayerWeights, units: LossUnits) -> Self {
        let block = style_layers.layers().last().map_or(1, |layer| layer.block());
        let clearing = Self::CLEARING_TV_WEIGHTS[block as usize - 1];
        let tv_weight = match units {
            LossUnits::Activation => clearing,
            LossUnits::Painting => clearing.min(Self::CLEARING_IN_UNITS_OF_THE_PAINTING),
        };
        Self { content_weight: 0.0, style_layers, tv_weight, outlines: 0.0, ..Self::default() }
    }

    /// Returns the content layers that count; none if the content weight is 0.
    pub fn counted_content_layers(&self) -> LayerWeights {
        if self.content_weight > 0.0 { self.content_layers } else { LayerWeights::default() }
    }

    /// Checks each value against its range.
    ///
    /// # Errors
    /// The first [`RecipeError`] found; NaN is outside of every range.
    pub fn validate(&self) -> Result<(), RecipeError> {
        // Exhaustive, so that a new weight compiles only once its range is checked.
        let Self {
            content_weight,
            tv_weight,
            outlines,
            content_layers,
            style_layers,
            grain,
            styles,
        } = *self;
        within("content weight", content_weight, &Self::CONTENT_WEIGHT)?;
        within("total-variation weight", tv_weight, &Self::TV_WEIGHT)?;
        within("weight of outlines", outlines, &Self::OUTLINES)?;
        for (kind, weights) in [("content", content_layers), ("style", style_layers)] {
            for (layer, weight) in weights.active() {
                within(&format!("{kind} weight of {}", layer.name()), weight, &Self::LAYER_WEIGHT)?;
            }
        }
        within("grain", grain, &Self::GRAIN)?;
        for weight in styles {
            within("weight of a style picture", weight, &Self::STYLE_WEIGHT)?;
        }
        if self.counted_content_layers().sum() > 0.0
            || style_layers.sum() > 0.0
            || tv_weight + outlines > 0.0
        {
            return Ok(());
        }
        Err(RecipeError::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layer_weights_are_written_by_the_fields_names_and_only_those_that_count() {
        let weights = LayerWeights::even(&[Layer::Conv2_1, Layer::Conv5_1], 0.5);
        let json = serde_json::to_string(&weights).unwrap();
        assert_eq!(json, r#"{"conv2_1":0.5,"conv5_1":0.5}"#);
        assert_eq!(serde_json::from_str::<LayerWeights>(&json).unwrap(), weights);
        assert!(serde_json::from_str::<LayerWeights>(r#"{"conv6_1": 1}"#).is_err());
        for (index, layer) in Layer::ALL.into_iter().enumerate() {
            assert_eq!(layer as usize, index, "weights are kept in the order of the network");
        }
    }

    #[test]
    fn grain_moves_weight_between_fine_and_coarse_layers_and_keeps_their_sum() {
        let at = |grain| LossWeights { grain, ..LossWeights::default() }.graded_style_layers();
        assert!(at(0.0).is_in_proportion_to(LossWeights::default().style_layers));
        for grain in [-1.0, -0.3, 0.7, 1.0] {
            assert!((at(grain).sum() - 1.0).abs() < 1e-6);
        }
        assert!(
            at(1.0).is_in_proportion_to(LayerWeights::even(&Layer::STYLE, 1.0)),
            "the grain's step is that of the weights"
        );
        assert!(at(-1.0).of(Layer::Conv1_1) > 0.9 && at(-1.0).of(Layer::Conv5_1) < 1e-4);
        let none = LossWeights {
            style_layers: LayerWeights::default(),
            grain: 1.0,
            ..LossWeights::default()
        };
        assert_eq!(none.graded_style_layers(), LayerWeights::default());
    }

    #[test]
    fn the_deeper_the_layers_of_a_style_alone_the_more_it_is_cleared() {
        let weights = Layer::STYLE.map(|deepest| {
            let layers: Vec<_> =
                Layer::STYLE.into_iter().filter(|&layer| layer <= deepest).collect();
            LossWeights::style_alone(LayerWeights::even(&layers, 1.0), LossUnits::Activation)
                .tv_weight
        });
        assert_eq!(weights[0], 0.0);
        assert!(weights.is_sorted() && weights[4] == LossWeights::CLEARING_TV_WEIGHT);
    }

    #[test]
    fn style_pictures_count_in_proportion() {
        let loss_weights = LossWeights { styles: [3.0, 1.0, 9.0, 9.0], ..LossWeights::default() };
        assert_eq!(loss_weights.style_shares(2), [0.75, 0.25]);
        assert_eq!(loss_weights.style_shares(1), [1.0]);
        assert_eq!(LossWeights { styles: [0.0; 4], ..loss_weights }.style_shares(2), [0.5, 0.5]);
    }

    #[test]
    fn an_objective_of_nothing_is_refused() {
        let style_alone = LossWeights {
            content_weight: 0.0,
            tv_weight: 0.0,
            outlines: 0.0,
            ..LossWeights::default()
        };
        style_alone.validate().unwrap();
        let nothing = LossWeights { style_layers: LayerWeights::default(), ..style_alone };
        assert_eq!(nothing.validate().unwrap_err(), RecipeError::Nothing);
        LossWeights { tv_weight: 1.0, ..nothing }.validate().unwrap();
    }
}
