//! Each option of a recipe changes the image in the direction that it promises, and the paper's
//! findings can be reproduced: at small sizes, on the processor, with the sample images.

use std::path::Path;
use std::rc::Rc;

use impasto::codec;
use impasto::engine::{Pictures, StyleTransfer};
use impasto::losses::Losses;
use impasto::memory::DeviceLimits;
use impasto::pixels::{ImageSize, Pixels};
use impasto::recipe::{LossWeights, Recipe, Start};
use pollster::block_on;

use crate::{cpu, network};

mod balance;
mod look;
mod paper;
mod regions;
mod runs;

/// Longer side of the images, px.
const EDGE: u32 = 64;
/// Steps: enough for the differences to show.
const STEPS: u32 = 24;

pub fn sample(name: &str, edge: u32) -> Pixels {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/samples").join(name);
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    codec::decode_fitted(&file, edge).expect("a sample is a picture")
}

fn pictures(paintings: &[&str], recipe: &Recipe) -> Pictures {
    let paintings = paintings.iter().map(|name| sample(name, recipe.style_edge(EDGE))).collect();
    Pictures::new(sample("photo-cat.jpg", EDGE), paintings)
}

/// Returns a plain recipe with more weight on style, so that a few steps show an option's effect.
/// It starts from the photo, so that the start's own effect does not hide it.
fn recipe() -> Recipe {
    let loss_weights = LossWeights { content_weight: 160.0, ..LossWeights::plain() };
    Recipe {
        size: EDGE,
        steps: STEPS,
        loss_weights,
        start: Start::PHOTO,
        ..Recipe::before_version_3()
    }
}

fn with(change: impl FnOnce(&mut LossWeights)) -> Recipe {
    let mut recipe = recipe();
    change(&mut recipe.loss_weights);
    recipe
}

fn begin(pictures: &Pictures, recipe: &Recipe) -> StyleTransfer {
    let device = cpu();
    StyleTransfer::new(Rc::new(network(&device)), pictures, recipe, DeviceLimits::AMPLE, &device)
        .expect("the recipe makes sense")
}

pub fn finish(transfer: &mut StyleTransfer) -> (Pixels, Losses) {
    while !transfer.finished() {
        block_on(transfer.step()).expect("the device works");
    }
    (
        block_on(transfer.pixels()).expect("the device works"),
        block_on(transfer.losses()).expect("the losses are finite"),
    )
}

fn painted(pictures: &Pictures, recipe: &Recipe) -> (Pixels, Losses) {
    finish(&mut begin(pictures, recipe))
}

/// Returns the mean of `value` over all pixels, RGB in 0..1.
#[expect(clippy::cast_precision_loss, reason = "a count of pixels")]
fn mean(picture: &Pixels, value: impl Fn([f32; 3]) -> f32) -> f32 {
    let rgb = picture.composited_rgb();
    rgb.as_chunks().0.iter().map(|&pixel| value(pixel)).sum::<f32>() / picture.size().area() as f32
}

/// Returns the distance between two images' mean colours.
fn colour_distance(a: &Pixels, b: &Pixels) -> f32 {
    (0..3).map(|c| (mean(a, |p| p[c]) - mean(b, |p| p[c])).powi(2)).sum::<f32>().sqrt()
}

/// Returns the mean squared difference of two images of one size.
#[expect(clippy::cast_precision_loss, reason = "a count of values")]
pub fn squared_distance(a: &Pixels, b: &Pixels) -> f32 {
    let (a, b) = (a.composited_rgb(), b.composited_rgb());
    a.iter().zip(&b).map(|(x, y)| (x - y).powi(2)).sum::<f32>() / a.len() as f32
}

/// Returns the pixels of `picture` for which `belongs`, by column and row, holds, as one row.
fn part(picture: &Pixels, belongs: impl Fn(u32, u32) -> bool) -> Pixels {
    let ImageSize { width, height } = picture.size();
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let kept = places.zip(picture.rgba().as_chunks::<4>().0).filter(|((x, y), _)| belongs(*x, *y));
    let rgba: Vec<u8> = kept.flat_map(|(_, pixel)| *pixel).collect();
    let width = u32::try_from(rgba.len() / 4).expect("a small picture");
    Pixels::new(ImageSize::new(width, 1), rgba).expect("four bytes for each pixel")
}

/// Returns a mask that is white in one half.
pub fn half(size: ImageSize, left: bool) -> Pixels {
    let white = move |i: u32| (i % size.width < size.width / 2) == left;
    let pixel = |i| [if white(i) { 255 } else { 0 }; 3].into_iter().chain([255]);
    Pixels::new(size, (0..size.width * size.height).flat_map(pixel).collect())
        .expect("four bytes for each pixel")
}
