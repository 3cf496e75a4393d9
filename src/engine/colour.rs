//! Colour handling before and after the optimisation.
//!
//! The optimisation itself knows nothing of it: its input images are recoloured beforehand, and its
//! result takes the photo's colours afterwards.

use burn::tensor::Tensor;
use glam::{DMat3, DVec3};

use super::ImageTensor;
use crate::recipe::{Colours, Palette};

/// Weights of red, green and blue in luma, for sRGB values (Rec. 601, the `Y` of YIQ).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];
/// Weights of red, green and blue in luminance, for linear light (Rec. 709, whose primaries sRGB
/// has).
const LUMINANCE: [f32; 3] = [0.2126, 0.7152, 0.0722];
/// Variance below which colours to be changed count as noise, (4/255)²: without this bound, the
/// faint colours of a grey image would be stretched to the spread of the target.
const NOISE_VARIANCE: f64 = 2.5e-4;
/// Variance added to the target's covariance, so that its matrices are invertible even for a grey
/// image.
const LEAST_VARIANCE: f64 = 1e-7;
/// Lower bound of a region's number of pixels, against division by zero for an empty region.
const LEAST_TOTAL: f64 = 1e-6;
/// Rounds of the matrix-root iteration. Each doubles the correct digits, but from the least
/// variance the first dozen only find the magnitude.
const ROOT_ROUNDS: u32 = 32;
/// Linear light added to the photo before scaling its channels in proportion: black has no hue to
/// preserve, and turns grey.
const BLACK: f32 = 1e-3;

/// Returns the painting in the colours that the network receives beside `photo`; both `[H, W, 3]`
/// in 0..1.
pub fn painting_seen(colours: Colours, photo: &[f32], mut painting: Vec<f32>) -> Vec<f32> {
    match colours.palette {
        Palette::Painting => {}
        Palette::Matched => {
            let light = light_by(colours.linear_light);
            let own = statistics(&painting, light);
            match_colours(&mut painting, own, statistics(photo, light), colours.linear_light);
        }
        Palette::Photo => match_brightness(&mut painting, photo, colours.linear_light),
    }
    painting
}

/// Returns the photo in the colours that the network receives, `[H, W, 3]` in 0..1.
pub fn photo_seen(colours: Colours, mut rgb: Vec<f32>) -> Vec<f32> {
    if colours.palette == Palette::Photo {
        for pixel in rgb.as_chunks_mut().0 {
            *pixel = [brightness(*pixel, colours.linear_light); 3];
        }
    }
    rgb
}

/// Returns the photo with the mean and covariance of the paintings' colours, mixed by their shares.
/// The photo's own statistics are those of `region`, the share of each pixel in it. Works on sRGB
/// values, as the network does. Images are `[H, W, 3]` in 0..1.
pub fn recoloured(photo: &[f32], region: &[f32], paintings: &[(&[f32], f32)]) -> Vec<f32> {
    let linear_light = false;
    let light = light_by(linear_light);
    let palettes: Vec<_> =
        paintings.iter().map(|(rgb, share)| (statistics(rgb, light), f64::from(*share))).collect();
    let mut recoloured = photo.to_vec();
    match_colours(
        &mut recoloured,
        statistics_in(region, photo, light),
        mixed(&palettes),
        linear_light,
    );
    recoloured
}

/// Returns the result image: `pastiche` itself, or its brightness with the colours of `photo`. Both
/// have the same size.
pub fn finished(colours: Colours, pastiche: &ImageTensor, photo: &ImageTensor) -> ImageTensor {
    if colours.palette != Palette::Photo {
        return pastiche.clone();
    }
    let (pastiche, photo) = (pastiche.tensor().clone(), photo.tensor().clone());
    ImageTensor::new(if colours.linear_light {
        // Scales all channels in proportion, as another light on the photo would, so chromaticity
        // stays.
        let (pastiche, photo) = (to_linear_tensor(pastiche), to_linear_tensor(photo));
        let gain = weighted(pastiche, LUMINANCE).add_scalar(BLACK)
            / weighted(photo.clone(), LUMINANCE).add_scalar(BLACK);
        to_srgb_tensor(photo.add_scalar(BLACK) * gain - BLACK)
    } else {
        // YIQ: the pastiche's Y with the photo's I and Q.
        let change = weighted(pastiche, LUMA) - weighted(photo.clone(), LUMA);
        photo + change
    })
}

/// Returns the brightness of a pixel as an sRGB value.
fn brightness([red, green, blue]: [f32; 3], linear_light: bool) -> f32 {
    if linear_light {
        let [r, g, b] = LUMINANCE;
        to_srgb(r * to_linear(red) + g * to_linear(green) + b * to_linear(blue))
    } else {
        let [r, g, b] = LUMA;
        r * red + g * green + b * blue
    }
}

/// Makes the painting grey, with the mean and standard deviation of the photo's brightness, so that
/// strokes fall on tones that the photo has.
fn match_brightness(painting: &mut [f32], photo: &[f32], linear_light: bool) {
    let grey = |rgb: &[f32]| {
        rgb.as_chunks().0.iter().map(|&pixel| brightness(pixel, linear_light)).collect::<Vec<f32>>()
    };
    let (painted, seen) = (grey(painting), grey(photo));
    let ((from, spread), (to, wanted)) = (mean_and_deviation(&painted), mean_and_deviation(&seen));
    let gain = wanted / spread.max(NOISE_VARIANCE.sqrt());
    for (pixel, value) in painting.as_chunks_mut().0.iter_mut().zip(painted) {
        #[expect(clippy::cast_possible_truncation, reason = "a value of about 0..1")]
        let matched = ((f64::from(value) - from) * gain + to).clamp(0.0, 1.0) as f32;
        *pixel = [matched; 3];
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of pixels")]
fn mean_and_deviation(values: &[f32]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance =
        values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// Mean and covariance of colours.
type Moments = (DVec3, DMat3);

/// Applies `A = S^-½ (S^½ C S^½)^½ S^-½`, which maps colours of covariance `S` to covariance `C`,
/// and shifts their mean. Of all such linear maps it moves colours least (Monge–Kantorovich; Pitié,
/// Kokaram 2007).
fn match_colours(
    rgb: &mut [f32],
    (from, spread): Moments,
    (to, wanted): Moments,
    linear_light: bool,
) {
    let light = light_by(linear_light);
    let value = |light: f32| if linear_light { to_srgb(light) } else { light.clamp(0.0, 1.0) };
    let (root, inverse_root) = roots(spread + DMat3::IDENTITY * NOISE_VARIANCE);
    let wanted = wanted + DMat3::IDENTITY * LEAST_VARIANCE;
    let map = inverse_root * roots(root * wanted * root).0 * inverse_root;
    for pixel in rgb.as_chunks_mut::<3>().0 {
        let matched = map * (colour(*pixel, light) - from) + to;
        *pixel = matched.as_vec3().to_array().map(value);
    }
}

/// Returns the conversion of an sRGB value that statistics use: to linear light, or none.
fn light_by(linear_light: bool) -> fn(f32) -> f32 {
    if linear_light { to_linear } else { |value| value }
}

fn colour(pixel: [f32; 3], light: fn(f32) -> f32) -> DVec3 {
    DVec3::from_array(pixel.map(|value| f64::from(light(value))))
}

/// Returns the mean and covariance of all pixels.
fn statistics(rgb: &[f32], light: fn(f32) -> f32) -> Moments {
    statistics_of(rgb.as_chunks().0.iter().map(|pixel| (*pixel, 1.0)), light)
}

/// Returns the mean and covariance of a region, with each pixel weighted by its share in it.
fn statistics_in(region: &[f32], rgb: &[f32], light: fn(f32) -> f32) -> Moments {
    statistics_of(
        rgb.as_chunks().0.iter().zip(region).map(|(pixel, share)| (*pixel, f64::from(*share))),
        light,
    )
}

fn statistics_of(
    pixels: impl Iterator<Item = ([f32; 3], f64)> + Clone,
    light: fn(f32) -> f32,
) -> Moments {
    let total = pixels.clone().map(|(_, share)| share).sum::<f64>().max(LEAST_TOTAL);
    let mean =
        pixels.clone().map(|(pixel, share)| colour(pixel, light) * share).sum::<DVec3>() / total;
    let covariance =
        pixels.map(|(pixel, share)| outer(colour(pixel, light) - mean) * share).sum::<DMat3>()
            * (1.0 / total);
    (mean, covariance)
}

fn outer(v: DVec3) -> DMat3 {
    DMat3::from_cols(v * v.x, v * v.y, v * v.z)
}

/// Returns the mean and covariance of several images' colours taken together, each image weighted
/// by its share.
fn mixed(pictures: &[(Moments, f64)]) -> Moments {
    let mean = pictures.iter().map(|((mean, _), share)| *mean * *share).sum::<DVec3>();
    let moment = pictures
        .iter()
        .map(|((mean, covariance), share)| (*covariance + outer(*mean)) * *share)
        .sum::<DMat3>();
    (mean, moment - outer(mean))
}

/// Returns the square root of a symmetric positive definite matrix and its inverse, by the
/// iteration of Denman and Beavers (1976).
fn roots(matrix: DMat3) -> (DMat3, DMat3) {
    (0..ROOT_ROUNDS).fold((matrix, DMat3::IDENTITY), |(root, inverse_root), _| {
        ((root + inverse_root.inverse()) * 0.5, (inverse_root + root.inverse()) * 0.5)
    })
}

/// Converts an sRGB value to linear light (IEC 61966-2-1).
fn to_linear(value: f32) -> f32 {
    let value = value.clamp(0.0, 1.0);
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// Converts linear light to an sRGB value.
fn to_srgb(light: f32) -> f32 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// Applies [`to_linear`] to every element.
fn to_linear_tensor(values: Tensor<4>) -> Tensor<4> {
    let values = values.clamp(0.0, 1.0);
    let is_dark = values.clone().lower_equal_elem(0.040_45);
    let curved = values.clone().add_scalar(0.055).div_scalar(1.055).powf_scalar(2.4);
    curved.mask_where(is_dark, values.div_scalar(12.92))
}

/// Applies [`to_srgb`] to every element.
fn to_srgb_tensor(light: Tensor<4>) -> Tensor<4> {
    let light = light.clamp(0.0, 1.0);
    let is_dark = light.clone().lower_equal_elem(0.003_130_8);
    let curved = light.clone().powf_scalar(1.0 / 2.4).mul_scalar(1.055).sub_scalar(0.055);
    curved.mask_where(is_dark, light.mul_scalar(12.92))
}

/// Returns the weighted sum of the channels, `[1, 1, H, W]`.
fn weighted(rgb: Tensor<4>, weights: [f32; 3]) -> Tensor<4> {
    let weights = Tensor::<1>::from_data(weights, &rgb.device()).reshape([1, 3, 1, 1]);
    (rgb * weights).sum_dim(1)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use pollster::block_on;

    use super::*;
    use crate::pixels::ImageSize;

    /// Returns `count` pixels around `centre`, spread along `axis` and a little in all directions.
    fn cloud(count: u16, centre: [f32; 3], axis: [f32; 3]) -> Vec<f32> {
        let at = |i: u16| f32::from(i) / f32::from(count);
        (0..count)
            .flat_map(|i| {
                let along = (at(i) - 0.5) * 2.0;
                std::array::from_fn::<f32, 3, _>(|c| {
                    let jitter = 0.08 * (f32::from(i) * [12.9, 78.2, 37.7][c]).sin();
                    (centre[c] + along * axis[c] + jitter).clamp(0.0, 1.0)
                })
            })
            .collect()
    }

    /// Asserts that both have the same mean colour, to within `distance`, and about the same
    /// covariance.
    fn assert_alike(rgb: &[f32], wanted: &[f32], distance: f64) {
        let norm = |matrix: DMat3| {
            DVec3::from_array([matrix.x_axis, matrix.y_axis, matrix.z_axis].map(DVec3::length))
                .length()
        };
        let (mean, covariance) = statistics(rgb, light_by(false));
        let (wanted_mean, wanted) = statistics(wanted, light_by(false));
        assert!((mean - wanted_mean).length() < distance, "{mean} for {wanted_mean}");
        assert!(norm(covariance - wanted) < 0.1 * norm(wanted), "{covariance} for {wanted}");
    }

    #[test]
    fn a_matched_painting_has_the_photos_mean_and_covariance() {
        let photo = cloud(500, [0.6, 0.4, 0.3], [0.1, 0.1, -0.1]);
        let painting = cloud(700, [0.3, 0.4, 0.6], [-0.1, 0.15, 0.2]);
        let matched = Colours { palette: Palette::Matched, linear_light: false };
        assert_alike(&painting_seen(matched, &photo, painting), &photo, 1e-3);
    }

    #[test]
    fn a_recoloured_photo_has_the_blended_mean_and_covariance_of_the_paintings() {
        let photo = cloud(500, [0.6, 0.4, 0.3], [0.1, 0.1, -0.1]);
        let [first, second] = [
            cloud(700, [0.3, 0.4, 0.6], [-0.1, 0.1, 0.1]),
            cloud(400, [0.5, 0.5, 0.4], [0.1, 0.0, 0.1]),
        ];
        // Repeats each image so that the numbers of pixels match the shares.
        let together = [first.repeat(4), second.repeat(21)].concat();
        let share = 2800.0 / (2800.0 + 8400.0);
        let blend = [(first.as_slice(), share), (second.as_slice(), 1.0 - share)];
        assert_alike(&recoloured(&photo, &[1.0; 500], &blend), &together, 5e-3);
    }

    #[test]
    fn recolouring_a_grey_photo_does_not_amplify_noise() {
        let painting = cloud(500, [0.6, 0.4, 0.3], [0.2, 0.1, -0.2]);
        // Grey but for half a level of noise in the colours, as in a JPEG file.
        let grey: Vec<f32> = (0..1500_u16)
            .map(|i| 0.5 + 0.3 * (f32::from(i / 3) * 0.1).sin() + f32::from(i % 2) * 0.002)
            .collect();
        let result = recoloured(&grey, &[1.0; 500], &[(&painting, 1.0)]);
        let chroma = |i: usize| result[3 * i] - result[3 * i + 1];
        assert!(
            (0..499).all(|i| (chroma(i + 1) - chroma(i)).abs() < 0.05),
            "neighbours stay neighbours"
        );
        let flat = recoloured(&[0.5; 1500], &[0.0; 500], &[(&painting, 1.0)]);
        assert!(
            flat.iter().all(|value| (0.0..=1.0).contains(value)),
            "an empty region of a flat photo has colours, too"
        );
    }

    #[test]
    fn a_matrix_root_squares_to_the_matrix_and_its_inverse_cancels_it() {
        let matrix = DMat3::from_cols_array(&[4e-2, 1e-2, 0.0, 1e-2, 3e-4, 1e-3, 0.0, 1e-3, 2e-1])
            + DMat3::IDENTITY * 1e-2;
        let (root, inverse_root) = roots(matrix);
        assert!(
            (root * root).abs_diff_eq(matrix, 1e-12)
                && (root * inverse_root).abs_diff_eq(DMat3::IDENTITY, 1e-9)
        );
    }

    #[test]
    fn matching_the_colours_of_a_grey_image_does_not_amplify_noise() {
        let coloured = cloud(500, [0.6, 0.4, 0.3], [0.2, 0.1, -0.2]);
        // Grey but for half a level of noise in the colours, as in a JPEG file.
        let nearly_grey: Vec<f32> = (0..1500_u16)
            .map(|i| 0.5 + 0.3 * (f32::from(i / 3) * 0.1).sin() + f32::from(i % 3) * 0.002)
            .collect();
        for linear_light in [false, true] {
            let colours = Colours { palette: Palette::Matched, linear_light };
            let matched = painting_seen(colours, &coloured, nearly_grey.clone());
            assert!(matched.iter().all(|value| (0.0..=1.0).contains(value)));
            let step = |i: usize| (matched[3 * i + 3] - matched[3 * i]).abs();
            assert!((0..499).all(|i| step(i) < 0.15), "neighbours stay neighbours");
            let grey = painting_seen(colours, &nearly_grey, coloured.clone());
            let chroma = |p: &[f32]| (p[0] - p[1]).abs().max((p[1] - p[2]).abs());
            let most = |rgb: &[f32]| rgb.chunks_exact(3).map(chroma).fold(0.0, f32::max);
            assert!(most(&grey) < 0.1 * most(&coloured), "{} of {}", most(&grey), most(&coloured));
        }
    }

    #[test]
    fn the_photo_palette_feeds_brightness_only_and_restores_the_photos_colours() {
        let device = Device::flex();
        let size = ImageSize::new(20, 25);
        let (photo, painting) =
            (cloud(500, [0.55, 0.4, 0.35], [0.1, 0.1, 0.05]), cloud(500, [0.4; 3], [0.15; 3]));
        for linear_light in [false, true] {
            let colours = Colours { palette: Palette::Photo, linear_light };
            for grey in [
                photo_seen(colours, photo.clone()),
                painting_seen(colours, &photo, painting.clone()),
            ] {
                assert!(
                    grey.chunks_exact(3)
                        .all(|p| p[0].to_bits() == p[1].to_bits()
                            && p[1].to_bits() == p[2].to_bits())
                );
            }
            let brighter: Vec<f32> =
                photo_seen(colours, photo.clone()).iter().map(|value| value + 0.1).collect();
            let [pastiche, original] =
                [&brighter, &photo].map(|rgb| ImageTensor::from_rgb(size, rgb, &device));
            let result = block_on(finished(colours, &pastiche, &original).to_rgb()).unwrap();
            for ((new, old), wanted) in result
                .as_chunks()
                .0
                .iter()
                .zip(photo.as_chunks().0)
                .zip(brighter.as_chunks::<3>().0)
            {
                assert!((brightness(*new, linear_light) - wanted[0]).abs() < 5e-3, "{new:?}");
                let (new, old) = if linear_light {
                    let chromaticity =
                        |p: &[f32; 3]| p.map(to_linear)[0] / p.map(to_linear).iter().sum::<f32>();
                    (chromaticity(new), chromaticity(old))
                } else {
                    (new[0] - new[2], old[0] - old[2])
                };
                assert!((new - old).abs() < 5e-3, "{new} for {old}");
            }
        }
    }

    #[test]
    fn strokes_over_black_stay_visible() {
        let colours = Colours { palette: Palette::Photo, linear_light: true };
        let rgb = |values: [f32; 6]| {
            ImageTensor::from_rgb(ImageSize::new(2, 1), &values, &Device::flex())
        };
        let photo = rgb([0.0, 0.0, 0.0, 0.02, 0.0, 0.0]);
        let result = block_on(finished(colours, &rgb([0.7; 6]), &photo).to_rgb()).unwrap();
        for pixel in result.as_chunks().0 {
            assert!((brightness(*pixel, true) - 0.7).abs() < 0.1, "{pixel:?}");
        }
    }

    #[test]
    fn conversions_to_and_from_linear_light_are_inverse_on_cpu_and_device() {
        let values = [0.0, 0.02, 0.04, 0.05, 0.5, 1.0];
        let tensor = Tensor::<1>::from_data(values, &Device::flex()).reshape([1, 1, 1, 6]);
        let back =
            to_srgb_tensor(to_linear_tensor(tensor)).to_data().try_into_vec::<f32>().unwrap();
        for (value, from_device) in values.into_iter().zip(back) {
            assert!(
                (to_srgb(to_linear(value)) - value).abs() < 1e-6
                    && (from_device - value).abs() < 1e-5
            );
        }
    }
}
