//! How a protocol message crosses between page and worker: a JavaScript array of the value's JSON
//! and its attachments.

use js_sys::Array;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;
use wasm_bindgen::JsValue;

/// A message that is not one of ours: page and worker of different versions, or a stray extension.
#[derive(Debug, Error)]
pub enum WireError {
    /// The data is no array that begins with a string.
    #[error("the message has no text")]
    NoText,
    /// The string is not the JSON of the expected type.
    #[error("the message cannot be read: {0}")]
    BadText(#[from] serde_json::Error),
}

/// The array to post: the JSON of `message`, then `attachments`.
///
/// # Panics
/// Never for the types of [`crate::protocol`], which all have a JSON form.
pub fn pack(message: &impl Serialize, attachments: &[JsValue]) -> Array {
    let text = serde_json::to_string(message).expect("protocol messages have a JSON form");
    let array = Array::of1(&JsValue::from_str(&text));
    for attachment in attachments {
        array.push(attachment);
    }
    array
}

/// Reads what [`pack`] wrote: the message and its attachments.
///
/// # Errors
/// [`WireError`] when `data` is not such an array.
pub fn unpack<M: DeserializeOwned>(data: &JsValue) -> Result<(M, Vec<JsValue>), WireError> {
    if !Array::is_array(data) {
        return Err(WireError::NoText);
    }
    let array = Array::from(data);
    let text = array.get(0).as_string().ok_or(WireError::NoText)?;
    Ok((serde_json::from_str(&text)?, array.iter().skip(1).collect()))
}
