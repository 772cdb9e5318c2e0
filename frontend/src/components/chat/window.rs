//! The part of the chat that is laid out: rows around those that are visible, so
//! that scrolling and a new message cost the same however long the chat is.
//!
//! Our own, since rows have different heights, are grouped, and come and go at
//! both ends; the kept crates for long lists want rows of one height.

use crate::model::chat::ChatRow;
use leptos::prelude::*;
use std::{ops::Range, sync::Arc};

/// How many rows are laid out at the end of the chat.
const AT_END: usize = 150;
/// How many rows are laid out at most.
const MAX_ROWS: usize = 300;
/// By how many rows the window moves.
const STEP: usize = 100;
/// How many rows are laid out above one that is to be shown.
const ABOVE: usize = 50;

/// Which rows are laid out.
#[derive(Clone, Copy)]
pub(super) struct ChatWindow {
    chat: RwSignal<Vec<Arc<ChatRow>>>,
    at_end: RwSignal<bool>,
    /// `seq` of the first row, while the list is not scrolled to its end.
    first: RwSignal<Option<i64>>,
    /// How often rows were laid out that had not been for a while.
    moves: RwSignal<u32>,
}

impl ChatWindow {
    pub(super) fn new(chat: RwSignal<Vec<Arc<ChatRow>>>, at_end: RwSignal<bool>) -> Self {
        let window = Self {
            chat,
            at_end,
            first: RwSignal::new(None),
            moves: RwSignal::new(0),
        };
        Effect::new(move || {
            if at_end.get() {
                window.first.set(None);
            } else if window.first.with_untracked(Option::is_none) {
                // While the user reads further up, no row above is taken away.
                window.move_to(|rows| at_end_of(rows).start);
            }
        });
        window
    }

    /// Reads the rows that are laid out. Reactive.
    pub(super) fn with<T>(self, read: impl FnOnce(&[Arc<ChatRow>]) -> T) -> T {
        let first = self.first.get();
        self.chat.with(|rows| read(&rows[range(rows, first)]))
    }

    /// Whether there is no row above those that are laid out. Reactive.
    pub(super) fn is_at_start(self) -> bool {
        let first = self.first.get();
        self.chat.with(|rows| range(rows, first).start == 0)
    }

    /// Notifies whenever rows are laid out that had not been for a while. Reactive.
    pub(super) fn track_moves(self) {
        self.moves.track();
    }

    /// Moves the window up. False if it is at the first row.
    pub(super) fn up(self) -> bool {
        let start = self.range_now().start;
        if start > 0 {
            self.moves.update(|moves| *moves += 1);
            self.at_end.set(false);
            self.move_to(|_| start.saturating_sub(STEP));
        }
        start > 0
    }

    /// Moves the window down. False if it is at the last row.
    pub(super) fn down(self) -> bool {
        let is_short = self.is_short_below();
        if is_short {
            let start = self.range_now().start;
            self.moves.update(|moves| *moves += 1);
            self.move_to(|_| start + STEP);
        }
        is_short
    }

    /// Whether there are rows below those that are laid out.
    pub(super) fn is_short_below(self) -> bool {
        let end = self.range_now().end;
        self.chat.with_untracked(|rows| end < rows.len())
    }

    /// Lays out the row with this index, and some around it.
    pub(super) fn show(self, index: usize) {
        if self.range_now().contains(&index) {
            return;
        }
        self.moves.update(|moves| *moves += 1);
        self.move_to(|_| index.saturating_sub(ABOVE));
        self.at_end.set(false);
    }

    fn range_now(self) -> Range<usize> {
        let first = self.first.get_untracked();
        self.chat.with_untracked(|rows| range(rows, first))
    }

    fn move_to(self, start: impl FnOnce(&[Arc<ChatRow>]) -> usize) {
        let first = self
            .chat
            .with_untracked(|rows| rows.get(start(rows)).and_then(|row| row.seq));
        if self.first.get_untracked() != first {
            self.first.set(first);
        }
    }
}

fn at_end_of(rows: &[Arc<ChatRow>]) -> Range<usize> {
    rows.len().saturating_sub(AT_END)..rows.len()
}

/// The rows that are laid out; `first` is the `seq` of the first one, none at the
/// end of the chat. Rows without a `seq` are last.
fn range(rows: &[Arc<ChatRow>], first: Option<i64>) -> Range<usize> {
    let Some(first) = first else {
        return at_end_of(rows);
    };
    let start = rows.partition_point(|row| row.seq.is_some_and(|seq| seq < first));
    // Not fewer than at the end.
    let start = start.min(at_end_of(rows).start);
    start..rows.len().min(start + MAX_ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chat::{ChatKey, DeliveryStatus};
    use shared::ids::{MessageId, UserId};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn rows(count: i64) -> Vec<Arc<ChatRow>> {
        let row = |seq: i64| {
            Arc::new(ChatRow {
                key: ChatKey::Message(MessageId(uuid::Uuid::from_u128(seq.unsigned_abs().into()))),
                seq: Some(seq),
                sender_id: UserId(1),
                sender_username: "ann".into(),
                sender_display_name: "Ann".into(),
                text: "hi".into(),
                removed: false,
                at: chrono::DateTime::UNIX_EPOCH.into(),
                message_id: None,
                delivery: DeliveryStatus::Stored,
                reply_to: None,
                edited_at: None,
                edit: None,
            })
        };
        (1..=count).map(row).collect()
    }

    #[test]
    fn at_the_end_the_newest_rows_are_laid_out() {
        assert_eq!(range(&rows(10), None), 0..10);
        assert_eq!(range(&rows(5_000), None), 4_850..5_000);
    }

    #[test]
    fn further_up_the_first_row_stays_and_the_rows_are_as_many_as_ever() {
        assert_eq!(range(&rows(5_000), Some(1_001)), 1_000..1_300);
        assert_eq!(range(&rows(5_100), Some(1_001)), 1_000..1_300);
        assert_eq!(range(&rows(5_000), Some(4_990)), 4_850..5_000);
        // Rows that were dropped meanwhile.
        assert_eq!(range(&rows(100), Some(1_001)), 0..100);
    }

    #[test]
    fn the_window_moves_over_the_whole_chat_and_back() {
        let owner = Owner::new();
        owner.set();
        let at_end = RwSignal::new(true);
        let window = ChatWindow {
            chat: RwSignal::new(rows(1_000)),
            at_end,
            first: RwSignal::new(None),
            moves: RwSignal::new(0),
        };
        let mut seen = 1_000;
        while window.up() {
            let range = window.range_now();
            assert!(range.len() <= MAX_ROWS && range.end >= seen, "{range:?}");
            seen = range.start;
        }
        assert_eq!(seen, 0);
        assert!(!at_end.get_untracked());
        let mut seen = 0;
        while window.down() {
            let range = window.range_now();
            assert!(
                range.len() <= MAX_ROWS && range.start <= seen + STEP,
                "{range:?}"
            );
            seen = range.start;
        }
        assert_eq!(window.range_now().end, 1_000);
        window.show(500);
        assert!(window.range_now().contains(&500));
    }
}
