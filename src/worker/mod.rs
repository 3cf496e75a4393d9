//! The dedicated Web Worker that owns the device. Enqueuing GPU work can block its thread for
//! seconds; the page never feels it.
//!
//! Commands are queued as they come and taken between two steps by one loop,
//! `session::Session::serve`; so the engine needs no cancel token, and no two runs ever share the
//! device.

#[cfg(all(feature = "gpu", target_arch = "wasm32"))]
mod adapter_info;
pub mod error;
#[cfg(target_arch = "wasm32")]
mod film;
#[cfg(target_arch = "wasm32")]
mod global;
#[cfg(all(feature = "gpu", target_arch = "wasm32"))]
mod gpu_buffers;
#[cfg(target_arch = "wasm32")]
mod inbox;
pub mod moments;
#[cfg(target_arch = "wasm32")]
mod outbox;
pub mod pace;
#[cfg(target_arch = "wasm32")]
mod pictures;
#[cfg(target_arch = "wasm32")]
mod preparation;
#[cfg(target_arch = "wasm32")]
mod programs;
#[cfg(target_arch = "wasm32")]
mod run;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(all(feature = "gpu", target_arch = "wasm32"))]
mod tuning_store;
#[cfg(target_arch = "wasm32")]
mod weights_store;

/// Starts listening; the worker's `main`.
///
/// # Panics
/// Outside of a dedicated worker.
#[cfg(target_arch = "wasm32")]
pub fn start() {
    use futures_channel::mpsc;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::MessageEvent;

    use crate::protocol::{Event, wire};
    use inbox::Message;
    use session::Session;

    outbox::report_panics();
    let (sender, receiver) = mpsc::unbounded::<Message>();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        match wire::unpack(&event.data()) {
            Ok(message) => {
                sender.unbounded_send(message).expect("the session outlives the worker's events");
            }
            Err(error) => web_sys::console::error_1(&format!("impasto: {error}").into()),
        }
    });
    global::scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    wasm_bindgen_futures::spawn_local(Session::new(receiver).serve());
    outbox::post(&Event::Booted);
}
