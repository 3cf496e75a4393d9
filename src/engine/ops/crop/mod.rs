//! Crops of feature maps.

#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod kernel;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use std::ops::Range;

use burn::tensor::Tensor;

/// Crops a feature map to these rows and columns: `[1, C, H, W]` to `[1, C, h, w]`. On a GPU `C`
/// must be a multiple of 4.
///
/// # Panics
/// If the rows or columns exceed the map.
pub fn crop(map: Tensor<4>, rows: Range<usize>, columns: Range<usize>) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        return glue::crop(map, rows, columns);
    }
    let channels = map.dims()[1];
    map.slice([0..1, 0..channels, rows, columns])
}

/// Copies `map`, `[1, C, H, W]`, into a GPU buffer of exactly its size. In a browser each tensor
/// occupies a whole buffer, so a small long-lived tensor could otherwise hold a buffer as large as
/// the largest map. On the CPU, returns `map` as it is.
pub fn own_buffer(map: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        let [_, _, height, width] = map.dims();
        return map
            .device()
            .memory_persistent_allocations(map, |map| glue::crop(map, 0..height, 0..width));
    }
    map
}
