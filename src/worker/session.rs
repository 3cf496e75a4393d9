//! The worker's loop: handle commands, run one batch of steps, yield to the event loop.

use std::cell::Cell;
use std::pin::pin;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsValue;

use super::error::{self, RunError};
use super::film;
use super::inbox::{Inbox, Message};
use super::outbox;
use super::pictures;
use super::preparation::Preparation;
use super::programs::Wanted;
use super::run::Run;
use crate::engine::device::{self, DeviceError, OpenDevice};
use crate::engine::{StyleTransfer, TransferError};
use crate::fault::Fault;
use crate::memory::MemoryUse;
use crate::pixels::Pixels;
use crate::protocol::{Command, DeviceKind, DeviceReport, Event, FilmId, RunId, Stage};
use crate::recipe::Recipe;

/// Delays between attempts to get a GPU adapter, ms. A freshly started Chromium has none at first.
const ADAPTER_WAITS_MS: [u32; 3] = [200, 500, 1000];

/// Everything that the worker holds between two commands.
#[derive(Debug)]
pub struct Session {
    inbox: Inbox,
    preparation: Preparation,
    /// The run to prepare for while idle.
    ahead: Option<Wanted>,
    run: Option<Run>,
}

impl Session {
    /// Creates a session that handles `commands`.
    pub fn new(commands: UnboundedReceiver<Message>) -> Self {
        Self {
            inbox: Inbox::new(commands),
            preparation: Preparation::new(),
            ahead: None,
            run: None,
        }
    }

    /// Serves the page for the worker's lifetime.
    pub async fn serve(mut self) {
        loop {
            if let Some((command, attachments)) = self.inbox.take() {
                self.handle(command, attachments).await;
            } else if self.run.as_ref().is_some_and(|run| !run.paused) {
                self.advance().await;
                TimeoutFuture::new(0).await;
            } else if let Some(wanted) = self.ahead.take() {
                self.prepare_ahead(wanted).await;
            } else if !self.inbox.wait().await {
                return;
            }
        }
    }

    async fn handle(&mut self, command: Command, attachments: Vec<JsValue>) {
        match command {
            Command::Open(kind) => self.open(kind).await,
            Command::Examine(file) => {
                self.catch_up().await;
                pictures::examine(file, attachments.first()).await;
            }
            Command::Prepare { recipe, paintings, memory } => {
                self.ahead = Some(Wanted { recipe, paintings, memory });
            }
            Command::Start { run, recipe, memory } => {
                self.start(run, recipe, memory, attachments).await;
            }
            Command::Cancel(id) => {
                if self.running(id).is_some() {
                    self.drop_run().await;
                }
            }
            Command::Pause(id) => {
                if let Some(run) = self.running(id) {
                    let paused = run.pause().await;
                    self.fail_run(id, paused).await;
                }
            }
            Command::Resume(id) => {
                if let Some(run) = self.running(id) {
                    run.paused = false;
                }
            }
            Command::Adjust { run: id, loss_weights, optimizer } => {
                if let Some(run) = self.running(id) {
                    run.transfer_mut().set_optimizer(optimizer);
                    let adjusted =
                        run.transfer_mut().set_loss_weights(loss_weights).map_err(RunError::from);
                    self.fail_run(id, adjusted).await;
                }
            }
            Command::Export(id) => {
                if let Some(run) = self.running(id) {
                    let exported = run.export().await;
                    self.fail_run(id, exported).await;
                }
            }
            Command::Film(id) => self.make_film(id, &attachments).await,
            // It was made already, or dropped.
            Command::StopFilm => {}
        }
    }

    async fn open(&mut self, kind: DeviceKind) {
        let opened = match kind {
            DeviceKind::Cpu => device::open_cpu(),
            DeviceKind::Gpu => open_gpu().await,
        };
        match opened {
            Ok(open) => {
                let OpenDevice { ref name, software, max_edge, limits, .. } = open;
                outbox::post(&Event::Opened(DeviceReport {
                    kind,
                    name: name.clone(),
                    software,
                    max_edge,
                    limits,
                }));
                self.preparation.set_device(open);
            }
            Err(error) => outbox::post_fatal(error::unopened(&error)),
        }
    }

    async fn start(
        &mut self,
        id: RunId,
        recipe: Recipe,
        memory: MemoryUse,
        attachments: Vec<JsValue>,
    ) {
        self.drop_run().await;
        self.ahead = None;
        outbox::set_current_run(Some(id));
        let steps = recipe.steps;
        match self.prepare(id, recipe, memory, attachments).await {
            Ok(Some((transfer, photo))) => self.run = Some(Run::new(id, transfer, photo, steps)),
            Ok(None) => self.drop_run().await,
            Err(error) => self.fail_run(id, Err(error)).await,
        }
    }

    /// Prepares a run up to its first step, and returns it with its photo; `None` if the page
    /// cancels it meanwhile.
    async fn prepare(
        &mut self,
        id: RunId,
        recipe: Recipe,
        memory: MemoryUse,
        attachments: Vec<JsValue>,
    ) -> Result<Option<(StyleTransfer, Pixels)>, RunError> {
        let Self { inbox, preparation, .. } = self;
        let report = |stage| outbox::post(&Event::Preparing { run: id, stage });
        recipe.validate().map_err(TransferError::from)?;
        report(Stage::Pictures);
        let pictures = pictures::read_all(attachments, &recipe).await?;
        let wanted = Wanted { recipe, paintings: pictures.paintings.len(), memory };
        let Some(vgg) = preparation.ready(&wanted, report, || inbox.calls_off(id)).await? else {
            return Ok(None);
        };
        let limits = preparation.limits(memory)?;
        let mut transfer = StyleTransfer::new(
            vgg,
            &pictures,
            &wanted.recipe,
            limits,
            &preparation.device()?.device,
        )?;
        let of = transfer.targets_missing();
        while transfer.targets_missing() > 0 {
            report(Stage::Targets { done: of - transfer.targets_missing(), of });
            // Yields, so that the page gets this message, and its commands get here, before the
            // device blocks this thread.
            TimeoutFuture::new(0).await;
            if inbox.calls_off(id) {
                return Ok(None);
            }
            transfer.make_target();
            transfer.fence().wait().await?;
            preparation.reclaim();
        }
        // Targets are allocated in other sizes than steps need.
        preparation.reclaim_all();
        report(Stage::FirstStep);
        TimeoutFuture::new(0).await;
        Ok((!inbox.calls_off(id)).then_some((transfer, pictures.photo)))
    }

    /// Prepares for a run that the page has not started yet, until a command arrives. A run that
    /// starts meanwhile is told the progress. A failure here is retried, and reported, by the run.
    async fn prepare_ahead(&mut self, wanted: Wanted) {
        let Self { inbox, preparation, ahead, .. } = self;
        let stage = Cell::new(None);
        let tell = || {
            if let (Some(run), Some(stage)) = (inbox.next_run(), stage.get()) {
                outbox::post(&Event::Preparing { run, stage });
            }
        };
        let report = |now| {
            stage.set(Some(now));
            tell();
        };
        let done = {
            let mut work = pin!(preparation.ready(&wanted, report, || inbox.has_any()));
            loop {
                match select(work.as_mut(), pin!(inbox.wait())).await {
                    Either::Left((done, _)) => break done,
                    Either::Right(_) => {
                        while let Some((file, attachments)) = inbox.take_examine() {
                            pictures::examine(file, attachments.first()).await;
                        }
                        tell();
                    }
                }
            }
        };
        if matches!(done, Ok(None)) {
            *ahead = Some(wanted);
        }
    }

    async fn advance(&mut self) {
        let Self { run: Some(run), inbox, preparation, .. } = self else { return };
        let id = run.id;
        match run.advance(|| inbox.halts(id), preparation).await {
            Ok(true) => self.drop_run().await,
            Ok(false) => {}
            Err(error) => self.fail_run(id, Err(error)).await,
        }
    }

    /// Awaits the work in flight before other work blocks the worker, which would count as device
    /// time.
    async fn catch_up(&mut self) {
        if let Some(run) = &mut self.run {
            let (id, done) = (run.id, run.catch_up().await);
            self.fail_run(id, done).await;
        }
    }

    async fn make_film(&mut self, id: FilmId, files: &[JsValue]) {
        self.catch_up().await;
        if let Err(error) = film::make(id, files, || self.inbox.stops_film()).await {
            outbox::post(&Event::Failed { run: None, fault: error.fault(), fatal: false });
        }
    }

    /// The current run, if it has this id.
    fn running(&mut self, id: RunId) -> Option<&mut Run> {
        self.run.as_mut().filter(|run| run.id == id)
    }

    async fn drop_run(&mut self) {
        outbox::set_current_run(None);
        if let Some(run) = self.run.take() {
            run.end().await;
        }
        self.preparation.reclaim_all();
    }

    /// Reports a failure and drops the run.
    async fn fail_run(&mut self, id: RunId, outcome: Result<(), RunError>) {
        if let Err(error) = outcome {
            outbox::post(&Event::Failed {
                run: Some(id),
                fault: error.fault(),
                fatal: error.is_fatal(),
            });
            self.drop_run().await;
        }
    }
}

/// Opens the GPU. A freshly started browser may have no adapter yet and one a moment later.
async fn open_gpu() -> Result<OpenDevice, DeviceError> {
    let open =
        || device::open_gpu(|reason| outbox::post_fatal(Fault::DeviceLost { detail: reason }));
    for wait_ms in ADAPTER_WAITS_MS {
        match open().await {
            Err(DeviceError::NoAdapter(_)) => TimeoutFuture::new(wait_ms).await,
            opened => return opened,
        }
    }
    open().await
}
