//! Posting events to the page, the last words of a dying worker among them.

use std::cell::Cell;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;

use super::error;
use super::global::scope;
use crate::fault::Fault;
use crate::protocol::{Event, RunId, wire};

thread_local! {
    /// The run to blame when the worker dies; a panic hook and the GPU's loss signal can carry
    /// nothing of their own.
    static CURRENT_RUN: Cell<Option<RunId>> = const { Cell::new(None) };
}

/// Names the run that a fatal failure will be told of.
pub fn set_current_run(run: Option<RunId>) {
    CURRENT_RUN.set(run);
}

/// Posts an event without attachment.
pub fn post(event: &Event) {
    deliver(&wire::pack(event, &[]), &Array::new());
}

/// Posts an event with `bytes` as its attachment, moved rather than copied.
pub fn post_with_bytes(event: &Event, bytes: &[u8]) {
    let buffer = JsValue::from(Uint8Array::from(bytes).buffer());
    deliver(&wire::pack(event, std::slice::from_ref(&buffer)), &Array::of1(&buffer));
}

/// Tells the page that this worker is of no further use.
pub fn post_fatal(fault: Fault) {
    post(&Event::Failed { run: CURRENT_RUN.get(), fault, fatal: true });
}

/// Turns a panic into a message for the person, and for the console.
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
