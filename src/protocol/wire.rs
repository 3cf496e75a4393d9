//! How a protocol message crosses between page and worker: a JavaScript array of the value's JSON
//! and its attachments.

use js_sys::Array;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

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

/// The files of a [`super::Command::Start`].
#[derive(Clone, Debug)]
pub struct StartFiles {
    /// The content image.
    pub photo: Blob,
    /// The result that the run begins from, in the place of the recipe's start.
    pub earlier: Option<Blob>,
    /// The style images; none where content alone counts.
    pub paintings: Vec<Blob>,
}

impl StartFiles {
    /// Returns the files as attachments.
    pub fn pack(self) -> Vec<JsValue> {
        let earlier = self.earlier.map_or(JsValue::NULL, JsValue::from);
        let paintings = self.paintings.into_iter().map(JsValue::from);
        [self.photo.into(), earlier].into_iter().chain(paintings).collect()
    }

    /// Reads what [`Self::pack`] made; `None` for other attachments.
    pub fn unpack(attachments: Vec<JsValue>) -> Option<Self> {
        let mut attachments = attachments.into_iter();
        let photo = attachments.next()?.dyn_into().ok()?;
        let earlier = attachments.next()?.dyn_into().ok();
        let paintings = attachments.map(JsCast::dyn_into).collect::<Result<_, _>>().ok()?;
        Some(Self { photo, earlier, paintings })
    }
}
