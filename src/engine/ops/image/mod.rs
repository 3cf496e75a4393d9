//! Operations on the image itself.

#[cfg(feature = "gpu")]
mod crop;
#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod halve;
#[cfg(feature = "gpu")]
mod outlines;
#[cfg(feature = "gpu")]
mod pack;
mod plain;
#[cfg(feature = "gpu")]
mod preprocess;
#[cfg(feature = "gpu")]
mod resize;
#[cfg(all(test, feature = "gpu"))]
mod tests;
#[cfg(feature = "gpu")]
mod total_variation;

use burn::tensor::{ExecutionError, Tensor};

use super::readback::read_back;
use crate::pixels::{ImageSize, Pixels};

/// Side of the cells whose Laplacians are outlines, px. Finer differences are the painting's brush
/// marks.
const CELL: usize = 4;

/// How an image becomes the input of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocess {
    /// Factor of each value.
    pub scale: f32,
    /// Offset subtracted from each colour afterwards.
    pub mean: [f32; 3],
    /// Replicated border on each side, px.
    pub border: usize,
}

/// Returns the network's input: `[1, 3, H, W]` to `[1, 3, H + 2·border, W + 2·border]`; on a GPU
/// with a fourth channel of zeros.
pub fn preprocess(x: Tensor<4>, how: Preprocess) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::preprocess(x, how);
    }
    plain::preprocess(x, how)
}

/// Returns the total variation `scale · Σ (x − neighbour)²`, `[1]`, over all horizontal and
/// vertical pairs of neighbours of `[1, 3, H, W]`.
pub fn total_variation(x: Tensor<4>, scale: f32) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::total_variation(x, scale);
    }
    plain::total_variation(x, scale)
}

/// Returns the outline loss `scale · Σ Δ(P(x − photo))²`, `[1]`, of two images `[1, 3, H, W]`. `P`
/// averages cells of 4×4 px; `Δ` is the Laplacian, 4 × the cell − its four neighbours, over inner
/// cells. No gradient reaches the photo on a GPU.
pub fn outlines(x: Tensor<4>, photo: Tensor<4>, scale: f32) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::outlines(x, photo, scale);
    }
    plain::outlines(x, photo, scale)
}

/// Returns the number of Laplacians that [`outlines`] sums for an image of these sides, px; at
/// least 1.
pub fn outline_elements(height: usize, width: usize) -> usize {
    let inside = |side: usize| (side / CELL).saturating_sub(2);
    (3 * inside(height) * inside(width)).max(1)
}

/// Crops a region of this `size` from row and column `at` on: `[1, C, H, W]` to `[1, C, h, w]`. No
/// gradient flows through it on a GPU.
///
/// # Panics
/// When it goes beyond the picture.
pub fn crop(image: Tensor<4>, at: [usize; 2], size: [usize; 2]) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&image.device()) {
        return glue::crop(image, at, size);
    }
    plain::crop(image, at, size)
}

/// Adds `part`, `[1, 3, h, w]`, to `image`, `[1, 3, H, W]`, from row and column `at` on; on a GPU
/// in place when uniquely owned. No gradient flows through it on a GPU.
///
/// # Panics
/// When the part goes beyond the picture.
pub fn add_at(image: Tensor<4>, part: Tensor<4>, at: [usize; 2]) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&image.device()) {
        return glue::add_at(image, part, at);
    }
    plain::add_at(image, part, at)
}

/// Halves `[1, C, H, W]` `times` over: means of 2×2, dropping an odd last row or column. No
/// gradient flows through it on a GPU.
pub fn halve(x: Tensor<4>, times: u32) -> Tensor<4> {
    let half = |x: Tensor<4>| {
        #[cfg(feature = "gpu")]
        if super::on_gpu(&x.device()) {
            return glue::halve(x);
        }
        plain::halve(x)
    };
    (0..times).fold(x, |x, _| half(x))
}

/// Resizes `[R, C, H, W]` to `size`, `[H, W]`, bilinearly; on a GPU one image. No gradient flows
/// through it on a GPU.
pub fn resize(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        let [_, colours, height, width] = x.dims();
        let [row, length] = [height * width, size[0] * size[1]].map(|area| colours * area);
        let resize = glue::resize(x.reshape([1, 1, row]), [height, width], size, length);
        return resize.reshape([1, colours, size[0], size[1]]);
    }
    plain::resize(x, size)
}

/// Resizes images in chunks on a GPU: each of the `R` rows of `[K, R, L]` holds `[3, H, W]`,
/// zero-padded. Returns `[K', R, length]`.
#[cfg(feature = "gpu")]
pub(super) fn resize_chunks(
    chunks: Tensor<3>,
    from: [usize; 2],
    to: [usize; 2],
    length: usize,
) -> Tensor<3> {
    glue::resize(chunks, from, to, length)
}

/// Reads `[1, 3, H, W]` back as opaque RGBA. A GPU packs it to bytes first: a third of the bytes to
/// transfer.
///
/// # Errors
/// When the device fails or is lost.
///
/// # Panics
/// Never: there are four bytes for each pixel.
#[expect(clippy::cast_possible_truncation, reason = "the sides came from an ImageSize")]
pub async fn to_pixels(x: Tensor<4>) -> Result<Pixels, ExecutionError> {
    let [_, _, height, width] = x.dims();
    let size = ImageSize::new(width as u32, height as u32);
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        let data = glue::pack(x).into_data_async().await?;
        return Ok(Pixels::new(size, data.as_bytes().to_vec()).expect("four bytes for each pixel"));
    }
    Ok(Pixels::from_rgb(size, &to_rgb(x).await?))
}

/// Reads `[1, 3, H, W]` back as interleaved RGB, `[H, W, 3]`.
///
/// # Errors
/// When the device fails or is lost.
pub async fn to_rgb(x: Tensor<4>) -> Result<Vec<f32>, ExecutionError> {
    let planes = read_back(x).await?;
    let area = planes.len() / 3;
    Ok((0..area).flat_map(|pixel| [0, 1, 2].map(|colour| planes[colour * area + pixel])).collect())
}
