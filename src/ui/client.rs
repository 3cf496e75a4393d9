//! Owns the worker: creates it, exchanges messages, ends it. Knows nothing of runs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::browser::{address_of, meta_content};
use crate::fault::Fault;
use crate::protocol::wire;
use crate::protocol::{Command, DeviceKind, Event};
use crate::web::message;

/// Returns the name of the `<meta>` that holds the address of the script of a worker for `kind`.
const fn worker_meta(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Gpu => "impasto-worker",
        DeviceKind::Cpu => "impasto-worker-cpu",
    }
}

/// Called with every event and its attachments.
type Listener = Rc<dyn Fn(Event, Vec<JsValue>)>;

/// The page's end of the protocol. At most one worker exists at a time; events of an ended one are
/// never delivered.
pub struct Client {
    listener: Listener,
    link: RefCell<Option<WorkerLink>>,
}

impl Client {
    /// Creates a client without a worker, whose events go to `listener`.
    pub fn new(listener: impl Fn(Event, Vec<JsValue>) + 'static) -> Self {
        Self { listener: Rc::new(listener), link: RefCell::new(None) }
    }

    /// Creates a worker for `kind`, ending the current one. A failure arrives as a fatal
    /// [`Event::Failed`].
    pub fn boot(&self, kind: DeviceKind) {
        self.retire();
        match WorkerLink::new(kind, &self.listener) {
            Ok(link) => drop(self.link.replace(Some(link))),
            Err(error) => (self.listener)(failed_to_start(message(&error)), Vec::new()),
        }
    }

    /// Ends the worker.
    pub fn retire(&self) {
        drop(self.link.take());
    }

    /// Posts a command and its attachments, if there is a worker.
    pub fn post(&self, command: &Command, attachments: &[JsValue]) {
        let posted = self
            .link
            .borrow()
            .as_ref()
            .map(|link| link.worker.post_message(&wire::pack(command, attachments)));
        if let Some(Err(error)) = posted {
            (self.listener)(stopped(message(&error)), Vec::new());
        }
    }
}

/// A worker and the closures that receive its messages.
struct WorkerLink {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(web_sys::Event)>,
}

impl WorkerLink {
    fn new(kind: DeviceKind, listener: &Listener) -> Result<Self, JsValue> {
        let script = meta_content(worker_meta(kind))
            .as_deref()
            .and_then(address_of)
            .ok_or("the page does not name its worker")?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&script, &options)?;

        let heard = Rc::new(Cell::new(false));
        let on_message = Closure::new({
            let (listener, heard) = (Rc::clone(listener), Rc::clone(&heard));
            move |message: MessageEvent| {
                heard.set(true);
                match wire::unpack::<Event>(&message.data()) {
                    Ok((event, attachments)) => listener(event, attachments),
                    Err(error) => listener(stopped(error.to_string()), Vec::new()),
                }
            }
        });
        let on_error = Closure::new({
            let listener = Rc::clone(listener);
            move |event: web_sys::Event| {
                let detail = event
                    .dyn_ref::<ErrorEvent>()
                    .map_or_else(|| event.type_(), ErrorEvent::message);
                listener(
                    if heard.get() { stopped(detail) } else { failed_to_start(detail) },
                    Vec::new(),
                );
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, _on_message: on_message, _on_error: on_error })
    }
}

impl Drop for WorkerLink {
    /// Messages in flight are delivered even after `terminate`, so the handlers are removed first.
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.set_onmessageerror(None);
        self.worker.terminate();
    }
}

fn failed_to_start(detail: String) -> Event {
    fatal(Fault::WorkerUnstarted { detail })
}

fn stopped(detail: String) -> Event {
    fatal(Fault::WorkerStopped { detail })
}

fn fatal(fault: Fault) -> Event {
    Event::Failed { run: None, fault, fatal: true }
}
