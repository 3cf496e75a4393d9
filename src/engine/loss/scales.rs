//! Factors that give one setting of the weights about the same image for every network and
//! statistic.

use crate::layer::Layer;
use crate::recipe::{FeatureOptions, Filters, LossUnits, LossWeights, Pooling, Statistic};

/// Style factor in units of the painting. With it a content weight of 500 gives the balance of
/// crowsonkb/style-transfer-pytorch (0.015 beside a style of 1).
const PAINTING_STYLE_SCALE: f32 = 5000.0;

/// Factor per block that brings a relative Gram distance to about the squared Wasserstein distance:
/// medians of two pairs at the photo.
const GRAM_SCALES: [f32; 5] = [1.7, 2.4, 3.5, 4.1, 7.7];
/// Factor per block that does so for covariance and mean: about the geometric means of 13 pairs at
/// the recoloured photo.
const COVARIANCE_SCALES: [f32; 5] = [1.4, 1.1, 1.8, 1.6, 5.0];

/// Returns `weights` times the factors of these options.
#[must_use]
pub fn scaled(weights: LossWeights, options: FeatureOptions) -> LossWeights {
    let (content, style) = network_scales(options);
    let pixels = pixel_loss_scale(options.units);
    // Exhaustive, so that a new weight compiles only once its factor is decided.
    let LossWeights {
        content_weight,
        tv_weight,
        outlines,
        content_layers,
        style_layers,
        grain,
        styles,
    } = weights;
    LossWeights {
        content_weight: content_weight * content,
        tv_weight: tv_weight * pixels,
        outlines: outlines * pixels,
        content_layers,
        style_layers: style_layers
            .map(|layer, weight| weight * style * layer_scale(layer, options)),
        grain,
        styles,
    }
}

/// Factors of content and style loss that give gradients about as large as those of the published
/// network with average pooling. Geometric means over five sample pairs, which spread by a factor
/// of 3; half of that for the content of the normalised network with max pooling, by eye.
const fn network_scales(options: FeatureOptions) -> (f32, f32) {
    if let LossUnits::Painting = options.units {
        return (1.0, PAINTING_STYLE_SCALE);
    }
    match (options.filters, options.pooling) {
        (Filters::Published, Pooling::Average) => (1.0, 1.0),
        (Filters::Published, Pooling::Max) => (0.1, 0.01),
        (Filters::Normalised, Pooling::Average) => (1e3, 5e7),
        (Filters::Normalised, Pooling::Max) => (2.7e3, 1.2e7),
    }
}

/// Factor of one style layer's loss, beside that of the network.
fn layer_scale(layer: Layer, options: FeatureOptions) -> f32 {
    let block = layer.block() as usize - 1;
    match (options.units, options.statistics.of(layer)) {
        (LossUnits::Activation, _) | (LossUnits::Painting, Statistic::Wasserstein) => 1.0,
        (LossUnits::Painting, Statistic::Gram) => GRAM_SCALES[block],
        (LossUnits::Painting, Statistic::Covariance) => COVARIANCE_SCALES[block],
    }
}

/// Factor of total variation and outlines: in units of the painting, it brings losses of the pixels
/// down to the relative losses.
const fn pixel_loss_scale(units: LossUnits) -> f32 {
    match units {
        LossUnits::Activation => 1.0,
        LossUnits::Painting => 0.008,
    }
}
