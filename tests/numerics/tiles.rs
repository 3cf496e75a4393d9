//! The objective in tiles equals that of the whole image up to f32's rounding.

use std::rc::Rc;

use burn::tensor::{Device, Tensor};
use impasto::codec;
use impasto::engine::loss::{Objective, ObjectiveInputs, scaled};
use impasto::engine::{Advance, ImageTensor, Mask, Pictures, StyleTransfer, Vgg19};
use impasto::layer::Layer;
use impasto::memory::{DeviceLimits, LEAST_TILE_EDGE_PX};
use impasto::pixels::{ImageSize, Pixels};
use impasto::recipe::{
    FeatureOptions, Filters, LayerStatistics, LayerWeights, LossWeights, Pooling, Recipe, Start,
    Statistic,
};
use pollster::block_on;

use crate::promises::{finish, half, sample, squared_distance};
use crate::{cpu, gpu, network};

/// Relative tolerance of the terms.
const TERM_GATE: f32 = 1e-5;
/// Relative L2 tolerance of the gradient.
const GRADIENT_GATE: f32 = 1e-5;
/// Limits that force the smallest tiles, with cores of 32 px between two others.
pub const NARROW: DeviceLimits =
    DeviceLimits { whole_edge: 64, tile_edge: LEAST_TILE_EDGE_PX, ..DeviceLimits::AMPLE };
/// Limits that admit any image, but not the first layer together with the deeper ones.
const IN_TURNS: DeviceLimits = DeviceLimits { together_edge: 0, ..DeviceLimits::AMPLE };

pub fn pixels(name: &str, width: u32, height: u32) -> Pixels {
    codec::resize(&sample(name, 512), ImageSize::new(width, height))
}

fn picture(name: &str, width: u32, height: u32, device: &Device) -> ImageTensor {
    ImageTensor::from_pixels(&pixels(name, width, height), device)
}

/// Returns two paintings for a photo of this size, divided between them by `masks`. One is too
/// large for a pass over the whole.
pub fn subject(width: u32, height: u32, masked: bool, device: &Device) -> ObjectiveInputs {
    let size = ImageSize::new(width, height);
    let masks = if masked { vec![half(size, true), half(size, false)] } else { Vec::new() };
    ObjectiveInputs {
        photo: picture("photo-cat.jpg", width, height, device),
        paintings: vec![
            picture("painting-night.jpg", 40, 300, device),
            picture("painting-ember.jpg", 64, 48, device),
        ],
        masks: Mask::from_pixels(&masks, device),
    }
}

/// Returns the terms, content, style, total variation, and the gradient at another image of the
/// photo's size.
pub fn evaluated(
    vgg: &Vgg19,
    subject: &ObjectiveInputs,
    objective: &Objective,
) -> ([f32; 3], Tensor<4>) {
    let ImageSize { width, height } = subject.photo.size();
    let x =
        picture("photo-coffee.jpg", width, height, &subject.photo.tensor().device()).into_tensor();
    let (terms, gradient) = objective.gradient(vgg, x);
    let losses = block_on(terms.read()).expect("the device works");
    ([losses.content, losses.style, losses.total_variation], gradient)
}

pub fn norm(x: Tensor<4>) -> f32 {
    x.square().sum().sqrt().into_scalar::<f32>()
}

/// Compares the objective in tiles, with the first layer by itself, with the objective of the
/// whole, with all layers together.
fn agree(
    device: &Device,
    subject: &ObjectiveInputs,
    features: FeatureOptions,
    loss_weights: LossWeights,
) {
    let vgg = network(device);
    let [whole, tiled] = [DeviceLimits::AMPLE, DeviceLimits { together_edge: 0, ..NARROW }]
        .map(|limits| Objective::new(&vgg, subject, features, loss_weights, limits));
    assert!(whole.tiles().len() == 1 && tiled.tiles().len() > 1, "{} tiles", tiled.tiles().len());
    let (terms, gradient) = evaluated(&vgg, subject, &whole);
    let (terms_in_tiles, gradient_in_tiles) = evaluated(&vgg, subject, &tiled);
    for (whole, tiled) in terms.into_iter().zip(terms_in_tiles) {
        assert!(
            (tiled - whole).abs() <= TERM_GATE * whole,
            "terms {terms_in_tiles:?} in tiles, {terms:?} as a whole"
        );
    }
    let distance = norm(gradient_in_tiles - gradient.clone()) / norm(gradient);
    assert!(distance <= GRADIENT_GATE, "the gradients are {distance} apart");
}

/// Returns weights for content at two layers, style of two paintings at uneven layers, and
/// smoothness.
pub fn loss_weights() -> LossWeights {
    let content_layers =
        LayerWeights::default().with(Layer::Conv2_2, 0.4).with(Layer::Conv4_2, 1.0);
    let style_layers = LossWeights::plain().style_layers.with(Layer::Conv3_1, 0.5);
    LossWeights {
        styles: [0.3, 0.7, 0.0, 0.0],
        content_layers,
        style_layers,
        tv_weight: 20.0,
        ..LossWeights::plain()
    }
}

#[test]
fn rows_and_columns_of_tiles_are_the_whole_on_the_processor() {
    let device = cpu();
    let features = FeatureOptions::default();
    agree(&device, &subject(272, 261, false, &device), features, scaled(loss_weights(), features));
}

#[test]
fn tiles_of_regions_and_of_the_normalised_network_are_the_whole() {
    let device = cpu();
    let features =
        FeatureOptions { filters: Filters::Normalised, ..FeatureOptions::plain(Pooling::Max) };
    // Beside this network's losses, smoothness would dominate the gradient.
    let loss_weights = LossWeights { tv_weight: 0.0, ..loss_weights() };
    agree(&device, &subject(331, 70, true, &device), features, loss_weights);
}

#[test]
fn content_or_style_alone_in_tiles_is_the_whole() {
    let device = cpu();
    let subject = subject(290, 48, false, &device);
    for left_out in [
        LossWeights { content_layers: LayerWeights::default(), ..loss_weights() },
        LossWeights { style_layers: LayerWeights::default(), ..loss_weights() },
    ] {
        agree(&device, &subject, FeatureOptions::before_version_3(), left_out);
    }
    let neither = LossWeights {
        content_layers: LayerWeights::default(),
        style_layers: LayerWeights::default(),
        ..loss_weights()
    };
    agree(&device, &subject, FeatureOptions::before_version_3(), neither);
}

#[test]
fn tiles_in_units_of_the_painting_are_the_whole() {
    let device = cpu();
    let statistics = LayerStatistics::by(|layer| match layer.block() {
        1 => Statistic::Wasserstein,
        2 => Statistic::Gram,
        _ => Statistic::Covariance,
    });
    let features = FeatureOptions { statistics, ..FeatureOptions::default() };
    for masked in [false, true] {
        let loss_weights = LossWeights { outlines: 30.0, ..loss_weights() };
        agree(
            &device,
            &subject(290, 48, masked, &device),
            features,
            scaled(loss_weights, features),
        );
    }
}

#[test]
fn rows_and_columns_of_tiles_are_the_whole_on_the_gpu() {
    let device = gpu();
    let features = FeatureOptions::default();
    agree(&device, &subject(290, 48, true, &device), features, scaled(loss_weights(), features));
    agree(
        &device,
        &subject(48, 290, false, &device),
        FeatureOptions::before_version_3(),
        loss_weights(),
    );
}

/// Returns `loss_weights` restricted to these layers.
fn only(loss_weights: LossWeights, counts: fn(Layer) -> bool) -> LossWeights {
    let LossWeights { content_layers, style_layers, .. } = loss_weights;
    LossWeights {
        content_layers: content_layers.only(counts),
        style_layers: style_layers.only(counts),
        ..loss_weights
    }
}

#[test]
fn the_first_layer_by_itself_and_the_deeper_ones_add_up_to_all() {
    let device = gpu();
    let vgg = network(&device);
    let subject = subject(64, 48, false, &device);
    let evaluated = |loss_weights| {
        let objective =
            Objective::new(&vgg, &subject, FeatureOptions::default(), loss_weights, IN_TURNS);
        evaluated(&vgg, &subject, &objective)
    };
    let all = LossWeights {
        content_layers: loss_weights().content_layers.with(Layer::Conv1_1, 0.5),
        ..loss_weights()
    };
    // Neither of these has turns.
    let (first, first_gradient) =
        evaluated(LossWeights { tv_weight: 0.0, ..only(all, |layer| layer == Layer::Conv1_1) });
    let (deeper, deeper_gradient) = evaluated(only(all, |layer| layer != Layer::Conv1_1));
    let (terms, gradient) = evaluated(all);
    for ((term, first), deeper) in terms.into_iter().zip(first).zip(deeper) {
        assert!(
            (term - first - deeper).abs() <= TERM_GATE * term,
            "{term} instead of {first} + {deeper}"
        );
    }
    assert!(first[0] > 0.0 && first[1] > 0.0 && deeper.iter().all(|&term| term > 0.0));
    let distance = norm(gradient.clone() - first_gradient - deeper_gradient) / norm(gradient);
    assert!(distance <= GRADIENT_GATE, "the gradients are {distance} apart");
}

#[test]
fn a_run_in_tiles_paints_the_same_picture() {
    let device = cpu();
    let vgg = Rc::new(network(&device));
    let pictures = Pictures::new(
        pixels("photo-cat.jpg", 290, 64),
        vec![pixels("painting-night.jpg", 40, 300)],
    );
    // Rounding differs, and each step amplifies it.
    let recipe = Recipe { size: 290, steps: 6, ..Recipe::default() };
    let [whole, tiled] = [DeviceLimits::AMPLE, NARROW].map(|limits| {
        let transfer = StyleTransfer::new(Rc::clone(&vgg), &pictures, &recipe, limits, &device);
        finish(&mut transfer.expect("the recipe makes sense")).0
    });
    let [apart, painted] = [&tiled, &pictures.photo].map(|other| squared_distance(&whole, other));
    assert!(apart < 1e-5 && painted > 1e-3, "{apart} apart, {painted} from the photo");
}

#[test]
fn targets_are_made_tile_by_tile_whatever_comes_to_count_meanwhile() {
    let device = cpu();
    let vgg = Rc::new(network(&device));
    let paintings =
        vec![pixels("painting-night.jpg", 40, 300), pixels("painting-ember.jpg", 64, 48)];
    let pictures = Pictures::new(pixels("photo-cat.jpg", 290, 64), paintings);
    let begin = |loss_weights| {
        let recipe =
            Recipe { size: 290, steps: 1, start: Start::PHOTO, loss_weights, ..Recipe::default() };
        StyleTransfer::new(Rc::clone(&vgg), &pictures, &recipe, NARROW, &device)
            .expect("the recipe makes sense")
    };
    let make = |transfer: &mut StyleTransfer, parts: u32| {
        let missing = transfer.targets_missing();
        (0..parts).for_each(|_| transfer.make_target());
        assert_eq!(transfer.targets_missing(), missing - parts);
    };
    let losses = |transfer: &mut StyleTransfer| finish(transfer).1;

    let (of_photo, of_paintings) = (4, 4 + 1);
    let mut by_parts = begin(loss_weights());
    let parts = std::iter::from_fn(|| {
        (block_on(by_parts.advance()).expect("the device works") != Advance::Step).then_some(())
    })
    .count()
        + 1;
    assert_eq!(
        parts,
        of_paintings as usize + 3 * of_photo as usize,
        "each target, and two looks at each tile"
    );

    let mut from_the_start = begin(loss_weights());
    assert_eq!(
        (from_the_start.tiles(), from_the_start.targets_missing()),
        (4, of_photo + of_paintings)
    );
    make(&mut from_the_start, of_photo + of_paintings);
    let expected = losses(&mut from_the_start);
    for done in [0, 3, of_paintings, of_paintings + 2, of_paintings + of_photo] {
        let mut changed = begin(LossWeights::default());
        make(&mut changed, done);
        changed.set_loss_weights(loss_weights()).expect("the weights make sense");
        assert_eq!(
            changed.targets_missing(),
            of_photo + of_paintings.saturating_sub(done),
            "after {done}"
        );
        assert_eq!(losses(&mut changed), expected, "after {done}");
    }
    let one_layer =
        LossWeights { content_layers: LossWeights::default().content_layers, ..loss_weights() };
    let no_content = LossWeights { content_weight: 0.0, ..loss_weights() };
    for (fewer, left) in [(one_layer, of_photo), (no_content, 0)] {
        let mut changed = begin(loss_weights());
        make(&mut changed, of_paintings + 2);
        changed.set_loss_weights(fewer).expect("the weights make sense");
        assert_eq!(changed.targets_missing(), left);
        assert_eq!(losses(&mut changed), losses(&mut begin(fewer)));
    }
}
