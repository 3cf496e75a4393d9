//! What page and worker ask of the browser alike.

pub mod cache;

use wasm_bindgen::{JsCast, JsValue};

/// The message of a thrown value.
pub fn message(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}
