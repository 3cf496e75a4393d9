//! The page's commands, in the order in which they came. They can be looked at before they are taken.

use std::collections::VecDeque;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use wasm_bindgen::JsValue;

use crate::protocol::{Command, RunId};

/// A command and its attachments.
pub type Message = (Command, Vec<JsValue>);

/// What the page has asked for.
#[derive(Debug)]
pub struct Inbox {
    commands: UnboundedReceiver<Message>,
    /// Has come, and is still to be taken.
    waiting: VecDeque<Message>,
}

impl Inbox {
    /// Of what comes through `commands`.
    pub fn new(commands: UnboundedReceiver<Message>) -> Self {
        Self { commands, waiting: VecDeque::new() }
    }

    /// Takes the first that has come, without waiting.
    pub fn take(&mut self) -> Option<Message> {
        self.collect();
        self.waiting.pop_front()
    }

    /// Waits for a command. Answers whether there will be one.
    pub async fn wait(&mut self) -> bool {
        let message = self.commands.next().await;
        let more = message.is_some();
        self.waiting.extend(message);
        more
    }

    /// Whether by now the page waits for something else than run `id`.
    pub fn calls_off(&mut self, id: RunId) -> bool {
        self.collect();
        self.waiting.iter().any(|(command, _)| match command {
            Command::Cancel(run) => *run == id,
            Command::Start { .. } => true,
            _ => false,
        })
    }

    fn collect(&mut self) {
        while let Ok(message) = self.commands.try_recv() {
            self.waiting.push_back(message);
        }
    }
}
