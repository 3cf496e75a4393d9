//! Pooling over 2×2 windows.

#[cfg(feature = "gpu")]
mod glue;
#[cfg(feature = "gpu")]
mod kernel;
#[cfg(all(test, feature = "gpu"))]
mod tests;

use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};

/// Kind of pooling, a compile-time constant of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// Mean of the window.
    Average,
    /// Maximum of the window.
    Max,
}

/// Pools 2×2 windows, rounding down: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. If gradients are
/// tracked, `x` must be the output of a ReLU: the kernels apply the ReLU gate, passing no gradient
/// where `x` is 0.
pub fn pool(x: Tensor<4>, kind: PoolKind) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if super::on_gpu(&x.device()) {
        return glue::pool(x, kind);
    }
    match kind {
        PoolKind::Average => avg_pool2d(x, AvgPoolOptions::new([2, 2])),
        PoolKind::Max => max_pool2d(x, MaxPoolOptions::new([2, 2])),
    }
}
