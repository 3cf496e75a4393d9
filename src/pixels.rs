//! Images in host memory and the arithmetic of sizes. No files, no tensors.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Width and height of an image, px; both at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageSize {
    /// px
    pub width: u32,
    /// px
    pub height: u32,
}

/// The shortest side that VGG-19 to conv5_1 can process: four 2×2 poolings leave one position of 16
/// px.
pub const MIN_EDGE_PX: u32 = 16;

/// An image size that is too small.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the picture is {}×{} px, which leaves {}×{} px to work with; each side needs \
         {MIN_EDGE_PX} px", .given.width, .given.height, .fitted.width, .fitted.height)]
pub struct TooSmall {
    /// The image's own size.
    pub given: ImageSize,
    /// The size after fitting it.
    pub fitted: ImageSize,
}

impl ImageSize {
    /// `width` × `height` px.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Returns the longer side, px.
    pub fn long_edge(self) -> u32 {
        self.width.max(self.height)
    }

    /// Returns the shorter side, px.
    pub fn short_edge(self) -> u32 {
        self.width.min(self.height)
    }

    /// Returns the number of pixels.
    pub fn area(self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Returns the largest size of this aspect ratio whose longer side is at most `edge` px. Never
    /// enlarges; no side falls below 1 px.
    pub fn fit_to_edge(self, edge: u32) -> Self {
        let long = self.long_edge();
        if long <= edge {
            return self;
        }
        let scale = |side: u32| {
            let exact = u64::from(side) * u64::from(edge);
            let rounded = (exact + u64::from(long) / 2) / u64::from(long);
            u32::try_from(rounded).unwrap_or(edge).max(1)
        };
        Self::new(scale(self.width), scale(self.height))
    }

    /// Returns both sides times `factor`, rounded; at least 1 px.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float's cast saturates, and sides are positive"
    )]
    pub fn stretched(self, factor: f32) -> Self {
        let side = |side: u32| ((f64::from(side) * f64::from(factor)).round() as u32).max(1);
        Self::new(side(self.width), side(self.height))
    }

    /// Returns [`Self::fit_to_edge`], if the network can process it.
    ///
    /// # Errors
    /// [`TooSmall`] when a side of the result is shorter than [`MIN_EDGE_PX`].
    pub fn fit_for_network(self, edge: u32) -> Result<Self, TooSmall> {
        let fitted = self.fit_to_edge(edge);
        if fitted.short_edge() < MIN_EDGE_PX {
            return Err(TooSmall { given: self, fitted });
        }
        Ok(fitted)
    }
}

/// A reduction: halving, which averages, then resizing by the remaining factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reduction {
    /// Halvings of both sides; an odd last row or column is dropped.
    pub halvings: u32,
    /// Remaining factor, above a half and up to 1.
    pub rest: f64,
}

impl Reduction {
    /// Returns the reduction of a side of `from` px to `to`, which is no longer.
    pub fn between(from: u32, to: u32) -> Self {
        let halvings = (from / to.max(1)).max(1).ilog2();
        Self { halvings, rest: (f64::from(to) / f64::from(from >> halvings)).min(1.0) }
    }

    /// Returns this reduction, or a smaller one where an image of `size` would get a side shorter
    /// than [`MIN_EDGE_PX`].
    #[must_use]
    pub fn within(self, size: ImageSize) -> Self {
        let short = size.short_edge();
        let most = (short / MIN_EDGE_PX).max(1).ilog2();
        let halvings = self.halvings.min(most);
        let least = f64::from(MIN_EDGE_PX) / f64::from(short >> halvings);
        let rest = if halvings < self.halvings { least } else { self.rest.max(least) };
        Self { halvings, rest: rest.min(1.0) }
    }

    /// Returns the reduced length, px, of a side that was halved to `side` px.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a side of a picture"
    )]
    pub fn rest_of(self, side: usize) -> usize {
        ((side as f64 * self.rest).round() as usize).max(1)
    }
}

/// An image: 8-bit sRGB with straight (not premultiplied) alpha, rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    size: ImageSize,
    rgba: Vec<u8>,
}

impl Pixels {
    /// Creates an image from 4·width·height bytes; `None` for another length.
    pub fn new(size: ImageSize, rgba: Vec<u8>) -> Option<Self> {
        (rgba.len() == 4 * size.area()).then_some(Self { size, rgba })
    }

    /// Returns width and height.
    pub fn size(&self) -> ImageSize {
        self.size
    }

    /// Returns the bytes, RGBA interleaved.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }

    /// Returns the bytes, RGBA interleaved, without a copy.
    pub fn into_rgba(self) -> Vec<u8> {
        self.rgba
    }

    /// Returns the colours for the network: RGB in 0..1, interleaved `[H, W, 3]`, composited over
    /// white in sRGB, as browsers composite.
    pub fn composited_rgb(&self) -> Vec<f32> {
        self.rgba
            .chunks_exact(4)
            .flat_map(|pixel| {
                let alpha = f32::from(pixel[3]) / 255.0;
                [pixel[0], pixel[1], pixel[2]]
                    .map(|value| (f32::from(value) / 255.0).mul_add(alpha, 1.0 - alpha))
            })
            .collect()
    }

    /// Returns the alpha channel, one byte per pixel; `None` if all pixels are opaque.
    pub fn alpha(&self) -> Option<Vec<u8>> {
        let alpha: Vec<u8> = self.rgba.chunks_exact(4).map(|pixel| pixel[3]).collect();
        alpha.iter().any(|&value| value != u8::MAX).then_some(alpha)
    }

    /// Creates an opaque image from `rgb` in 0..1: `[H, W, 3]`, clamped and rounded to 8 bits.
    ///
    /// # Panics
    /// When the length does not belong to `size`.
    pub fn from_rgb(size: ImageSize, rgb: &[f32]) -> Self {
        assert_eq!(rgb.len(), 3 * size.area(), "rgb must be [H, W, 3]");
        let rgba = rgb
            .chunks_exact(3)
            .flat_map(|p| [to_byte(p[0]), to_byte(p[1]), to_byte(p[2]), u8::MAX])
            .collect();
        Self { size, rgba }
    }

    /// Returns the same colours with `alpha`, one byte per pixel.
    ///
    /// # Panics
    /// When the length is not the picture's.
    #[must_use]
    pub fn under(mut self, alpha: &[u8]) -> Self {
        assert_eq!(alpha.len(), self.size.area(), "alpha must be [H, W]");
        self.rgba.chunks_exact_mut(4).zip(alpha).for_each(|(pixel, &alpha)| pixel[3] = alpha);
        self
    }
}

/// Rounds a value in 0..1 to a byte; clamps others, and NaN.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is in 0..=255 here"
)]
fn to_byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitting_keeps_the_aspect_and_never_enlarges() {
        assert_eq!(ImageSize::new(4000, 3000).fit_to_edge(512), ImageSize::new(512, 384));
        assert_eq!(ImageSize::new(3000, 4000).fit_to_edge(512), ImageSize::new(384, 512));
        assert_eq!(ImageSize::new(100, 80).fit_to_edge(512), ImageSize::new(100, 80));
        assert_eq!(ImageSize::new(u32::MAX, u32::MAX).fit_to_edge(512), ImageSize::new(512, 512));
    }

    #[test]
    fn slivers_and_specks_are_refused_with_both_sizes() {
        let refused = ImageSize::new(20_000, 3).fit_for_network(512).unwrap_err();
        assert_eq!(
            (refused.given, refused.fitted),
            (ImageSize::new(20_000, 3), ImageSize::new(512, 1))
        );
        assert!(ImageSize::new(1, 1).fit_for_network(512).is_err());
        assert!(ImageSize::new(16, 16).fit_for_network(512).is_ok());
    }

    #[test]
    fn transparent_pixels_are_seen_over_white_and_keep_their_alpha() {
        let pixels = Pixels::new(ImageSize::new(2, 1), vec![0, 0, 0, 0, 255, 0, 0, 255]).unwrap();
        assert_eq!(pixels.composited_rgb(), vec![1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        let back = Pixels::from_rgb(pixels.size(), &pixels.composited_rgb())
            .under(&pixels.alpha().unwrap());
        assert_eq!(back.rgba(), &[255, 255, 255, 0, 255, 0, 0, 255]);
    }

    #[test]
    fn values_outside_the_range_are_clamped_on_export() {
        let pixels = Pixels::from_rgb(ImageSize::new(1, 1), &[-3.0, f32::NAN, 1.5]);
        assert_eq!(pixels.rgba(), &[0, 0, 255, 255]);
    }

    #[test]
    fn a_buffer_of_the_wrong_length_is_no_picture() {
        assert!(Pixels::new(ImageSize::new(2, 2), vec![0; 15]).is_none());
    }
}
