//! A picture as the network's variable.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use crate::pixels::{ImageSize, Pixels};

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
        Self::from_rgb(pixels.size(), pixels.composited_rgb(), device)
    }

    /// From interleaved RGB in 0..1, `[H, W, 3]`.
    pub fn from_rgb(size: ImageSize, rgb: Vec<f32>, device: &Device) -> Self {
        let data = TensorData::new(rgb, [size.height as usize, size.width as usize, 3]);
        Self(Tensor::<3>::from_data(data, device).permute([2, 0, 1]).unsqueeze())
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

    /// Reads the values back, interleaved RGB `[H, W, 3]`.
    ///
    /// # Errors
    /// When the device fails or is lost.
    pub async fn to_rgb(&self) -> Result<Vec<f32>, ExecutionError> {
        read_back(self.0.clone().squeeze_dim::<3>(0).permute([1, 2, 0])).await
    }
}

/// The values of `tensor`, row-major.
///
/// # Errors
/// When the device fails or is lost.
///
/// # Panics
/// Never while the engine makes all of its tensors in f32.
pub async fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    let data = tensor.into_data_async().await?;
    Ok(data.try_into_vec::<f32>().expect("the engine computes in f32"))
}
