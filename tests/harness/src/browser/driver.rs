//! Real browsers, each behind its WebDriver. A browser that is missing is a failure, never a skip.

use std::net::{Ipv4Addr, TcpListener};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Browser;

/// Timeout for a driver to listen.
const DRIVER_START: Duration = Duration::from_secs(30);

/// A driven browser, with a temporary profile.
pub struct Session {
    /// WebDriver client of the browser.
    pub client: Client,
    /// Folder of its downloads.
    pub downloads: TempDir,
    /// Driver process, which ends the browser's processes with it.
    pub driver: Child,
}

/// Runs a scenario on a fresh browser, and closes the browser even if the scenario panics.
pub fn play<T>(browser: Browser, scenario: impl AsyncFnOnce(&Session) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let session = Session::start(browser).await;
        let outcome = AssertUnwindSafe(scenario(&session)).catch_unwind().await;
        session.close().await;
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    })
}

impl Session {
    /// Starts `browser` without a window.
    pub async fn start(browser: Browser) -> Self {
        let downloads = tempfile::tempdir().expect("a folder can be made");
        let port = free_port();
        let driver = spawn_driver(browser, port);
        wait_for_port(port).await;
        let capabilities = match browser {
            Browser::Chromium => chromium(downloads.path()),
            Browser::Firefox => firefox(downloads.path()),
        };
        let Value::Object(capabilities) = capabilities else {
            unreachable!("capabilities are an object")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("{browser:?} does not start: {error}"));
        Self { client, downloads, driver }
    }

    /// Closes the browser.
    pub async fn close(self) {
        self.client.clone().close().await.expect("the browser closes");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // On SIGTERM the driver also ends its browser, even after a failed test.
        let terminated = Command::new("kill")
            .arg(self.driver.id().to_string())
            .status()
            .is_ok_and(|status| status.success());
        if !terminated {
            self.driver.kill().ok();
        }
        self.driver.wait().ok();
    }
}

/// Returns the path of a program that `cargo xtask test` found or installed.
fn program(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    PathBuf::from(path.unwrap_or_else(|| {
        panic!(
            "{variable} is not set: run the browser tests with `cargo xtask test --only browsers`"
        )
    }))
}

fn spawn_driver(browser: Browser, port: u16) -> Child {
    let variable = match browser {
        Browser::Chromium => "IMPASTO_CHROMEDRIVER",
        Browser::Firefox => "IMPASTO_GECKODRIVER",
    };
    let path = program(variable);
    let mut command = Command::new(&path);
    match browser {
        Browser::Chromium => command.arg(format!("--port={port}")),
        Browser::Firefox => command.args([
            "--port",
            &port.to_string(),
            "--websocket-port",
            &free_port().to_string(),
        ]),
    };
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

async fn wait_for_port(port: u16) {
    let begun = Instant::now();
    while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        assert!(begun.elapsed() < DRIVER_START, "the driver does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn chromium(downloads: &Path) -> Value {
    json!({ "goog:chromeOptions": {
        "binary": program("IMPASTO_CHROMIUM"),
        "args": [
            "--headless=new", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--enable-unsafe-webgpu",
            "--use-webgpu-adapter=swiftshader", "--window-size=1280,1000",
        ],
        "prefs": { "download.default_directory": downloads, "download.prompt_for_download": false },
    } })
}

fn firefox(downloads: &Path) -> Value {
    json!({ "moz:firefoxOptions": {
        "binary": program("IMPASTO_FIREFOX"),
        "args": ["-headless"],
        "prefs": {
            "browser.download.folderList": 2,
            "browser.download.dir": downloads,
            "browser.download.useDownloadDir": true,
            "browser.helperApps.neverAsk.saveToDisk": "image/png",
            "dom.webgpu.enabled": true,
            "dom.webgpu.workers.enabled": true,
            "gfx.webgpu.ignore-blocklist": true,
            "gfx.webgpu.force-enabled": true,
        },
    } })
}
