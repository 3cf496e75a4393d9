//! Operations on images, as opposed to feature maps: preprocessing, losses of the image itself,
//! crops, resizing and read-back.

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

/// Side of the cells over which [`outlines`] averages, px. Differences finer than that belong to
/// the painting's brush strokes.
const CELL: usize = 4;

/// Parameters of the conversion from an image to the network's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocess {
    /// Factor applied to each value.
    pub scale: f32,
    /// Mean subtracted from each colour channel after scaling.
    pub mean: [f32; 3],
    /// Width of the border on each side, which replicates the edge pixels, px.
    pub border: usize,
}

/// Preprocesses an image to the network's input: `[1, 3, H, W]` to `[1, 3, H + 2·border,
/// W + 2·border]`. On a GPU the result has a fourth channel of zeros.
pub fn preprocess(x: Tensor<4>, parameters: Preprocess) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::preprocess(x, parameters);
    }
    plain::preprocess(x, parameters)
}

/// Returns the total variation `scale · Σ (x − neighbour)²`, `[1]`, over all horizontal and
/// vertical pairs of neighbours in `[1, 3, H, W]`.
pub fn total_variation(x: Tensor<4>, scale: f32) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::total_variation(x, scale);
    }
    plain::total_variation(x, scale)
}

/// Returns the outlines loss `scale · Σ Δ(P(x − photo))²`, `[1]`, of two images `[1, 3, H, W]`. `P`
/// averages over cells of 4×4 px. `Δ` is the Laplacian at inner cells: 4 × the cell − its four
/// neighbours. Differentiable with respect to `x` alone on a GPU.
pub fn outlines(x: Tensor<4>, photo: Tensor<4>, scale: f32) -> Tensor<1> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::outlines(x, photo, scale);
    }
    plain::outlines(x, photo, scale)
}

/// Returns the number of terms in the sum of [`outlines`] for an image of this height and width,
/// px; at least 1.
pub fn outline_elements(height: usize, width: usize) -> usize {
    let inside = |side: usize| (side / CELL).saturating_sub(2);
    (3 * inside(height) * inside(width)).max(1)
}

/// Crops `[1, C, H, W]` to `[1, C, h, w]`: the region of `size` `[h, w]` whose top left corner is
/// at row and column `at`. On a GPU no gradient flows back.
///
/// # Panics
/// If the region exceeds the image.
pub fn crop(image: Tensor<4>, at: [usize; 2], size: [usize; 2]) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&image.device()) {
        return glue::crop(image, at, size);
    }
    plain::crop(image, at, size)
}

/// Adds `part`, `[1, 3, h, w]`, to `image`, `[1, 3, H, W]`, with the part's top left corner at row
/// and column `at`. On a GPU the addition is in place if `image` is uniquely owned, and no gradient
/// flows back.
///
/// # Panics
/// If the part exceeds the image.
pub fn add_at(image: Tensor<4>, part: Tensor<4>, at: [usize; 2]) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&image.device()) {
        return glue::add_at(image, part, at);
    }
    plain::add_at(image, part, at)
}

/// Halves the sides of `[1, C, H, W]` `times` times. Each time averages 2×2 pixels and drops an odd
/// last row or column. On a GPU no gradient flows back.
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

/// Resizes `[R, C, H, W]` bilinearly to `size` `[h, w]`: `[R, C, h, w]`. On a GPU `R` must be 1 and
/// `C` 3, and no gradient flows back.
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

/// Resizes images stored in chunks: each of the `R` rows of `[K, R, L]` is an image `[3, H, W]`, of
/// height and width `from`, zero-padded and cut into `K` chunks. Returns `[K', R, length]` with
/// images of height and width `to`.
#[cfg(feature = "gpu")]
pub(super) fn resize_chunks(
    chunks: Tensor<3>,
    from: [usize; 2],
    to: [usize; 2],
    length: usize,
) -> Tensor<3> {
    glue::resize(chunks, from, to, length)
}

/// Reads back `[1, 3, H, W]` as opaque RGBA. A GPU packs the pixels first, which leaves a third of
/// the bytes to transfer.
///
/// # Errors
/// When the device fails or is lost.
///
/// # Panics
/// Never: a packed pixel has four bytes.
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

/// Reads back `[1, 3, H, W]` as interleaved RGB, `[H, W, 3]`.
///
/// # Errors
/// When the device fails or is lost.
pub async fn to_rgb(x: Tensor<4>) -> Result<Vec<f32>, ExecutionError> {
    let planes = read_back(x).await?;
    let area = planes.len() / 3;
    Ok((0..area).flat_map(|pixel| [0, 1, 2].map(|colour| planes[colour * area + pixel])).collect())
}
