//! A picture as the network's variable.

use burn::tensor::module::{avg_pool2d, interpolate};
use burn::tensor::ops::{AvgPoolOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

#[cfg(feature = "gpu")]
use super::kernels;
use super::numbers::read_back;
use crate::pixels::{ImageSize, Pixels, Reduction};

/// A picture on the device.
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

    /// The picture as the network sees it: composited over white.
    pub fn from_pixels(pixels: &Pixels, device: &Device) -> Self {
        Self::from_rgb(pixels.size(), &pixels.composited_rgb(), device)
    }

    /// From interleaved RGB in 0..1, `[H, W, 3]`. Put into the tensor's order here: Burn has several programs for that on a GPU, by size.
    pub fn from_rgb(size: ImageSize, rgb: &[f32], device: &Device) -> Self {
        let planes: Vec<f32> = (0..3).flat_map(|colour| rgb.iter().skip(colour).step_by(3).copied()).collect();
        Self(Tensor::from_data(TensorData::new(planes, [1, 3, size.height as usize, size.width as usize]), device))
    }

    /// The tensor, `[1, 3, H, W]`.
    pub fn tensor(&self) -> &Tensor<4> {
        &self.0
    }

    /// Gives up the tensor, `[1, 3, H, W]`.
    pub fn into_tensor(self) -> Tensor<4> {
        self.0
    }

    /// Width and height.
    #[expect(clippy::cast_possible_truncation, reason = "the sides came from an ImageSize")]
    pub fn size(&self) -> ImageSize {
        let [_, _, height, width] = self.0.dims();
        ImageSize::new(width as u32, height as u32)
    }

    /// The part of `size`, height and width, whose first pixel lies at row and column `at`.
    #[must_use]
    pub fn part(&self, at: [usize; 2], size: [usize; 2]) -> Self {
        #[cfg(feature = "gpu")]
        if kernels::serve(&self.0.device()) {
            return Self(kernels::part(self.0.clone(), at, size));
        }
        let [rows, columns] = [0, 1].map(|side| at[side]..at[side] + size[side]);
        Self(self.0.clone().slice([0..1, 0..3, rows, columns]))
    }

    /// The picture made smaller by `reduction`.
    #[must_use]
    pub fn reduced(&self, reduction: Reduction) -> Self {
        Self(reduced(self.0.clone(), reduction))
    }

    /// The picture stretched to `size`, bilinearly.
    #[must_use]
    pub fn resized(&self, size: ImageSize) -> Self {
        if size == self.size() {
            return self.clone();
        }
        Self(resized(self.0.clone(), [size.height as usize, size.width as usize]))
    }

    /// Reads the picture back, opaque. On a GPU it is made bytes there, so that a third as many of them come.
    ///
    /// # Errors
    /// When the device fails or is lost.
    ///
    /// # Panics
    /// Never: there are four bytes for each pixel.
    pub async fn to_pixels(&self) -> Result<Pixels, ExecutionError> {
        #[cfg(feature = "gpu")]
        if kernels::serve(&self.0.device()) {
            let data = kernels::packed(self.0.clone()).into_data_async().await?;
            return Ok(Pixels::new(self.size(), data.as_bytes().to_vec()).expect("four bytes for each pixel"));
        }
        Ok(Pixels::from_rgb(self.size(), &self.to_rgb().await?))
    }

    /// Reads the values back, interleaved RGB `[H, W, 3]`.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn to_rgb(&self) -> Result<Vec<f32>, ExecutionError> {
        let planes = read_back(self.0.clone()).await?;
        let area = self.size().area();
        Ok((0..area).flat_map(|pixel| [0, 1, 2].map(|colour| planes[colour * area + pixel])).collect())
    }
}

/// `[1, C, H, W]` at half its size, `times` over: means of 2×2, an odd last row or column dropped.
pub fn halved(x: Tensor<4>, times: u32) -> Tensor<4> {
    let half = |x: Tensor<4>| {
        #[cfg(feature = "gpu")]
        if kernels::serve(&x.device()) {
            return kernels::halved(x);
        }
        avg_pool2d(x, AvgPoolOptions::new([2, 2]))
    };
    (0..times).fold(x, |x, _| half(x))
}

/// `[1, C, H, W]` made smaller by `reduction`.
pub fn reduced(x: Tensor<4>, reduction: Reduction) -> Tensor<4> {
    let halved = halved(x, reduction.halvings);
    let [_, _, height, width] = halved.dims();
    let size = [height, width].map(|side| reduction.rest_of(side));
    if size == [height, width] { halved } else { resized(halved, size) }
}

/// `[R, C, H, W]` stretched to `size`, `[H, W]`, bilinearly; on a GPU one picture, and no gradient flows through it.
pub fn resized(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if kernels::serve(&x.device()) {
        let [_, colours, height, width] = x.dims();
        let [row, length] = [height * width, size[0] * size[1]].map(|area| colours * area);
        let resized = kernels::resized(x.reshape([1, 1, row]), [height, width], size, length);
        return resized.reshape([1, colours, size[0], size[1]]);
    }
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false).with_output_size(size);
    interpolate(x, options)
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;

    fn ramp(width: u16, height: u16) -> ImageTensor {
        let values = (0..height).flat_map(|y| (0..width).flat_map(move |x| [f32::from(x), f32::from(y), 1.0]));
        ImageTensor::from_rgb(ImageSize::new(width.into(), height.into()), &values.collect::<Vec<_>>(), &Device::flex())
    }

    #[test]
    fn halving_takes_means_and_drops_what_is_odd() {
        let halved = |halvings| Reduction { halvings, rest: 1.0 };
        let half = ramp(5, 4).reduced(halved(1));
        assert_eq!(half.size(), ImageSize::new(2, 2));
        assert_eq!(block_on(half.to_rgb()).unwrap(), [0.5, 0.5, 1.0, 2.5, 0.5, 1.0, 0.5, 2.5, 1.0, 2.5, 2.5, 1.0]);
        assert_eq!(ramp(9, 9).reduced(halved(2)).size(), ImageSize::new(2, 2));
    }

    #[test]
    fn a_resized_picture_shows_the_same() {
        let size = ImageSize::new(8, 6);
        let back = block_on(ramp(4, 3).resized(size).to_rgb()).unwrap();
        let at = |x: usize, y: usize| &back[3 * (8 * y + x)..][..3];
        // Pixel centres: column 3 of 8 lies at 3.5/8·4 − 0.5 = 1.25 of 4.
        assert_eq!(at(3, 2), [1.25, 0.75, 1.0]);
        assert_eq!(at(0, 0), [0.0, 0.0, 1.0], "no corner beyond the picture");
    }
}
