//! The optimisation, on Burn. The engine knows tensors; it reads no clock, opens no file, fetches
//! nothing, and never decides when to step: it is driven from outside, one [`StyleTransfer::step`]
//! at a time. To pause, stop asking; to cancel, drop.

mod arrays;
mod colour;
pub mod device;
pub mod evaluate;
mod feature_map;
mod image_tensor;
mod in_flight;
pub mod loss;
mod mask;
mod moments;
pub mod ops;
pub mod optimizer;
mod state;
mod tiles;
mod transfer;
#[cfg(feature = "gpu")]
pub mod tuning;
mod vgg19;
#[cfg(feature = "gpu")]
mod warm_up;
pub mod weights;

pub use arrays::Array;
pub use feature_map::{FeatureMap, FeatureMaps};
pub use image_tensor::ImageTensor;
pub use in_flight::{InFlight, LocalBoxFuture};
pub use mask::{Guide, Mask};
pub use moments::Moments;
pub use state::{State, StateError};
pub use tiles::Tile;
pub use transfer::{Advance, Pictures, StyleTransfer, TransferError};
pub use vgg19::Vgg19;
#[cfg(feature = "gpu")]
pub use warm_up::WarmUp;
