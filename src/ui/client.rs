//! Owns the worker: makes it, speaks the protocol with it, ends it. Knows nothing of runs.

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

/// Name of the `<meta>` that says where the script of a worker for `kind` lies.
const fn worker_meta(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Gpu => "impasto-worker",
        DeviceKind::Cpu => "impasto-worker-cpu",
    }
}

/// Hears every event with its attachments.
type Listener = Rc<dyn Fn(Event, Vec<JsValue>)>;

/// The page's end of the protocol. At most one worker lives at a time; of one that was ended
/// nothing more is heard.
pub struct Client {
    listener: Listener,
    link: RefCell<Option<WorkerLink>>,
}

impl Client {
    /// A client without a worker, whose events `listener` will hear.
    pub fn new(listener: impl Fn(Event, Vec<JsValue>) + 'static) -> Self {
        Self { listener: Rc::new(listener), link: RefCell::new(None) }
    }

    /// Makes a worker for `kind`, ending the one there is. A failure is heard as a fatal
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

    /// Posts a command and its attachments. Without a worker there is nobody to tell.
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

/// A living worker and the closures that hear it.
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
    /// Messages that are already on their way are still delivered after `terminate`, so the
    /// handlers go first.
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
