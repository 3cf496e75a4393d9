//! Pictures that the page holds: inputs and results.

use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8ClampedArray};
use wasm_bindgen::{Clamped, JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, CanvasRenderingContext2d, DataTransfer, File, FileList, HtmlCanvasElement,
    HtmlImageElement, ImageData,
};

use super::browser::ObjectUrl;
use crate::light;
use crate::pixels::ImageSize;
use crate::protocol::RunId;

/// Strength of a result as painted, per cent.
const FULL_STRENGTH: u8 = 100;

/// An input picture. The worker decides whether it can be decoded.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The file's bytes, held by the browser.
    pub blob: Blob,
    /// The file's name.
    pub name: String,
    /// Address of its thumbnail.
    pub url: Option<Rc<ObjectUrl>>,
}

impl Picture {
    /// Creates a picture of this content and name.
    pub fn new(blob: Blob, name: impl Into<String>) -> Self {
        let url = ObjectUrl::new(&blob).map(Rc::new);
        Self { blob, name: name.into(), url }
    }

    /// Returns its thumbnail.
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

/// The thumbnail of an input slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// Address for an `<img>`; valid while its [`Picture`] lives.
    pub url: Option<String>,
    /// The file's name.
    pub name: String,
}

/// Returns the files that a person picked.
pub fn files_of(list: Option<FileList>) -> Vec<File> {
    list.map(|list| (0..list.length()).filter_map(|index| list.get(index)).collect())
        .unwrap_or_default()
}

/// Returns the files that a person dropped or pasted.
pub fn files_in(transfer: Option<DataTransfer>) -> Vec<File> {
    files_of(transfer.and_then(|transfer| transfer.files()))
}

/// The picture to compare a result with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Its address.
    pub url: Option<Rc<ObjectUrl>>,
    /// Its name.
    pub title: &'static str,
}

/// Origin of a result: for its file name and for comparing.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The run.
    pub run: RunId,
    /// Name of the file to save it as.
    pub file_name: String,
    /// The original.
    pub original: Original,
}

/// A result on view.
#[derive(Clone, Debug)]
pub struct ResultImage {
    /// Its origin.
    pub origin: Rc<Origin>,
    /// px
    pub size: ImageSize,
    rgba: Uint8ClampedArray,
    /// The photo as the worker resized it; `None` while the result is smaller.
    photo: Option<Uint8ClampedArray>,
    /// Share of the result over the photo, per cent.
    strength: u8,
    /// Its PNG, once the worker has encoded exactly this image.
    png: Option<Blob>,
    /// Whether the person has saved it.
    pub is_saved: bool,
}

impl ResultImage {
    /// Creates a result of `size` from RGBA bytes, and the photo of this size from others; `None`
    /// for other bytes.
    pub fn new(
        origin: Rc<Origin>,
        size: ImageSize,
        bytes: &JsValue,
        photo: Option<Uint8ClampedArray>,
    ) -> Option<Self> {
        let rgba = rgba(bytes, size)?;
        Some(Self {
            origin,
            size,
            rgba,
            photo,
            strength: FULL_STRENGTH,
            png: None,
            is_saved: false,
        })
    }

    /// Returns the share of the result over the photo, per cent; `None` where it cannot be set.
    pub fn strength(&self) -> Option<u8> {
        self.photo.as_ref().map(|_| self.strength)
    }

    /// Sets the share of the result over the photo, at most 100 per cent. What is on view is then
    /// another picture than the one saved.
    pub fn set_strength(&mut self, percent: u8) {
        self.strength = percent.min(FULL_STRENGTH);
        self.is_saved = false;
    }

    /// Returns the photo if it shows through.
    fn photo_below(&self) -> Option<&Uint8ClampedArray> {
        self.photo.as_ref().filter(|_| self.strength < FULL_STRENGTH)
    }

    /// Returns the PNG of what is on view, if the worker has encoded it.
    pub fn png(&self) -> Option<&Blob> {
        self.png.as_ref().filter(|_| self.photo_below().is_none())
    }

    /// Returns its pixels as they are on view.
    fn image_data(&self) -> Result<ImageData, JsValue> {
        let ImageSize { width, height } = self.size;
        match self.photo_below() {
            Some(photo) => {
                let mixed = light::mix(&photo.to_vec(), &self.rgba.to_vec(), self.strength);
                ImageData::new_with_u8_clamped_array_and_sh(Clamped(&mixed), width, height)
            }
            None => ImageData::new_with_js_u8_clamped_array_and_sh(&self.rgba, width, height),
        }
    }

    /// Draws it on `canvas`, which takes its size.
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
        context(canvas)?.put_image_data(&self.image_data()?, 0.0, 0.0)
    }
}

/// Returns a canvas that is not on the page.
///
/// # Errors
/// What the browser throws.
pub fn canvas() -> Result<HtmlCanvasElement, JsValue> {
    Ok(leptos::prelude::document().create_element("canvas")?.unchecked_into())
}

/// Returns what draws on a canvas.
///
/// # Errors
/// What the browser throws, as when it is out of memory.
fn context(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d, JsValue> {
    Ok(canvas.get_context("2d")?.ok_or(JsValue::NULL)?.unchecked_into())
}

/// Returns the image at `url`, decoded.
///
/// # Errors
/// What the browser throws, as for a file that is no image.
pub async fn decoded(url: &str) -> Result<HtmlImageElement, JsValue> {
    let image = HtmlImageElement::new()?;
    image.set_src(url);
    JsFuture::from(image.decode()).await?;
    Ok(image)
}

/// Draws an image over all of a canvas.
///
/// # Errors
/// What the browser throws, as when it is out of memory.
pub fn draw(image: &HtmlImageElement, canvas: &HtmlCanvasElement) -> Result<(), JsValue> {
    let [width, height] = [canvas.width(), canvas.height()].map(f64::from);
    context(canvas)?
        .draw_image_with_html_image_element_and_dw_and_dh(image, 0.0, 0.0, width, height)
}

/// Returns the RGBA bytes of an image of `size` in a buffer; `None` for other values.
pub fn rgba(bytes: &JsValue, size: ImageSize) -> Option<Uint8ClampedArray> {
    let rgba = Uint8ClampedArray::new(bytes.dyn_ref::<ArrayBuffer>()?);
    (rgba.length() as usize == 4 * size.area()).then_some(rgba)
}

/// The result on view and the one before it.
#[derive(Clone, Debug, Default)]
pub struct ResultImages {
    /// The shown result.
    pub shown: Option<ResultImage>,
    /// The result that can be brought back.
    pub previous: Option<ResultImage>,
}

impl ResultImages {
    /// Shows `result_image`. The result of an earlier run becomes the previous one; an earlier
    /// state of the same run is dropped.
    pub fn show(&mut self, result_image: ResultImage) {
        let earlier = self.shown.replace(result_image);
        let run = self.shown.as_ref().map(|shown| shown.origin.run);
        if earlier.as_ref().map(|earlier| earlier.origin.run) != run {
            self.previous = earlier.or(self.previous.take());
        }
    }

    /// Notes the PNG of the shown result, if it is of `run`.
    pub fn keep(&mut self, run: RunId, png: Option<Blob>) {
        if let Some(shown) = self.shown.as_mut().filter(|shown| shown.origin.run == run) {
            shown.png = png;
        }
    }

    /// Notes that the result of `run` is saved.
    pub fn note_saved(&mut self, run: RunId) {
        let both = [&mut self.shown, &mut self.previous].into_iter().flatten();
        both.filter(|result_image| result_image.origin.run == run)
            .for_each(|result_image| result_image.is_saved = true);
    }

    /// Whether the previous result is the later one, because they were swapped.
    pub fn are_swapped(&self) -> bool {
        let run = |result_image: &Option<ResultImage>| {
            result_image.as_ref().map(|result_image| result_image.origin.run)
        };
        run(&self.previous) > run(&self.shown)
    }

    /// Swaps the shown result with the previous one, if there is one.
    pub fn swap(&mut self) {
        if self.previous.is_some() {
            std::mem::swap(&mut self.shown, &mut self.previous);
        }
    }
}
