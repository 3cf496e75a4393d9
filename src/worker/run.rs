//! One run in the worker: when to step, when to read the losses, when to show the picture.

use super::explain::RunError;
use super::{now_ms, outbox};
use crate::codec;
use crate::engine::{Begun, StyleTransfer, TransferError};
use crate::losses::Losses;
use crate::pace::Pace;
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
    pace: Pace,
}

/// What the device was asked for.
#[derive(Debug)]
enum Pending {
    /// A part of a step.
    Part(Begun<Result<(), TransferError>>),
    /// A batch of steps.
    Batch(Look),
}

/// What the page is to be told of the run as it was after a batch; on its way from the device.
#[derive(Debug)]
struct Look {
    /// Steps done.
    step: u32,
    /// Those of the batch.
    batch: u32,
    losses: Begun<Result<Losses, TransferError>>,
    /// Where a preview is due.
    picture: Option<Begun<Result<Pixels, TransferError>>>,
}

impl Pending {
    /// Whether the end is there already, as it always is on the processor.
    fn is_done(&self) -> bool {
        match self {
            Self::Part(end) => end.is_done(),
            Self::Batch(look) => look.losses.is_done(),
        }
    }
}

impl Run {
    /// Takes over `transfer`, which has `steps` to do.
    pub fn new(id: RunId, transfer: StyleTransfer, steps: u32) -> Self {
        Self { id, paused: false, transfer, steps, pending: None, pace: Pace::default() }
    }

    /// The optimisation itself.
    pub fn transfer_mut(&mut self) -> &mut StyleTransfer {
        &mut self.transfer
    }

    /// Asks for one batch of steps and posts what has come of this one or the one before, unless the run is `halted` in the middle of a step of many
    /// tiles: the rest of the step is left for another time then, and that of the batch. Answers whether the run is finished.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn advance(&mut self, mut halted: impl FnMut() -> bool) -> Result<bool, RunError> {
        if self.pending.is_none() {
            self.pace.begin(now_ms());
        }
        let before = self.transfer.steps_done();
        for _ in 0..self.pace.batch() {
            while !self.transfer.finished() && !self.transfer.advance().await? {
                self.follow(Pending::Part(self.transfer.mark())).await?;
                if halted() {
                    return Ok(false);
                }
            }
            // At a pyramid's last size a step may be long where those before it were short.
            if self.transfer.tiles() > 1 {
                break;
            }
        }
        let look = self.begin_look(self.transfer.steps_done() - before);
        self.follow(Pending::Batch(look)).await?;
        let finished = self.transfer.finished();
        if finished {
            self.catch_up().await?;
            self.preview().await?;
            outbox::post_with_bytes(&Event::Finished { run: self.id, step: self.transfer.steps_done() }, &self.png().await?);
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
        self.preview().await?;
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
        match self.pending.take() {
            Some(pending) => self.hear(pending).await,
            None => Ok(()),
        }
    }

    /// Waits for what is on its way, of which nothing is wanted any more: a device may not let go of what it has begun to read.
    pub async fn end(self) {
        match self.pending {
            None => {}
            Some(Pending::Part(end)) => _ = end.outcome().await,
            Some(Pending::Batch(Look { losses, picture, .. })) => {
                _ = losses.outcome().await;
                if let Some(picture) = picture {
                    _ = picture.outcome().await;
                }
            }
        }
    }

    async fn png(&self) -> Result<Vec<u8>, TransferError> {
        Ok(codec::encode_png(&self.transfer.pixels().await?))
    }

    /// Posts the picture for the canvas.
    async fn preview(&self) -> Result<(), RunError> {
        let pixels = self.transfer.pixels().await?;
        self.post_picture(self.transfer.steps_done(), &pixels);
        Ok(())
    }

    fn post_picture(&self, step: u32, pixels: &Pixels) {
        outbox::post_with_bytes(&Event::Preview { run: self.id, step, size: pixels.size() }, pixels.rgba());
    }

    /// Begins to read what the page is to be told after a `batch` of steps.
    fn begin_look(&mut self, batch: u32) -> Look {
        let shows = !self.transfer.finished() && self.pace.begin_preview(now_ms());
        Look {
            step: self.transfer.steps_done(),
            batch,
            losses: Begun::new(self.transfer.losses()),
            picture: shows.then(|| Begun::new(self.transfer.pixels())),
        }
    }

    /// After `next` has been asked for, waits for what was asked for before it, and for itself too unless it will be short.
    async fn follow(&mut self, next: Pending) -> Result<(), RunError> {
        let waits = next.is_done() || !self.pace.is_ahead();
        if let Some(before) = self.pending.replace(next) {
            self.hear(before).await?;
        }
        if waits { self.catch_up().await } else { Ok(()) }
    }

    async fn hear(&mut self, pending: Pending) -> Result<(), RunError> {
        match pending {
            Pending::Batch(look) => self.show(look).await,
            Pending::Part(end) => {
                end.outcome().await?;
                self.pace.end_part(now_ms(), self.transfer.steps_done() > 0);
                Ok(())
            }
        }
    }

    /// Waits for what the page is to be told, and tells it.
    async fn show(&mut self, Look { step, batch, losses, picture }: Look) -> Result<(), RunError> {
        let losses = losses.outcome().await;
        self.pace.end_batch(now_ms(), batch, step > 1);
        let picture = match picture {
            Some(picture) => Some(picture.outcome().await),
            None => None,
        };
        let elapsed_ms = self.pace.elapsed_ms();
        outbox::post(&Event::Progress { run: self.id, step, steps: self.steps, losses: losses?, elapsed_ms });
        if let Some(pixels) = picture {
            self.post_picture(step, &pixels?);
            self.pace.end_preview(now_ms());
        }
        Ok(())
    }
}
