//! One run: when to submit steps, when to read the losses, when to show the image.

use super::error::RunError;
use super::global::now_ms;
use super::moments::{self, Moments};
use super::outbox;
use super::pace::Pace;
use super::preparation::Preparation;
use crate::codec;
use crate::engine::{Advance, InFlight, StyleTransfer, TransferError};
use crate::losses::Losses;
use crate::pixels::Pixels;
use crate::protocol::{Event, RunId};

/// A run in progress.
#[derive(Debug)]
pub struct Run {
    /// The run's id.
    pub id: RunId,
    /// Whether the run is paused.
    pub paused: bool,
    transfer: StyleTransfer,
    steps: u32,
    /// Work in flight whose end has not been awaited.
    pending: Option<Pending>,
    /// The preview in flight, and the steps done in it.
    preview: Option<(u32, InFlight<Result<Pixels, TransferError>>)>,
    pace: Pace,
    moments: Moments,
    /// The photo at full size, until the page has it.
    photo: Option<Pixels>,
}

/// Work in flight on the device.
#[derive(Debug)]
enum Pending {
    /// Part of a step.
    Part(InFlight<Result<(), TransferError>>),
    /// A batch of steps.
    Batch(BatchLosses),
}

/// The losses after a batch, in flight.
#[derive(Debug)]
struct BatchLosses {
    /// Steps done.
    step: u32,
    /// Steps of the batch.
    batch: u32,
    losses: InFlight<Result<Losses, TransferError>>,
}

impl Pending {
    /// Whether the work is done, as it always is on the CPU.
    fn is_ready(&self) -> bool {
        match self {
            Self::Part(end) => end.is_ready(),
            Self::Batch(look) => look.losses.is_ready(),
        }
    }
}

impl Run {
    /// Creates a run of `transfer`, which has `steps` to do on `photo`.
    pub fn new(id: RunId, transfer: StyleTransfer, photo: Pixels, steps: u32) -> Self {
        Self {
            id,
            paused: false,
            transfer,
            steps,
            pending: None,
            preview: None,
            pace: Pace::default(),
            moments: Moments::new(steps),
            photo: Some(photo),
        }
    }

    /// The optimisation.
    pub fn transfer_mut(&mut self) -> &mut StyleTransfer {
        &mut self.transfer
    }

    /// Submits one batch and reports the previous one. Returns early, mid-step, if `halted`; the
    /// next call resumes there. Reclaims GPU buffers that were released. Returns whether the run is
    /// finished.
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
        // A step of many parts is a batch of its own: at the next size steps may be long where they
        // were short.
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

    /// Pauses, and shows the image as it is now rather than as of the last preview.
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

    /// Posts the image as PNG.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn export(&mut self) -> Result<(), RunError> {
        self.catch_up().await?;
        let event = Event::Exported { run: self.id, step: self.transfer.steps_done() };
        outbox::post_with_bytes(&event, &self.png().await?);
        Ok(())
    }

    /// Awaits all work in flight, and reports it.
    ///
    /// # Errors
    /// [`RunError::Transfer`].
    pub async fn catch_up(&mut self) -> Result<(), RunError> {
        let pending = self.pending.take();
        self.wait_for(pending).await?;
        self.end_preview(true).await
    }

    /// Awaits all work in flight and drops the results: a pending read-back must not be dropped.
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

    /// Posts a preview of the image.
    async fn post_current(&mut self) -> Result<(), RunError> {
        let pixels = self.transfer.pixels().await?;
        self.post_preview(self.transfer.steps_done(), &pixels);
        Ok(())
    }

    fn post_preview(&mut self, step: u32, pixels: &Pixels) {
        if let Some(photo) = self.photo.take_if(|photo| photo.size() == pixels.size()) {
            let event = Event::Photo { run: self.id, size: photo.size() };
            outbox::post_with_bytes(&event, photo.rgba());
        }
        outbox::post_with_bytes(
            &Event::Preview { run: self.id, step, size: pixels.size() },
            pixels.rgba(),
        );
    }

    fn post_moment(&mut self, step: u32, pixels: &Pixels) {
        if self.moments.take(step) {
            let (size, jpeg) = moments::encode(pixels);
            outbox::post_with_bytes(&Event::Moment { run: self.id, step, size }, &jpeg);
        }
    }

    /// Starts a preview. It is awaited after the next batch or tile is submitted, unless that will
    /// be long, so that the device works during the transfer.
    async fn begin_preview(&mut self) -> Result<(), RunError> {
        let picture = InFlight::new(self.transfer.pixels());
        let waits = picture.is_ready() || !self.pace.lets_previews_lag();
        self.preview = Some((self.transfer.steps_done(), picture));
        if waits { self.end_preview(true).await } else { Ok(()) }
    }

    /// Posts the preview in flight, if there is one. `rests` says whether the device idles
    /// meanwhile, which decides what the preview costs.
    async fn end_preview(&mut self, rests: bool) -> Result<(), RunError> {
        if let Some((step, picture)) = self.preview.take() {
            let pixels = picture.wait().await?;
            self.post_preview(step, &pixels);
            self.post_moment(step, &pixels);
            self.pace.end_preview(now_ms(), rests);
        }
        Ok(())
    }

    /// Submits `next`, then awaits the work before it; and `next` itself, unless it will be short.
    async fn submit(&mut self, next: Pending) -> Result<(), RunError> {
        let waits = next.is_ready() || !self.pace.is_ahead();
        let before = self.pending.replace(next);
        self.wait_for(before).await?;
        self.end_preview(false).await?;
        if waits { self.catch_up().await } else { Ok(()) }
    }

    /// Awaits work in flight, and reports it to the page.
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
