//! Options that stay fixed for a run.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::by_layer::ByLayer;
use super::{RecipeError, within};
use crate::layer::Layer;

/// Pooling between blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Average of 2×2: the paper's choice.
    #[default]
    #[serde(alias = "avg")]
    Average,
    /// Maximum of 2×2, as VGG-19 was trained: broader, curlier forms.
    Max,
}

impl Pooling {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Average, Self::Max];

    /// Returns its short name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Average => "avg",
            Self::Max => "max",
        }
    }
}

/// Scaling of the network's filters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filters {
    /// As published.
    #[default]
    #[serde(rename = "raw")]
    Published,
    /// Each filter scaled to a mean activation of 1, as in the paper: weak filters count as much as
    /// strong ones.
    Normalised,
}

/// Padding at the image's border.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Border {
    /// The outermost pixels replicated before the first layer, zeros in deeper layers. The texture
    /// reaches the rim without a frame. A mirrored margin, as in older recipes, doubles the
    /// contrast of the rim; replication in more layers brightens it.
    #[default]
    #[serde(alias = "reflect")]
    Replicate,
    /// Zeros in every layer, as in the paper: they leave a faint frame.
    Zero,
}

/// Units in which the layers' losses add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossUnits {
    /// Activations, as in the paper. With equal weights conv4_1 makes more than 95 % of the style
    /// loss.
    #[default]
    Activation,
    /// Relative to the painting: style distances to its statistics, content to the mean square of
    /// its outputs. A layer's weight means the same at every layer and for every painting.
    Painting,
}

/// Statistic that a style layer compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Gram matrix, as in the paper.
    #[default]
    Gram,
    /// Covariance and mean, each relative to the painting's. Accents count beside the ground, which
    /// dominates a Gram matrix.
    Covariance,
    /// Squared 2-Wasserstein distance between Gaussians of this mean and covariance, relative to
    /// the painting's mean output.
    Wasserstein,
}

/// A statistic per layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerStatistics(ByLayer<Statistic>);

impl LayerStatistics {
    /// Returns the statistic of `layer`.
    pub fn of(&self, layer: Layer) -> Statistic {
        self.0.of(layer)
    }

    /// Creates the map by `choose`.
    pub fn by(choose: impl Fn(Layer) -> Statistic) -> Self {
        Self(ByLayer(Layer::ALL.map(choose)))
    }
}

/// How features are computed and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureOptions {
    /// Pooling.
    pub pooling: Pooling,
    /// Padding at the border.
    pub border: Border,
    /// Scaling of filters.
    #[serde(rename = "network")]
    pub filters: Filters,
    /// Units of the losses.
    pub units: LossUnits,
    /// Statistic of each style layer.
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
    /// Returns the default of recipe versions 1 and 2.
    pub const fn before_version_3() -> Self {
        Self { border: Border::Replicate, ..Self::plain(Pooling::Average) }
    }

    /// Returns the published network without our departures.
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

/// Optimiser of the pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    /// L-BFGS with backtracking: better images in as many steps.
    #[default]
    Lbfgs,
    /// Adam with a decaying rate: less memory.
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
    /// The photo's: only brightness is transferred.
    Photo,
    /// The photo's on average: the painting is first matched to the photo's mean and covariance of
    /// colours.
    Matched,
}

/// Colours of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Colours {
    /// Whose colours.
    pub palette: Palette,
    /// Whether brightness and colour separate in linear light instead of sRGB values.
    pub linear_light: bool,
}

/// The start image: a mixture, by shares. Shares that JSON leaves out are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Start {
    /// Share of the photo.
    pub photo: f32,
    /// Share of the photo recoloured to the mean and covariance of the painting's colours; of the
    /// photo itself where the result keeps its colours.
    pub recoloured: f32,
    /// Share of the first painting, stretched to the photo's size.
    pub painting: f32,
    /// Share of white noise, by the seed.
    pub noise: f32,
}

impl Start {
    /// No image: a base to add to.
    const NONE: Self = Self { photo: 0.0, recoloured: 0.0, painting: 0.0, noise: 0.0 };
    /// The photo: what it shows stays in place.
    pub const PHOTO: Self = Self { photo: 1.0, ..Self::NONE };
    /// The recoloured photo: likewise, and the optimiser need not find the colours, which at one
    /// size takes most steps.
    pub const RECOLOURED: Self = Self { recoloured: 1.0, ..Self::NONE };
    /// White noise, as in the paper.
    pub const NOISE: Self = Self { noise: 1.0, ..Self::NONE };
    /// The painting.
    pub const PAINTING: Self = Self { painting: 1.0, ..Self::NONE };
    /// The recoloured photo and a little noise.
    pub const BLEND: Self = Self { recoloured: 0.7, noise: 0.3, ..Self::NONE };

    /// Shares allowed.
    pub const SHARE: RangeInclusive<f32> = 0.0..=1.0;

    /// Returns each share with its name.
    pub fn named(self) -> [(&'static str, f32); 4] {
        [
            ("photo", self.photo),
            ("recoloured photo", self.recoloured),
            ("painting", self.painting),
            ("noise", self.noise),
        ]
    }

    /// Returns the mixture with shares that sum to 1.
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
