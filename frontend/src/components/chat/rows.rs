//! The lines of the chat: messages grouped by author, a separator for each day
//! and one before the unread messages.

use crate::model::chat::{ChatKey, ChatRow};
use leptos::prelude::*;
use shared::time::Timestamp;
use std::{collections::HashMap, sync::Arc};

/// Messages of one user that are closer than this form a group.
const GROUP_MS: i64 = 5 * 60_000;

/// A line of the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatLine {
    /// The separator before the messages of a day.
    Day {
        /// The local day, as a number of days.
        day: i64,
        /// A time on that day.
        at: Timestamp,
    },
    /// The separator before unread messages.
    New,
    /// A message.
    Message {
        /// The message.
        row: Arc<ChatRow>,
        /// Whether it begins a group and so shows name and time.
        first: bool,
    },
}

/// The key of a line. It is the same for as long as the line is there, so that
/// a message that becomes stored is not removed and added again: it would lose
/// the focus, and be read aloud twice. What changes is in [`MessageContent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChatLineKey {
    /// The separator before a day.
    Day(i64),
    /// The separator before unread messages.
    New,
    /// A message.
    Message(ChatKey),
}

impl ChatLine {
    /// A key for the list.
    pub fn key(&self) -> ChatLineKey {
        match self {
            Self::Day { day, .. } => ChatLineKey::Day(*day),
            Self::New => ChatLineKey::New,
            Self::Message { row, .. } => ChatLineKey::Message(row.key),
        }
    }
}

/// The content of a message's line, which may change.
#[derive(Clone, Debug)]
pub struct MessageContent {
    /// The message.
    pub row: Arc<ChatRow>,
    /// Whether it begins a group and so shows name and time.
    pub first: bool,
}

/// The content of each message of the list, in a signal of its own.
#[derive(Default)]
pub struct MessageSignals(HashMap<ChatKey, ArcRwSignal<MessageContent>>);

impl MessageSignals {
    /// The signal of a message that is being added to the list.
    pub fn insert(&mut self, content: MessageContent) -> ArcRwSignal<MessageContent> {
        self.0
            .entry(content.row.key)
            .or_insert_with(|| ArcRwSignal::new(content))
            .clone()
    }

    /// Updates the signals of the messages that changed, and forgets those that
    /// are not in the list any more.
    pub fn update(&mut self, lines: &[ChatLine]) {
        let mut before = std::mem::take(&mut self.0);
        for line in lines {
            let ChatLine::Message { row, first } = line else {
                continue;
            };
            let Some(signal) = before.remove(&row.key) else {
                continue;
            };
            let is_same = signal.with_untracked(|content| {
                Arc::ptr_eq(&content.row, row) && content.first == *first
            });
            if !is_same {
                signal.set(MessageContent {
                    row: Arc::clone(row),
                    first: *first,
                });
            }
            self.0.insert(row.key, signal);
        }
    }
}

/// The lines of `rows`, oldest first. `day_of` returns the local day of a time;
/// the first stored message after `read_up_to` gets a separator before it.
pub fn lines(
    rows: &[Arc<ChatRow>],
    read_up_to: Option<i64>,
    day_of: impl Fn(Timestamp) -> i64,
) -> Vec<ChatLine> {
    let mut lines = Vec::with_capacity(rows.len() + 4);
    let mut previous: Option<&Arc<ChatRow>> = None;
    let mut today = None;
    let mut marked = false;
    for row in rows {
        let day = day_of(row.at);
        // A clock that is wrong does not go back to a day.
        let new_day = today.is_none_or(|today| day > today);
        if new_day {
            lines.push(ChatLine::Day { day, at: row.at });
            today = Some(day);
        }
        let unread = read_up_to.is_some_and(|read| row.seq.is_some_and(|seq| seq > read));
        let new = unread && !marked;
        if new {
            lines.push(ChatLine::New);
            marked = true;
        }
        let continues = previous.is_some_and(|before| {
            before.sender_id == row.sender_id
                && (0..GROUP_MS).contains(&(row.at.millis() - before.at.millis()))
        });
        lines.push(ChatLine::Message {
            row: Arc::clone(row),
            first: new_day || new || !continues,
        });
        previous = Some(row);
    }
    lines
}

/// The number of stored messages of others after `read_up_to`.
pub fn unread(rows: &[Arc<ChatRow>], read_up_to: i64, is_own: impl Fn(&ChatRow) -> bool) -> usize {
    rows.iter()
        .rev()
        .take_while(|row| row.seq.is_none_or(|seq| seq > read_up_to))
        .filter(|row| row.seq.is_some() && !is_own(row))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chat::DeliveryStatus;
    use shared::ids::{MessageId, UserId};
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const MINUTE: i64 = 60_000;
    const DAY: i64 = 24 * 60 * MINUTE;

    fn row(seq: i64, sender: i64, at: i64) -> Arc<ChatRow> {
        let time = chrono::DateTime::from_timestamp_millis(at).unwrap();
        Arc::new(ChatRow {
            key: ChatKey::Message(MessageId(uuid::Uuid::from_u128(seq.unsigned_abs().into()))),
            seq: Some(seq),
            sender_id: UserId(sender),
            sender_username: format!("user{sender}"),
            sender_display_name: format!("User {sender}"),
            text: "hi".to_owned(),
            removed: false,
            at: time.into(),
            message_id: None,
            delivery: DeliveryStatus::Stored,
            reply_to: None,
            edited_at: None,
            edit: None,
        })
    }

    fn layout(rows: &[Arc<ChatRow>], read: Option<i64>) -> String {
        lines(rows, read, |at| at.millis().div_euclid(DAY))
            .iter()
            .map(|line| match line {
                ChatLine::Day { .. } => 'd',
                ChatLine::New => 'n',
                ChatLine::Message { first: true, .. } => 'M',
                ChatLine::Message { first: false, .. } => 'm',
            })
            .collect()
    }

    #[test]
    fn messages_of_one_person_stand_together() {
        let rows = [
            row(1, 1, 0),
            row(2, 1, MINUTE),
            row(3, 2, 2 * MINUTE),
            row(4, 1, 3 * MINUTE),
            row(5, 1, 9 * MINUTE),
        ];
        assert_eq!(layout(&rows, None), "dMmMMM");
    }

    #[test]
    fn every_day_has_its_separator() {
        let rows = [row(1, 1, DAY - 1), row(2, 1, DAY), row(3, 1, DAY + 1)];
        assert_eq!(layout(&rows, None), "dMdMm");
    }

    #[test]
    fn unread_messages_are_marked_once() {
        let rows = [row(1, 1, 0), row(2, 1, 1), row(3, 1, 2)];
        assert_eq!(layout(&rows, Some(1)), "dMnMm");
        assert_eq!(layout(&rows, Some(3)), "dMmm");
    }

    #[test]
    fn unread_counts_only_what_others_said() {
        let mut pending = row(9, 1, 5);
        Arc::make_mut(&mut pending).seq = None;
        let rows = [
            row(1, 2, 0),
            row(2, 2, 1),
            row(3, 1, 2),
            row(4, 2, 3),
            pending,
        ];
        let own = |row: &ChatRow| row.sender_id == UserId(1);
        assert_eq!(unread(&rows, 1, own), 2);
        assert_eq!(unread(&rows, 4, own), 0);
    }

    #[test]
    fn a_wrong_clock_begins_no_day_twice() {
        let rows = [row(1, 1, DAY), row(2, 2, DAY - 1), row(3, 1, DAY + 1)];
        assert_eq!(layout(&rows, None), "dMMM");
    }

    #[test]
    fn a_message_that_becomes_stored_stays_the_same_line() {
        let mut pending = row(1, 1, 0);
        Arc::make_mut(&mut pending).delivery = DeliveryStatus::Pending;
        let mut stored = Arc::clone(&pending);
        Arc::make_mut(&mut stored).delivery = DeliveryStatus::Stored;
        let line = |row: &Arc<ChatRow>| ChatLine::Message {
            row: Arc::clone(row),
            first: true,
        };
        assert_eq!(line(&stored).key(), line(&pending).key());
        let mut messages = MessageSignals::default();
        let signal = messages.insert(MessageContent {
            row: Arc::clone(&pending),
            first: true,
        });
        messages.update(&[line(&stored)]);
        let delivery = signal.with_untracked(|content| content.row.delivery);
        assert_eq!(delivery, DeliveryStatus::Stored);
        messages.update(&[]);
        assert!(messages.0.is_empty());
    }
}
