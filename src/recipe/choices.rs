//! What a recipe chooses once for the whole run.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::by_layer::ByLayer;
use super::{RecipeError, within};
use crate::layer::Layer;

/// How one block's feature maps are halved for the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Mean of 2×2: the paper's choice.
    #[default]
    #[serde(alias = "avg")]
    Average,
    /// Greatest of 2×2, as VGG-19 was trained: broader, curlier forms.
    Max,
}

impl Pooling {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Average, Self::Max];

    /// The field's short name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Average => "avg",
            Self::Max => "max",
        }
    }
}

/// How loud the network's filters are beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filters {
    /// As published.
    #[default]
    #[serde(rename = "raw")]
    Published,
    /// Every filter scaled to answer 1 on average, as in the paper: faint filters count as much as
    /// loud ones.
    Normalised,
}

/// What the network sees beyond the picture's border.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Border {
    /// The outermost pixels once more, so that the first layer sees no edge around the picture: the
    /// texture runs to the rim as it is inside. The layers after it have zeros, which leave no
    /// frame. Measured against a mirrored margin, as older recipes have it, which counts the rim
    /// twice and doubles its contrast; and against the same in more layers, which makes the rim the
    /// brighter.
    #[default]
    #[serde(alias = "reflect")]
    Replicate,
    /// Zeros around every layer, as in the paper: they leave a faint frame.
    Zero,
}

/// The units in which the losses of different layers are added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossUnits {
    /// Activations, as in the paper: with equal weights conv4_1 makes more than 95 % of the style
    /// loss.
    #[default]
    Activation,
    /// Relative to the painting: a layer's Gram distance counts beside its target's own magnitude,
    /// and content beside the mean square of the painting's outputs. So a layer's weight means the
    /// same at every layer and for every painting.
    Painting,
}

/// What is compared of a style layer's outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Gram matrices, as in the paper.
    #[default]
    Gram,
    /// Covariances and means, each relative to the painting's: accents count beside the ground that
    /// a Gram matrix is mostly made of.
    Covariance,
    /// The squared 2-Wasserstein distance of normal distributions of the same mean and covariance,
    /// relative to the painting's mean output.
    Wasserstein,
}

/// A statistic for each layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerStatistics(ByLayer<Statistic>);

impl LayerStatistics {
    /// Of `layer`.
    pub fn of(&self, layer: Layer) -> Statistic {
        self.0.of(layer)
    }

    /// The statistic that `choose` names for each layer.
    pub fn by(choose: impl Fn(Layer) -> Statistic) -> Self {
        Self(ByLayer(Layer::ALL.map(choose)))
    }
}

/// How the network reads a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureOptions {
    /// How feature maps are halved.
    pub pooling: Pooling,
    /// What lies beyond the border.
    pub border: Border,
    /// How loud its filters are.
    #[serde(rename = "network")]
    pub filters: Filters,
    /// In what units its layers' losses are added up.
    pub units: LossUnits,
    /// What is compared of each style layer.
    pub statistics: LayerStatistics,
}

impl Default for FeatureOptions {
    fn default() -> Self {
        Self {
            pooling: Pooling::Max,
            border: Border::Replicate,
            filters: Filters::Published,
            units: LossUnits::Painting,
            statistics: LayerStatistics(ByLayer([Statistic::Covariance; Layer::ALL.len()])),
        }
    }
}

impl FeatureOptions {
    /// What was the default before version 3 of recipes.
    pub const fn before_version_3() -> Self {
        Self { border: Border::Replicate, ..Self::plain(Pooling::Average) }
    }

    /// The published network without any of our departures, with either pooling.
    pub const fn plain(pooling: Pooling) -> Self {
        Self {
            pooling,
            border: Border::Zero,
            filters: Filters::Published,
            units: LossUnits::Activation,
            statistics: LayerStatistics(ByLayer([Statistic::Gram; Layer::ALL.len()])),
        }
    }
}

/// The style's factor in units of the painting: with it a content weight of 500 is the balance of
/// crowsonkb/style-transfer-pytorch (0.015 beside a style of 1).
const PAINTING_STYLE_SCALE: f32 = 5000.0;

/// What a layer's Gram distance relative to the painting's is multiplied with so that it is about
/// the squared Wasserstein distance of the outputs' distributions, by block: the middle of what two
/// pairs have at the photo.
const GRAM_SCALES: [f32; 5] = [1.7, 2.4, 3.5, 4.1, 7.7];
/// The same for covariances and means: about the geometric means of 13 pairs at the recoloured
/// photo.
const COVARIANCE_SCALES: [f32; 5] = [1.4, 1.1, 1.8, 1.6, 5.0];

impl FeatureOptions {
    /// By what the style loss of a layer is multiplied beside [`Self::loss_scales`].
    pub fn layer_scale(self, layer: Layer) -> f32 {
        match (self.units, self.statistics.of(layer)) {
            (LossUnits::Activation, _) | (LossUnits::Painting, Statistic::Wasserstein) => 1.0,
            (LossUnits::Painting, Statistic::Gram) => GRAM_SCALES[layer.block() as usize - 1],
            (LossUnits::Painting, Statistic::Covariance) => {
                COVARIANCE_SCALES[layer.block() as usize - 1]
            }
        }
    }

    /// By what the weights of total variation and outlines are multiplied: in units of the painting
    /// the other losses are smaller.
    pub const fn smoothness_scale(self) -> f32 {
        match self.units {
            LossUnits::Activation => 1.0,
            LossUnits::Painting => 0.008,
        }
    }

    /// By what the content loss and the style loss are multiplied so that their gradients are about
    /// what they are for the published network with average pooling: rounded geometric means over
    /// five pairs of sample pictures at 64 and 128 px, which spread by a factor of 3. For the
    /// normalised network with max pooling the content's is half of that, by how far results are
    /// from the photo.
    ///
    /// In units of the painting nothing is left to make up for, and one factor brings the style
    /// into the range of the content's weights.
    pub const fn loss_scales(self) -> (f32, f32) {
        if let LossUnits::Painting = self.units {
            return (1.0, PAINTING_STYLE_SCALE);
        }
        match (self.filters, self.pooling) {
            (Filters::Published, Pooling::Average) => (1.0, 1.0),
            (Filters::Published, Pooling::Max) => (0.1, 0.01),
            (Filters::Normalised, Pooling::Average) => (1e3, 5e7),
            (Filters::Normalised, Pooling::Max) => (2.7e3, 1.2e7),
        }
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

/// Whose colours the result has (Gatys, Bethge, Hertzmann, Shechtman 2016, *Preserving Color in
/// Neural Artistic Style Transfer*).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Palette {
    /// The painting's, as in the paper.
    #[default]
    Painting,
    /// The photo's: brightness alone is transferred.
    Photo,
    /// The photo's on average: the painting's colours are matched to the photo's mean and
    /// covariance beforehand.
    Matched,
}

/// What happens to colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Colours {
    /// Whose they are.
    pub palette: Palette,
    /// Whether brightness and palette are told apart in amounts of light instead of sRGB values.
    pub linear_light: bool,
}

/// The picture that the optimisation begins with: a mixture, by shares. Those that a text leaves
/// out are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Start {
    /// Of the photo.
    pub photo: f32,
    /// Of the photo with the mean and covariance of the painting's colours, where the result is to
    /// have them; elsewhere of the photo.
    pub recoloured: f32,
    /// Of the first painting, stretched over the photo's size.
    pub painting: f32,
    /// Of white noise, the seed's own.
    pub noise: f32,
}

impl Start {
    /// No picture: to be added to.
    const NONE: Self = Self { photo: 0.0, recoloured: 0.0, painting: 0.0, noise: 0.0 };
    /// From the photo: what it shows stays where it is.
    pub const PHOTO: Self = Self { photo: 1.0, ..Self::NONE };
    /// From the recoloured photo: the same, and the colours need not be sought, which at one size
    /// takes most of the steps.
    pub const RECOLOURED: Self = Self { recoloured: 1.0, ..Self::NONE };
    /// From white noise, as in the paper.
    pub const NOISE: Self = Self { noise: 1.0, ..Self::NONE };
    /// From the painting.
    pub const PAINTING: Self = Self { painting: 1.0, ..Self::NONE };
    /// The recoloured photo and a little noise.
    pub const BLEND: Self = Self { recoloured: 0.7, noise: 0.3, ..Self::NONE };

    /// Shares allowed.
    pub const SHARE: RangeInclusive<f32> = 0.0..=1.0;

    /// Each share with the name of its picture.
    pub fn named(self) -> [(&'static str, f32); 4] {
        [
            ("photo", self.photo),
            ("recoloured photo", self.recoloured),
            ("painting", self.painting),
            ("noise", self.noise),
        ]
    }

    /// The same mixture with shares that add up to 1.
    #[must_use]
    pub fn normalised(self) -> Self {
        let sum = self.sum();
        let Self { photo, recoloured, painting, noise } = self;
        Self {
            photo: photo / sum,
            recoloured: recoloured / sum,
            painting: painting / sum,
            noise: noise / sum,
        }
    }

    fn sum(self) -> f32 {
        self.named().into_iter().map(|(_, share)| share).sum()
    }

    pub(super) fn validate(self) -> Result<(), RecipeError> {
        for (name, share) in self.named() {
            within(&format!("{name}'s share of the start"), share, &Self::SHARE)?;
        }
        within("sum of the start's shares", self.sum(), &(f32::MIN_POSITIVE..=4.0))
    }
}
