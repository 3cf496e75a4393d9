//! The input pictures: brought, examined, swapped.

use std::rc::Rc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;
use web_sys::File;

use super::{Desk, Local};
use crate::fault::Fault;
use crate::pixels::ImageSize;
use crate::protocol::{Command, FileId};
use crate::ui::browser;
use crate::ui::intake::{self, Well, places};
use crate::ui::picture_store;
use crate::ui::pictures::{Picture, Thumbnail};
use crate::ui::reconstruction::ReconstructionOf;
use crate::ui::samples::{PHOTOS, PRESELECTED, Sample};
use crate::ui::studio::{Errand, Link, Studio};
use crate::words::{self, notices};

impl Desk {
    /// Returns the thumbnail of `well`.
    pub fn thumbnail(self, well: Well) -> Option<Thumbnail> {
        self.picture(well).with(|picture| picture.as_ref().map(Picture::thumbnail))
    }

    /// Returns the size of the photo, once the browser has drawn it.
    pub fn photo_size(self) -> Option<ImageSize> {
        let shown = self.thumbnail(Well::Content)?.url;
        self.photo.with(|photo| {
            photo.as_ref().filter(|(url, _)| shown.as_ref() == Some(url)).map(|&(_, size)| size)
        })
    }

    /// Notes the size of the picture that the browser has drawn in `well`.
    pub fn note_size(self, well: Well, url: String, size: ImageSize) {
        // A drawing without intrinsic size has none.
        if well == Well::Content && size.area() > 0 {
            self.photo.set(Some((url, size)));
        }
    }

    /// Returns the name of the file that is being examined for `well`.
    pub fn reading(self, well: Well) -> Option<String> {
        self.intake.with(|intake| intake.waiting_for(well).map(|picture| picture.name.clone()))
    }

    /// Whether a file is being examined.
    pub fn is_reading(self) -> bool {
        self.intake.with(|intake| !intake.is_empty())
    }

    /// Whether the pictures for `errand` are there and no other is being examined.
    pub fn is_ready_for(self, errand: Errand) -> bool {
        let has = |well| self.picture(well).with(Option::is_some);
        let has_all = match errand {
            Errand::Repaint | Errand::GoOn | Errand::Cell(_) => {
                has(Well::Content) && has(Well::Style)
            }
            Errand::Reconstruct(reconstruction) => {
                reconstruction.is_possible()
                    && match reconstruction.subject {
                        ReconstructionOf::Content => has(Well::Content),
                        ReconstructionOf::Style => has(Well::Style),
                    }
            }
        };
        has_all && self.intake.with(intake::Intake::is_empty)
    }

    /// Takes files, brought to `well` or to the page at large: recipes anywhere, and pictures. A
    /// slot keeps its picture until the worker accepts the new one.
    pub fn take_files(self, well: Option<Well>, files: Vec<File>) {
        let (recipes, files): (Vec<File>, Vec<File>) =
            files.into_iter().partition(|file| intake::is_recipe(&file.name()));
        self.take_recipe_file(recipes);
        if files.is_empty() {
            return;
        }
        self.studio.update(Studio::dismiss_trouble);
        let places = places(well, files.len(), self.first_empty());
        if places.len() < files.len() {
            let taken: Vec<String> = files[..places.len()].iter().map(File::name).collect();
            self.studio.update(|studio| studio.notify(notices::left_out(&taken)));
        }
        for (well, file) in places.into_iter().zip(files) {
            self.examine(well, file.into());
        }
    }

    fn examine(self, well: Well, picture: Picture) {
        if self.studio.with_untracked(Studio::link) == Link::Down {
            // Without a worker nobody can examine it; the next run will.
            self.place(well, Some(picture));
            return;
        }
        let blob = picture.blob.clone();
        let mut file = None;
        self.intake.update(|intake| file = Some(intake.admit(well, picture)));
        if let Some((file, client)) = file.zip(self.client.with_value(Clone::clone)) {
            client.post(&Command::Examine(file), &[JsValue::from(blob)]);
        }
    }

    /// Re-sends pending `Examine`s to a new worker.
    pub(super) fn ask_again(self) {
        let Some(client) = self.client.with_value(Clone::clone) else { return };
        self.intake.with_untracked(|intake| {
            for (file, picture) in intake.waiting() {
                client.post(&Command::Examine(file), &[JsValue::from(picture.blob.clone())]);
            }
        });
    }

    /// Puts an accepted picture into its slot.
    pub(super) fn accept_examined(self, file: FileId) {
        let accepted = self.intake.try_update(|intake| intake.accept(file)).flatten();
        if let Some((well, picture)) = accepted {
            self.place(well, Some(picture));
        }
    }

    /// Puts all waiting pictures into their slots, since no worker is left to examine them.
    pub(super) fn accept_unexamined(self) {
        let waiting: Vec<FileId> =
            self.intake.with_untracked(|intake| intake.waiting().map(|(file, _)| file).collect());
        waiting.into_iter().for_each(|file| self.accept_examined(file));
    }

    /// Reports why a file was not taken.
    pub(super) fn refuse(self, file: FileId, refusal: &Fault) {
        let rejected = self.intake.try_update(|intake| intake.reject(file)).flatten();
        if let Some((_, picture)) = rejected {
            self.studio.update(|studio| {
                studio.report_trouble(notices::refused(&picture.name, words::faults::of(refusal)));
            });
        }
    }

    /// Swaps content and style, and files being examined for them.
    pub fn swap_pictures(self) {
        self.intake.update(|intake| intake.exchange(Well::Content, Well::Style));
        let content = self.content.get_untracked();
        self.place(Well::Content, self.style.get_untracked());
        self.place(Well::Style, content);
    }

    /// Takes the second style out of the blend.
    pub fn remove_second_style(self) {
        self.intake.update(|intake| intake.recall(Well::SecondStyle));
        self.place(Well::SecondStyle, None);
    }

    /// Fills `well` with a sample picture.
    pub fn take_sample(self, well: Well, sample: &'static Sample) {
        spawn_local(async move {
            self.fetch_sample(well, sample).await;
        });
    }

    /// Fills the photo's well with a sample and begins.
    pub fn try_samples(self) {
        spawn_local(async move {
            if self.fetch_sample(Well::Content, &PHOTOS[0]).await {
                self.paint();
            }
        });
    }

    /// Starts painting, with the preselected painting if none was chosen.
    pub fn paint(self) {
        let is_missing = self.style.with_untracked(Option::is_none)
            && self.intake.with_untracked(|intake| intake.waiting_for(Well::Style).is_none());
        if !is_missing {
            return self.begin(Errand::Repaint, Studio::start);
        }
        spawn_local(async move {
            if self.fetch_sample(Well::Style, PRESELECTED).await {
                self.begin(Errand::Repaint, Studio::start);
            }
        });
    }

    async fn fetch_sample(self, well: Well, sample: &'static Sample) -> bool {
        match browser::fetch_blob(&format!("samples/{}", sample.file)).await {
            Ok(blob) => {
                self.studio.update(Studio::dismiss_trouble);
                self.intake.update(|intake| intake.recall(well));
                self.place(well, Some(Picture::new(blob, sample.file)));
                true
            }
            Err(error) => {
                let error = notices::sample_unfetched(error.to_string());
                self.studio.update(|studio| studio.report_trouble(error));
                false
            }
        }
    }

    /// Restores the slots of the last visit, unless the person was faster.
    pub(super) fn restore_pictures(self) {
        for well in Well::ALL {
            spawn_local(async move {
                let Some(picture) = picture_store::stored(well).await else { return };
                let is_free = self.picture(well).with_untracked(Option::is_none);
                if is_free
                    && self.intake.with_untracked(|intake| intake.waiting_for(well).is_none())
                {
                    self.picture(well).set(Some(picture));
                }
            });
        }
    }

    /// Puts `picture` into `well`, now and for the next visit.
    fn place(self, well: Well, picture: Option<Picture>) {
        self.picture_store.with_value(Rc::clone).keep(well, picture.clone());
        self.picture(well).set(picture);
    }

    fn picture(self, well: Well) -> Local<Option<Picture>> {
        match well {
            Well::Content => self.content,
            Well::Style => self.style,
            Well::SecondStyle => self.second_style,
        }
    }

    fn first_empty(self) -> Well {
        let style_is_first = self.content.with_untracked(Option::is_some)
            && self.style.with_untracked(Option::is_none);
        if style_is_first { Well::Style } else { Well::Content }
    }
}
