//! Connects person, [`Studio`] and worker: requests of the person go through the studio, whose
//! tasks are carried out here.

mod grid;
mod inputs;
mod making;
mod recipes;

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::Uint8ClampedArray;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::browser;
use super::client::Client;
use super::device_choice::DeviceChoice;
use super::intake::Intake;
use super::labels;
use super::moments::Moments;
use super::picture_store::PictureStore;
use super::pictures::{self, Origin, Original, Picture, ResultImage, ResultImages};
use super::reconstruction::{Reconstruction, ReconstructionOf};
use super::settings::Settings;
use super::studio::{Errand, Phase, Remedy, Studio, Task};
use crate::pixels::ImageSize;
use crate::protocol::wire::StartFiles;
use crate::protocol::{Command, Event, RunId};
use crate::recipe::{LossWeights, OptimizerKind};
use crate::web::message;
use crate::words::notices;
use crate::words::page::ENGLISH;

/// Debounce time of sliders, ms.
const ADJUST_EVERY_MS: u32 = 80;

/// Id of the element that holds the result.
pub const RESULT_ID: &str = "result";

/// Id of the element that holds the grid.
pub const GRID_ID: &str = "grid";

/// Inputs of a run: the file name of its result, the original to compare with, the files.
type RunInputs = (String, Original, StartFiles);

type Local<T> = RwSignal<T, LocalStorage>;

/// Handles on everything that the page holds; copies are the same desk.
#[derive(Clone, Copy)]
pub struct Desk {
    studio: RwSignal<Studio>,
    content: Local<Option<Picture>>,
    style: Local<Option<Picture>>,
    second_style: Local<Option<Picture>>,
    /// Address of the photo whose size is known, and that size.
    photo: RwSignal<Option<(String, ImageSize)>>,
    intake: Local<Intake<Picture>>,
    picture_store: StoredValue<Rc<PictureStore>, LocalStorage>,
    result_images: Local<ResultImages>,
    moments: Local<Moments<Picture>>,
    /// The photo as the run of this id sees it.
    photo_of_run: StoredValue<Option<(RunId, Uint8ClampedArray)>, LocalStorage>,
    /// The grid's pictures so far.
    cells: Local<Vec<ResultImage>>,
    /// The grid's inputs, however the input slots change meanwhile.
    grid_of: StoredValue<Option<RunInputs>, LocalStorage>,
    /// The result that a continued run starts from.
    earlier: StoredValue<Option<Blob>, LocalStorage>,
    origin: StoredValue<Option<Rc<Origin>>, LocalStorage>,
    client: StoredValue<Option<Rc<Client>>, LocalStorage>,
    adjusting: StoredValue<Option<Timeout>, LocalStorage>,
    canvas: NodeRef<html::Canvas>,
}

impl Desk {
    /// Creates a desk with settings and pictures of the last visit, and boots a worker.
    pub fn open() -> Self {
        let settings = Settings::from_json(&browser::stored_settings());
        let desk = Self {
            studio: RwSignal::new(Studio::new(settings, browser::has_webgpu())),
            content: RwSignal::new_local(None),
            style: RwSignal::new_local(None),
            second_style: RwSignal::new_local(None),
            photo: RwSignal::new(None),
            intake: RwSignal::new_local(Intake::default()),
            picture_store: StoredValue::new_local(Rc::default()),
            result_images: RwSignal::new_local(ResultImages::default()),
            moments: RwSignal::new_local(Moments::default()),
            photo_of_run: StoredValue::new_local(None),
            cells: RwSignal::new_local(Vec::new()),
            grid_of: StoredValue::new_local(None),
            earlier: StoredValue::new_local(None),
            origin: StoredValue::new_local(None),
            client: StoredValue::new_local(None),
            adjusting: StoredValue::new_local(None),
            canvas: NodeRef::new(),
        };
        let client = Client::new(move |event, attachments| {
            desk.receive(event, attachments.into_iter().next());
        });
        desk.client.set_value(Some(Rc::new(client)));
        desk.act(Studio::open);
        desk.remember_settings();
        desk.prepare_ahead();
        desk.restore_pictures();
        desk
    }

    /// Returns the studio, for components to read.
    pub fn studio(self) -> ReadSignal<Studio> {
        self.studio.read_only()
    }

    /// Returns the canvas of the result.
    pub fn canvas(self) -> NodeRef<html::Canvas> {
        self.canvas
    }

    /// Returns the results.
    pub fn result_images(self) -> ReadSignal<ResultImages, LocalStorage> {
        self.result_images.read_only()
    }

    /// Returns the picture to compare the current run, or the shown result, with.
    pub fn original(self) -> Option<Original> {
        let origin = self.origin.with_value(Clone::clone);
        let live = self.studio.with(Studio::is_live);
        let shown = self.result_images.with(|result_images| {
            result_images.shown.as_ref().map(|result_image| Rc::clone(&result_image.origin))
        });
        let origin = if live { origin } else { shown.or(origin) };
        origin.map(|origin| origin.original.clone())
    }

    /// Starts a run from the shown result.
    pub fn go_on(self) {
        self.with_shown_png(move |desk, png| {
            desk.earlier.set_value(Some(png.clone()));
            desk.begin(Errand::GoOn, Studio::go_on);
        });
    }

    /// Starts a reconstruction.
    pub fn reconstruct(self) {
        let reconstruction = self.studio.with_untracked(|studio| studio.settings().reconstruction);
        self.begin(Errand::Reconstruct(reconstruction), Studio::reconstruct);
    }

    /// Applies the remedy of an error.
    pub fn help(self, remedy: Remedy) {
        match remedy {
            Remedy::Retry => self.retry(),
            Remedy::ChooseDevice => {
                self.act(|studio| studio.choose_device(DeviceChoice::Auto));
                if self.studio.with_untracked(|studio| studio.phase() == Some(Phase::Failed)) {
                    self.retry();
                }
            }
        }
    }

    /// Starts the last run again.
    fn retry(self) {
        if let Some(errand) =
            self.studio.with_untracked(|studio| studio.run().map(|run| run.errand))
        {
            self.begin(errand, Studio::retry);
        }
    }

    fn begin(self, errand: Errand, start: fn(&mut Studio) -> Option<Task>) {
        let live = self.studio.with_untracked(Studio::is_live);
        if !live && untrack(|| self.is_ready_for(errand)) {
            self.act(start);
            let place = if matches!(errand, Errand::Cell(_)) { GRID_ID } else { RESULT_ID };
            // After layout: before the first run there is no grid.
            request_animation_frame(move || browser::reveal(place));
        }
    }

    /// Applies a change to the studio and carries out the task that follows.
    pub fn act(self, change: impl FnOnce(&mut Studio) -> Option<Task>) {
        if let Some(task) = self.studio.try_update(change).flatten() {
            self.perform(task, None);
        }
    }

    /// Changes the weights of the loss terms, also of the live run.
    pub fn adjust(self, change: impl FnOnce(&mut LossWeights)) {
        self.studio.update(|studio| studio.set_loss_weights(change));
        if self.adjusting.with_value(Option::is_some) {
            return;
        }
        let send = move || {
            self.adjusting.set_value(None);
            self.act(|studio| studio.adjustment());
        };
        self.adjusting.set_value(Some(Timeout::new(ADJUST_EVERY_MS, send)));
    }

    /// Sets the optimiser, also of the live run.
    pub fn take_optimizer(self, optimizer: OptimizerKind) {
        self.act(|studio| {
            studio.set(|settings| settings.recipe.optimizer = optimizer);
            studio.adjustment()
        });
    }

    /// Saves the moment on view, else the current image of a live run, else the shown result.
    pub fn download(self) {
        let looks_back = untrack(|| self.moment_on_view()).is_some();
        let export = |studio: &mut Studio| if looks_back { None } else { studio.export() };
        match self.studio.try_update(export).flatten() {
            Some(task) => self.perform(task, None),
            None if self.save_moment() => {}
            None => {
                let origin = self.result_images.with_untracked(|result_images| {
                    result_images.shown.as_ref().map(|result_image| Rc::clone(&result_image.origin))
                });
                self.with_shown_png(move |desk, png| desk.save(png, origin));
            }
        }
    }

    /// Swaps the shown result with the previous one.
    pub fn swap_results(self) {
        self.result_images.update(ResultImages::swap);
    }

    fn remember_settings(self) {
        let settings = Memo::new(move |_| self.studio.with(|studio| studio.settings().to_json()));
        Effect::new(move || settings.with(|text| browser::store_settings(text)));
    }

    /// Has the worker prepare the next run while the person chooses: from the first picture on, and
    /// after each run.
    fn prepare_ahead(self) {
        let task = Memo::new(move |_| {
            let has = |picture: Local<Option<Picture>>| picture.with(Option::is_some);
            let paintings = 1 + usize::from(has(self.second_style));
            let begun = has(self.content) || has(self.style);
            begun.then(|| self.studio.with(|studio| studio.get_ready(paintings))).flatten()
        });
        Effect::new(move || {
            if let Some(task) = task.get() {
                self.perform(task, None);
            }
        });
    }

    fn receive(self, event: Event, attachment: Option<JsValue>) {
        if let Some(task) = self.studio.try_update(|studio| studio.apply(event)).flatten() {
            self.perform(task, attachment);
        }
    }

    fn perform(self, task: Task, attachment: Option<JsValue>) {
        let Some(client) = self.client.with_value(Clone::clone) else { return };
        match (task, attachment) {
            (Task::Boot(kind), _) => client.boot(kind),
            (Task::Retire, _) => {
                client.retire();
                self.accept_unexamined();
            }
            (Task::Post(Command::Open(kind)), _) => {
                client.post(&Command::Open(kind), &[]);
                self.ask_again();
            }
            (Task::Post(command @ Command::Start { run, .. }), _) => {
                let pictures = self.bring_pictures(run);
                client.post(&command, &pictures);
            }
            (Task::Post(command), _) => client.post(&command, &[]),
            (Task::Accept(file), _) => self.accept_examined(file),
            (Task::Refuse(file, refusal), _) => self.refuse(file, &refusal),
            (Task::Draw(size), Some(bytes)) => self.show(size, &bytes),
            (Task::DrawCell(number, size), Some(bytes)) => self.show_cell(number, size, &bytes),
            (Task::Keep, Some(png)) => self.keep(&png),
            (Task::Save, Some(png)) => self.save_export(&png),
            (Task::KeepPhoto(size), Some(bytes)) => self.keep_photo(size, &bytes),
            (Task::KeepMoment(step), Some(jpeg)) => self.keep_moment(step, &jpeg),
            (Task::SaveFilm, Some(gif)) => self.save_gif(&gif),
            // An event that lacks its attachment.
            (_, None) => {}
        }
    }

    /// Returns the current or last run.
    fn current_run(self) -> Option<RunId> {
        self.studio.with_untracked(|studio| studio.run().map(|run| run.id))
    }

    fn post(self, command: &Command, attachments: &[JsValue]) {
        if let Some(client) = self.client.with_value(Clone::clone) {
            client.post(command, attachments);
        }
    }

    /// Returns the files of the current run as attachments, and notes the origin of its result.
    fn bring_pictures(self, run: RunId) -> Vec<JsValue> {
        let Some(errand) = self.studio.with_untracked(|studio| studio.run().map(|run| run.errand))
        else {
            return Vec::new();
        };
        let brought = match errand {
            Errand::Repaint => self.pictures_to_repaint(None),
            Errand::GoOn => self.pictures_to_repaint(self.earlier.with_value(Clone::clone)),
            Errand::Reconstruct(reconstruction) => self.picture_to_reconstruct(reconstruction),
            Errand::Cell(number) => self.pictures_of_grid(number),
        };
        let Some((file_name, original, files)) = brought else { return Vec::new() };
        self.origin.set_value(Some(Rc::new(Origin { run, file_name, original })));
        files.pack()
    }

    fn pictures_to_repaint(self, earlier: Option<Blob>) -> Option<RunInputs> {
        let (content, style) = self.content.get_untracked().zip(self.style.get_untracked())?;
        let file_name = labels::download_name(&content.name, &style.name);
        let second = self.second_style.get_untracked();
        let original = Original { url: content.url, title: ENGLISH.photo };
        let paintings = [Some(style), second].into_iter().flatten();
        let files = StartFiles {
            photo: content.blob,
            earlier,
            paintings: paintings.map(|picture| picture.blob).collect(),
        };
        Some((file_name, original, files))
    }

    /// A style reconstruction needs a photo for its size: the painting itself, with no content
    /// weight.
    fn picture_to_reconstruct(self, reconstruction: Reconstruction) -> Option<RunInputs> {
        let (picture, title, paintings) = match reconstruction.subject {
            ReconstructionOf::Content => (self.content.get_untracked()?, ENGLISH.photo, 0),
            ReconstructionOf::Style => (self.style.get_untracked()?, ENGLISH.painting, 1),
        };
        let file_name = labels::reconstruction_name(&picture.name, &reconstruction.layers());
        let paintings = vec![picture.blob.clone(); paintings];
        let files = StartFiles { photo: picture.blob, earlier: None, paintings };
        Some((file_name, Original { url: picture.url, title }, files))
    }

    fn show(self, size: ImageSize, bytes: &JsValue) {
        if let Some(result_image) = self.result_image(size, bytes) {
            self.result_images.update(|result_images| result_images.show(result_image));
        }
    }

    /// Returns the current image of the run.
    fn result_image(self, size: ImageSize, bytes: &JsValue) -> Option<ResultImage> {
        let origin = self.origin.with_value(Clone::clone)?;
        let photo = self.photo_of_run.with_value(Clone::clone);
        let photo = photo.filter(|(run, photo)| {
            *run == origin.run && photo.length() as usize == 4 * size.area()
        });
        ResultImage::new(origin, size, bytes, photo.map(|(_, photo)| photo))
    }

    fn keep(self, png: &JsValue) {
        if let Some(run) = self.current_run() {
            self.result_images
                .update(|result_images| result_images.keep(run, browser::blob(png, "image/png")));
        }
    }

    fn save_export(self, png: &JsValue) {
        if let Some(blob) = browser::blob(png, "image/png") {
            self.save(&blob, self.origin.with_value(Clone::clone));
        }
    }

    fn save(self, png: &Blob, origin: Option<Rc<Origin>>) {
        let Some(origin) = origin else { return };
        browser::save(png, &origin.file_name);
        self.result_images.update(|result_images| result_images.note_saved(origin.run));
    }

    /// Whether leaving the page would lose something: a live run, or an unsaved result.
    pub fn has_something_to_lose(self) -> bool {
        let unsaved = |result_images: &ResultImages| {
            result_images.shown.as_ref().is_some_and(|result_image| !result_image.is_saved)
        };
        self.studio.with_untracked(Studio::is_live) || self.result_images.with_untracked(unsaved)
    }

    /// Calls `act` with the shown result as PNG: the worker's if there is one, else the browser's,
    /// as after a cancel.
    fn with_shown_png(self, act: impl FnOnce(Self, &Blob) + 'static) {
        let Some(result_image) =
            self.result_images.with_untracked(|result_images| result_images.shown.clone())
        else {
            return;
        };
        if let Some(png) = result_image.png() {
            return act(self, png);
        }
        self.encode(&result_image, act);
    }

    /// Calls `act` with an image as PNG, encoded by the browser.
    fn encode(self, image: &ResultImage, act: impl FnOnce(Self, &Blob) + 'static) {
        let take = Closure::once_into_js(move |blob: Option<Blob>| match blob {
            Some(blob) => act(self, &blob),
            None => self.report_unread(String::new()),
        });
        let encoded = pictures::canvas()
            .and_then(|canvas| image.paint(&canvas).map(|()| canvas))
            .and_then(|canvas| canvas.to_blob(take.unchecked_ref()));
        if let Err(error) = encoded {
            self.report_unread(message(&error));
        }
    }

    /// Reports that a result could not be shown.
    pub fn report_unpainted(self, cause: &JsValue) {
        let error = notices::unpainted(message(cause));
        self.studio.update(|studio| studio.report_trouble(error));
    }

    fn report_unread(self, detail: String) {
        let error = notices::unread(detail);
        self.studio.update(|studio| studio.report_trouble(error));
    }
}
