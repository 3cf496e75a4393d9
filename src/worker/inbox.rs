//! The page's commands, in order; they can be inspected before they are taken.

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

/// Commands of the page.
#[derive(Debug)]
pub struct Inbox {
    commands: RefCell<UnboundedReceiver<Message>>,
    /// Received, not yet taken.
    waiting: RefCell<VecDeque<Message>>,
}

impl Inbox {
    /// Creates the inbox of `commands`.
    pub fn new(commands: UnboundedReceiver<Message>) -> Self {
        Self { commands: RefCell::new(commands), waiting: RefCell::default() }
    }

    /// Takes the first command received, without waiting.
    pub fn take(&self) -> Option<Message> {
        self.collect();
        self.waiting.borrow_mut().pop_front()
    }

    /// Waits for another command; returns false if there will be none.
    pub async fn wait(&self) -> bool {
        poll_fn(|context| self.poll(context)).await
    }

    /// Takes the first [`Command::Examine`] received, out of turn: it concerns no run.
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

    /// Whether a command was received.
    pub fn has_any(&self) -> bool {
        self.collect();
        !self.waiting.borrow().is_empty()
    }

    /// Returns the run that starts next, among the commands received.
    pub fn next_run(&self) -> Option<RunId> {
        let start = |(command, _): &Message| {
            if let Command::Start { run, .. } = command { Some(*run) } else { None }
        };
        self.waiting.borrow().iter().rev().find_map(start)
    }

    /// Whether the page now waits for something other than run `id`.
    pub fn calls_off(&self, id: RunId) -> bool {
        self.has(|command| {
            matches!(command, Command::Cancel(run) if *run == id)
                || matches!(command, Command::Start { .. })
        })
    }

    /// Whether the page now wants run `id` to pause, or waits for something else.
    pub fn halts(&self, id: RunId) -> bool {
        self.calls_off(id)
            || self.has(|command| matches!(command, Command::Pause(run) if *run == id))
    }

    /// Whether the page no longer wants the film in the making, or waits for a run.
    pub fn stops_film(&self) -> bool {
        self.has(|command| matches!(command, Command::StopFilm | Command::Start { .. }))
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
