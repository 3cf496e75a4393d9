//! The page's commands, in the order in which they came. They can be looked at before they are
//! taken.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use wasm_bindgen::JsValue;

use crate::protocol::{Command, FileId, RunId};

/// A command and its attachments.
pub type Message = (Command, Vec<JsValue>);

/// What the page has asked for.
#[derive(Debug)]
pub struct Inbox {
    commands: RefCell<UnboundedReceiver<Message>>,
    /// Has come, and is still to be taken.
    waiting: RefCell<VecDeque<Message>>,
}

impl Inbox {
    /// Of what comes through `commands`.
    pub fn new(commands: UnboundedReceiver<Message>) -> Self {
        Self { commands: RefCell::new(commands), waiting: RefCell::default() }
    }

    /// Takes the first that has come, without waiting.
    pub fn take(&self) -> Option<Message> {
        self.collect();
        self.waiting.borrow_mut().pop_front()
    }

    /// Waits for another command to come. Answers whether there will be one.
    pub async fn wait(&self) -> bool {
        poll_fn(|context| self.poll(context)).await
    }

    /// Takes the first [`Command::Examine`] of what has been waited for, before its turn: it has to
    /// do with no run.
    pub fn take_examine(&self) -> Option<(FileId, Vec<JsValue>)> {
        let mut waiting = self.waiting.borrow_mut();
        let file = |(command, _): &Message| {
            if let Command::Examine(file) = command { Some(*file) } else { None }
        };
        let (place, file) = waiting
            .iter()
            .enumerate()
            .find_map(|(place, message)| Some((place, file(message)?)))?;
        waiting.remove(place).map(|(_, attachments)| (file, attachments))
    }

    /// Whether a command has come.
    pub fn has_any(&self) -> bool {
        self.collect();
        !self.waiting.borrow().is_empty()
    }

    /// The run that is to begin next, among what has been waited for.
    pub fn next_run(&self) -> Option<RunId> {
        let start = |(command, _): &Message| {
            if let Command::Start { run, .. } = command { Some(*run) } else { None }
        };
        self.waiting.borrow().iter().rev().find_map(start)
    }

    /// Whether by now the page waits for something else than run `id`.
    pub fn calls_off(&self, id: RunId) -> bool {
        self.has(|command| {
            matches!(command, Command::Cancel(run) if *run == id)
                || matches!(command, Command::Start { .. })
        })
    }

    /// Whether by now the page wants run `id` to rest, or waits for something else.
    pub fn halts(&self, id: RunId) -> bool {
        self.calls_off(id)
            || self.has(|command| matches!(command, Command::Pause(run) if *run == id))
    }

    fn has(&self, wanted: impl Fn(&Command) -> bool) -> bool {
        self.collect();
        self.waiting.borrow().iter().any(|(command, _)| wanted(command))
    }

    fn collect(&self) {
        while let Ok(message) = self.commands.borrow_mut().try_recv() {
            self.waiting.borrow_mut().push_back(message);
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<bool> {
        self.commands.borrow_mut().poll_next_unpin(context).map(|message| {
            let more = message.is_some();
            self.waiting.borrow_mut().extend(message);
            more
        })
    }
}
