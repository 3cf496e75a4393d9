//! Chooses the faster convolution kernel on this adapter, by timing each on one layer in the middle
//! of the network.

use burn::tensor::{Device, ExecutionError, Tensor};

use super::ops::convolution::{ConvKernel, PackedConvolution, SavedForBackward, Strategy};
use super::ops::readback::sync;
use super::ops::sum;

/// Channels of the layer, in and out.
const CHANNELS: usize = 128;
/// Sides of the square maps tried, px.
const SIDES: [usize; 5] = [16, 32, 64, 128, 256];
/// Times above this are conclusive, ms, whatever the resolution of the clock and the latency of the
/// device.
const TELLING_MS: f64 = 20.0;
/// Repetitions, in turn with the other kernel; the least time counts, since other load is not the
/// kernel's. A map is conclusive only if all repetitions are.
const TRIES: usize = 3;
/// A kernel replaces an earlier one only if it takes less than this share of its time, so that
/// noise does not change the choice: a saved run resumes to the bit only with its own kernel.
const GAIN: f64 = 0.85;

/// Parts of the search: a forward and a backward pass compiled per kernel, then the timing.
#[expect(clippy::cast_possible_truncation, reason = "a count of kernels")]
pub const PARTS: u32 = 2 * ConvKernel::ALL.len() as u32 + 1;

/// Returns the kernel whose forward and backward pass take the least time by `now_ms`. Compiles all
/// pipelines. Calls `part_done` after each of [`PARTS`].
///
/// # Errors
/// When the device fails or is lost.
pub async fn fastest_kernel(
    device: &Device,
    now_ms: impl Fn() -> f64,
    mut part_done: impl FnMut(),
) -> Result<ConvKernel, ExecutionError> {
    let mut trial = Trial::new(device, now_ms);
    for division in ConvKernel::ALL {
        trial.divide(division);
        let (x, answer) = trial.forward(SIDES[0]);
        sync(answer.clone()).await?;
        part_done();
        trial.backward(x, answer).await?;
        part_done();
    }
    let side = trial.telling_side().await?;
    let mut least_ms = ConvKernel::ALL.map(|_| f64::INFINITY);
    for _ in 0..TRIES {
        for (division, least_ms) in ConvKernel::ALL.into_iter().zip(&mut least_ms) {
            trial.divide(division);
            *least_ms = least_ms.min(trial.time(side).await?);
        }
    }
    part_done();
    let mut fastest = (f64::INFINITY, ConvKernel::default());
    for (ms, division) in least_ms.into_iter().zip(ConvKernel::ALL) {
        if ms < GAIN * fastest.0 {
            fastest = (ms, division);
        }
    }
    Ok(fastest.1)
}

/// The layer, with zero weights: its time does not depend on them.
struct Trial<C> {
    convolution: PackedConvolution,
    device: Device,
    now_ms: C,
}

impl<C: Fn() -> f64> Trial<C> {
    fn new(device: &Device, now_ms: C) -> Self {
        let kernel = Tensor::zeros([CHANNELS, CHANNELS, 3, 3], device);
        let bias = Tensor::zeros([CHANNELS], device);
        Self { convolution: PackedConvolution::new(kernel, bias), device: device.clone(), now_ms }
    }

    fn divide(&mut self, division: ConvKernel) {
        self.convolution.set_strategy(Strategy { division, ..Strategy::default() });
    }

    /// Returns the first of [`SIDES`] whose time is conclusive.
    async fn telling_side(&self) -> Result<usize, ExecutionError> {
        for side in SIDES {
            if self.tells(side).await? {
                return Ok(side);
            }
        }
        Ok(SIDES[SIDES.len() - 1])
    }

    async fn tells(&self, side: usize) -> Result<bool, ExecutionError> {
        for _ in 0..TRIES {
            if self.time(side).await? < TELLING_MS {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn time(&self, side: usize) -> Result<f64, ExecutionError> {
        let begun_ms = (self.now_ms)();
        let (x, answer) = self.forward(side);
        self.backward(x, answer).await?;
        Ok((self.now_ms)() - begun_ms)
    }

    /// Returns a map and the layer's output for it.
    fn forward(&self, side: usize) -> (Tensor<4>, Tensor<4>) {
        let x = Tensor::<4>::zeros([1, side, side, CHANNELS], &self.device).permute([0, 3, 1, 2]);
        let x = x.autodiff().require_grad();
        (x.clone(), self.convolution.relu(x, 1, SavedForBackward::Output))
    }

    /// Runs the backward pass of an output, and waits for it.
    async fn backward(&self, x: Tensor<4>, answer: Tensor<4>) -> Result<(), ExecutionError> {
        let mut gradients = sum(answer).backward();
        let gradient = x.grad_remove(&mut gradients).expect("the answer depends on x");
        sync(gradient).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use pollster::block_on;

    use super::*;
    use crate::engine::ops::gpu_for_tests;

    /// What is chosen by a clock that tells these times, ms, one after another, and the last two in
    /// turn from then on; and the parts done.
    fn chosen(times: &[f64]) -> (ConvKernel, u32) {
        let device = gpu_for_tests();
        let readings = Cell::new(0_usize);
        // The clock is read twice for each time.
        let now_ms = || {
            let features = readings.replace(readings.get() + 1);
            let time = features / 2;
            let last = times.len() - 2;
            let index = if time < last { time } else { last + (time - last) % 2 };
            if features.is_multiple_of(2) { 0.0 } else { times[index] }
        };
        let mut parts = 0;
        let division = block_on(fastest_kernel(&device, now_ms, || parts += 1)).unwrap();
        (division, parts)
    }

    /// Times of a side that tells, then of each division in turn, first with a hiccup.
    fn times(fine: f64, coarse: f64) -> [f64; 7] {
        [30.0, 30.0, 30.0, 100.0, 100.0, fine, coarse]
    }

    #[test]
    fn the_division_that_takes_clearly_less_time_is_taken() {
        assert_eq!(chosen(&times(30.0, 20.0)), (ConvKernel::Direct, PARTS));
        assert_eq!(chosen(&times(30.0, 29.0)), (ConvKernel::Tiled, PARTS));
        assert_eq!(chosen(&times(30.0, 60.0)), (ConvKernel::Tiled, PARTS));
    }

    #[test]
    fn a_hiccup_does_not_make_a_small_map_tell() {
        // Taken at its word, the first side would be the one, and its times those that are alike.
        let times = [&[100.0, 1.0], times(30.0, 20.0).as_slice()].concat();
        assert_eq!(chosen(&times).0, ConvKernel::Direct);
    }
}
