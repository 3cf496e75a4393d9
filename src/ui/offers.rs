//! What the page offers to choose from, in the person's words.

use super::policy::DeviceChoice;
use super::settings::Settings;
use crate::layer::Layer;
use crate::recipe::{Border, LayerWeights, OptimizerKind, Palette, Pooling, Preset, Start};

/// One thing to choose from a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer<T> {
    /// What is chosen.
    pub value: T,
    /// For the markup; no two of a list are alike.
    pub key: String,
    /// As the person reads it.
    pub label: String,
}

fn offer<T>(value: T, key: impl Into<String>, label: impl Into<String>) -> Offer<T> {
    Offer { value, key: key.into(), label: label.into() }
}

/// Sizes of the result, px.
pub fn sizes(fitting: &[u32]) -> Vec<Offer<u32>> {
    fitting.iter().map(|&size| offer(size, size.to_string(), format!("{size} px"))).collect()
}

/// Presets; settings that are none of them are offered as what they are.
pub fn presets(settings: &Settings) -> Vec<Offer<Option<Preset>>> {
    let own = settings.preset().is_none().then(|| offer(None, "own", "Your own"));
    own.into_iter().chain(Preset::ALL.map(|preset| offer(Some(preset), preset.key(), preset.title()))).collect()
}

/// Sizes of the strokes: scales of the painting.
pub fn stroke_sizes() -> Vec<Offer<f32>> {
    vec![
        offer(0.5, "0.5", "Fine (×0.5)"),
        offer(0.7, "0.7", "Finer (×0.7)"),
        offer(1.0, "1", "As painted"),
        offer(1.5, "1.5", "Larger (×1.5)"),
        offer(2.0, "2", "Large (×2)"),
    ]
}

/// Whose colours the result has.
pub fn palettes() -> Vec<Offer<Palette>> {
    vec![
        offer(Palette::Painting, "painting", "The painting's"),
        offer(Palette::Photo, "photo", "The photo's"),
        offer(Palette::Matched, "matched", "Matched to the photo's"),
    ]
}

/// What the optimisation begins with.
pub fn starts() -> Vec<Offer<Start>> {
    vec![
        offer(Start::PHOTO, "photo", "The photo"),
        offer(Start { photo: 0.7, painting: 0.0, noise: 0.3 }, "blend", "Photo and noise"),
        offer(Start::NOISE, "noise", "Noise (paper)"),
        offer(Start::PAINTING, "painting", "The painting"),
    ]
}

/// Numbers of sizes to paint at.
pub fn pyramids() -> Vec<Offer<u32>> {
    vec![offer(1, "1", "At full size"), offer(2, "2", "In 2 sizes"), offer(3, "3", "In 3 sizes"), offer(4, "4", "In 4 sizes")]
}

/// The layer whose content counts.
pub fn content_layers() -> Vec<Offer<LayerWeights>> {
    Layer::ALL.map(|layer| offer(LayerWeights::even(&[layer], 1.0), layer.name(), layer.name())).into()
}

/// How the pixels are changed.
pub fn optimizers() -> Vec<Offer<OptimizerKind>> {
    vec![offer(OptimizerKind::Lbfgs, "lbfgs", "L-BFGS"), offer(OptimizerKind::Adam, "adam", "Adam (less memory)")]
}

/// How feature maps are halved.
pub fn poolings() -> Vec<Offer<Pooling>> {
    vec![offer(Pooling::Average, "average", "Average"), offer(Pooling::Max, "max", "Max")]
}

/// What the network sees beyond the border.
pub fn borders() -> Vec<Offer<Border>> {
    vec![offer(Border::Reflect, "reflect", "Mirrored"), offer(Border::Zero, "zero", "Zeros (paper)")]
}

/// Where to compute.
pub fn devices() -> Vec<Offer<DeviceChoice>> {
    DeviceChoice::ALL.map(|choice| offer(choice, choice.key(), choice.label())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Recipe;

    /// Keys differ, and the default is among the values.
    fn holds<T: PartialEq + std::fmt::Debug>(offers: &[Offer<T>], default: &T) {
        for (index, offer) in offers.iter().enumerate() {
            assert!(offers[..index].iter().all(|other| other.key != offer.key), "{offer:?}");
        }
        assert!(offers.iter().any(|offer| offer.value == *default), "{default:?} is not offered");
    }

    #[test]
    fn every_list_offers_the_default_and_has_keys_of_its_own() {
        let recipe = Recipe::default();
        holds(&stroke_sizes(), &recipe.style_scale);
        holds(&palettes(), &recipe.colours.palette);
        holds(&starts(), &recipe.start);
        holds(&pyramids(), &recipe.pyramid);
        holds(&content_layers(), &recipe.emphasis.content_layers);
        holds(&optimizers(), &recipe.optimizer);
        holds(&poolings(), &recipe.reading.pooling);
        holds(&borders(), &recipe.reading.border);
        holds(&devices(), &DeviceChoice::default());
    }

    #[test]
    fn what_presets_choose_is_offered() {
        for preset in Preset::ALL {
            let recipe = preset.applied_to(&Recipe::default());
            holds(&stroke_sizes(), &recipe.style_scale);
            holds(&starts(), &recipe.start);
            holds(&pyramids(), &recipe.pyramid);
        }
    }

    #[test]
    fn settings_of_ones_own_are_offered_only_while_they_are() {
        let mut settings = Settings::default();
        assert!(presets(&settings).iter().all(|offer| offer.value.is_some()));
        settings.recipe.emphasis.tv_weight = 77.0;
        holds(&presets(&settings), &None);
    }
}
