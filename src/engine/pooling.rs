//! How maps are halved.

use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};

#[cfg(feature = "gpu")]
use super::kernels::{self, Taken};
use crate::recipe::Pooling;

/// 2×2 windows made one, rounding down: `[1, C, H, W]` to `[1, C, ⌊H/2⌋, ⌊W/2⌋]`. Where a gradient is asked for, `x` must be
/// what a ReLU answers: the kernels let none through where it is 0, as the ReLU would not.
pub fn pool(x: Tensor<4>, pooling: Pooling) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if kernels::serve(&x.device()) {
        return kernels::pool(x, taken(pooling));
    }
    match pooling {
        Pooling::Average => avg_pool2d(x, AvgPoolOptions::new([2, 2])),
        Pooling::Max => max_pool2d(x, MaxPoolOptions::new([2, 2])),
    }
}

/// What the kernels call it.
#[cfg(feature = "gpu")]
pub const fn taken(pooling: Pooling) -> Taken {
    match pooling {
        Pooling::Average => Taken::Mean,
        Pooling::Max => Taken::Greatest,
    }
}
