//! Floating point operations of a step, computed from the layers' shapes.

use impasto::layer::Layer;

/// Operations of a multiply-add.
const FLOP_PER_TAP: usize = 2;
/// Weights of a 3×3 window.
const TAPS: usize = 9;
/// Passes through a convolution in a step: forward, and backward to the gradient of its input. Its
/// weights are frozen.
const PASSES: f64 = 2.0;

/// Returns the work of one pass of the convolution of `layer`, for an image of `[height, width]`
/// px, in billions of operations.
pub fn convolution_gflop(layer: Layer, size: [usize; 2]) -> f64 {
    let [height, width] = size.map(|side| side / layer.stride() as usize);
    let flop = FLOP_PER_TAP * TAPS * layer.input_channels() * layer.channels() * height * width;
    #[expect(clippy::cast_precision_loss, reason = "a rounded count will do")]
    let flop = flop as f64;
    flop / 1e9
}

/// Returns the work of one step for an image of `[height, width]` px, in billions of operations.
/// Counts the convolutions alone: Gram matrices, losses and the optimiser add about a twentieth and
/// count as overhead, as does the replicated border in the first layer.
pub fn step_gflop(size: [usize; 2]) -> f64 {
    PASSES * Layer::ALL.iter().map(|&layer| convolution_gflop(layer, size)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operations computed by hand for a map of one position at conv5_1: 2 · 9 for each pair of
    /// channels and each position.
    const BY_HAND: usize = 18
        * (256 * (3 * 64 + 64 * 64)
            + 64 * (64 * 128 + 128 * 128)
            + 16 * (128 * 256 + 3 * 256 * 256)
            + 4 * (256 * 512 + 3 * 512 * 512)
            + 512 * 512);

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
    fn a_step_at_16_px_is_what_it_is_by_hand() {
        let flop = step_gflop([16, 16]) * 1e9;
        assert!((flop - 2.0 * BY_HAND as f64).abs() < 1.0, "{flop}");
    }

    #[test]
    fn odd_sides_are_halved_downwards() {
        let odd = convolution_gflop(Layer::Conv2_1, [37, 29]);
        let even = convolution_gflop(Layer::Conv2_1, [36, 28]);
        assert!((odd - even).abs() < f64::EPSILON);
    }
}
