//! Films as WebM, encoded by the browser (WebCodecs). web-sys has these interfaces only behind a
//! compiler flag, as the standard is a draft; so the few that are needed stand here.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlCanvasElement};

use super::browser::{self, ObjectUrl};
use super::pictures;
use crate::film::webm::{self, Chunk, Track};
use crate::film::{self, LENGTH_MS, Shot};

/// Longer side of a film at most, px.
const EDGE: f64 = 720.0;
/// Codecs, the better first: WebCodecs' name and Matroska's.
const CODECS: [(&str, &str); 2] = [("vp09.00.30.08", "V_VP9"), ("vp8", "V_VP8")];
/// Bits per second. Brush marks move everywhere at once, and blocks would show.
const BITRATE: f64 = 6e6;

#[wasm_bindgen]
extern "C" {
    type VideoEncoder;
    #[wasm_bindgen(constructor, catch)]
    fn new(init: &JsValue) -> Result<VideoEncoder, JsValue>;
    #[wasm_bindgen(static_method_of = VideoEncoder, js_name = isConfigSupported)]
    fn is_config_supported(config: &JsValue) -> Promise;
    #[wasm_bindgen(method, catch)]
    fn configure(this: &VideoEncoder, config: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn encode(this: &VideoEncoder, frame: &VideoFrame, options: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn flush(this: &VideoEncoder) -> Promise;
    #[wasm_bindgen(method, catch)]
    fn close(this: &VideoEncoder) -> Result<(), JsValue>;

    type VideoFrame;
    #[wasm_bindgen(constructor, catch)]
    fn new(canvas: &HtmlCanvasElement, init: &JsValue) -> Result<VideoFrame, JsValue>;
    #[wasm_bindgen(method)]
    fn close(this: &VideoFrame);

    type EncodedVideoChunk;
    #[wasm_bindgen(method, getter, js_name = type)]
    fn kind(this: &EncodedVideoChunk) -> String;
    #[wasm_bindgen(method, getter)]
    fn timestamp(this: &EncodedVideoChunk) -> f64;
    #[wasm_bindgen(method, getter, js_name = byteLength)]
    fn byte_length(this: &EncodedVideoChunk) -> u32;
    #[wasm_bindgen(method, js_name = copyTo)]
    fn copy_to(this: &EncodedVideoChunk, to: &Uint8Array);
}

/// Whether the browser encodes video.
pub fn is_there() -> bool {
    Reflect::has(&js_sys::global(), &"VideoEncoder".into()).unwrap_or(false)
}

/// Returns a film of the images at `urls`, of the last one's shape; `None` once `wanted`, told of
/// the images done and of all, returns false.
///
/// # Errors
/// What the browser throws.
pub async fn webm(
    urls: &[Rc<ObjectUrl>],
    wanted: impl Fn(u32, u32) -> bool,
) -> Result<Option<Blob>, JsValue> {
    let last = urls.last().ok_or("a film has an image")?;
    let canvas = canvas_like(last.as_str()).await?;
    let (codec, config) = configuration(&canvas).await?;
    let encoder = Encoder::new(&config)?;
    let shots = film::steady(urls.len());
    let of = u32::try_from(shots.len()).unwrap_or(u32::MAX);
    let mut drawn = None;
    for (done, shot) in (0..).zip(&shots) {
        if !wanted(done, of) {
            return Ok(None);
        }
        if drawn.replace(shot.moment) != Some(shot.moment) {
            let image = pictures::decoded(urls[shot.moment].as_str()).await?;
            pictures::draw(&image, &canvas)?;
        }
        encoder.push(&canvas, shot)?;
    }
    let chunks = encoder.end().await?;
    let track = Track { codec, width: canvas.width(), height: canvas.height() };
    let file = Uint8Array::from(&webm::file(&track, &chunks, LENGTH_MS)[..]);
    Ok(browser::blob(&file.buffer(), "video/webm"))
}

/// Returns a canvas of the shape of the image at `url`, with even sides: codecs halve colours.
async fn canvas_like(url: &str) -> Result<HtmlCanvasElement, JsValue> {
    let image = pictures::decoded(url).await?;
    let sides = [image.natural_width(), image.natural_height()].map(f64::from);
    let scale = (EDGE / sides[0].max(sides[1])).min(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 360")]
    let [width, height] = sides.map(|side| 2 * ((side * scale / 2.0).round() as u32).max(1));
    let canvas = pictures::canvas()?;
    canvas.set_width(width);
    canvas.set_height(height);
    Ok(canvas)
}

/// Returns the first codec that the browser encodes, by Matroska's name, and its configuration.
async fn configuration(canvas: &HtmlCanvasElement) -> Result<(&'static str, JsValue), JsValue> {
    for (name, codec) in CODECS {
        let config = object(&[
            ("codec", name.into()),
            ("width", canvas.width().into()),
            ("height", canvas.height().into()),
            ("bitrate", BITRATE.into()),
        ])?;
        let answer = JsFuture::from(VideoEncoder::is_config_supported(&config)).await?;
        if Reflect::get(&answer, &"supported".into())?.is_truthy() {
            return Ok((codec, config));
        }
    }
    Err("the browser encodes neither VP9 nor VP8".into())
}

/// An encoder and what it has encoded.
struct Encoder {
    encoder: VideoEncoder,
    chunks: Rc<RefCell<Vec<Chunk>>>,
    error: Rc<RefCell<Option<JsValue>>>,
    _callbacks: [Closure<dyn FnMut(JsValue)>; 2],
}

impl Encoder {
    fn new(config: &JsValue) -> Result<Self, JsValue> {
        let (chunks, error) = (Rc::<RefCell<Vec<Chunk>>>::default(), Rc::default());
        let (taken, failed) = (Rc::clone(&chunks), Rc::<RefCell<Option<JsValue>>>::clone(&error));
        let output = Closure::<dyn FnMut(JsValue)>::new(move |chunk: JsValue| {
            taken.borrow_mut().push(chunk_of(&chunk.unchecked_into()));
        });
        let fails = Closure::<dyn FnMut(JsValue)>::new(move |error: JsValue| {
            *failed.borrow_mut() = Some(error);
        });
        let init =
            object(&[("output", output.as_ref().clone()), ("error", fails.as_ref().clone())])?;
        let encoder = VideoEncoder::new(&init)?;
        encoder.configure(config)?;
        Ok(Self { encoder, chunks, error, _callbacks: [output, fails] })
    }

    fn push(&self, canvas: &HtmlCanvasElement, shot: &Shot) -> Result<(), JsValue> {
        let timestamp = f64::from(shot.at_ms) * 1000.0;
        let frame = VideoFrame::new(canvas, &object(&[("timestamp", timestamp.into())])?)?;
        let options = object(&[("keyFrame", (shot.at_ms == 0).into())])?;
        let encoded = self.encoder.encode(&frame, &options);
        frame.close();
        encoded
    }

    async fn end(self) -> Result<Vec<Chunk>, JsValue> {
        let flushed = JsFuture::from(self.encoder.flush()).await;
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        flushed?;
        Ok(self.chunks.take())
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // One that has failed is closed already.
        drop(self.encoder.close());
    }
}

fn chunk_of(chunk: &EncodedVideoChunk) -> Chunk {
    let bytes = Uint8Array::new_with_length(chunk.byte_length());
    chunk.copy_to(&bytes);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a short film")]
    let at_ms = (chunk.timestamp() / 1000.0).round() as u32;
    Chunk { at_ms, is_key: chunk.kind() == "key", bytes: bytes.to_vec() }
}

fn object(entries: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let pairs: Array =
        entries.iter().map(|(key, value)| Array::of2(&(*key).into(), value)).collect();
    Ok(Object::from_entries(&pairs)?.into())
}
