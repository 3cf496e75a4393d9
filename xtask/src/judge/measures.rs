//! Measures of a result that no objective here optimises. They rank variants of one pair, but do
//! not replace looking at it.
#![expect(clippy::cast_precision_loss, reason = "counts of pixels")]

use image::RgbImage;

use super::pyramid::Plane;
use crate::samples::rng::Rng;

/// Side of the patches whose distribution is compared, px.
const PATCH_PX: usize = 7;
/// Number of patches per pyramid level.
const PATCHES: usize = 4096;
/// Number of random directions for projections.
const DIRECTIONS: usize = 128;
/// Number of quantiles of a projection.
const QUANTILES: usize = 256;
/// Side of the windows in which structure is compared, px.
const WINDOW_PX: usize = 8;
/// Standard deviation below which a window of the photo holds no structure, levels.
const FLAT: f32 = 4.0;

/// Distances of a result from its painting and its photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures(pub [f32; 5]);

impl Measures {
    /// Names of the measures:
    ///
    /// - `marks`: distance of patches to those of the painting, at the two finest levels of the
    ///   Laplacian pyramid; 0 = alike.
    /// - `forms`: distance of patches at the next two levels.
    /// - `structure`: correlation with the photo's luma, where the photo has structure; 1 = kept.
    /// - `speckle`: RMS of the finest level over that of the next, divided by the painting's ratio;
    ///   above 1 is noise.
    /// - `colour`: distance of the colours to those of the painting, levels of 255.
    pub const NAMES: [&'static str; 5] = ["marks", "forms", "structure", "speckle", "colour"];

    /// Measures images at one scale; `photo` has the size of `result`.
    pub fn of(photo: &RgbImage, painting: &RgbImage, result: &RgbImage) -> Self {
        let [mine, other] = [result, painting].map(levels);
        let far: Vec<f32> = mine
            .iter()
            .zip(&other)
            .map(|(mine, other)| distance(&patches(mine), &patches(other)).relative)
            .collect();
        let colours = [result, painting].map(|picture| {
            picture.pixels().map(|pixel| pixel.0.map(f32::from).to_vec()).collect::<Vec<_>>()
        });
        Self([
            f32::midpoint(far[0], far[1]),
            f32::midpoint(far[2], far[3]),
            structure(photo, result),
            speckle(result) / speckle(painting).max(f32::EPSILON),
            distance(&colours[0], &colours[1]).absolute,
        ])
    }

    /// Returns the mean of several measures.
    pub fn mean<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let (sum, count) = all.fold(([0.0; 5], 0.0), |(sum, count), Self(next)| {
            (std::array::from_fn(|i| sum[i] + next[i]), count + 1.0)
        });
        Self(sum.map(|sum| sum / count))
    }
}

/// Returns four levels of the Laplacian pyramid, fine to coarse, of three channels each.
fn levels(picture: &RgbImage) -> Vec<[Plane; 3]> {
    let mut planes = [0, 1, 2].map(|channel| Plane::channel(picture, channel));
    let mut level = || {
        let detail = planes.each_ref().map(Plane::detail);
        planes = planes.each_ref().map(Plane::halved);
        detail
    };
    (0..4).map(|_| level()).collect()
}

/// Samples patches of a level at random positions, which depend on its size alone.
fn patches(planes: &[Plane; 3]) -> Vec<Vec<f32>> {
    let Plane { width, height, .. } = planes[0];
    let places = [width, height].map(|side| side.saturating_sub(PATCH_PX - 1).max(1));
    let mut chance = Rng::new(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below a side")]
    let mut place = |count: usize| ((chance.unit() * count as f32) as usize).min(count - 1);
    let mut patch = || {
        let [left, top] = places.map(&mut place);
        let rows = move |plane: &Plane| {
            let row = |y: usize| {
                plane.values[y * width + left..y * width + (left + PATCH_PX).min(width)].to_vec()
            };
            (top..(top + PATCH_PX).min(height)).flat_map(row).collect::<Vec<_>>()
        };
        planes.iter().flat_map(rows).collect()
    };
    (0..PATCHES).map(|_| patch()).collect()
}

/// Distance between two distributions.
struct Distance {
    /// Distance in units of the samples.
    absolute: f32,
    /// Distance in standard deviations of the other's samples.
    relative: f32,
}

/// Computes the sliced Wasserstein-1 distance: the mean over directions of the distance between
/// quantiles of projections (Rabin, Peyré, Delon, Bernot 2011; of patches of a Laplacian pyramid as
/// in Karras, Aila, Laine, Lehtinen 2018).
fn distance(mine: &[Vec<f32>], other: &[Vec<f32>]) -> Distance {
    let size = mine[0].len().min(other[0].len());
    let mut chance = Rng::new(2);
    let (mut absolute, mut relative) = (0.0, 0.0);
    for _ in 0..DIRECTIONS {
        let direction: Vec<f32> = (0..size).map(|_| chance.normal()).collect();
        let length = direction.iter().map(|part| part * part).sum::<f32>().sqrt();
        let [mine, other] = [mine, other].map(|samples| quantiles(samples, &direction, length));
        let apart = mine.iter().zip(&other).map(|(mine, other)| (mine - other).abs()).sum::<f32>()
            / QUANTILES as f32;
        absolute += apart;
        relative += apart / spread(&other).max(f32::EPSILON);
    }
    Distance { absolute: absolute / DIRECTIONS as f32, relative: relative / DIRECTIONS as f32 }
}

/// Returns quantiles of the projections of `samples`, ascending.
fn quantiles(samples: &[Vec<f32>], direction: &[f32], length: f32) -> Vec<f32> {
    let along = |sample: &Vec<f32>| {
        sample.iter().zip(direction).map(|(part, along)| part * along).sum::<f32>() / length
    };
    let mut projections: Vec<f32> = samples.iter().map(along).collect();
    projections.sort_by(f32::total_cmp);
    (0..QUANTILES)
        .map(|rank| projections[rank * (projections.len() - 1) / (QUANTILES - 1)])
        .collect()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

/// Returns the standard deviation.
fn spread(values: &[f32]) -> f32 {
    let mean = mean(values);
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt()
}

fn speckle(picture: &RgbImage) -> f32 {
    let luma = Plane::luma(picture);
    luma.detail().rms() / luma.halved().detail().rms().max(f32::EPSILON)
}

/// Computes the structure term of SSIM (Wang, Bovik, Sheikh, Simoncelli 2004) at half and quarter
/// size, over the windows in which the photo has structure; 0 without any.
fn structure(photo: &RgbImage, result: &RgbImage) -> f32 {
    let halves = [photo, result].map(|picture| Plane::luma(picture).halved());
    let quarters = halves.each_ref().map(Plane::halved);
    let kept: Vec<f32> =
        [halves, quarters].iter().flat_map(|[photo, result]| correlations(photo, result)).collect();
    if kept.is_empty() { 0.0 } else { mean(&kept) }
}

fn correlations(photo: &Plane, result: &Plane) -> Vec<f32> {
    let (rows, columns) = (photo.height / WINDOW_PX, photo.width / WINDOW_PX);
    let window = |plane: &Plane, row: usize, column: usize| -> Vec<f32> {
        let at =
            |y: usize| plane.values[y * plane.width + column * WINDOW_PX..][..WINDOW_PX].to_vec();
        (row * WINDOW_PX..(row + 1) * WINDOW_PX).flat_map(at).collect()
    };
    let windows = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let pairs =
        windows.map(|(row, column)| (window(photo, row, column), window(result, row, column)));
    pairs
        .filter(|(photo, _)| spread(photo) > FLAT)
        .map(|(photo, result)| correlation(&photo, &result))
        .collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let together =
        a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f32>() / a.len() as f32;
    together / (spread(a) * spread(b)).max(1.0)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// Draws waves of `period` px on a swell of 50 px, with noise of `grain` levels.
    fn waves(period: f32, grain: f32) -> RgbImage {
        let mut chance = Rng::new(9);
        RgbImage::from_fn(128, 96, |x, y| {
            let sine =
                |along: u32, period: f32| (along as f32 * std::f32::consts::TAU / period).sin();
            let wave = 128.0
                + 50.0 * sine(x + y, period)
                + 40.0 * sine(x + 2 * y, 50.0)
                + grain * chance.normal();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a float's cast saturates"
            )]
            let level = wave as u8;
            Rgb([level, level / 2, 255 - level])
        })
    }

    fn reds(by: u8) -> RgbImage {
        let mut picture = waves(12.0, 0.0);
        picture.pixels_mut().for_each(|pixel| pixel.0[0] = pixel.0[0].saturating_sub(by));
        picture
    }

    #[test]
    fn a_picture_is_at_no_distance_from_itself() {
        let picture = waves(12.0, 6.0);
        let Measures([marks, forms, structure, speckle, colour]) =
            Measures::of(&picture, &picture, &picture);
        assert_eq!((marks, forms, colour), (0.0, 0.0, 0.0));
        assert!(
            (structure - 1.0).abs() < 1e-3 && (speckle - 1.0).abs() < 1e-5,
            "{structure} {speckle}"
        );
    }

    #[test]
    fn each_measure_sees_its_own_fault() {
        let plain = waves(12.0, 0.0);
        let of = |photo: &RgbImage, result: &RgbImage| Measures::of(photo, &plain, result).0;
        let (same, grainy, other, red) = (
            of(&plain, &plain),
            of(&plain, &waves(12.0, 20.0)),
            of(&plain, &waves(7.0, 0.0)),
            of(&plain, &reds(40)),
        );
        assert!(
            grainy[3] > 1.3 && grainy[0] > 3.0 * grainy[1],
            "grain is speckle and fine marks: {grainy:?}"
        );
        assert!(
            other[0] > 0.2 && other[2] < 0.8,
            "other waves are other marks and another structure: {other:?}"
        );
        assert!(
            red[4] > 10.0 && red[2] > 0.99 * same[2],
            "less red is another colour, not another structure: {red:?}"
        );
    }

    #[test]
    fn structure_counts_only_where_the_photo_has_some() {
        let flat = RgbImage::from_pixel(64, 64, Rgb([90; 3]));
        assert_eq!(structure(&flat, &waves(12.0, 0.0)), 0.0);
        let upside_down = image::imageops::flip_vertical(&waves(12.0, 0.0));
        assert!(structure(&waves(12.0, 0.0), &upside_down) < 0.5);
    }
}
