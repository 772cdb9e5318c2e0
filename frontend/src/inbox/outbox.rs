//! The private messages of this user that the server has neither stored nor
//! refused, kept in a key-value storage so that they survive a reload.
//!
//! Unlike the queue of a canvas no page owns an entry: each page sends all that
//! it finds when it is opened, and what is written in it. Two pages may send the
//! same message; the server stores an `op_id` once. Messages of one conversation
//! are sent one after another, so that they stay in order.

use crate::storage::KeyValueStorage;
use serde::{Deserialize, Serialize};
use shared::{
    ids::{ConversationId, OpId, UserId},
    protocol::ErrorCode,
    time::Timestamp,
};
use std::{collections::HashSet, rc::Rc};

/// Most messages that wait.
pub const CAPACITY: usize = 200;

/// A message that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The conversation.
    pub conversation: ConversationId,
    /// Stays the same when it is sent again. Ids carry the time: they sort in
    /// the order in which messages were written.
    pub op_id: OpId,
    /// The text.
    pub text: String,
    /// When it was written, by the clock of this computer.
    pub at: Timestamp,
    /// Why the server refused it; none if it did not.
    #[serde(skip)]
    pub refused: Option<ErrorCode>,
    /// A request with it is under way.
    #[serde(skip)]
    in_flight: bool,
}

/// The messages of one user, oldest first.
pub struct Outbox {
    storage: Rc<dyn KeyValueStorage>,
    prefix: String,
    items: Vec<Outgoing>,
    /// Not before this time, in milliseconds of the page's clock, is anything
    /// sent.
    not_before: i64,
}

impl Outbox {
    /// What this user left unsent.
    pub fn open(storage: Rc<dyn KeyValueStorage>, user: UserId) -> Self {
        let prefix = format!("stellar.dm.{user}.");
        let mut items: Vec<Outgoing> = storage
            .keys(&prefix)
            .iter()
            .filter_map(|key| serde_json::from_str(&storage.load(key)?).ok())
            .collect();
        items.sort_by_key(|item| item.op_id.uuid());
        items.truncate(CAPACITY);
        Self {
            storage,
            prefix,
            items,
            not_before: 0,
        }
    }

    /// Adds a message. False if too many wait already.
    pub fn push(
        &mut self,
        conversation: ConversationId,
        op_id: OpId,
        text: String,
        at: Timestamp,
    ) -> bool {
        if self.items.len() >= CAPACITY {
            return false;
        }
        let item = Outgoing {
            conversation,
            op_id,
            text,
            at,
            refused: None,
            in_flight: false,
        };
        if let Ok(json) = serde_json::to_string(&item) {
            // Where there is no room it is lost with the page alone.
            self.storage.save(&self.key(op_id), &json);
        }
        self.items.push(item);
        true
    }

    /// The messages of a conversation, oldest first.
    pub fn of(&self, conversation: ConversationId) -> impl Iterator<Item = &Outgoing> {
        self.items
            .iter()
            .filter(move |item| item.conversation == conversation)
    }

    /// The messages to send now: the first of each conversation of which none
    /// is under way. They count as sent from here on.
    pub fn due(&mut self, now: i64) -> Vec<Outgoing> {
        if now < self.not_before {
            return Vec::new();
        }
        let mut busy: HashSet<ConversationId> = HashSet::new();
        busy.extend(
            self.items
                .iter()
                .filter(|item| item.in_flight)
                .map(|item| item.conversation),
        );
        let mut due = Vec::new();
        for item in &mut self.items {
            if item.refused.is_none() && busy.insert(item.conversation) {
                item.in_flight = true;
                due.push(item.clone());
            }
        }
        due
    }

    /// A message was stored, or is given up: takes it out.
    pub fn remove(&mut self, op_id: OpId) -> Option<Outgoing> {
        let index = self.items.iter().position(|item| item.op_id == op_id)?;
        self.storage.remove(&self.key(op_id));
        Some(self.items.remove(index))
    }

    /// The server refused a message. It stays to be seen, and is not kept for a
    /// reload.
    pub fn refuse(&mut self, op_id: OpId, code: ErrorCode) {
        self.storage.remove(&self.key(op_id));
        if let Some(item) = self.find(op_id) {
            item.refused = Some(code);
            item.in_flight = false;
        }
    }

    /// The server could not be asked, or asks to wait: sends nothing before this
    /// time.
    pub fn postpone(&mut self, op_id: OpId, until: i64) {
        self.not_before = self.not_before.max(until);
        if let Some(item) = self.find(op_id) {
            item.in_flight = false;
        }
    }

    /// The server can be reached again.
    pub fn release(&mut self) {
        self.not_before = 0;
    }

    fn find(&mut self, op_id: OpId) -> Option<&mut Outgoing> {
        self.items.iter_mut().find(|item| item.op_id == op_id)
    }

    fn key(&self, op_id: OpId) -> String {
        format!("{}{op_id}", self.prefix)
    }
}
