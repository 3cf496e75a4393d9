//! Which division of the kernels' work is fastest, remembered for each adapter in the browser's
//! storage.

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, Response};

use super::adapter_info;
use super::global::now_ms;
use crate::engine::TransferError;
use crate::engine::device::OpenDevice;
use crate::engine::ops::convolution::ConvKernel;
use crate::engine::tuning;
use crate::web::cache;

/// Name of the cache in the browser's storage. Another number where kernels or keys are others, so
/// that all are tried anew.
const CACHE: &str = "impasto-tuning-4";

/// The fastest division on `adapter`: what an earlier visit found, or else what trying shows.
/// Without storage each visit tries. Where it comes to that, `progress` is told how many of
/// [`tuning::PARTS`] are done.
///
/// # Errors
/// [`TransferError::Device`].
pub async fn division(
    adapter: &OpenDevice,
    mut progress: impl FnMut(u32),
) -> Result<ConvKernel, TransferError> {
    let key = key(adapter).await;
    let cache = cache::open(CACHE).await.ok();
    if let Some(cache) = &cache
        && let Some(known) = recall(cache, &key).await
    {
        return Ok(known);
    }
    let mut done = 0;
    progress(done);
    let part_done = || {
        done += 1;
        progress(done);
    };
    let fastest = tuning::fastest_kernel(&adapter.device, now_ms, part_done).await?;
    if let Some(cache) = &cache {
        // Without storage the person loses a moment at the next visit, and nothing else.
        _ = remember(cache, &key, fastest).await;
    }
    Ok(fastest)
}

/// Browsers tell little of an adapter; what it can hold helps to tell one from another.
async fn key(adapter: &OpenDevice) -> String {
    let [vendor, architecture, device] = adapter_info::words().await;
    let words = format!(
        "{} {vendor} {architecture} {device} {} {}",
        adapter.name, adapter.max_edge, adapter.software
    );
    format!("tuning/{}", String::from(js_sys::encode_uri_component(&words)))
}

async fn recall(cache: &Cache, key: &str) -> Option<ConvKernel> {
    let response = cache::find(cache, key).await.ok()??;
    let name = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    ConvKernel::named(&name)
}

async fn remember(cache: &Cache, key: &str, kernel: ConvKernel) -> Result<(), JsValue> {
    let response = Response::new_with_opt_str(Some(kernel.name()))?;
    cache::put(cache, key, &response).await
}
