//! One run in the worker: when to step, when to read the losses, when to show the picture.

use super::error::RunError;
use super::global::now_ms;
use super::outbox;
use super::pace::Pace;
use super::preparation::Preparation;
use crate::codec;
use crate::engine::{Advance, InFlight, StyleTransfer, TransferError};
use crate::losses::Losses;
use crate::pixels::Pixels;
use crate::protocol::{Event, RunId};

/// A run that has begun.
#[derive(Debug)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// Whether it rests.
    pub paused: bool,
    transfer: StyleTransfer,
    steps: u32,
    /// What the device was asked for last, unless its end has been heard of.
    pending: Option<Pending>,
    /// The picture for the canvas, as it was after so many steps, where it is on its way.
    preview: Option<(u32, InFlight<Result<Pixels, TransferError>>)>,
    pace: Pace,
}

/// What the device was asked for.
#[derive(Debug)]
enum Pending {
    /// A part of a step.
    Part(InFlight<Result<(), TransferError>>),
    /// A batch of steps.
    Batch(BatchLosses),
}

/// The losses after a batch, on their way from the device.
#[derive(Debug)]
struct BatchLosses {
    /// Steps done.
    step: u32,
    /// Those of the batch.
    batch: u32,
    losses: InFlight<Result<Losses, TransferError>>,
}

impl Pending {
    /// Whether the end is there already, as it always is on the processor.
    fn is_ready(&self) -> bool {
        match self {
            Self::Part(end) => end.is_ready(),
            Self::Batch(look) => look.losses.is_ready(),
        }
    }
}

impl Run {
    /// Takes over `transfer`, which has `steps` to do.
    pub fn new(id: RunId, transfer: StyleTransfer, steps: u32) -> Self {
        Self {
            id,
            paused: false,
            transfer,
            steps,
            pending: None,
            preview: None,
            pace: Pace::default(),
        }
    }

    /// The optimisation itself.
    pub fn transfer_mut(&mut self) -> &mut StyleTransfer {
        &mut self.transfer
    }

    /// Asks for one batch of steps and posts what has come of this one or the one before, unless
    /// the run is `halted` in the middle of a step of many parts: the rest of the step is left for
    /// another time then, and that of the batch. What memory has become free is given back to the
    /// device of `preparation`. Answers whether the run is finished.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn advance(
        &mut self,
        mut halted: impl FnMut() -> bool,
        preparation: &Preparation,
    ) -> Result<bool, RunError> {
        if self.pending.is_none() {
            self.pace.begin(now_ms());
        }
        let before = self.transfer.steps_done();
        let mut parts = 0;
        // A step of many parts is a batch of its own: at the next size steps may be long where
        // those before it were short.
        for _ in 0..self.pace.batch() {
            while !self.transfer.finished() {
                match self.transfer.advance().await? {
                    Advance::Step => break,
                    Advance::Targets => preparation.reclaim_all(),
                    Advance::Part => {}
                }
                parts += 1;
                self.submit(Pending::Part(self.transfer.fence())).await?;
                preparation.reclaim();
                if halted() {
                    return Ok(false);
                }
            }
            if parts > 0 {
                break;
            }
        }
        let step = self.transfer.steps_done();
        self.submit(Pending::Batch(BatchLosses {
            step,
            batch: step - before,
            losses: InFlight::new(self.transfer.losses()),
        }))
        .await?;
        let finished = self.transfer.finished();
        if finished {
            self.catch_up().await?;
            self.post_current().await?;
            outbox::post_with_bytes(&Event::Finished { run: self.id, step }, &self.png().await?);
        } else if self.pace.begin_preview(now_ms()) {
            self.begin_preview().await?;
        }
        Ok(finished)
    }

    /// Rests. The page is shown the picture as it is, not as it was up to a preview ago.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn pause(&mut self) -> Result<(), RunError> {
        self.paused = true;
        self.catch_up().await?;
        self.post_current().await?;
        outbox::post(&Event::Paused { run: self.id, step: self.transfer.steps_done() });
        Ok(())
    }

    /// Posts the picture as a PNG.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn export(&mut self) -> Result<(), RunError> {
        self.catch_up().await?;
        let event = Event::Exported { run: self.id, step: self.transfer.steps_done() };
        outbox::post_with_bytes(&event, &self.png().await?);
        Ok(())
    }

    /// Waits for all that has been asked for, and posts what has come of it.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn catch_up(&mut self) -> Result<(), RunError> {
        let pending = self.pending.take();
        self.wait_for(pending).await?;
        self.end_preview(true).await
    }

    /// Waits for what is on its way, of which nothing is wanted any more: a device may not let go
    /// of what it has begun to read.
    pub async fn end(self) {
        match self.pending {
            None => {}
            Some(Pending::Part(end)) => _ = end.wait().await,
            Some(Pending::Batch(look)) => _ = look.losses.wait().await,
        }
        if let Some((_, picture)) = self.preview {
            _ = picture.wait().await;
        }
    }

    async fn png(&self) -> Result<Vec<u8>, TransferError> {
        Ok(codec::encode_png(&self.transfer.pixels().await?))
    }

    /// Posts the picture as it is for the canvas.
    async fn post_current(&self) -> Result<(), RunError> {
        let pixels = self.transfer.pixels().await?;
        self.post_preview(self.transfer.steps_done(), &pixels);
        Ok(())
    }

    fn post_preview(&self, step: u32, pixels: &Pixels) {
        outbox::post_with_bytes(
            &Event::Preview { run: self.id, step, size: pixels.size() },
            pixels.rgba(),
        );
    }

    /// Begins to read the picture for the canvas. Unless the next batch, or tile, will be long, it
    /// is waited for when that has been asked for: so the device works while the picture is
    /// brought.
    async fn begin_preview(&mut self) -> Result<(), RunError> {
        let picture = InFlight::new(self.transfer.pixels());
        let waits = picture.is_ready() || !self.pace.lets_previews_lag();
        self.preview = Some((self.transfer.steps_done(), picture));
        if waits { self.end_preview(true).await } else { Ok(()) }
    }

    /// Posts the preview that is on its way, if one is. Whether the device `rests` meanwhile,
    /// having been asked for nothing else, tells what it costs.
    async fn end_preview(&mut self, rests: bool) -> Result<(), RunError> {
        if let Some((step, picture)) = self.preview.take() {
            self.post_preview(step, &picture.wait().await?);
            self.pace.end_preview(now_ms(), rests);
        }
        Ok(())
    }

    /// After `next` has been asked for, waits for what was asked for before it, and for itself too
    /// unless it will be short.
    async fn submit(&mut self, next: Pending) -> Result<(), RunError> {
        let waits = next.is_ready() || !self.pace.is_ahead();
        let before = self.pending.replace(next);
        self.wait_for(before).await?;
        self.end_preview(false).await?;
        if waits { self.catch_up().await } else { Ok(()) }
    }

    /// Waits for the end of what was asked for, and tells the page of it.
    async fn wait_for(&mut self, pending: Option<Pending>) -> Result<(), RunError> {
        match pending {
            None => Ok(()),
            Some(Pending::Batch(look)) => self.report(look).await,
            Some(Pending::Part(end)) => {
                end.wait().await?;
                self.pace.end_part(now_ms(), self.transfer.steps_done() > 0);
                Ok(())
            }
        }
    }

    async fn report(
        &mut self,
        BatchLosses { step, batch, losses }: BatchLosses,
    ) -> Result<(), RunError> {
        let losses = losses.wait().await;
        self.pace.end_batch(now_ms(), batch, step > 1);
        outbox::post(&Event::Progress {
            run: self.id,
            step,
            steps: self.steps,
            losses: losses?,
            elapsed_ms: self.pace.elapsed_ms(),
        });
        Ok(())
    }
}
