//! One run in the worker: when to step, when to read the losses, when to show the picture.

use super::explain::RunError;
use super::{now_ms, outbox};
use crate::codec;
use crate::engine::{StyleTransfer, TransferError};
use crate::protocol::{Event, RunId};

/// Steps are enqueued in batches with one read-back after each: the read-back bounds the device's queue, so that a cancel is
/// felt within a tenth of a second, and it costs a round trip, so that it should not follow every step. Batches grow below and shrink above
/// these, ms.
const SHORT_BATCH_MS: f64 = 45.0;
const LONG_BATCH_MS: f64 = 100.0;
/// Most steps in a batch.
const MAX_BATCH: u32 = 32;
/// Least time between two previews, ms: five a second look like motion.
const PREVIEW_INTERVAL_MS: f64 = 200.0;
/// A preview's cost is at most one part in this many of the time between two.
const PREVIEW_COST_SHARE: f64 = 5.0;

/// A run that has begun.
#[derive(Debug)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// Whether it rests.
    pub paused: bool,
    transfer: StyleTransfer,
    steps: u32,
    batch: u32,
    elapsed_ms: f64,
    next_preview_ms: f64,
}

impl Run {
    /// Takes over `transfer`, which has `steps` to do.
    pub fn new(id: RunId, transfer: StyleTransfer, steps: u32) -> Self {
        Self { id, paused: false, transfer, steps, batch: 1, elapsed_ms: 0.0, next_preview_ms: 0.0 }
    }

    /// The optimisation itself.
    pub fn transfer_mut(&mut self) -> &mut StyleTransfer {
        &mut self.transfer
    }

    /// Does one batch of steps and posts what came of it, unless the run is `halted` in the middle of a step of many tiles: the rest of the step is
    /// left for another time then, and that of the batch. Answers whether the run is finished.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn advance(&mut self, mut halted: impl FnMut() -> bool) -> Result<bool, RunError> {
        let first = self.transfer.steps_done() == 0;
        let begun_ms = now_ms();
        for _ in 0..self.batch {
            while !self.transfer.finished() && !self.transfer.advance().await? {
                if halted() {
                    self.count(begun_ms, first);
                    return Ok(false);
                }
            }
        }
        let losses = self.transfer.losses().await?;
        if !first {
            self.adapt_batch(now_ms() - begun_ms);
        }
        self.count(begun_ms, first);
        let (run, step) = (self.id, self.transfer.steps_done());
        outbox::post(&Event::Progress { run, step, steps: self.steps, losses, elapsed_ms: self.elapsed_ms });
        if self.transfer.finished() {
            self.preview().await?;
            outbox::post_with_bytes(&Event::Finished { run, step }, &self.png().await?);
            return Ok(true);
        }
        if now_ms() >= self.next_preview_ms {
            self.preview().await?;
        }
        Ok(false)
    }

    /// Posts the picture as a PNG.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn export(&self) -> Result<(), RunError> {
        let event = Event::Exported { run: self.id, step: self.transfer.steps_done() };
        outbox::post_with_bytes(&event, &self.png().await?);
        Ok(())
    }

    /// Posts the picture for the canvas.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn preview(&mut self) -> Result<(), RunError> {
        let begun_ms = now_ms();
        let pixels = self.transfer.pixels().await?;
        let event = Event::Preview { run: self.id, step: self.transfer.steps_done(), size: pixels.size() };
        outbox::post_with_bytes(&event, pixels.rgba());
        let done_ms = now_ms();
        self.next_preview_ms = done_ms + PREVIEW_INTERVAL_MS.max(PREVIEW_COST_SHARE * (done_ms - begun_ms));
        Ok(())
    }

    /// Posts that the run rests.
    pub fn report_paused(&self) {
        outbox::post(&Event::Paused { run: self.id, step: self.transfer.steps_done() });
    }

    async fn png(&self) -> Result<Vec<u8>, TransferError> {
        Ok(codec::encode_png(&self.transfer.pixels().await?))
    }

    /// Counts the time since then, but not that of the `first` step: it pays for compilations, which says nothing about the others.
    fn count(&mut self, begun_ms: f64, first: bool) {
        if !first {
            self.elapsed_ms += now_ms() - begun_ms;
        }
    }

    fn adapt_batch(&mut self, batch_ms: f64) {
        if batch_ms < SHORT_BATCH_MS {
            self.batch = (self.batch * 2).min(MAX_BATCH);
        } else if batch_ms > LONG_BATCH_MS {
            self.batch = (self.batch / 2).max(1);
        }
    }
}
