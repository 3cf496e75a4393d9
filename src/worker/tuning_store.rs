//! The fastest kernel per adapter, cached between visits.

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

/// Name of the cache. Its number changes with kernels or keys, so that all adapters are tuned anew.
const CACHE: &str = "impasto-tuning-4";

/// Returns the fastest kernel on `adapter`: from the cache, or by timing. Without storage each
/// visit times anew; `progress` is called with the parts done of [`tuning::PARTS`].
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
        // Without storage the next visit loses a moment, nothing else.
        _ = remember(cache, &key, fastest).await;
    }
    Ok(fastest)
}

/// Returns the key of `adapter`. Browsers tell little of an adapter; its limits help to tell
/// adapters apart.
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
