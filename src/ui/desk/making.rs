//! The making of a picture: its moments, its strength over the photo, its film.

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, HtmlCanvasElement};

use super::Desk;
use crate::pixels::ImageSize;
use crate::protocol::{Command, FilmId, RunId};
use crate::ui::moments::{Moment, Moments};
use crate::ui::pictures::{self, Picture};
use crate::ui::{browser, labels, video};
use crate::web::message;
use crate::words::notices;

impl Desk {
    /// Returns the moments.
    pub fn moments(self) -> ReadSignal<Moments<Picture>, LocalStorage> {
        self.moments.read_only()
    }

    /// Returns the run of the shown result.
    pub fn shown_run(self) -> Option<RunId> {
        self.result_images.with(|images| images.shown.as_ref().map(|shown| shown.origin.run))
    }

    /// Shows a moment of the shown result by its number; beyond the last is now.
    pub fn look_back(self, number: usize) {
        let run = untrack(|| self.shown_run());
        self.moments.update(|moments| moments.choose(run, number));
    }

    /// Returns the step of the moment on view; `None` is now.
    pub fn moment_on_view(self) -> Option<u32> {
        let run = self.shown_run();
        self.moments.with(|moments| moments.chosen(run).map(|moment| moment.step))
    }

    /// Draws the moment on view on the canvas of the result, unless another is chosen meanwhile.
    pub fn draw_moment(self, canvas: HtmlCanvasElement) {
        let run = untrack(|| self.shown_run());
        let step = untrack(|| self.moment_on_view());
        let url = self.moments.with_untracked(|moments| moments.chosen(run)?.image.url.clone());
        let Some(url) = url else { return };
        spawn_local(async move {
            let image = pictures::decoded(url.as_str()).await;
            if untrack(|| self.moment_on_view()) != step {
                return;
            }
            if let Err(error) = image.and_then(|image| pictures::draw(&image, &canvas)) {
                self.report_unpainted(&error);
            }
        });
    }

    /// Returns the strength of the shown result over the photo, per cent; `None` where it cannot
    /// be set.
    pub fn strength(self) -> Option<u8> {
        self.result_images.with(|images| images.shown.as_ref()?.strength())
    }

    /// Sets the strength of the shown result over the photo, per cent.
    pub fn set_strength(self, percent: u8) {
        self.result_images.update(|images| {
            if let Some(shown) = &mut images.shown {
                shown.set_strength(percent);
            }
        });
    }

    /// Saves a film of the shown result's making, as video or else as GIF.
    pub fn save_film(self, as_video: bool) {
        let run = untrack(|| self.shown_run());
        let mut images: Vec<Picture> = self.moments.with_untracked(|moments| {
            moments.of(run).iter().map(|moment| moment.image.clone()).collect()
        });
        self.with_shown_png(move |desk, png| {
            images.push(Picture::new(png.clone(), ""));
            if let Some(id) = desk.studio.try_update(|studio| studio.begin_film()).flatten() {
                if as_video {
                    spawn_local(desk.film_video(id, images));
                } else {
                    let files: Vec<JsValue> =
                        images.into_iter().map(|image| image.blob.into()).collect();
                    desk.post(&Command::Film(id), &files);
                }
            }
        });
    }

    async fn film_video(self, id: FilmId, images: Vec<Picture>) {
        let urls = images.iter().filter_map(|image| image.url.clone()).collect::<Vec<_>>();
        let wanted = |done, of| {
            self.studio.try_update(|studio| studio.film_on(id, done, of)).unwrap_or(false)
        };
        let made = video::webm(&urls, wanted).await;
        let still_wanted = self.studio.try_update(|studio| studio.end_film(id)).unwrap_or(false);
        match made {
            Ok(Some(file)) if still_wanted => self.save_film_as(&file, "webm"),
            Ok(_) => {}
            Err(error) => {
                let error = notices::unfilmed(message(&error));
                self.studio.update(|studio| studio.report_trouble(error));
            }
        }
    }

    /// Saves a file of the shown result's making, named after the result's file.
    fn save_made(self, file: &Blob, name: impl FnOnce(&str) -> String) {
        self.result_images.with_untracked(|images| {
            if let Some(shown) = &images.shown {
                browser::save(file, &name(&shown.origin.file_name));
            }
        });
    }

    fn save_film_as(self, file: &Blob, extension: &str) {
        self.save_made(file, |result| labels::film_name(result, extension));
    }

    pub(super) fn save_gif(self, gif: &JsValue) {
        if let Some(file) = browser::blob(gif, "image/gif") {
            self.save_film_as(&file, "gif");
        }
    }

    /// Saves the moment on view, if one is, and returns whether it did.
    pub(super) fn save_moment(self) -> bool {
        let run = untrack(|| self.shown_run());
        let moment = self.moments.with_untracked(|moments| moments.chosen(run).cloned());
        let Some(moment) = moment else { return false };
        self.save_made(&moment.image.blob, |result| labels::moment_name(result, moment.step));
        true
    }

    /// Stops the film in the making, or else the run.
    pub fn stop(self) {
        self.act(|studio| match studio.film() {
            Some(_) => studio.stop_film(),
            None => studio.cancel(),
        });
    }

    pub(super) fn keep_photo(self, size: ImageSize, bytes: &JsValue) {
        self.photo_of_run.set_value(self.current_run().zip(pictures::rgba(bytes, size)));
    }

    pub(super) fn keep_moment(self, step: u32, bytes: &JsValue) {
        if let Some((run, blob)) = self.current_run().zip(browser::blob(bytes, "image/jpeg")) {
            // Truncation: sizes of blobs are whole and far below 2⁵³.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes")]
            let bytes = blob.size() as usize;
            let moment = Moment { step, bytes, image: Picture::new(blob, "") };
            self.moments.update(|moments| moments.push(run, moment));
        }
    }
}
