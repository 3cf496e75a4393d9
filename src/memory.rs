//! What painting takes of a graphics card's memory. Pure arithmetic, from measurements: WebGPU tells neither what there is nor what is used.

/// Bytes at any size: above all the network, ready for both directions.
const NETWORK_BYTES: u64 = 165 << 20;
/// Bytes for each pixel of the picture: feature maps, kept for the way back, the gradients of the two that are at work, and the optimiser's
/// vectors.
const PIXEL_BYTES: u64 = 1_850;

/// About the most that is reserved on the device while a square picture of this side, px, is painted with one painting.
pub const fn device_bytes(side: u32) -> u64 {
    NETWORK_BYTES + PIXEL_BYTES * side as u64 * side as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_was_measured() {
        // At 128 px it was no less than at 256: memory is reserved in large pieces.
        for (side, mib) in [(64, 173), (256, 265), (512, 621), (1024, 1998), (1536, 4304)] {
            let estimate = device_bytes(side) >> 20;
            assert!(estimate.abs_diff(mib) * 10 <= mib, "{side} px: {estimate} MiB instead of {mib}");
        }
    }
}
