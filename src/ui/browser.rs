//! What the page asks of the browser beyond its widgets. Where a browser may refuse (storage,
//! WebGPU), the refusal is a value.

use js_sys::{Array, Reflect};
use leptos::prelude::{document, window};
use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, HtmlElement, Response, Storage, Url};

use crate::web::message;

/// Key of the settings in the browser's local storage.
const SETTINGS_KEY: &str = "impasto.settings";

/// Width of a window from which panels stand beside the stage, CSS px; style.css has it too.
const NARROW_PX: f64 = 960.0;

/// Whether the browser has `navigator.gpu`. Only the worker finds out whether there is an adapter.
pub fn has_webgpu() -> bool {
    Reflect::get(&window().navigator(), &JsValue::from_str("gpu")).is_ok_and(|gpu| gpu.is_truthy())
}

/// Returns the settings' JSON of an earlier visit; empty if there is none or the browser refuses.
pub fn stored_settings() -> String {
    storage().and_then(|storage| storage.get_item(SETTINGS_KEY).ok().flatten()).unwrap_or_default()
}

/// Stores the settings' JSON for the next visit. Nothing else depends on it.
pub fn store_settings(text: &str) {
    if let Some(storage) = storage() {
        drop(storage.set_item(SETTINGS_KEY, text));
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Returns the address of a file beside the page, wherever the page is served; `None` if `path`
/// makes no address.
pub fn address_of(path: &str) -> Option<String> {
    let base = document().base_uri().ok().flatten()?;
    Url::new_with_base(path, &base).ok().map(|url| url.href())
}

/// Returns the content of the page's `<meta>` of this name.
pub fn meta_content(name: &str) -> Option<String> {
    let element = document().query_selector(&format!("meta[name='{name}']")).ok().flatten()?;
    element.get_attribute("content")
}

/// An object URL of a `Blob`, for an `<img>` or a download; revoked when dropped.
#[derive(Debug, PartialEq, Eq)]
pub struct ObjectUrl(String);

impl ObjectUrl {
    /// Creates the URL; `None` when the browser cannot.
    pub fn new(blob: &Blob) -> Option<Self> {
        Url::create_object_url_with_blob(blob).ok().map(Self)
    }

    /// Returns the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for ObjectUrl {
    fn drop(&mut self) {
        // An address that is no longer known needs no revoking.
        drop(Url::revoke_object_url(&self.0));
    }
}

/// Returns `bytes` (an `ArrayBuffer`) as a `Blob` of this media type; `None` for another value.
pub fn blob(bytes: &JsValue, media_type: &str) -> Option<Blob> {
    let kind = BlobPropertyBag::new();
    kind.set_type(media_type);
    Blob::new_with_buffer_source_sequence_and_options(&Array::of1(bytes), &kind).ok()
}

/// Returns JSON `text` as a `Blob`; `None` when the browser cannot make one.
pub fn json_blob(text: &str) -> Option<Blob> {
    let kind = BlobPropertyBag::new();
    kind.set_type("application/json");
    Blob::new_with_str_sequence_and_options(&Array::of1(&JsValue::from_str(text)), &kind).ok()
}

/// Hands `blob` to the person as a download named `name`.
pub fn save(blob: &Blob, name: &str) {
    let Some(url) = ObjectUrl::new(blob) else { return };
    let Ok(anchor) =
        document().create_element("a").map(JsCast::unchecked_into::<HtmlAnchorElement>)
    else {
        return;
    };
    anchor.set_href(url.as_str());
    anchor.set_download(name);
    anchor.click();
    // Some browsers read the address only after the click has been dealt with.
    gloo_timers::callback::Timeout::new(60_000, move || drop(url)).forget();
}

/// Why a file beside the page could not be fetched.
#[derive(Debug, Error)]
pub enum FetchError {
    /// No response.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// A response with an error status.
    #[error("the server answered {0}")]
    Status(u16),
}

/// Fetches the file at `path` beside the page.
///
/// # Errors
/// [`FetchError`] when there is no answer, or not the file.
pub async fn fetch_blob(path: &str) -> Result<Blob, FetchError> {
    let no_answer = |error: JsValue| FetchError::NoAnswer(message(&error));
    let address = address_of(path).unwrap_or_else(|| path.to_owned());
    let response: Response = JsFuture::from(window().fetch_with_str(&address))
        .await
        .map_err(no_answer)?
        .unchecked_into();
    if !response.ok() {
        return Err(FetchError::Status(response.status()));
    }
    let blob = JsFuture::from(response.blob().map_err(no_answer)?).await.map_err(no_answer)?;
    Ok(blob.unchecked_into())
}

/// Focuses the element of this id.
pub fn focus(id: &str) {
    if let Some(element) =
        document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok())
    {
        // If the browser refuses, the focus stays where it is.
        drop(element.focus());
    }
}

/// Clicks the element of this id, as to open a file dialogue.
pub fn click(id: &str) {
    if let Some(element) =
        document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok())
    {
        element.click();
    }
}

/// Whether the window is too narrow for panels beside the stage.
pub fn is_narrow() -> bool {
    let width = window().inner_width().ok().and_then(|width| width.as_f64());
    width.is_some_and(|width| width < NARROW_PX)
}

/// Scrolls the element of this id into view, if it is not.
pub fn reveal(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}
