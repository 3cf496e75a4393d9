//! Small files made here by encoders and by hand; those of `tests/pictures` come from Pillow
//! (`make.py` beside them).

use image::codecs::gif::GifEncoder;
use image::{Frame, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Noise, which no compressor shortens much: a cut anywhere takes picture away.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 1u32;
    RgbImage::from_fn(width, height, |_, _| {
        Rgb(std::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        }))
    })
}

fn pixel(pixels: &Pixels, x: u32, y: u32) -> [u8; 4] {
    let at = 4 * (y * pixels.size().width + x) as usize;
    pixels.rgba()[at..at + 4].try_into().unwrap()
}

/// `jpeg` with an EXIF segment that holds nothing but the orientation.
fn oriented(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn every_readable_format_gives_the_picture_back() {
    let picture = noise(23, 17);
    let expected = DynamicImage::from(picture.clone()).into_rgba8().into_raw();
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP] {
        let decoded = decode(&file(picture.clone(), format)).unwrap();
        assert_eq!(decoded.size(), ImageSize::new(23, 17), "{format:?}");
        assert_eq!(decoded.rgba(), expected, "{format:?}");
    }
    let grey = RgbImage::from_pixel(16, 16, Rgb([90, 90, 90]));
    assert_eq!(pixel(&decode(&file(grey, ImageFormat::Jpeg)).unwrap(), 8, 8), [90, 90, 90, 255]);
}

#[test]
fn greyscale_and_deep_samples_become_eight_bit_rgba() {
    let grey = ImageBuffer::from_pixel(2, 1, Luma([77u8]));
    assert_eq!(decode(&file(grey, ImageFormat::Png)).unwrap().rgba(), [77, 77, 77, 255].repeat(2));
    let grey_alpha = ImageBuffer::from_pixel(1, 1, LumaA([200u8, 30]));
    assert_eq!(decode(&file(grey_alpha, ImageFormat::Png)).unwrap().rgba(), [200, 200, 200, 30]);
    // 385 / 257 = 1.498 and 386 / 257 = 1.502: to the nearest, not cut off.
    let deep = ImageBuffer::from_pixel(1, 1, Rgba([385u16, 386, 65_535, 32_896]));
    assert_eq!(decode(&file(deep, ImageFormat::Png)).unwrap().rgba(), [1, 2, 255, 128]);
}

#[test]
fn the_orientation_of_the_camera_is_applied() {
    // Red, green over blue, white; fields of whole JPEG blocks.
    let (red, green, blue, white) = ([255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]);
    let stored = RgbImage::from_fn(48, 32, |x, y| {
        Rgb([[red, green], [blue, white]][usize::from(y >= 16)][usize::from(x >= 16)])
    });
    let mut jpeg = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut jpeg, 98).encode_image(&stored).unwrap();
    let jpeg = jpeg.into_inner();
    // What stands in the corners, clockwise from the upper left (EXIF 2.32, tag 0x0112).
    let corners = [
        [red, green, white, blue],
        [green, red, blue, white],
        [white, blue, red, green],
        [blue, white, green, red],
        [red, blue, white, green],
        [blue, red, green, white],
        [white, green, red, blue],
        [green, white, blue, red],
    ];
    for (orientation, expected) in (1..).zip(corners) {
        let jpeg = oriented(&jpeg, orientation);
        for pixels in [decode(&jpeg).unwrap(), decode_fitted(&jpeg, 24).unwrap()] {
            let ImageSize { width, height } = pixels.size();
            assert_eq!(width > height, orientation < 5, "orientation {orientation}");
            for (corner, (x, y)) in
                [(2, 2), (width - 3, 2), (width - 3, height - 3), (2, height - 3)]
                    .into_iter()
                    .enumerate()
            {
                let seen = pixel(&pixels, x, y);
                let near = seen
                    .iter()
                    .zip(expected[corner])
                    .all(|(seen, expected)| seen.abs_diff(expected) < 24);
                assert!(
                    near,
                    "orientation {orientation}, corner {corner}: {seen:?} is not {:?}",
                    expected[corner]
                );
            }
        }
    }
    assert_eq!(
        decode(&oriented(&jpeg, 77)).unwrap().size(),
        ImageSize::new(48, 32),
        "nonsense turns nothing"
    );
}

#[test]
fn cmyk_has_the_polarity_of_adobe() {
    let cases: [(&[u8], [[u8; 3]; 4]); 2] = [
        (
            include_bytes!("../../tests/pictures/cmyk.jpg"),
            [[0, 255, 255], [255, 55, 215], [191, 191, 0], [112, 117, 122]],
        ),
        (
            include_bytes!("../../tests/pictures/ycck.jpg"),
            [[77, 255, 30], [0, 37, 129], [134, 0, 0], [0, 75, 0]],
        ),
    ];
    for (jpeg, fields) in cases {
        let pixels = decode(jpeg).unwrap();
        for (field, (x, y)) in fields.iter().zip([(8, 8), (24, 8), (8, 24), (24, 24)]) {
            let seen = pixel(&pixels, x, y);
            assert!(
                seen.iter().zip(field).all(|(seen, pillow)| seen.abs_diff(*pillow) <= 3),
                "{seen:?} at {x}, {y} is not {field:?}"
            );
        }
    }
}

#[test]
fn of_an_animation_the_first_frame_is_taken() {
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new(&mut gif);
    for colour in [[250, 20, 10, 255], [0, 0, 255, 255]] {
        let mut frame = RgbaImage::from_pixel(6, 4, Rgba(colour));
        frame.put_pixel(0, 0, Rgba([0, 0, 0, 0]));
        encoder.encode_frame(Frame::new(frame)).unwrap();
    }
    drop(encoder);
    for animation in [gif.as_slice(), include_bytes!("../../tests/pictures/animated.webp")] {
        let pixels = decode(animation).unwrap();
        assert_eq!(pixels.size(), ImageSize::new(6, 4));
        assert_eq!(pixel(&pixels, 0, 0)[3], 0);
        assert_eq!(pixel(&pixels, 5, 3), [250, 20, 10, 255]);
    }
}

#[test]
fn a_file_cut_short_is_never_a_picture() {
    let picture = noise(40, 30);
    let mut files: Vec<(Vec<u8>, String)> = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
    ]
    .map(|format| (file(picture.clone(), format), format!("{format:?}")))
    .into();
    files.push((
        include_bytes!("../../tests/pictures/progressive.jpg").to_vec(),
        "progressive JPEG".into(),
    ));
    files.push((include_bytes!("../../tests/pictures/lossy.webp").to_vec(), "lossy WebP".into()));
    for (file, name) in files {
        for permille in (20..1000).step_by(7) {
            let cut = &file[..file.len() * permille / 1000];
            let Err(error) = decode(cut) else { panic!("{name} at {permille} ‰ was read") };
            let named =
                matches!(error, DecodeError::Truncated { .. } | DecodeError::Damaged { .. });
            assert!(named || cut.len() < 16, "{name} at {permille} ‰: {error} ({error:?})");
        }
        let error = decode(&file[..file.len() / 2]).unwrap_err();
        assert!(matches!(error, DecodeError::Truncated { .. }), "{name}: {error:?}");
    }
}

#[test]
fn a_damaged_file_says_so() {
    let mut png = file(noise(40, 30), ImageFormat::Png);
    let middle = png.len() / 2;
    png[middle] ^= 0x55;
    let error = decode(&png).unwrap_err();
    assert!(matches!(error, DecodeError::Damaged { format: PictureFormat::Png, .. }), "{error:?}");
    assert_eq!(error.fault(), PictureFault::Damaged(PictureFormat::Png));
    assert!(!error.causes().is_empty());
}

#[test]
fn files_of_other_formats_are_told_apart() {
    let foreign: [(&[u8], ForeignFormat); 12] = [
        (b"<!doctype html><html><body><p>No such picture</p>", ForeignFormat::WebPage),
        (
            b"<?xml version=\"1.0\"?>\n<!-- made by hand -->\n\
            <svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            ForeignFormat::Svg,
        ),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", ForeignFormat::Heic),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", ForeignFormat::Avif),
        (b"\0\0\0\x1cftypisom\0\0\0\0isomiso2", ForeignFormat::Video),
        (b"%PDF-1.7\n", ForeignFormat::Pdf),
        (b"8BPS\0\x01", ForeignFormat::Photoshop),
        (b"\xFF\x0A\xFA\x1F", ForeignFormat::JpegXl),
        (b"II*\0\x10\0\0\0CR\x02\0", ForeignFormat::CameraRaw),
        (
            b"II*\0\x08\0\0\0\x01\0\xFE\0\x04\0\x01\0\0\0\x01\0\0\0\0\0\0\0",
            ForeignFormat::CameraRaw,
        ),
        (
            b"MM\0*\0\0\0\x08\0\x01\0\xFE\0\x04\0\0\0\x01\0\0\0\x01\0\0\0\0",
            ForeignFormat::CameraRaw,
        ),
        (b"qoif\0\0\0\x01\0\0\0\x01\x04\0", ForeignFormat::Rare),
    ];
    for (bytes, format) in foreign {
        let error = decode(bytes).unwrap_err();
        assert_eq!(error.fault(), PictureFault::Foreign(format), "{error:?}");
    }
    assert!(matches!(decode(b""), Err(DecodeError::Empty)));
    for bytes in [b"Dear Sir,".as_slice(), &[0; 64], b"<", b"\xFF", b"\x89PNG"] {
        let error = decode(bytes).unwrap_err();
        assert!(matches!(error, DecodeError::NotAPicture), "{error:?}");
    }
}

#[test]
fn a_picture_beyond_the_limit_is_refused_before_its_pixels_are_read() {
    // 50,000 × 50,000 in the header of a BMP without pixels.
    let mut bmp = file(noise(2, 2), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&50_000u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&50_000u32.to_le_bytes());
    let error = decode(&bmp).unwrap_err();
    let size = ImageSize::new(50_000, 50_000);
    let most_pixels = MAX_PIXELS;
    assert_eq!(error.fault(), PictureFault::TooLarge { size, most_pixels }, "{error:?}");
}

#[test]
fn slivers_and_specks_are_read_but_do_not_fit_the_network() {
    for (width, height) in [(1, 1), (20_000, 3)] {
        let png = file(noise(width, height), ImageFormat::Png);
        assert_eq!(decode(&png).unwrap().size(), ImageSize::new(width, height));
        let error = decode_fitted(&png, 512).unwrap_err();
        assert!(
            matches!(&error, DecodeError::TooSmall(small) if small.given == ImageSize::new(width, height)),
            "{error:?}"
        );
    }
}

#[test]
fn fitting_while_reading_agrees_with_resizing_what_was_read() {
    let png = file(noise(203, 131), ImageFormat::Png);
    let fitted = decode_fitted(&png, 40).unwrap();
    assert_eq!(fitted.size(), ImageSize::new(40, 26));
    assert_eq!(fitted, resize(&decode(&png).unwrap(), fitted.size()));
    assert_eq!(decode_fitted(&png, 500).unwrap(), decode(&png).unwrap(), "nothing is enlarged");
}

#[test]
fn a_png_survives_the_round_trip_with_and_without_alpha() {
    let mut pixels = decode(&file(noise(9, 7), ImageFormat::Png)).unwrap();
    let opaque = encode_png(&pixels);
    assert_eq!(opaque[25], 2, "colour type of the header: RGB");
    assert_eq!(decode(&opaque).unwrap(), pixels);
    let mut rgba = pixels.into_rgba();
    rgba[3] = 9;
    pixels = Pixels::new(ImageSize::new(9, 7), rgba).unwrap();
    assert_eq!(decode(&encode_png(&pixels)).unwrap(), pixels);
}

#[test]
fn a_painting_is_read_without_its_frame_unless_that_is_to_be_kept() {
    let mut image = noise(203, 131);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        if x.min(202 - x).min(y).min(130 - y) < 5 {
            *pixel = Rgb([4, 4, 6]);
        }
    }
    let framed = file(image, ImageFormat::Png);
    let read = |file: &[u8], edge, keep| decode_painting(file, edge, keep).unwrap();
    let (inside, left_out) = read(&framed, 500, false);
    assert_eq!((inside.size(), left_out), (ImageSize::new(193, 121), true));
    assert_eq!(read(&framed, 40, false).0, resize(&inside, ImageSize::new(40, 25)));
    assert_eq!(read(&framed, 40, true), (decode_fitted(&framed, 40).unwrap(), false));
    let plain = file(noise(203, 131), ImageFormat::Png);
    assert_eq!(read(&plain, 40, false), (decode_fitted(&plain, 40).unwrap(), false));
}
