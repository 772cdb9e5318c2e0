//! The part of the chat that is laid out: the newest rows, and as many older
//! ones as the user scrolled to. So a message costs the same however long the
//! chat is.

use crate::model::chat::ChatRow;
use leptos::prelude::*;
use std::sync::Arc;

/// How many rows are laid out at the end of the chat, and are added at a time.
const STEP: usize = 200;

/// Which rows are laid out.
#[derive(Clone, Copy)]
pub(super) struct ChatWindow {
    chat: RwSignal<Vec<Arc<ChatRow>>>,
    at_end: RwSignal<bool>,
    /// `seq` of the first row, while the list is not scrolled to its end.
    first: RwSignal<Option<i64>>,
}

impl ChatWindow {
    pub(super) fn new(chat: RwSignal<Vec<Arc<ChatRow>>>, at_end: RwSignal<bool>) -> Self {
        let window = Self {
            chat,
            at_end,
            first: RwSignal::new(None),
        };
        Effect::new(move || {
            // While the user reads further up, no row above is taken away.
            let first = (!at_end.get()).then(|| {
                chat.with_untracked(|rows| rows.get(start_at_end(rows)).and_then(|row| row.seq))
            });
            window.first.set(first.flatten());
        });
        window
    }

    /// Reads the rows that are laid out. Reactive.
    pub(super) fn with<T>(self, read: impl FnOnce(&[Arc<ChatRow>]) -> T) -> T {
        let first = self.first.get();
        self.chat.with(|rows| read(&rows[start(rows, first)..]))
    }

    /// Whether no row is left out. Reactive.
    pub(super) fn is_whole(self) -> bool {
        let first = self.first.get();
        self.chat.with(|rows| start(rows, first) == 0)
    }

    /// Adds rows above. False if all rows are laid out already.
    pub(super) fn extend(self) -> bool {
        let first = self.first.get_untracked();
        let above = self.chat.with_untracked(|rows| {
            let start = start(rows, first);
            let above = rows.get(start.saturating_sub(STEP))?;
            (start > 0).then_some(above.seq)
        });
        if above.is_some() {
            self.at_end.set(false);
            self.first.set(above.flatten());
        }
        above.is_some()
    }
}

fn start_at_end(rows: &[Arc<ChatRow>]) -> usize {
    rows.len().saturating_sub(STEP)
}

/// The index of the first row that is laid out. Rows without a `seq` are last.
fn start(rows: &[Arc<ChatRow>], first: Option<i64>) -> usize {
    let at_end = start_at_end(rows);
    first.map_or(at_end, |first| {
        let index = rows.partition_point(|row| row.seq.is_some_and(|seq| seq < first));
        index.min(at_end)
    })
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
            })
        };
        (1..=count).map(row).collect()
    }

    #[test]
    fn at_the_end_the_newest_rows_are_laid_out() {
        assert_eq!(start(&rows(10), None), 0);
        assert_eq!(start(&rows(5_000), None), 4_800);
    }

    #[test]
    fn further_up_the_first_row_stays() {
        assert_eq!(start(&rows(5_000), Some(1_001)), 1_000);
        assert_eq!(start(&rows(5_100), Some(1_001)), 1_000);
        // Rows that were dropped meanwhile.
        assert_eq!(start(&rows(100), Some(1_001)), 0);
    }
}
