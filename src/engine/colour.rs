//! Colours of photo and painting: what becomes of them before the optimisation and after it.
//!
//! The optimisation itself knows nothing of this; it is given other pictures, and its result is
//! seen through the photo.

use burn::tensor::Tensor;
use glam::{DMat3, DVec3};

use super::ImageTensor;
use crate::recipe::{Colours, Palette};

/// Share of red, green and blue in brightness as sRGB values have it (Rec. 601, the `Y` of YIQ).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];
/// The same for amounts of light (Rec. 709, whose primaries sRGB has).
const LUMINANCE: [f32; 3] = [0.2126, 0.7152, 0.0722];
/// Variance below which the colours of a picture to be changed count as noise, (4/255)²: without a
/// bound, the faint colours of a grey one would be stretched to fill the other's.
const NOISE_VARIANCE: f64 = 2.5e-4;
/// Variance that even a grey picture's colours are taken to have, so that the matrices have
/// inverses.
const LEAST_VARIANCE: f64 = 1e-7;
/// Pixels that even an empty region is taken to have.
const LEAST_TOTAL: f64 = 1e-6;
/// Rounds of an iteration that doubles its digits with each; from the least variance the first
/// dozen only find the magnitude.
const ROOT_ROUNDS: u32 = 32;
/// Light added to the photo before its channels are set in proportion: black has no hue to keep,
/// and turns grey.
const BLACK: f32 = 1e-3;

/// A painting as the network is to see it beside `photo`, both `[H, W, 3]` in 0..1.
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

/// The photo as the network is to see it, `[H, W, 3]` in 0..1.
pub fn photo_seen(colours: Colours, mut rgb: Vec<f32>) -> Vec<f32> {
    if colours.palette == Palette::Photo {
        for pixel in rgb.as_chunks_mut().0 {
            *pixel = [brightness(*pixel, colours.linear_light); 3];
        }
    }
    rgb
}

/// The photo with the mean and covariance of the paintings' colours, mixed by their shares, on
/// average over a `region`, the share of each pixel in it: in sRGB values, which the network sees.
/// Pictures are `[H, W, 3]` in 0..1.
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

/// The result as the person is to see it: `pastiche` itself, or its brightness under the colours of
/// `photo`, both of one size.
pub fn finished(colours: Colours, pastiche: &ImageTensor, photo: &ImageTensor) -> ImageTensor {
    if colours.palette != Palette::Photo {
        return pastiche.clone();
    }
    let (pastiche, photo) = (pastiche.tensor().clone(), photo.tensor().clone());
    ImageTensor::new(if colours.linear_light {
        // The photo under another light: every channel in proportion, so that chromaticity stays.
        let (pastiche, photo) = (to_linear_tensor(pastiche), to_linear_tensor(photo));
        let gain = weighted(pastiche, LUMINANCE).add_scalar(BLACK)
            / weighted(photo.clone(), LUMINANCE).add_scalar(BLACK);
        to_srgb_tensor(photo.add_scalar(BLACK) * gain - BLACK)
    } else {
        // YIQ: another Y, the photo's I and Q.
        let change = weighted(pastiche, LUMA) - weighted(photo.clone(), LUMA);
        photo + change
    })
}

/// Brightness of a pixel as an sRGB value.
fn brightness([red, green, blue]: [f32; 3], linear_light: bool) -> f32 {
    if linear_light {
        let [r, g, b] = LUMINANCE;
        to_srgb(r * to_linear(red) + g * to_linear(green) + b * to_linear(blue))
    } else {
        let [r, g, b] = LUMA;
        r * red + g * green + b * blue
    }
}

/// Makes the painting grey, with the mean and spread of the photo's brightness, so that strokes
/// fall on the tones that the photo has.
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

/// Maps colours of one mean and covariance to those of another by the linear map that moves them
/// least (Monge–Kantorovich; Pitié, Kokaram 2007): `A = S^-½ (S^½ C S^½)^½ S^-½` for covariances
/// `S`, before, and `C`, after.
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

/// What an sRGB value counts as: an amount of light, or itself.
fn light_by(linear_light: bool) -> fn(f32) -> f32 {
    if linear_light { to_linear } else { |value| value }
}

fn colour(pixel: [f32; 3], light: fn(f32) -> f32) -> DVec3 {
    DVec3::from_array(pixel.map(|value| f64::from(light(value))))
}

/// Of all pixels.
fn statistics(rgb: &[f32], light: fn(f32) -> f32) -> Moments {
    statistics_of(rgb.as_chunks().0.iter().map(|pixel| (*pixel, 1.0)), light)
}

/// Of the pixels of a region, each by its share in it.
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

/// Mean and covariance of pictures' colours taken together, each picture by its share.
fn mixed(pictures: &[(Moments, f64)]) -> Moments {
    let mean = pictures.iter().map(|((mean, _), share)| *mean * *share).sum::<DVec3>();
    let moment = pictures
        .iter()
        .map(|((mean, covariance), share)| (*covariance + outer(*mean)) * *share)
        .sum::<DMat3>();
    (mean, moment - outer(mean))
}

/// Square root of a symmetric, positive definite matrix, and its inverse, by the iteration of
/// Denman and Beavers (1976).
fn roots(matrix: DMat3) -> (DMat3, DMat3) {
    (0..ROOT_ROUNDS).fold((matrix, DMat3::IDENTITY), |(root, inverse_root), _| {
        ((root + inverse_root.inverse()) * 0.5, (inverse_root + root.inverse()) * 0.5)
    })
}

/// Amount of light of an sRGB value (IEC 61966-2-1).
fn to_linear(value: f32) -> f32 {
    let value = value.clamp(0.0, 1.0);
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// sRGB value of an amount of light.
fn to_srgb(light: f32) -> f32 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// [`to_linear`] of every element.
fn to_linear_tensor(values: Tensor<4>) -> Tensor<4> {
    let values = values.clamp(0.0, 1.0);
    let is_dark = values.clone().lower_equal_elem(0.040_45);
    let curved = values.clone().add_scalar(0.055).div_scalar(1.055).powf_scalar(2.4);
    curved.mask_where(is_dark, values.div_scalar(12.92))
}

/// [`to_srgb`] of every element.
fn to_srgb_tensor(light: Tensor<4>) -> Tensor<4> {
    let light = light.clamp(0.0, 1.0);
    let is_dark = light.clone().lower_equal_elem(0.003_130_8);
    let curved = light.clone().powf_scalar(1.0 / 2.4).mul_scalar(1.055).sub_scalar(0.055);
    curved.mask_where(is_dark, light.mul_scalar(12.92))
}

/// Weighted sum of the channels, `[1, 1, H, W]`.
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

    /// `count` pixels around `centre`, spread along `axis` and a little in all directions.
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

    /// Their colours have the same mean, to within `distance`, and about the same covariance.
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
    fn a_recoloured_photo_has_the_colours_of_all_paintings_by_their_shares() {
        let photo = cloud(500, [0.6, 0.4, 0.3], [0.1, 0.1, -0.1]);
        let [first, second] = [
            cloud(700, [0.3, 0.4, 0.6], [-0.1, 0.1, 0.1]),
            cloud(400, [0.5, 0.5, 0.4], [0.1, 0.0, 0.1]),
        ];
        // As many pixels of each as their shares say.
        let together = [first.repeat(4), second.repeat(21)].concat();
        let share = 2800.0 / (2800.0 + 8400.0);
        let blend = [(first.as_slice(), share), (second.as_slice(), 1.0 - share)];
        assert_alike(&recoloured(&photo, &[1.0; 500], &blend), &together, 5e-3);
    }

    #[test]
    fn a_grey_photo_recoloured_stays_free_of_stretched_noise() {
        let painting = cloud(500, [0.6, 0.4, 0.3], [0.2, 0.1, -0.2]);
        // Grey but for half a level of noise in the colours, as a JPEG file has.
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
    fn roots_of_a_matrix_multiply_to_it() {
        let matrix = DMat3::from_cols_array(&[4e-2, 1e-2, 0.0, 1e-2, 3e-4, 1e-3, 0.0, 1e-3, 2e-1])
            + DMat3::IDENTITY * 1e-2;
        let (root, inverse_root) = roots(matrix);
        assert!(
            (root * root).abs_diff_eq(matrix, 1e-12)
                && (root * inverse_root).abs_diff_eq(DMat3::IDENTITY, 1e-9)
        );
    }

    #[test]
    fn grey_pictures_stay_free_of_stretched_noise() {
        let coloured = cloud(500, [0.6, 0.4, 0.3], [0.2, 0.1, -0.2]);
        // Grey but for half a level of noise in the colours, as a JPEG file has.
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
    fn brightness_alone_is_what_the_network_sees_and_the_photos_colours_come_back() {
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
    fn what_is_painted_over_black_is_seen() {
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
    fn light_and_value_are_inverse_on_host_and_device() {
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
