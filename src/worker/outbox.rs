//! Posts events to the page, also for a dying worker.

use std::cell::Cell;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;

use super::error;
use super::global::scope;
use crate::fault::Fault;
use crate::protocol::{Event, RunId, wire};

thread_local! {
    /// The run that a fatal failure is reported for: a panic hook and the lost-device signal carry
    /// no state.
    static CURRENT_RUN: Cell<Option<RunId>> = const { Cell::new(None) };
}

/// Sets the run that a fatal failure is reported for.
pub fn set_current_run(run: Option<RunId>) {
    CURRENT_RUN.set(run);
}

/// Posts an event with `bytes` as its attachment, by transfer.
pub fn post(event: &Event) {
    deliver(&wire::pack(event, &[]), &Array::new());
}

/// Posts an event with `bytes` as its attachment, moved rather than copied.
pub fn post_with_bytes(event: &Event, bytes: &[u8]) {
    let buffer = JsValue::from(Uint8Array::from(bytes).buffer());
    deliver(&wire::pack(event, std::slice::from_ref(&buffer)), &Array::of1(&buffer));
}

/// Reports that this worker is unusable.
pub fn post_fatal(fault: Fault) {
    post(&Event::Failed { run: CURRENT_RUN.get(), fault, fatal: true });
}

/// Reports panics to the page and the console.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        post_fatal(error::panicked(&info.to_string()));
    }));
}

fn deliver(message: &Array, transfer: &Array) {
    if let Err(error) = scope().post_message_with_transfer(message, transfer) {
        web_sys::console::error_2(&"impasto: an event could not be posted".into(), &error);
    }
}
