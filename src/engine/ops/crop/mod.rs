//! Crops of feature maps.

#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod kernel;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use std::ops::Range;

use burn::tensor::Tensor;

/// Crops a map to these rows and columns: `[1, C, H, W]` to `[1, C, h, w]`; on a GPU `C` must be a
/// multiple of 4.
///
/// # Panics
/// When they exceed the map.
pub fn crop(map: Tensor<4>, rows: Range<usize>, columns: Range<usize>) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&map.device()) {
        return glue::crop(map, rows, columns);
    }
    let channels = map.dims()[1];
    map.slice([0..1, 0..channels, rows, columns])
}

/// Returns `map`, `[1, C, H, W]`, in a GPU buffer of its own size. In a browser each tensor
/// occupies a whole buffer, so that a long-lived tensor could otherwise hold one as large as the
/// largest map. On the CPU it is returned as it is.
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
