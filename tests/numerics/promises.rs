//! Each option of a recipe changes the picture in the direction that it promises, and what the paper shows can be seen: at small
//! sizes, on the processor, with the sample pictures.

use std::path::Path;
use std::rc::Rc;

use impasto::codec;
use impasto::engine::{Pictures, StyleTransfer};
use impasto::layer::Layer;
use impasto::losses::Losses;
use impasto::pixels::{ImageSize, Pixels};
use impasto::recipe::{Colours, Emphasis, LayerWeights, OptimizerKind, Palette, Recipe, Start, grid};
use pollster::block_on;

use crate::{cpu, network};

/// Longer side of the pictures, px.
const EDGE: u32 = 64;
/// Enough for the differences to show.
const STEPS: u32 = 24;

fn sample(name: &str, edge: u32) -> Pixels {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/samples").join(name);
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    codec::decode_fitted(&file, edge).expect("a sample is a picture")
}

fn pictures(paintings: &[&str], recipe: &Recipe) -> Pictures {
    let paintings = paintings.iter().map(|name| sample(name, recipe.style_edge(EDGE))).collect();
    Pictures::new(sample("photo-cat.jpg", EDGE), paintings)
}

fn recipe() -> Recipe {
    Recipe { size: EDGE, steps: STEPS, ..Recipe::default() }
}

fn with(change: impl FnOnce(&mut Emphasis)) -> Recipe {
    let mut recipe = recipe();
    change(&mut recipe.emphasis);
    recipe
}

fn begin(pictures: &Pictures, recipe: &Recipe) -> StyleTransfer {
    let device = cpu();
    StyleTransfer::new(Rc::new(network(&device)), pictures, recipe, &device).expect("the recipe makes sense")
}

fn finish(transfer: &mut StyleTransfer) -> (Pixels, Losses) {
    while !transfer.finished() {
        block_on(transfer.step()).expect("the device works");
    }
    (block_on(transfer.pixels()).expect("the device works"), block_on(transfer.losses()).expect("the losses are finite"))
}

fn painted(pictures: &Pictures, recipe: &Recipe) -> (Pixels, Losses) {
    finish(&mut begin(pictures, recipe))
}

/// Mean of `value` over all pixels, RGB in 0..1.
#[expect(clippy::cast_precision_loss, reason = "a count of pixels")]
fn mean(picture: &Pixels, value: impl Fn([f32; 3]) -> f32) -> f32 {
    let rgb = picture.composited_rgb();
    rgb.as_chunks().0.iter().map(|&pixel| value(pixel)).sum::<f32>() / picture.size().area() as f32
}

/// Distance of two pictures' mean colours.
fn colour_distance(a: &Pixels, b: &Pixels) -> f32 {
    (0..3).map(|c| (mean(a, |p| p[c]) - mean(b, |p| p[c])).powi(2)).sum::<f32>().sqrt()
}

/// Mean squared difference of two pictures of one size.
#[expect(clippy::cast_precision_loss, reason = "a count of values")]
fn squared_distance(a: &Pixels, b: &Pixels) -> f32 {
    let (a, b) = (a.composited_rgb(), b.composited_rgb());
    a.iter().zip(&b).map(|(x, y)| (x - y).powi(2)).sum::<f32>() / a.len() as f32
}

/// Mean squared difference of neighbours in a row, in units of the variance: from 0, for the broadest forms, to 2, for white noise.
#[expect(clippy::cast_precision_loss, reason = "a count of pixels")]
fn fineness(picture: &Pixels) -> f32 {
    let width = picture.size().width as usize;
    let grey: Vec<f32> = picture.composited_rgb().chunks_exact(3).map(|p| p.iter().sum()).collect();
    let mean = grey.iter().sum::<f32>() / grey.len() as f32;
    let variance = grey.iter().map(|value| (value - mean).powi(2)).sum::<f32>();
    grey.chunks_exact(width).flat_map(|row| row.windows(2).map(|pair| (pair[1] - pair[0]).powi(2))).sum::<f32>() / variance
}

/// A square of stripes, `period` px from one to the next.
fn stripes(edge: u16, period: f32) -> Pixels {
    let value = |x: u16| (f32::from(x) / period * std::f32::consts::TAU).sin().mul_add(0.4, 0.5);
    let rgb: Vec<f32> = (0..edge).flat_map(|_| (0..edge).flat_map(move |x| [value(x); 3])).collect();
    Pixels::from_rgb(ImageSize::new(edge.into(), edge.into()), &rgb, None)
}

#[test]
fn reconstructions_lose_detail_with_depth() {
    let errors = [Layer::Conv1_1, Layer::Conv3_1, Layer::Conv5_1].map(|layer| {
        let mut recipe = with(|emphasis| {
            emphasis.content_layers = LayerWeights::even(&[layer], 1.0);
            emphasis.style_layers = LayerWeights::default();
        });
        recipe.start = Start::NOISE;
        let pictures = pictures(&[], &recipe);
        squared_distance(&painted(&pictures, &recipe).0, &pictures.photo)
    });
    assert!(errors.is_sorted() && errors[0] < 0.3 * errors[2], "{errors:?}");
}

#[test]
fn more_weight_on_content_means_less_content_loss_and_more_style_loss() {
    let weights = [16.0, 160.0, 1600.0];
    let recipe = recipe();
    let cells = grid(&recipe, &weights).filter(|cell| cell.row == Layer::STYLE.len() - 1);
    let losses: Vec<(f32, f32)> = cells
        .map(|cell| {
            let (_, losses) = painted(&pictures(&["painting-night.jpg"], &cell.recipe), &cell.recipe);
            (losses.content / weights[cell.column], losses.style)
        })
        .collect();
    assert_eq!(losses.len(), 3);
    assert!(losses.is_sorted_by(|a, b| a.0 > b.0 && a.1 < b.1), "{losses:?}");
}

#[test]
fn the_photos_palette_keeps_its_chroma_and_the_paintings_does_not() {
    let chroma = |p: [f32; 3]| p[0] - p[2];
    let of = |palette, linear_light| {
        let recipe = Recipe { colours: Colours { palette, linear_light }, ..recipe() };
        let pictures = pictures(&["painting-night.jpg"], &recipe);
        let result = painted(&pictures, &recipe).0;
        ((mean(&result, chroma) - mean(&pictures.photo, chroma)).abs(), colour_distance(&result, &pictures.photo))
    };
    let (kept, _) = of(Palette::Photo, false);
    let (kept_in_light, _) = of(Palette::Photo, true);
    let (painted, far) = of(Palette::Painting, false);
    assert!(kept < 0.02 && kept_in_light < 0.03 && painted > 0.1, "{kept}, {kept_in_light}, {painted}");
    let (_, near) = of(Palette::Matched, false);
    assert!(near < 0.5 * far, "a matched palette is {near} from the photo's colours, the painting's own {far}");
}

#[test]
fn a_larger_painting_gives_broader_strokes() {
    // A grey sheet, so that every stroke is the painting's.
    let photo = Pixels::from_rgb(ImageSize::new(EDGE, EDGE), &[0.5; 3 * (EDGE * EDGE) as usize], None);
    let at = |scale| {
        let mut recipe = with(|emphasis| emphasis.content_weight = 0.0);
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
    // Below 0 nearer to the first, above nearer to the second.
    let lean = |styles: [f32; 4]| {
        let recipe = with(|emphasis| (emphasis.content_weight, emphasis.styles) = (16.0, styles));
        let result = painted(&pictures(&names, &recipe), &recipe).0;
        colour_distance(&result, &night) - colour_distance(&result, &ember)
    };
    let [first, middle, second] = [[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]].map(lean);
    assert!(first < middle && middle < second, "{first}, {middle}, {second}");
}

#[test]
fn smoothness_smooths() {
    let at = |tv_weight| {
        let recipe = with(|emphasis| emphasis.tv_weight = tv_weight);
        fineness(&painted(&pictures(&["painting-night.jpg"], &recipe), &recipe).0)
    };
    let (rough, smooth) = (at(0.0), at(10_000.0));
    assert!(smooth < 0.8 * rough, "fineness {rough}, and with smoothness {smooth}");
}

#[test]
fn noise_is_the_seeds_own_to_the_bit() {
    let of = |seed| {
        let recipe = Recipe { start: Start::NOISE, steps: 3, seed, ..recipe() };
        painted(&pictures(&["painting-night.jpg"], &recipe), &recipe).0
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn a_pyramid_grows_to_the_full_size_and_keeps_alpha() {
    let recipe = Recipe { size: 128, steps: 6, pyramid: 3, ..recipe() };
    let size = ImageSize::new(128, 128);
    let half_clear: Vec<u8> = (0..size.area()).flat_map(|i| [200, 120, 60, if i % 128 < 64 { 255 } else { 0 }]).collect();
    let photo = Pixels::new(size, half_clear).expect("four bytes for each pixel");
    let pictures = Pictures::new(photo, vec![sample("painting-night.jpg", 128)]);
    let mut transfer = begin(&pictures, &recipe);
    let mut edges = Vec::new();
    while !transfer.finished() {
        block_on(transfer.step()).expect("the device works");
        let pixels = block_on(transfer.pixels()).expect("the device works");
        let clear = pixels.rgba().chunks_exact(4).filter(|pixel| pixel[3] == 0).count();
        assert_eq!(2 * clear, pixels.size().area(), "half of the picture is clear at every size");
        edges.push(pixels.size().width);
    }
    assert_eq!(edges, [64, 64, 64, 128, 128, 128], "the third size would be below what the network sees much in");
}

#[test]
fn a_run_goes_on_from_an_earlier_result() {
    let recipe = recipe();
    let mut pictures = pictures(&["painting-night.jpg"], &recipe);
    let (result, reached) = painted(&pictures, &recipe);
    pictures.earlier = Some(result);
    let mut transfer = begin(&pictures, &recipe);
    block_on(transfer.step()).expect("the device works");
    let first = block_on(transfer.losses()).expect("the losses are finite");
    // Rounding to bytes costs a little.
    assert!(first.total() < 1.1 * reached.total(), "{first:?} after {reached:?}");
    let (_, last) = finish(&mut transfer);
    assert!(last.total() < 0.95 * reached.total(), "{last:?} after {reached:?}");
}

#[test]
fn every_weight_can_change_in_a_running_picture() {
    let recipe = recipe();
    let mut transfer = begin(&pictures(&["painting-night.jpg", "painting-ember.jpg"], &recipe), &recipe);
    let layers = |layer| LayerWeights::even(&[layer], 1.0);
    let other_style = |before: Losses, after: Losses| (after.style / before.style - 1.0).abs() > 0.05;
    type Change = (fn(&mut Emphasis), fn(Losses, Losses) -> bool);
    let changes: [Change; 5] = [
        (|emphasis| emphasis.grain = -0.8, other_style),
        (|emphasis| emphasis.styles = [0.2, 0.8, 0.0, 0.0], other_style),
        (|emphasis| emphasis.tv_weight = 100.0, |before, after| before.total_variation == 0.0 && after.total_variation > 0.0),
        (|emphasis| emphasis.content_weight = 20.0, |before, after| (after.content / before.content - 0.125).abs() < 0.01),
        (|emphasis| emphasis.style_layers = LayerWeights::even(&[Layer::Conv1_2, Layer::Conv3_3], 0.5), other_style),
    ];
    let mut emphasis = recipe.emphasis;
    let losses = |transfer: &mut StyleTransfer| {
        block_on(transfer.step()).expect("the device works");
        block_on(transfer.losses()).expect("the losses are finite")
    };
    losses(&mut transfer);
    for (index, (change, holds)) in changes.into_iter().enumerate() {
        let before = losses(&mut transfer);
        change(&mut emphasis);
        transfer.set_emphasis(emphasis).expect("the weights make sense");
        // The first evaluation after a change is at the picture as it is.
        let after = losses(&mut transfer);
        assert!(holds(before, after), "change {index}: {before:?}, then {after:?}");
    }
    emphasis.content_layers = layers(Layer::Conv3_1);
    transfer.set_emphasis(emphasis).expect("a layer gets its target when it first counts");
    emphasis.grain = 7.0;
    assert!(transfer.set_emphasis(emphasis).is_err());
    let (_, last) = finish(&mut transfer);
    assert!(last.total().is_finite() && last.content > 0.0, "{last:?}");
}

#[test]
fn a_run_kept_as_bytes_goes_on_as_if_it_had_never_stopped() {
    let device = cpu();
    let vgg = Rc::new(network(&device));
    for optimizer in [OptimizerKind::Lbfgs, OptimizerKind::Adam] {
        let recipe = Recipe { steps: 8, optimizer, ..recipe() };
        let pictures = pictures(&["painting-night.jpg"], &recipe);
        let mut transfer = StyleTransfer::new(Rc::clone(&vgg), &pictures, &recipe, &device).expect("the recipe makes sense");
        (0..3).for_each(|_| block_on(transfer.step()).expect("the device works"));
        let bytes = block_on(transfer.save()).expect("the device works");
        let mut resumed = StyleTransfer::resume(Rc::clone(&vgg), &bytes, &device).expect("the state is whole");
        let ends = [&mut transfer, &mut resumed].map(|run| {
            finish(run);
            block_on(run.save()).expect("the device works")
        });
        assert!(ends[0] == ends[1], "{optimizer:?}");
    }
}

#[test]
fn each_painting_keeps_to_its_region_and_what_none_claims_stays() {
    let size = sample("photo-cat.jpg", EDGE).size();
    let half = |left: bool| {
        let white = move |i: u32| (i % size.width < size.width / 2) == left;
        let pixel = |i| [if white(i) { 255 } else { 0 }; 3].into_iter().chain([255]);
        Pixels::new(size, (0..size.width * size.height).flat_map(pixel).collect()).expect("four bytes for each pixel")
    };
    let recipe = with(|emphasis| emphasis.content_weight = 16.0);
    let part = |picture: &Pixels, left: bool| {
        let column = |i: usize| u32::try_from(i).expect("a small picture") % size.width;
        let kept = picture.rgba().chunks_exact(4).enumerate().filter(|(i, _)| (column(*i) < size.width / 2) == left);
        let rgba: Vec<u8> = kept.flat_map(|(_, pixel)| pixel.to_vec()).collect();
        let width = u32::try_from(rgba.len()).expect("a small picture") / 4;
        Pixels::new(ImageSize::new(width, 1), rgba).expect("four bytes for each pixel")
    };
    let names = ["painting-night.jpg", "painting-ember.jpg"];
    let mut both = pictures(&names, &recipe);
    both.masks = vec![half(true), half(false)];
    let result = painted(&both, &recipe).0;
    let [night, ember] = names.map(|name| sample(name, EDGE));
    let lean = |picture: &Pixels| colour_distance(picture, &night) - colour_distance(picture, &ember);
    let (left, right) = (lean(&part(&result, true)), lean(&part(&result, false)));
    assert!(left < right - 0.05, "the left half leans {left} to the first painting, the right one {right}");

    let mut one = pictures(&names[..1], &recipe);
    one.masks = vec![half(true)];
    let result = painted(&one, &recipe).0;
    let change = |left| squared_distance(&part(&result, left), &part(&one.photo, left));
    assert!(change(false) < 0.25 * change(true), "{} where nothing is painted, {} where it is", change(false), change(true));

    one.masks.push(half(false));
    let device = cpu();
    assert!(StyleTransfer::new(Rc::new(network(&device)), &one, &recipe, &device).is_err(), "a mask without a painting");
}
