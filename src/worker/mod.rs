//! The dedicated Web Worker that owns the device. Enqueuing GPU work can block its thread for seconds; the page never feels it.
//!
//! Commands are queued as they come and taken between two steps by one loop, [`session::Session::serve`]; so the engine
//! needs no cancel token, and no two runs ever share the device.

#[cfg(feature = "gpu")]
mod adapter_info;
#[cfg(feature = "gpu")]
mod card_memory;
mod error;
mod explain;
mod global;
mod inbox;
mod outbox;
mod preparation;
mod run;
mod session;
#[cfg(feature = "gpu")]
mod tuning_store;
mod weights_store;

use futures_channel::mpsc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::MessageEvent;

use crate::protocol::Event;
use inbox::Message;
use session::Session;

/// Starts listening; the worker's `main`.
pub fn start() {
    outbox::report_panics();
    let (sender, receiver) = mpsc::unbounded::<Message>();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| match crate::wire::unpack(&event.data()) {
        Ok(message) => sender.unbounded_send(message).expect("the session outlives the worker's events"),
        Err(error) => web_sys::console::error_1(&format!("impasto: {error}").into()),
    });
    global::scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    wasm_bindgen_futures::spawn_local(Session::new(receiver).serve());
    outbox::post(&Event::Booted);
}
