//! Effects of the weights in the default recipe, whose losses are in units of the painting.

use impasto::engine::loss::{Objective, ObjectiveInputs, OutlinesLoss};
use impasto::engine::{ImageTensor, Pictures};
use impasto::layer::Layer;
use impasto::memory::DeviceLimits;
use impasto::pixels::Pixels;
use impasto::recipe::{FeatureOptions, LayerWeights, LossWeights, Recipe};

use super::{EDGE, STEPS, colour_distance, painted, pictures, sample, squared_distance};
use crate::{cpu, network};

fn recipe(change: impl FnOnce(&mut LossWeights)) -> Recipe {
    let mut recipe = Recipe { size: EDGE, steps: STEPS, ..Recipe::default() };
    change(&mut recipe.loss_weights);
    recipe
}

fn painted_by(recipe: &Recipe) -> (Pixels, Pictures) {
    let pictures = pictures(&["painting-night.jpg"], recipe);
    (painted(&pictures, recipe).0, pictures)
}

#[test]
fn from_one_end_of_the_slider_to_the_other_the_picture_goes_from_photo_to_painting() {
    let painting = sample("painting-night.jpg", EDGE);
    let at = |content_weight| {
        let (result, pictures) =
            painted_by(&recipe(|loss_weights| loss_weights.content_weight = content_weight));
        (squared_distance(&result, &pictures.photo), colour_distance(&result, &painting))
    };
    let [photo, middle, style] =
        [*LossWeights::CONTENT_SLIDER.end(), 500.0, *LossWeights::CONTENT_SLIDER.start()].map(at);
    // The painting's colours make up most of the distance.
    assert!(
        photo.0 < 0.9 * middle.0 && middle.0 < style.0,
        "from the photo: {photo:?}, {middle:?}, {style:?}"
    );
    assert!(
        photo.1 > 3.0 * middle.1 && middle.1 > style.1,
        "from the painting's colours: {photo:?}, {middle:?}, {style:?}"
    );
}

#[test]
fn grain_moves_what_is_matched_from_the_finest_layer_to_the_coarsest() {
    let device = cpu();
    let vgg = network(&device);
    let apart = |grain| {
        let (result, pictures) = painted_by(&recipe(|loss_weights| {
            (loss_weights.grain, loss_weights.content_weight) = (grain, 50.0);
        }));
        let paintings = pictures
            .paintings
            .iter()
            .map(|painting| ImageTensor::from_pixels(painting, &device))
            .collect();
        let subject = ObjectiveInputs {
            photo: ImageTensor::from_pixels(&pictures.photo, &device),
            paintings,
            masks: Vec::new(),
        };
        let objective = Objective::new(
            &vgg,
            &subject,
            FeatureOptions::default(),
            LossWeights::default(),
            DeviceLimits::AMPLE,
        );
        let layers = [Layer::Conv1_1, Layer::Conv5_1];
        let all = LossWeights {
            style_layers: LayerWeights::even(&layers, 1.0),
            ..LossWeights::default()
        };
        let maps = vgg.encode(
            &ImageTensor::from_pixels(&result, &device),
            &all.style_layers.layers(),
            FeatureOptions::default(),
        );
        layers.map(|layer| objective.style().layer_loss(&maps, layer, 1.0).into_scalar::<f32>())
    };
    let (fine, coarse) = (apart(-1.0), apart(1.0));
    assert!(
        fine[0] < 0.7 * coarse[0] && coarse[1] < 0.7 * fine[1],
        "conv1_1 and conv5_1: {fine:?} fine, {coarse:?} coarse"
    );
}

#[test]
fn kept_outlines_are_the_photos() {
    let device = cpu();
    let apart = |outlines| {
        let (result, pictures) =
            painted_by(&recipe(|loss_weights| loss_weights.outlines = outlines));
        let [result, photo] =
            [&result, &pictures.photo].map(|pixels| ImageTensor::from_pixels(pixels, &device));
        OutlinesLoss::evaluate(&result, &photo, 1.0).into_scalar::<f32>()
    };
    let (free, kept) = (apart(0.0), apart(300.0));
    assert!(kept < 0.5 * free, "{kept} where they are kept, {free} where not");
}
