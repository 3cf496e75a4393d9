//! Planes of numbers and their Laplacian pyramids (Burt, Adelson 1983).
#![expect(clippy::cast_precision_loss, reason = "counts of pixels")]

use image::RgbImage;

/// Kernel of Burt and Adelson with a = 0.375, which is the binomial one.
const BLUR: [f32; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];
/// Weights of the channels in luma (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// A plane of one number per pixel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Plane {
    /// Returns a channel of the image, in levels of 0 to 255.
    pub fn channel(picture: &RgbImage, channel: usize) -> Self {
        Self::seen(picture, |pixel| f32::from(pixel[channel]))
    }

    /// Returns the luma of the image, in levels of 0 to 255.
    pub fn luma(picture: &RgbImage) -> Self {
        Self::seen(picture, |pixel| {
            pixel.iter().zip(LUMA).map(|(&level, weight)| f32::from(level) * weight).sum()
        })
    }

    fn seen(picture: &RgbImage, value: impl Fn([u8; 3]) -> f32) -> Self {
        let [width, height] = [picture.width(), picture.height()].map(|side| side as usize);
        Self { width, height, values: picture.pixels().map(|pixel| value(pixel.0)).collect() }
    }

    /// Returns the value at (x, y), which may be outside by less than a side. There the plane is
    /// mirrored without repeating its edge.
    fn mirrored(&self, x: isize, y: isize) -> f32 {
        let within = |place: isize, side: usize| {
            let place = place.unsigned_abs();
            if place < side { place } else { (2 * (side - 1)).saturating_sub(place) }
        };
        self.values[within(y, self.height) * self.width + within(x, self.width)]
    }

    /// Blurs along the rows, then along the columns.
    fn blurred(&self) -> Self {
        let along = |plane: &Self, (dx, dy): (isize, isize)| {
            let tap = |x: isize, y: isize, (step, weight): (isize, f32)| {
                weight * plane.mirrored(x + step * dx, y + step * dy)
            };
            let at = |x: usize, y: usize| {
                (-2..).zip(BLUR).map(|part| tap(x.cast_signed(), y.cast_signed(), part)).sum()
            };
            plane.mapped(at)
        };
        along(&along(self, (1, 0)), (0, 1))
    }

    /// Returns a plane of the same size with these values.
    pub fn mapped(&self, value: impl Fn(usize, usize) -> f32) -> Self {
        let values = (0..self.height)
            .flat_map(|y| (0..self.width).map(move |x| (x, y)))
            .map(|(x, y)| value(x, y))
            .collect();
        Self { values, ..*self }
    }

    /// Blurs the plane and keeps every other row and column.
    pub fn halved(&self) -> Self {
        let blurred = self.blurred();
        let [width, height] = [self.width, self.height].map(|side| side.div_ceil(2));
        let half = Self { width, height, values: Vec::new() };
        half.mapped(|x, y| blurred.values[2 * y * self.width + 2 * x])
    }

    /// Returns what blurring removes.
    pub fn detail(&self) -> Self {
        let blurred = self.blurred();
        self.mapped(|x, y| self.values[y * self.width + x] - blurred.values[y * self.width + x])
    }

    /// Returns the root mean square.
    pub fn rms(&self) -> f32 {
        (self.values.iter().map(|value| value * value).sum::<f32>() / self.values.len() as f32)
            .sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: usize, height: usize, value: impl Fn(usize, usize) -> f32) -> Plane {
        Plane { width, height, values: vec![] }.mapped(value)
    }

    #[test]
    fn an_even_plane_has_no_detail_and_stays_even() {
        let even = plane(9, 6, |_, _| 7.0);
        assert!(even.detail().rms() < 1e-5);
        let half = even.halved();
        assert_eq!((half.width, half.height), (5, 3));
        assert!(half.values.iter().all(|value| (value - 7.0).abs() < 1e-5));
    }

    #[test]
    fn a_checkerboard_is_all_detail() {
        let board = plane(8, 8, |x, y| if (x + y) % 2 == 0 { 1.0 } else { -1.0 });
        assert!((board.detail().rms() - 1.0).abs() < 1e-5, "the blur takes it away whole");
        assert!(board.halved().rms() < 1e-5);
    }

    #[test]
    fn a_slope_keeps_its_values_away_from_the_rim() {
        let half = plane(16, 16, |x, _| x as f32).halved();
        assert!((half.values[4 * half.width + 3] - 6.0).abs() < 1e-5);
    }
}
