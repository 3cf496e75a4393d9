//! Server of the built site on this machine, which acts like a careful host: correct types, ranges,
//! caching by name, strict headers. Tests add their own layers (a log, faults) around
//! [`site_router`].

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use thiserror::Error;
use tokio::sync::oneshot;
use tower_http::services::ServeDir;

use crate::policy;

/// Reason why a server does not start.
#[derive(Debug, Error)]
pub enum ServerError {
    /// Another program listens there.
    #[error("port {0} is in use")]
    PortInUse(u16),
    /// The system refuses.
    #[error("the server cannot start")]
    Io(#[from] io::Error),
}

/// Returns the router of the site in the folder `root`. A file is sent compressed if a compressed
/// copy exists and the browser accepts it.
pub fn site_router(root: &Path) -> Router {
    let root = root.to_owned();
    Router::new()
        .fallback_service(ServeDir::new(&root).precompressed_gzip())
        .layer(middleware::from_fn_with_state(root, add_headers))
}

/// Adds the headers. Reads the policy for each request, because a new build behind a running server
/// changes it.
async fn add_headers(State(root): State<PathBuf>, request: Request, next: Next) -> Response {
    let Some(policy) = policy_header(&root) else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "The site is not built: run `cargo xtask build`.",
        )
            .into_response();
    };
    let caching = caching(request.uri().path());
    let mut response = next.run(request).await;
    let caching = if response.status().is_client_error() { "no-store" } else { caching };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Returns the page's policy, with the directive that only a header can hold.
fn policy_header(root: &Path) -> Option<HeaderValue> {
    let page = std::fs::read_to_string(root.join("index.html")).ok()?;
    HeaderValue::from_str(&format!("{}; frame-ancestors 'none'", policy::of_page(&page)?)).ok()
}

/// Returns the cache control. A name with a hash always means the same bytes; any other may change
/// with the next build.
fn caching(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_hash = |part: &str| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if name.split(['-', '_', '.']).any(is_hash) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

/// A server on its own thread. Dropping it stops the server.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Serves `router` to this machine alone, on `port`, or on a free port for 0.
///
/// # Errors
/// [`ServerError`] when the port is unavailable.
pub fn listen(router: Router, port: u16) -> Result<Running, ServerError> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ServerError::PortInUse(port),
            _ => error.into(),
        })?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let (stop, stopped) = oneshot::channel();
    let thread = thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = axum::serve(listener, router) => {}
                _ = stopped => {}
            }
        });
        runtime.shutdown_background();
    });
    Ok(Running { address, stop: Some(stop), thread: Some(thread) })
}

impl Running {
    /// Returns the address of the site, with a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves until the process is interrupted.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if !thread::panicking() {
            self.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::sync::Arc;

    use axum::Extension;

    use super::*;

    const POLICY: &str = "default-src 'none'";

    fn example() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let page = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
        fs::write(root.path().join("index.html"), page).unwrap();
        fs::write(root.path().join("app-0123456789abcdef_bg.wasm"), b"0123456789").unwrap();
        fs::write(root.path().join("app.js"), b"1").unwrap();
        root
    }

    struct Answer {
        status: u16,
        headers: HashMap<String, String>,
        body: String,
    }

    fn get(server: &Running, path: &str, extra: &str) -> Answer {
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{extra}\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Answer { status, headers: headers.collect(), body: body.to_owned() }
    }

    #[test]
    fn pages_and_scripts_come_with_type_policy_and_caching() {
        let root = example();
        let server = listen(site_router(root.path()), 0).unwrap();
        let page = get(&server, "/", "");
        assert_eq!((page.status, &*page.headers["content-type"]), (200, "text/html"));
        assert_eq!(
            page.headers["content-security-policy"],
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(page.headers["cache-control"], "no-cache");
        let script = get(&server, "/app.js", "");
        assert_eq!(
            (&*script.headers["content-type"], &*script.headers["cache-control"]),
            ("text/javascript", "no-cache")
        );
        assert_eq!(script.headers["x-content-type-options"], "nosniff");
        let wasm = get(&server, "/app-0123456789abcdef_bg.wasm", "");
        assert_eq!(wasm.headers["content-type"], "application/wasm");
        assert_eq!(wasm.headers["cache-control"], "public, max-age=31536000, immutable");
        let missing = get(&server, "/none-0123456789abcdef.js", "");
        assert_eq!((missing.status, &*missing.headers["cache-control"]), (404, "no-store"));
    }

    #[test]
    fn a_compressed_twin_goes_to_those_who_take_it() {
        let root = example();
        fs::write(root.path().join("app.js.gz"), b"z").unwrap();
        let server = listen(site_router(root.path()), 0).unwrap();
        let packed = get(&server, "/app.js", "accept-encoding: gzip\r\n");
        assert_eq!(
            (&*packed.body, &*packed.headers["content-encoding"], &*packed.headers["vary"]),
            ("z", "gzip", "accept-encoding")
        );
        assert_eq!(
            (&*packed.headers["content-type"], &*packed.headers["cache-control"]),
            ("text/javascript", "no-cache")
        );
        let plain = get(&server, "/app.js", "");
        assert_eq!((&*plain.body, plain.headers.get("content-encoding")), ("1", None));
    }

    #[test]
    fn a_download_can_be_resumed() {
        let root = example();
        let server = listen(site_router(root.path()), 0).unwrap();
        let rest = get(&server, "/app-0123456789abcdef_bg.wasm", "range: bytes=4-\r\n");
        assert_eq!(
            (rest.status, &*rest.body, &*rest.headers["content-range"]),
            (206, "456789", "bytes 4-9/10")
        );
    }

    #[test]
    fn nothing_outside_the_site_is_served() {
        let root = example();
        let server =
            listen(site_router(&root.path().join("..").join(root.path().file_name().unwrap())), 0)
                .unwrap();
        for path in ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"] {
            assert_ne!(get(&server, path, "").status, 200, "{path}");
        }
    }

    #[test]
    fn a_site_that_is_not_built_says_so() {
        let root = tempfile::tempdir().unwrap();
        let server = listen(site_router(root.path()), 0).unwrap();
        let answer = get(&server, "/", "");
        assert_eq!(answer.status, 503);
        assert!(answer.body.contains("cargo xtask build"));
    }

    #[test]
    fn a_port_in_use_is_named() {
        let server = listen(Router::new(), 0).unwrap();
        assert!(server.address.ip().is_loopback());
        let port = server.address.port();
        assert_eq!(
            listen(Router::new(), port).unwrap_err().to_string(),
            format!("port {port} is in use")
        );
    }

    #[test]
    fn a_dropped_server_has_ended() {
        let state = Arc::new(());
        let server = listen(Router::new().layer(Extension(Arc::clone(&state))), 0).unwrap();
        assert!(Arc::strong_count(&state) > 1);
        drop(server);
        assert_eq!(Arc::strong_count(&state), 1);
    }
}
