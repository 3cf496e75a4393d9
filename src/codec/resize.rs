//! Resizing in linear light: averages of sRGB values would darken fine bright detail.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::pixels::U16x4;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::{GenericImageView, Rgba};

use crate::light::{FROM_LINEAR, FULL, TO_LINEAR, quantise};
use crate::pixels::{ImageSize, Pixels};

/// Least source pixels per filter tap along an axis. Beyond that, whole boxes are averaged first
/// (as libvips does): one pass, and a large photo's linear form never exists.
const LEFT_TO_FILTER: u32 = 2;

/// Resizes an image: Catmull-Rom in linear light over premultiplied alpha, so that the colour of
/// transparent pixels does not bleed.
///
/// # Panics
/// When a side of `size` is 0.
pub fn resize(pixels: &Pixels, size: ImageSize) -> Pixels {
    if size == pixels.size() {
        return pixels.clone();
    }
    let source = image::ImageBuffer::<Rgba<u8>, _>::from_raw(
        pixels.size().width,
        pixels.size().height,
        pixels.rgba(),
    )
    .expect("Pixels holds 4·width·height bytes");
    resize_view(&source, size)
}

/// Resizes any `image` without a full-size copy of it.
pub(super) fn resize_view(
    source: &impl GenericImageView<Pixel = Rgba<u8>>,
    size: ImageSize,
) -> Pixels {
    assert!(size.width > 0 && size.height > 0, "a picture has at least one pixel");
    let (width, height) = source.dimensions();
    let box_edge = (width / size.width).min(height / size.height).div_euclid(LEFT_TO_FILTER).max(1);
    let boxes = ImageSize::new(width.div_ceil(box_edge), height.div_ceil(box_edge));
    let linear: Vec<U16x4> = (0..boxes.height)
        .flat_map(|y| (0..boxes.width).map(move |x| (x, y)))
        .map(|(x, y)| box_mean(source, box_edge, x, y))
        .collect();

    let from =
        ImageRef::from_pixels(boxes.width, boxes.height, &linear).expect("one value for each box");
    let mut to = Image::new(size.width, size.height, PixelType::U16x4);
    // The last row and column of boxes may be cut; cropping keeps the image's edges in place.
    let edge = f64::from(box_edge);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
        .crop(0.0, 0.0, f64::from(width) / edge, f64::from(height) / edge)
        .use_alpha(false);
    Resizer::new()
        .resize(&from, &mut to, &options)
        .expect("both images are U16x4 and the crop lies in the source");

    let rgba = to
        .typed_image::<U16x4>()
        .expect("made as U16x4 above")
        .pixels()
        .iter()
        .flat_map(|p| encode(p.0))
        .collect();
    Pixels::new(size, rgba).expect("four bytes for each pixel")
}

/// Averages one box: linear light times alpha, and alpha, full scale [`FULL`].
fn box_mean(source: &impl GenericImageView<Pixel = Rgba<u8>>, edge: u32, x: u32, y: u32) -> U16x4 {
    let (width, height) = source.dimensions();
    let columns = x * edge..((x + 1) * edge).min(width);
    let rows = y * edge..((y + 1) * edge).min(height);
    let count = u64::from(columns.end - columns.start) * u64::from(rows.end - rows.start);
    let mut sums = [0u64; 4];
    for (x, y) in rows.flat_map(|y| columns.clone().map(move |x| (x, y))) {
        let Rgba([red, green, blue, alpha]) = source.get_pixel(x, y);
        for (sum, byte) in sums.iter_mut().zip([red, green, blue]) {
            *sum += u64::from(TO_LINEAR[usize::from(byte)]) * u64::from(alpha);
        }
        sums[3] += u64::from(FULL) * u64::from(alpha);
    }
    let whole = count * u64::from(u8::MAX);
    U16x4::new(sums.map(|sum| {
        u16::try_from((sum + whole / 2) / whole).expect("a mean lies within full scale")
    }))
}

/// Divides by alpha and encodes as sRGB.
fn encode([red, green, blue, alpha]: [u16; 4]) -> [u8; 4] {
    // The filter's overshoot may leave a colour above its alpha.
    let straight = |value: u16| match u32::from(alpha) {
        0 => 0,
        alpha => {
            ((u32::from(value) * u32::from(FULL) + alpha / 2) / alpha).min(u32::from(FULL)) as usize
        }
    };
    let alpha = quantise(f64::from(alpha) / f64::from(FULL), u8::MAX);
    let [red, green, blue] = [red, green, blue].map(|value| FROM_LINEAR[straight(value)]);
    [red, green, blue, alpha]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(size: ImageSize, colour: impl Fn(u32, u32) -> [u8; 4]) -> Pixels {
        let rgba = (0..size.height)
            .flat_map(|y| (0..size.width).map(move |x| (x, y)))
            .flat_map(|(x, y)| colour(x, y))
            .collect();
        Pixels::new(size, rgba).unwrap()
    }

    #[test]
    fn every_byte_survives_linear_light() {
        for byte in 0..=u8::MAX {
            assert_eq!(FROM_LINEAR[usize::from(TO_LINEAR[usize::from(byte)])], byte);
        }
        // IEC 61966-2-1: byte 128 is 21.586 % of full light.
        assert_eq!(TO_LINEAR[128], 14_146);
    }

    #[test]
    fn a_fine_chequerboard_keeps_its_light() {
        let board =
            flat(
                ImageSize::new(64, 64),
                |x, y| if (x + y) % 2 == 0 { [255; 4] } else { [0, 0, 0, 255] },
            );
        for edge in [8, 16, 32] {
            let small = resize(&board, ImageSize::new(edge, edge));
            // Half the light is byte 188, but for the filter's cut at the edges; a mean of bytes
            // would be 128.
            assert!(
                small.rgba().chunks_exact(4).all(|p| p[0].abs_diff(188) <= 2 && p[3] == 255),
                "{edge}: {:?}",
                &small.rgba()[..16]
            );
        }
    }

    #[test]
    fn a_flat_colour_stays_flat_at_every_size() {
        let colour = [200, 13, 77, 140];
        let picture = flat(ImageSize::new(53, 31), |_, _| colour);
        for size in [
            ImageSize::new(7, 5),
            ImageSize::new(20, 1),
            ImageSize::new(26, 15),
            ImageSize::new(52, 30),
            ImageSize::new(99, 80),
        ] {
            let resized = resize(&picture, size);
            assert!(
                resized
                    .rgba()
                    .chunks_exact(4)
                    .all(|p| p.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 1)),
                "{size:?}"
            );
        }
    }

    #[test]
    fn colour_under_full_transparency_does_not_bleed() {
        let picture =
            flat(
                ImageSize::new(32, 32),
                |x, _| if x < 15 { [255, 0, 0, 0] } else { [0, 0, 255, 255] },
            );
        let small = resize(&picture, ImageSize::new(5, 5));
        assert!(small.rgba().chunks_exact(4).all(|p| p[0] == 0), "{:?}", small.rgba());
    }

    /// Whole boxes that do not divide the picture must not shift it: a ramp stays the same ramp.
    #[test]
    fn edges_stay_where_they_are() {
        for width in [997u32, 1000, 1023] {
            let light = |x: u32| (f64::from(x) + 0.5) / f64::from(width);
            let ramp = flat(ImageSize::new(width, 40), |x, _| {
                let byte = FROM_LINEAR[usize::from(quantise(light(x), FULL))];
                [byte, byte, byte, 255]
            });
            let small = resize(&ramp, ImageSize::new(50, 2));
            for x in 2..48u32 {
                let expected = (f64::from(x) + 0.5) / 50.0;
                let seen = f64::from(TO_LINEAR[usize::from(small.rgba()[4 * x as usize])])
                    / f64::from(FULL);
                assert!(
                    (seen - expected).abs() < 0.004,
                    "{width}: {seen} is not {expected} at {x}"
                );
            }
        }
    }
}
