//! Contact sheets: rows of images on white.

use std::fs;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::overlay;
use image::{Rgb, RgbImage};

use harness::failure::{Context, Outcome};

/// Gap between two images, px.
pub const GUTTER_PX: u32 = 6;
/// JPEG quality without visible block artefacts.
const QUALITY: u8 = 84;

/// Arranges images in a row on white, centred vertically.
pub fn side_by_side(pictures: &[RgbImage]) -> RgbImage {
    let width = pictures.iter().map(|picture| picture.width() + GUTTER_PX).sum::<u32>() + GUTTER_PX;
    let height = pictures.iter().map(RgbImage::height).max().unwrap_or(0);
    let mut sheet = RgbImage::from_pixel(width, height + 2 * GUTTER_PX, Rgb([u8::MAX; 3]));
    let mut left = GUTTER_PX;
    for picture in pictures {
        let top = GUTTER_PX + (height - picture.height()) / 2;
        overlay(&mut sheet, picture, left.into(), top.into());
        left += picture.width() + GUTTER_PX;
    }
    sheet
}

/// Stacks rows on white, one below the other.
pub fn below_each_other(rows: &[RgbImage]) -> RgbImage {
    let width = rows.iter().map(RgbImage::width).max().unwrap_or(0);
    let mut sheet =
        RgbImage::from_pixel(width, rows.iter().map(RgbImage::height).sum(), Rgb([u8::MAX; 3]));
    let mut top = 0;
    for row in rows {
        overlay(&mut sheet, row, 0, top);
        top += i64::from(row.height());
    }
    sheet
}

/// Writes the sheet as a JPEG file and prints its path and size.
///
/// # Errors
/// When the file cannot be written.
pub fn save(path: &Path, sheet: &RgbImage) -> Outcome {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, QUALITY)
        .encode_image(sheet)
        .expect("memory takes every byte");
    fs::write(path, &file).or_fail(
        || format!("cannot write {}", path.display()),
        "see that its folder can be written to",
    )?;
    println!("{} · {} KB", path.display(), file.len() / 1000);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_side_by_side_without_touching() {
        let picture = |width, height, value| RgbImage::from_pixel(width, height, Rgb([value; 3]));
        let sheet = side_by_side(&[picture(10, 20, 1), picture(30, 10, 2)]);
        assert_eq!(sheet.dimensions(), (10 + 30 + 3 * GUTTER_PX, 20 + 2 * GUTTER_PX));
        let at = |x, y| sheet.get_pixel(x, y).0[0];
        let rows = below_each_other(&[sheet.clone(), side_by_side(&[picture(5, 5, 3)])]);
        assert_eq!(rows.dimensions(), (sheet.width(), sheet.height() + 5 + 2 * GUTTER_PX));
        assert_eq!(rows.get_pixel(GUTTER_PX, sheet.height() + GUTTER_PX).0[0], 3);
        assert_eq!(
            (
                at(GUTTER_PX, GUTTER_PX),
                at(GUTTER_PX + 10, 15),
                at(2 * GUTTER_PX + 10, GUTTER_PX + 5)
            ),
            (1, u8::MAX, 2)
        );
    }
}
