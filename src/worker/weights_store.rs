//! The weights pack: from the cache, or by a resumable download; never used unverified.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, ReadableStreamDefaultReader, Request, RequestInit, Response, Url};

use super::error::{DownloadError, RunError};
use super::global::{now_ms, scope};
use super::outbox;
use crate::engine::weights::{self, Manifest, Weights, WeightsError};
use crate::fault::Fault;
use crate::protocol::{Event, WeightsSource};
use crate::web::{cache, message};

/// Name of the cache in the browser's storage.
const CACHE: &str = "impasto-weights";
/// Time between two progress events, ms.
const PROGRESS_INTERVAL_MS: f64 = 100.0;
/// HTTP 206: the response is the requested range.
const PARTIAL_CONTENT: u16 = 206;
/// HTTP 416: the range lies beyond the end.
const RANGE_NOT_SATISFIABLE: u16 = 416;

/// Loads the weights, from the cache if it has them.
#[derive(Debug)]
pub struct WeightsStore {
    manifest: Manifest,
    /// Bytes of an interrupted download.
    partial: Vec<u8>,
}

impl WeightsStore {
    /// Creates the store for the pack of this build.
    pub fn new() -> Self {
        Self { manifest: Manifest::built_in(), partial: Vec::new() }
    }

    /// Returns the verified weights. Posts progress, and a notice if they cannot be cached.
    ///
    /// # Errors
    /// [`RunError::Download`] or [`RunError::Weights`]; a later call resumes.
    pub async fn load(&mut self) -> Result<Weights, RunError> {
        let url = self.url();
        let cache = cache::open(CACHE).await;
        if let Ok(cache) = &cache
            && let Some(bytes) = self.stored(cache, &url).await
        {
            self.report(WeightsSource::Storage, bytes.len());
            return Ok(Weights::parse(&bytes)?);
        }
        self.download(&url).await?;
        if let Err(error) = weights::verify(&self.partial, &self.manifest) {
            // A truncated pack can be completed; a wrong one cannot.
            if !matches!(error, WeightsError::Truncated { .. }) {
                self.partial.clear();
            }
            return Err(error.into());
        }
        let bytes = std::mem::take(&mut self.partial);
        let kept = match cache {
            Ok(cache) => keep(&cache, &url, &bytes).await,
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            outbox::post(&Event::Notice(Fault::Unstored { detail: message(&error) }));
        }
        Ok(Weights::parse(&bytes)?)
    }

    /// Returns the address beside the worker's script, so that a page below a sub-path finds its
    /// own.
    fn url(&self) -> String {
        let base = scope().location().href();
        let relative = format!("weights/{}", self.manifest.file);
        Url::new_with_base(&relative, &base).map_or(relative, |url| url.href())
    }

    /// Returns the cached pack, if it is intact.
    async fn stored(&self, cache: &Cache, url: &str) -> Option<Vec<u8>> {
        let response = cache::find(cache, url).await.ok()??;
        let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
        let bytes = Uint8Array::new(&buffer).to_vec();
        weights::verify(&bytes, &self.manifest).ok().map(|()| bytes)
    }

    /// Completes `partial` by download.
    async fn download(&mut self, url: &str) -> Result<(), DownloadError> {
        let mut response = fetch(url, self.partial.len()).await?;
        if response.status() == RANGE_NOT_SATISFIABLE {
            self.partial.clear();
            response = fetch(url, 0).await?;
        }
        if !response.ok() {
            return Err(DownloadError::Refused { status: response.status() });
        }
        if response.status() != PARTIAL_CONTENT {
            self.partial.clear();
        }
        let Some(body) = response.body() else {
            return Ok(());
        };
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        self.read_all(&reader).await
    }

    async fn read_all(
        &mut self,
        reader: &ReadableStreamDefaultReader,
    ) -> Result<(), DownloadError> {
        let mut reported_ms = f64::NEG_INFINITY;
        loop {
            let chunk =
                JsFuture::from(reader.read()).await.map_err(|error| self.dropped(&error))?;
            let value = js_sys::Reflect::get(&chunk, &"value".into()).unwrap_or(JsValue::UNDEFINED);
            let Ok(bytes) = value.dyn_into::<Uint8Array>() else {
                self.report(WeightsSource::Network, self.partial.len());
                return Ok(());
            };
            self.partial.extend_from_slice(&bytes.to_vec());
            if self.partial.len() as u64 > self.manifest.bytes {
                // Too long: verification says so. An endless response must not fill the memory.
                return Ok(());
            }
            if now_ms() - reported_ms >= PROGRESS_INTERVAL_MS {
                reported_ms = now_ms();
                self.report(WeightsSource::Network, self.partial.len());
            }
        }
    }

    fn dropped(&self, error: &JsValue) -> DownloadError {
        DownloadError::Dropped {
            received: self.partial.len() as u64,
            total: self.manifest.bytes,
            reason: message(error),
        }
    }

    fn report(&self, source: WeightsSource, received: usize) {
        outbox::post(&Event::Weights {
            source,
            received: received as u64,
            total: self.manifest.bytes,
        });
    }
}

async fn fetch(url: &str, from: usize) -> Result<Response, DownloadError> {
    let unreachable = |error: JsValue| DownloadError::Unreachable(message(&error));
    let init = RequestInit::new();
    // The HTTP cache would store a short response as if it were whole; verified bytes go to our own
    // cache.
    js_sys::Reflect::set(&init, &"cache".into(), &"no-store".into()).map_err(unreachable)?;
    let request = Request::new_with_str_and_init(url, &init).map_err(unreachable)?;
    if from > 0 {
        request.headers().set("Range", &format!("bytes={from}-")).map_err(unreachable)?;
    }
    let response =
        JsFuture::from(scope().fetch_with_request(&request)).await.map_err(unreachable)?;
    Ok(response.unchecked_into())
}

/// Keeps the pack for the next visit, and nothing else: earlier versions go.
async fn keep(cache: &Cache, url: &str, bytes: &[u8]) -> Result<(), JsValue> {
    cache::clear(cache).await?;
    let response = Response::new_with_opt_js_u8_array(Some(&Uint8Array::from(bytes)))?;
    cache::put(cache, url, &response).await
}
