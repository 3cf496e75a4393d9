//! Keeps the input pictures in the browser's storage for the next visit. Nothing else depends on
//! it: a browser without storage forgets them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{decode_uri_component, encode_uri_component};
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::browser::address_of;
use super::intake::Well;
use super::pictures::Picture;
use crate::web::cache;

/// Name of the cache in the browser's storage.
const CACHE: &str = "impasto-pictures";
/// Holds a file's name, percent-encoded, beside its bytes.
const NAME_HEADER: &str = "x-file-name";

/// Where pictures are kept. One is written at a time, and the last word on a well holds.
#[derive(Debug, Default)]
pub struct PictureStore {
    due: RefCell<Vec<(Well, Option<Picture>)>>,
    busy: Cell<bool>,
}

impl PictureStore {
    /// Keeps what `well` holds now, instead of what it held.
    pub fn keep(self: Rc<Self>, well: Well, picture: Option<Picture>) {
        self.due.borrow_mut().retain(|(due, _)| *due != well);
        self.due.borrow_mut().push((well, picture));
        if !self.busy.replace(true) {
            spawn_local(self.write_all());
        }
    }

    async fn write_all(self: Rc<Self>) {
        loop {
            let Some((well, picture)) = self.due.borrow_mut().pop() else { break };
            if write(well, picture.as_ref()).await.is_err() {
                // The storage is full or closed. An older picture in its place would be worse than
                // none.
                drop(write(well, None).await);
            }
        }
        self.busy.set(false);
    }
}

/// What `well` held at the end of the last visit.
pub async fn stored(well: Well) -> Option<Picture> {
    read(well).await.ok()
}

async fn read(well: Well) -> Result<Picture, JsValue> {
    let cache = cache::open(CACHE).await?;
    let response = cache::find(&cache, &address(well)?).await?.ok_or(JsValue::NULL)?;
    let name = response.headers().get(NAME_HEADER)?.ok_or(JsValue::NULL)?;
    let blob = JsFuture::from(response.blob()?).await?;
    Ok(Picture::new(blob.unchecked_into(), decode_uri_component(&name)?))
}

async fn write(well: Well, picture: Option<&Picture>) -> Result<(), JsValue> {
    let (cache, address) = (cache::open(CACHE).await?, address(well)?);
    let Some(picture) = picture else { return cache::remove(&cache, &address).await };
    let response = Response::new_with_opt_blob(Some(&picture.blob))?;
    response.headers().set(NAME_HEADER, &String::from(encode_uri_component(&picture.name)))?;
    cache::put(&cache, &address, &response).await
}

/// Returns an address beside the page, at which nothing is served, so that two pages of one site
/// keep pictures of their own.
fn address(well: Well) -> Result<String, JsValue> {
    address_of(&format!("kept/{}", well.key())).ok_or(JsValue::NULL)
}
