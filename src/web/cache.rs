//! The browser's cache storage: responses by address, kept between visits.

use js_sys::{Reflect, global};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, CacheStorage, Response};

/// Opens the cache `name`.
///
/// # Errors
/// The browser's, when storage is full, closed to this page, or absent: a page that did not come
/// over a secure connection has none.
pub async fn open(name: &str) -> Result<Cache, JsValue> {
    let storage: CacheStorage = Reflect::get(&global(), &"caches".into())?
        .dyn_into()
        .map_err(|_| JsValue::from_str("this page has no cache storage"))?;
    Ok(JsFuture::from(storage.open(name)).await?.unchecked_into())
}

/// Returns the response at `address`, if there is one.
///
/// # Errors
/// The browser's.
pub async fn find(cache: &Cache, address: &str) -> Result<Option<Response>, JsValue> {
    let found = JsFuture::from(cache.match_with_str(address)).await?;
    Ok(found.dyn_into().ok())
}

/// Keeps `response` at `address`, in the place of any other.
///
/// # Errors
/// The browser's, when storage is full.
pub async fn put(cache: &Cache, address: &str, response: &Response) -> Result<(), JsValue> {
    JsFuture::from(cache.put_with_str(address, response)).await.map(drop)
}

/// Forgets the response at `address`.
///
/// # Errors
/// The browser's.
pub async fn remove(cache: &Cache, address: &str) -> Result<(), JsValue> {
    JsFuture::from(cache.delete_with_str(address)).await.map(drop)
}

/// Forgets all responses.
///
/// # Errors
/// The browser's.
pub async fn clear(cache: &Cache) -> Result<(), JsValue> {
    let stored: js_sys::Array = JsFuture::from(cache.keys()).await?.unchecked_into();
    for request in stored.iter() {
        JsFuture::from(cache.delete_with_request(request.unchecked_ref())).await?;
    }
    Ok(())
}
