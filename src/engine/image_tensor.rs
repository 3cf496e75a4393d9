//! The image as the network's variable.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use super::ops::image::{crop, halve, resize, to_pixels, to_rgb};
use crate::pixels::{ImageSize, Pixels, Reduction};

/// An image on the device.
///
/// - **Shape:** `[1, 3, H, W]`, RGB.
/// - **Units:** sRGB values in 0..1, not clamped while they are optimised.
#[derive(Clone, Debug)]
pub struct ImageTensor(Tensor<4>);

impl ImageTensor {
    /// Wraps `[1, 3, H, W]`.
    pub fn new(tensor: Tensor<4>) -> Self {
        debug_assert_eq!(tensor.dims()[..2], [1, 3]);
        Self(tensor)
    }

    /// Uploads an image as the network sees it: composited over white.
    pub fn from_pixels(pixels: &Pixels, device: &Device) -> Self {
        Self::from_rgb(pixels.size(), &pixels.composited_rgb(), device)
    }

    /// Uploads interleaved RGB in 0..1, `[H, W, 3]`. Reordered on the host: on a GPU Burn compiles
    /// several kernels for that, by size.
    pub fn from_rgb(size: ImageSize, rgb: &[f32], device: &Device) -> Self {
        let planes: Vec<f32> =
            (0..3).flat_map(|colour| rgb.iter().skip(colour).step_by(3).copied()).collect();
        Self(Tensor::from_data(
            TensorData::new(planes, [1, 3, size.height as usize, size.width as usize]),
            device,
        ))
    }

    /// Returns the tensor, `[1, 3, H, W]`.
    pub fn tensor(&self) -> &Tensor<4> {
        &self.0
    }

    /// Returns the tensor, `[1, 3, H, W]`, without a copy.
    pub fn into_tensor(self) -> Tensor<4> {
        self.0
    }

    /// Returns width and height.
    #[expect(clippy::cast_possible_truncation, reason = "the sides came from an ImageSize")]
    pub fn size(&self) -> ImageSize {
        let [_, _, height, width] = self.0.dims();
        ImageSize::new(width as u32, height as u32)
    }

    /// Crops a region of `size`, height and width, from row and column `at` on.
    #[must_use]
    pub fn part(&self, at: [usize; 2], size: [usize; 2]) -> Self {
        Self(crop(self.0.clone(), at, size))
    }

    /// Reduces the image by `reduction`.
    #[must_use]
    pub fn reduced(&self, reduction: Reduction) -> Self {
        Self(reduced(self.0.clone(), reduction))
    }

    /// Resizes the image to `size`, bilinearly.
    #[must_use]
    pub fn resize(&self, size: ImageSize) -> Self {
        if size == self.size() {
            return self.clone();
        }
        Self(resize(self.0.clone(), [size.height as usize, size.width as usize]))
    }

    /// Reads the image back, opaque. A GPU packs it to bytes first: a third of the bytes to
    /// transfer.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn to_pixels(&self) -> Result<Pixels, ExecutionError> {
        to_pixels(self.0.clone()).await
    }

    /// Reads the values back, interleaved RGB `[H, W, 3]`.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn to_rgb(&self) -> Result<Vec<f32>, ExecutionError> {
        to_rgb(self.0.clone()).await
    }
}

/// Reduces `[1, C, H, W]` by `reduction`.
pub fn reduced(x: Tensor<4>, reduction: Reduction) -> Tensor<4> {
    let half = halve(x, reduction.halvings);
    let [_, _, height, width] = half.dims();
    let size = [height, width].map(|side| reduction.rest_of(side));
    if size == [height, width] { half } else { resize(half, size) }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;

    fn ramp(width: u16, height: u16) -> ImageTensor {
        let values = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| [f32::from(x), f32::from(y), 1.0]));
        ImageTensor::from_rgb(
            ImageSize::new(width.into(), height.into()),
            &values.collect::<Vec<_>>(),
            &Device::flex(),
        )
    }

    #[test]
    fn halving_takes_means_and_drops_what_is_odd() {
        let halve = |halvings| Reduction { halvings, rest: 1.0 };
        let half = ramp(5, 4).reduced(halve(1));
        assert_eq!(half.size(), ImageSize::new(2, 2));
        assert_eq!(
            block_on(half.to_rgb()).unwrap(),
            [0.5, 0.5, 1.0, 2.5, 0.5, 1.0, 0.5, 2.5, 1.0, 2.5, 2.5, 1.0]
        );
        assert_eq!(ramp(9, 9).reduced(halve(2)).size(), ImageSize::new(2, 2));
    }

    #[test]
    fn a_resized_picture_shows_the_same() {
        let size = ImageSize::new(8, 6);
        let back = block_on(ramp(4, 3).resize(size).to_rgb()).unwrap();
        let at = |x: usize, y: usize| &back[3 * (8 * y + x)..][..3];
        // Pixel centres: column 3 of 8 lies at 3.5/8·4 − 0.5 = 1.25 of 4.
        assert_eq!(at(3, 2), [1.25, 0.75, 1.0]);
        assert_eq!(at(0, 0), [0.0, 0.0, 1.0], "no corner beyond the picture");
    }
}
