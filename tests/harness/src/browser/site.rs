//! The built site as `cargo xtask serve` serves it, with a log of requests, and with faults on
//! demand. The site itself is the unchanged release build: scripts for the page or the worker are
//! injected into the responses.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::server::{Running, listen, site_router};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;

/// Worker script that destroys its GPU devices on demand.
const DEVICE_HOOK: &str = r#"
if (self.GPUAdapter) {
  const devices = [];
  const requestDevice = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    devices.push(device);
    return device;
  };
  new BroadcastChannel("test").onmessage = () => devices.splice(0).forEach(device => device.destroy());
}
"#;

/// Worker script that counts the bytes of its GPU buffers and reports them to the page.
const BUFFERS_HOOK: &str = include_str!("buffers.js");

/// Worker script that skips every dispatch of more than one workgroup. The decision on a step needs
/// one, so it still runs: a step of any size takes no time, but the same memory.
const IDLE_HOOK: &str = r"
if (self.GPUComputePassEncoder) {
  const dispatch = GPUComputePassEncoder.prototype.dispatchWorkgroups;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function (x, y = 1, z = 1) {
    if (x * y * z === 1) dispatch.call(this, x, y, z);
  };
}
";

/// Fault in the responses that carry the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsFault {
    /// Status 404.
    Missing,
    /// A web page with status 200.
    WebPage,
    /// The connection breaks after this many bytes.
    Dropped(usize),
    /// The response stalls after this many bytes, until the fault changes.
    Stalled(usize),
    /// The response ends, in good order, after this many bytes.
    Short(usize),
    /// One bit is flipped.
    BitFlip,
}

#[derive(Default)]
struct Conduct {
    log: Vec<String>,
    fault: Option<WeightsFault>,
    /// Notified when `fault` changes.
    other_fault: Arc<Notify>,
    page_hook: String,
    worker_hook: String,
}

type Shared = Arc<Mutex<Conduct>>;

/// The served site.
pub struct Site {
    server: Running,
    conduct: Shared,
    base: &'static str,
}

impl Site {
    /// Serves the build at the root of a host.
    pub fn start() -> Self {
        Self::below("/")
    }

    /// Serves the build below `base`, which begins and ends with a slash.
    pub fn below(base: &'static str) -> Self {
        let conduct = Shared::default();
        let watched =
            site_router(&dist()).layer(middleware::from_fn_with_state(Arc::clone(&conduct), watch));
        let router = if base == "/" { watched } else { Router::new().nest_service(base, watched) };
        Self { server: listen(router, 0).expect("a port is free"), conduct, base }
    }

    /// Returns the address of the page.
    pub fn url(&self) -> String {
        format!("{}{}", self.server.url().trim_end_matches('/'), self.base)
    }

    /// Returns the paths requested since the start, each with its range if it had one.
    pub fn log(&self) -> Vec<String> {
        self.conduct().log.clone()
    }

    /// Returns the number of requests for the weights since the start.
    pub fn weights_requests(&self) -> usize {
        self.log().iter().filter(|line| line.contains("/weights/")).count()
    }

    /// Applies `fault` to every later response that carries weights; `None` ends the faults.
    pub fn spoil_weights(&self, fault: Option<WeightsFault>) {
        let mut conduct = self.conduct();
        conduct.fault = fault;
        conduct.other_fault.notify_waiters();
    }

    /// Adds `script` to the page, before its own scripts, from the next load on.
    pub fn hook_page(&self, script: &str) {
        self.conduct().page_hook += script;
    }

    /// Adds `script` to each worker, before its own script, from the next worker on.
    pub fn hook_worker(&self, script: &str) {
        self.conduct().worker_hook += script;
    }

    /// Lets the page destroy its workers' GPU devices by a message to the broadcast channel "test".
    pub fn make_devices_losable(&self) {
        self.hook_worker(DEVICE_HOOK);
    }

    /// Exposes the GPU memory of the workers to the page, as `buffers`, in bytes.
    pub fn watch_buffers(&self) {
        self.hook_worker(BUFFERS_HOOK);
        self.hook_page(BUFFERS_HOOK);
    }

    /// Exposes GPU memory like [`Self::watch_buffers`], but skips the computation.
    pub fn watch_buffers_idly(&self) {
        self.watch_buffers();
        self.hook_worker(IDLE_HOOK);
    }

    /// Limits the size of a storage buffer binding that the workers' GPU reports, in bytes.
    pub fn limit_buffers(&self, bytes: u32) {
        self.hook_worker(&format!(
            "Object.defineProperty(GPUSupportedLimits.prototype, 'maxStorageBufferBindingSize', {{ \
             get: () => {bytes} }});\n"
        ));
    }

    fn conduct(&self) -> std::sync::MutexGuard<'_, Conduct> {
        self.conduct.lock().expect("no holder panics")
    }
}

fn dist() -> PathBuf {
    let path = std::env::var_os("IMPASTO_DIST")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist"), PathBuf::from);
    assert!(
        path.join("index.html").exists(),
        "{} holds no build: run `cargo xtask build`",
        path.display()
    );
    path
}

async fn watch(State(conduct): State<Shared>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let headers = request.headers();
    let range = headers
        .get(header::RANGE)
        .map(|range| format!(" {}", range.to_str().unwrap_or_default()))
        .unwrap_or_default();
    let is_worker = headers.get("sec-fetch-dest").is_some_and(|value| value == "worker");
    let is_page = path == "/" || path.ends_with("index.html");
    let (fault, page_hook, worker_hook) = {
        let mut conduct = conduct.lock().expect("no holder panics");
        conduct.log.push(format!("{path}{range}"));
        let fault = path.contains("/weights/").then(|| conduct.fault).flatten();
        (fault, conduct.page_hook.clone(), conduct.worker_hook.clone())
    };
    if path == "/test-hook.js" {
        return ([(header::CONTENT_TYPE, "text/javascript")], page_hook).into_response();
    }
    let (edits_page, edits_worker) =
        (is_page && !page_hook.is_empty(), is_worker && !worker_hook.is_empty());
    if edits_page || edits_worker {
        // Only uncompressed text can be edited.
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    let response = next.run(request).await;
    if let Some(fault) = fault {
        return spoil(response, fault, conduct).await;
    }
    if edits_page {
        return edit(response, |page| {
            page.replacen("<head>", "<head><script src=\"test-hook.js\"></script>", 1)
        })
        .await;
    }
    if edits_worker {
        return edit(response, |script| format!("{worker_hook}\n{script}")).await;
    }
    response
}

/// Applies `change` to the text of the response.
async fn edit(response: Response, change: impl FnOnce(String) -> String) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("the site can be read");
    let text = String::from_utf8(bytes.to_vec()).expect("pages and scripts are text");
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(change(text)))
}

async fn spoil(response: Response, fault: WeightsFault, conduct: Shared) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("the site can be read");
    match fault {
        WeightsFault::Missing => StatusCode::NOT_FOUND.into_response(),
        WeightsFault::WebPage => {
            Html("<!doctype html><title>Sign in to the Wi-Fi</title>").into_response()
        }
        WeightsFault::Dropped(count) => {
            // The length header stays, so the early end of the stream breaks the connection.
            let chunks = [
                Ok(bytes.slice(..count)),
                Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
            ];
            Response::from_parts(parts, Body::from_stream(stream::iter(chunks)))
        }
        WeightsFault::Stalled(count) => {
            let (first, rest) = (bytes.slice(..count), bytes.slice(count..));
            let other_fault = Arc::clone(&conduct.lock().expect("no holder panics").other_fault);
            let resumed = async move {
                other_fault.notified().await;
                Ok::<_, std::io::Error>(rest)
            };
            Response::from_parts(
                parts,
                Body::from_stream(stream::iter([Ok(first)]).chain(stream::once(resumed))),
            )
        }
        WeightsFault::Short(count) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(bytes.slice(..count)))
        }
        WeightsFault::BitFlip => {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Response::from_parts(parts, Body::from(Bytes::from(bytes)))
        }
    }
}
