//! Optimisers over the pixels. Their state stays on the device, and none of them reads anything back.

mod adam;

pub use adam::Adam;
