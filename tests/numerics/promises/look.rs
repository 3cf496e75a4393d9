//! Appearance of the result.

use impasto::codec;
use impasto::engine::evaluate::evaluate;
use impasto::engine::{ImageTensor, Pictures};
use impasto::layer::Layer;
use impasto::pixels::{ImageSize, Pixels};
use impasto::recipe::{Border, Colours, LayerWeights, Palette, Recipe, Sizes};
use pollster::block_on;

use super::{
    EDGE, STEPS, colour_distance, mean, painted, part, pictures, recipe, sample, squared_distance,
    with,
};
use crate::{cpu, network};

/// Returns the mean squared difference of neighbours in a row, relative to the variance: from 0,
/// for the broadest forms, to 2, for white noise.
#[expect(clippy::cast_precision_loss, reason = "a count of pixels")]
fn fineness(picture: &Pixels) -> f32 {
    let width = picture.size().width as usize;
    let grey: Vec<f32> = picture.composited_rgb().chunks_exact(3).map(|p| p.iter().sum()).collect();
    let mean = grey.iter().sum::<f32>() / grey.len() as f32;
    let variance = grey.iter().map(|value| (value - mean).powi(2)).sum::<f32>();
    grey.chunks_exact(width)
        .flat_map(|row| row.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)))
        .sum::<f32>()
        / variance
}

/// Returns the standard deviation of the pixels' greys, RGB in 0..1.
fn contrast(picture: &Pixels) -> f32 {
    let grey = |pixel: [f32; 3]| pixel.iter().sum::<f32>() / 3.0;
    let centre = mean(picture, grey);
    mean(picture, |pixel| (grey(pixel) - centre).powi(2)).sqrt()
}

/// Returns a square of stripes with this `period`, px.
fn stripes(edge: u16, period: f32) -> Pixels {
    let value = |x: u16| (f32::from(x) / period * std::f32::consts::TAU).sin().mul_add(0.4, 0.5);
    let rgb: Vec<f32> =
        (0..edge).flat_map(|_| (0..edge).flat_map(move |x| [value(x); 3])).collect();
    Pixels::from_rgb(ImageSize::new(edge.into(), edge.into()), &rgb)
}

/// Returns `E` of the five style layers, from `conv1_1` to `conv5_1`, of `result` against the first
/// painting.
fn style_losses(result: &Pixels, pictures: &Pictures) -> Vec<f32> {
    let device = cpu();
    let [result, photo, painting] = [result, &pictures.photo, &pictures.paintings[0]]
        .map(|picture| ImageTensor::from_rgb(picture.size(), &picture.composited_rgb(), &device));
    let arrays =
        block_on(evaluate(&network(&device), &photo, &painting, &result, recipe().features))
            .expect("the device works");
    arrays.into_iter().find(|array| array.name == "loss.E").expect("style is evaluated").values
}

#[test]
fn the_photos_palette_keeps_its_chroma_and_the_paintings_does_not() {
    let chroma = |p: [f32; 3]| p[0] - p[2];
    let of = |palette, linear_light| {
        let recipe = Recipe { colours: Colours { palette, linear_light }, ..recipe() };
        let pictures = pictures(&["painting-night.jpg"], &recipe);
        let result = painted(&pictures, &recipe).0;
        (
            (mean(&result, chroma) - mean(&pictures.photo, chroma)).abs(),
            colour_distance(&result, &pictures.photo),
        )
    };
    let (kept, _) = of(Palette::Photo, false);
    let (kept_in_light, _) = of(Palette::Photo, true);
    let (painted, far) = of(Palette::Painting, false);
    assert!(
        kept < 0.02 && kept_in_light < 0.03 && painted > 0.1,
        "{kept}, {kept_in_light}, {painted}"
    );
    for linear_light in [false, true] {
        let (_, near) = of(Palette::Matched, linear_light);
        assert!(
            near < 0.5 * far,
            "a matched palette is {near} from the photo's colours, the painting's own {far}"
        );
    }
}

#[test]
fn a_larger_painting_gives_broader_strokes() {
    // A grey image, so that every stroke comes from the painting.
    let photo = Pixels::from_rgb(ImageSize::new(EDGE, EDGE), &[0.5; 3 * (EDGE * EDGE) as usize]);
    let at = |scale| {
        let mut recipe = with(|loss_weights| loss_weights.content_weight = 0.0);
        recipe.style_scale = scale;
        let edge = recipe.style_edge(EDGE);
        let paintings = vec![codec::resize(&stripes(256, 40.0), ImageSize::new(edge, edge))];
        fineness(&painted(&Pictures::new(photo.clone(), paintings), &recipe).0)
    };
    let (small, large) = (at(0.5), at(2.0));
    assert!(large < 0.7 * small, "fineness {small} at half the size, {large} at twice");
}

#[test]
fn a_blend_moves_from_one_painting_to_the_other() {
    let names = ["painting-night.jpg", "painting-ember.jpg"];
    let [night, ember] = names.map(|name| sample(name, EDGE));
    // Below 0 it is nearer to the first, above nearer to the second.
    let lean = |styles: [f32; 4]| {
        let recipe = with(|loss_weights| {
            (loss_weights.content_weight, loss_weights.styles) = (16.0, styles);
        });
        let result = painted(&pictures(&names, &recipe), &recipe).0;
        colour_distance(&result, &night) - colour_distance(&result, &ember)
    };
    let [first, middle, second] =
        [[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]].map(lean);
    assert!(first < middle && middle < second, "{first}, {middle}, {second}");
}

#[test]
fn smoothness_smooths() {
    let at = |tv_weight| {
        let recipe = with(|loss_weights| loss_weights.tv_weight = tv_weight);
        fineness(&painted(&pictures(&["painting-night.jpg"], &recipe), &recipe).0)
    };
    let (rough, smooth) = (at(0.0), at(10_000.0));
    assert!(smooth < 0.8 * rough, "fineness {rough}, and with smoothness {smooth}");
}

#[test]
fn grain_moves_the_likeness_from_coarse_layers_to_fine_ones() {
    let at = |grain| {
        let recipe = with(|loss_weights| loss_weights.grain = grain);
        let pictures = pictures(&["painting-night.jpg"], &recipe);
        style_losses(&painted(&pictures, &recipe).0, &pictures)
    };
    let (fine, coarse) = (at(-1.0), at(1.0));
    let holds = fine[0] < 0.5 * coarse[0]
        && fine[1] < 0.5 * coarse[1]
        && coarse[3] < 0.9 * fine[3]
        && coarse[4] < 0.95 * fine[4];
    assert!(holds, "E of conv1_1 to conv5_1: {fine:?}, {coarse:?}");
}

#[test]
fn each_style_layer_counts_by_its_weight() {
    let layers = [Layer::Conv1_1, Layer::Conv4_1];
    let at = |weights: [f32; 2]| {
        let style_layers =
            LayerWeights::default().with(layers[0], weights[0]).with(layers[1], weights[1]);
        let recipe = with(|loss_weights| loss_weights.style_layers = style_layers);
        let pictures = pictures(&["painting-night.jpg"], &recipe);
        style_losses(&painted(&pictures, &recipe).0, &pictures)
    };
    let (first, fourth) = (at([0.99, 0.01]), at([0.01, 0.99]));
    assert!(
        first[0] < 0.8 * fourth[0] && fourth[3] < 0.8 * first[3],
        "E of conv1_1 to conv5_1: {first:?}, {fourth:?}"
    );
}

#[test]
fn the_shallower_the_content_layer_the_closer_to_the_photo() {
    let changes = [Layer::Conv2_2, Layer::Conv4_2, Layer::Conv5_1].map(|layer| {
        let layers = LayerWeights::even(&[layer], 1.0);
        let recipe = with(|loss_weights| {
            (loss_weights.content_weight, loss_weights.content_layers) = (8000.0, layers);
        });
        let pictures = pictures(&["painting-night.jpg"], &recipe);
        squared_distance(&painted(&pictures, &recipe).0, &pictures.photo)
    });
    assert!(changes.is_sorted_by(|a, b| a < b), "{changes:?}");
}

#[test]
fn a_replicated_border_leaves_no_frame_and_one_of_zeros_does() {
    // A flat image under style alone: any difference between rim and inside comes from the border.
    let photo = Pixels::from_rgb(ImageSize::new(EDGE, EDGE), &[0.5; 3 * (EDGE * EDGE) as usize]);
    let frame = |border| {
        let contrasts =
            ["painting-mist.jpg", "painting-night.jpg", "painting-ember.jpg"].map(|painting| {
                let mut recipe = with(|loss_weights| loss_weights.content_weight = 0.0);
                recipe.features.border = border;
                let result =
                    painted(&Pictures::new(photo.clone(), vec![sample(painting, EDGE)]), &recipe).0;
                let rim = |x: u32, y: u32| x.min(y).min(EDGE - 1 - x).min(EDGE - 1 - y);
                contrast(&part(&result, |x, y| rim(x, y) == 0))
                    / contrast(&part(&result, |x, y| rim(x, y) >= 8))
            });
        (contrasts.iter().sum::<f32>() / 3.0 - 1.0).abs()
    };
    let (replicated, zeros) = (frame(Border::Replicate), frame(Border::Zero));
    assert!(
        replicated < 0.15 && zeros > 0.25,
        "the rim's contrast is {replicated} from the inside's, with zeros {zeros}"
    );
}

#[test]
fn painting_coarse_to_fine_gives_a_large_picture_the_strokes_of_a_small_one() {
    let at = |size, sizes| {
        let recipe = Recipe { size, sizes, steps: 2 * STEPS, ..recipe() };
        let pictures = Pictures::new(
            sample("photo-astronaut.jpg", size),
            vec![sample("painting-night.jpg", size)],
        );
        codec::resize(&painted(&pictures, &recipe).0, ImageSize::new(EDGE, EDGE))
    };
    let small = at(EDGE, Sizes::One);
    let (plain, built_up) = (
        squared_distance(&at(2 * EDGE, Sizes::One), &small),
        squared_distance(&at(2 * EDGE, Sizes::Doubling(2)), &small),
    );
    assert!(
        built_up < 0.5 * plain,
        "from the picture of half the size {plain}, and {built_up} with a pyramid"
    );
}
