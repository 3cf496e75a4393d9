//! Contact sheets.

use image::RgbaImage;

use crate::pixels::{ImageSize, Pixels};

/// Gutter between two cells, px.
const GUTTER_PX: u32 = 4;

/// Images of one size side by side, on white.
pub struct Sheet {
    cell: ImageSize,
    image: RgbaImage,
}

impl Sheet {
    /// Creates a sheet for cells of this size.
    pub fn new(cell: ImageSize, columns: usize, rows: usize) -> Self {
        let side = |cell: u32, count: usize| {
            u32::try_from(count).unwrap_or(1) * (cell + GUTTER_PX) + GUTTER_PX
        };
        let image = RgbaImage::from_pixel(
            side(cell.width, columns),
            side(cell.height, rows),
            image::Rgba([u8::MAX; 4]),
        );
        Self { cell, image }
    }

    /// Puts `picture` into a cell.
    pub fn put(&mut self, column: usize, row: usize, picture: Pixels) {
        let ImageSize { width, height } = picture.size();
        let image = RgbaImage::from_raw(width, height, picture.into_rgba())
            .expect("Pixels holds 4·width·height bytes");
        let at = |cell: u32, index: usize| {
            let cells = i64::try_from(index).expect("a count of cells");
            i64::from(GUTTER_PX) + cells * i64::from(cell + GUTTER_PX)
        };
        image::imageops::overlay(
            &mut self.image,
            &image,
            at(self.cell.width, column),
            at(self.cell.height, row),
        );
    }

    /// Returns the sheet.
    pub fn pixels(&self) -> Pixels {
        let (width, height) = self.image.dimensions();
        Pixels::new(ImageSize::new(width, height), self.image.as_raw().clone())
            .expect("an RGBA image holds 4·width·height bytes")
    }
}
