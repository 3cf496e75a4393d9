//! The pictures that the page holds: the two that go in, and the results that come out.

use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8ClampedArray};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Blob, CanvasRenderingContext2d, DataTransfer, File, FileList, HtmlCanvasElement, ImageData,
};

use super::browser::ObjectUrl;
use crate::pixels::ImageSize;
use crate::protocol::RunId;

/// A picture that goes in. Whether it can be decoded is the worker's to say.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The file's bytes, still with the browser.
    pub blob: Blob,
    /// The file's name.
    pub name: String,
    /// The address of its thumbnail.
    pub url: Option<Rc<ObjectUrl>>,
}

impl Picture {
    /// A picture of this content and name.
    pub fn new(blob: Blob, name: impl Into<String>) -> Self {
        let url = ObjectUrl::new(&blob).map(Rc::new);
        Self { blob, name: name.into(), url }
    }

    /// What a well shows of it.
    pub fn thumbnail(&self) -> Thumbnail {
        Thumbnail {
            url: self.url.as_ref().map(|url| url.as_str().to_owned()),
            name: self.name.clone(),
        }
    }
}

impl From<File> for Picture {
    fn from(file: File) -> Self {
        let name = file.name();
        Self::new(file.unchecked_into(), name)
    }
}

/// What a well shows of its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// For an `<img>`; lives as long as its [`Picture`].
    pub url: Option<String>,
    /// The file's name.
    pub name: String,
}

/// The files that a person has picked.
pub fn files_of(list: Option<FileList>) -> Vec<File> {
    list.map(|list| (0..list.length()).filter_map(|index| list.get(index)).collect())
        .unwrap_or_default()
}

/// The files that a person has dropped or pasted.
pub fn files_in(transfer: Option<DataTransfer>) -> Vec<File> {
    files_of(transfer.and_then(|transfer| transfer.files()))
}

/// The picture that a result is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Its address.
    pub url: Option<Rc<ObjectUrl>>,
    /// What it is called after "the".
    pub title: &'static str,
}

/// What a run was made of, for its result's name and for comparing.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The run.
    pub run: RunId,
    /// Name of the file to save it as.
    pub file_name: String,
    /// What it is a picture of.
    pub original: Original,
}

/// A result on view.
#[derive(Clone, Debug)]
pub struct ResultImage {
    /// What it was made of.
    pub origin: Rc<Origin>,
    /// px
    pub size: ImageSize,
    rgba: Uint8ClampedArray,
    /// Its PNG, once the worker has made one of exactly this picture.
    pub png: Option<Blob>,
    /// Whether the person has it as a file.
    pub is_saved: bool,
}

impl ResultImage {
    /// A result of `size` from its RGBA bytes; `None` when they are not such bytes.
    pub fn new(origin: Rc<Origin>, size: ImageSize, bytes: &JsValue) -> Option<Self> {
        let rgba = Uint8ClampedArray::new(bytes.dyn_ref::<ArrayBuffer>()?);
        (rgba.length() as usize == 4 * size.area()).then_some(Self {
            origin,
            size,
            rgba,
            png: None,
            is_saved: false,
        })
    }

    /// Paints it on `canvas`, which takes on its size.
    ///
    /// # Errors
    /// What the browser throws, as when it is out of memory.
    pub fn paint(&self, canvas: &HtmlCanvasElement) -> Result<(), JsValue> {
        let ImageSize { width, height } = self.size;
        // Setting a canvas's size wipes it, even when it stays the same.
        if (canvas.width(), canvas.height()) != (width, height) {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        let context = canvas
            .get_context("2d")?
            .ok_or(JsValue::NULL)?
            .unchecked_into::<CanvasRenderingContext2d>();
        let image = ImageData::new_with_js_u8_clamped_array_and_sh(&self.rgba, width, height)?;
        context.put_image_data(&image, 0.0, 0.0)
    }
}

/// The result on view and the one before it.
#[derive(Clone, Debug, Default)]
pub struct ResultImages {
    /// On view.
    pub shown: Option<ResultImage>,
    /// Can be brought back.
    pub previous: Option<ResultImage>,
}

impl ResultImages {
    /// Puts `result_image` on view. That of an earlier run steps back; an earlier state of the same
    /// run goes.
    pub fn show(&mut self, result_image: ResultImage) {
        let earlier = self.shown.replace(result_image);
        let run = self.shown.as_ref().map(|shown| shown.origin.run);
        if earlier.as_ref().map(|earlier| earlier.origin.run) != run {
            self.previous = earlier.or(self.previous.take());
        }
    }

    /// Notes the PNG of the result on view, if that is of `run`.
    pub fn keep(&mut self, run: RunId, png: Option<Blob>) {
        if let Some(shown) = self.shown.as_mut().filter(|shown| shown.origin.run == run) {
            shown.png = png;
        }
    }

    /// Notes that the person has the result of `run` as a file.
    pub fn note_saved(&mut self, run: RunId) {
        let both = [&mut self.shown, &mut self.previous].into_iter().flatten();
        both.filter(|result_image| result_image.origin.run == run)
            .for_each(|result_image| result_image.is_saved = true);
    }

    /// Whether the other result is the later one, because the two have been exchanged.
    pub fn are_swapped(&self) -> bool {
        let run = |result_image: &Option<ResultImage>| {
            result_image.as_ref().map(|result_image| result_image.origin.run)
        };
        run(&self.previous) > run(&self.shown)
    }

    /// Exchanges the result on view with the one before, if there is one.
    pub fn swap(&mut self) {
        if self.previous.is_some() {
            std::mem::swap(&mut self.shown, &mut self.previous);
        }
    }
}
