//! The worker's one loop: take what commands have come, do one batch of steps, give the event loop
//! its turn.

use std::cell::Cell;
use std::pin::pin;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::error::{self, RunError};
use super::inbox::{Inbox, Message};
use super::outbox;
use super::preparation::Preparation;
use super::programs::Wanted;
use super::run::Run;
use crate::codec;
use crate::engine::device::{self, DeviceError, OpenDevice};
use crate::engine::{Pictures, StyleTransfer, TransferError};
use crate::fault::{Fault, Role};
use crate::memory::MemoryUse;
use crate::pixels::Pixels;
use crate::protocol::wire::StartFiles;
use crate::protocol::{Command, DeviceKind, DeviceReport, Event, FileId, RunId, Stage};
use crate::recipe::Recipe;
use crate::web::message;

/// Times between attempts to get an adapter of the GPU, ms: a Chromium that had just started had
/// none at first, and one before these were over.
const ADAPTER_WAITS_MS: [u32; 3] = [200, 500, 1000];

/// Everything that the worker keeps between two commands.
#[derive(Debug)]
pub struct Session {
    inbox: Inbox,
    preparation: Preparation,
    /// What to get ready for while there is nothing else to do.
    ahead: Option<Wanted>,
    run: Option<Run>,
}

impl Session {
    /// A session that will take `commands`.
    pub fn new(commands: UnboundedReceiver<Message>) -> Self {
        Self {
            inbox: Inbox::new(commands),
            preparation: Preparation::new(),
            ahead: None,
            run: None,
        }
    }

    /// Serves the page for as long as the worker lives.
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
                examine(file, attachments.first()).await;
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
            Ok(Some(transfer)) => self.run = Some(Run::new(id, transfer, steps)),
            Ok(None) => self.drop_run().await,
            Err(error) => self.fail_run(id, Err(error)).await,
        }
    }

    /// Everything up to the first step; `None` when the page has called the run off meanwhile.
    async fn prepare(
        &mut self,
        id: RunId,
        recipe: Recipe,
        memory: MemoryUse,
        attachments: Vec<JsValue>,
    ) -> Result<Option<StyleTransfer>, RunError> {
        let Self { inbox, preparation, .. } = self;
        let report = |stage| outbox::post(&Event::Preparing { run: id, stage });
        recipe.validate().map_err(TransferError::from)?;
        report(Stage::Pictures);
        let pictures = read_pictures(attachments, &recipe).await?;
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
            // The page hears of it before the device's work holds this thread, and its own word is
            // heard.
            TimeoutFuture::new(0).await;
            if inbox.calls_off(id) {
                return Ok(None);
            }
            transfer.make_target();
            transfer.fence().wait().await?;
            preparation.reclaim();
        }
        // Making them took memory in other pieces than a step does.
        preparation.reclaim_all();
        report(Stage::FirstStep);
        TimeoutFuture::new(0).await;
        Ok((!inbox.calls_off(id)).then_some(transfer))
    }

    /// Gets ready for a run that the page has not asked for yet, until it asks for something. A run
    /// that is asked for meanwhile is told how far that is. What fails here is tried once more for
    /// a run, which tells it.
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
                            examine(file, attachments.first()).await;
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

    /// Hears of what the device has been asked for, before something else takes the worker's time:
    /// it would count as the device's.
    async fn catch_up(&mut self) {
        if let Some(run) = &mut self.run {
            let (id, done) = (run.id, run.catch_up().await);
            self.fail_run(id, done).await;
        }
    }

    /// The run, if it is the one that the page means.
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

    /// Tells the page of a failure, after which the run is no more.
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

/// The GPU. A browser that has just been started may have no adapter yet and one a moment later.
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

/// Tells the page whether a file is an image to work with. Only decoding all of it shows whether it
/// is whole.
async fn examine(file: FileId, attachment: Option<&JsValue>) {
    let blob: Option<&Blob> = attachment.and_then(JsCast::dyn_ref);
    let refusal = match blob {
        Some(blob) => read_picture(blob, Role::Chosen, *Recipe::SIZE.end()).await.err(),
        None => Some(RunError::Unreadable(Role::Chosen, "no file came".to_owned())),
    };
    outbox::post(&Event::Examined { file, refusal: refusal.map(|error| error.fault()) });
}

/// Reads the images of a run, each at its working size.
async fn read_pictures(attachments: Vec<JsValue>, recipe: &Recipe) -> Result<Pictures, RunError> {
    let missing = || RunError::Unreadable(Role::Content, "no file came".to_owned());
    let StartFiles { photo, earlier, paintings } =
        StartFiles::unpack(attachments).ok_or_else(missing)?;
    let photo = read_picture(&photo, Role::Content, recipe.size).await?;
    let earlier = match earlier {
        Some(file) => {
            let picture = read_picture(&file, Role::Earlier, recipe.size).await?;
            Some(codec::resize(&picture, photo.size()))
        }
        None => None,
    };
    let style_edge = recipe.style_edge(photo.size().long_edge());
    let mut read = Vec::new();
    for file in &paintings {
        let bytes = read_file(file, Role::Style).await?;
        let (painting, framed) = codec::decode_painting(&bytes, style_edge, recipe.keep_frame)
            .map_err(|error| RunError::Picture(Role::Style, error))?;
        if framed {
            outbox::post(&Event::Notice(Fault::FrameLeftOut));
        }
        read.push(painting);
    }
    Ok(Pictures { photo, paintings: read, masks: Vec::new(), earlier })
}

async fn read_picture(file: &Blob, role: Role, edge: u32) -> Result<Pixels, RunError> {
    let bytes = read_file(file, role).await?;
    codec::decode_fitted(&bytes, edge).map_err(|error| RunError::Picture(role, error))
}

async fn read_file(file: &Blob, role: Role) -> Result<Vec<u8>, RunError> {
    let buffer = JsFuture::from(file.array_buffer())
        .await
        .map_err(|error| RunError::Unreadable(role, message(&error)))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
