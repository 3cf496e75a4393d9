//! The pictures that go in, kept in the browser's storage for the next visit, as the settings are.
//! A browser that keeps nothing forgets them: nothing else depends on it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Reflect, decode_uri_component, encode_uri_component};
use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, Response};

use super::browser::address_of;
use super::intake::Well;
use super::pictures::Picture;

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
    let found = JsFuture::from(open().await?.match_with_str(&address(well)?)).await?;
    let response: Response = found.dyn_into()?;
    let name = response.headers().get(NAME_HEADER)?.ok_or(JsValue::NULL)?;
    let blob = JsFuture::from(response.blob()?).await?;
    Ok(Picture::new(blob.unchecked_into(), decode_uri_component(&name)?))
}

async fn write(well: Well, picture: Option<&Picture>) -> Result<(), JsValue> {
    let (cache, address) = (open().await?, address(well)?);
    let Some(picture) = picture else {
        JsFuture::from(cache.delete_with_str(&address)).await?;
        return Ok(());
    };
    let response = Response::new_with_opt_blob(Some(&picture.blob))?;
    response.headers().set(NAME_HEADER, &String::from(encode_uri_component(&picture.name)))?;
    JsFuture::from(cache.put_with_str(&address, &response)).await?;
    Ok(())
}

async fn open() -> Result<Cache, JsValue> {
    // On a page that did not come over a secure connection there is no such thing.
    if !Reflect::get(&window(), &"caches".into())?.is_truthy() {
        return Err(JsValue::NULL);
    }
    Ok(JsFuture::from(window().caches()?.open(CACHE)).await?.unchecked_into())
}

/// Nothing is served there; beside the page, so that two pages of one site keep pictures of their
/// own.
fn address(well: Well) -> Result<String, JsValue> {
    address_of(&format!("kept/{}", well.key())).ok_or(JsValue::NULL)
}
