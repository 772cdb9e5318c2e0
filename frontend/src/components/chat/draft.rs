//! The draft of a chat message, of an answer, or of new words for a message: its
//! text, and names and tiles inserted into it.

use super::{complete, completion::Completion, kept_draft::Purpose, text};
use crate::{
    browser,
    components::dock::{DockState, Tab},
    model::chat::{ComposeCommand, DeliveryStatus},
    session::{SayError, Session},
    store::Store,
};
use leptos::{ev::KeyboardEvent, html, prelude::*};
use shared::{
    ids::{MessageId, UserId},
    limits,
};

/// The text, its field, and the completions.
#[derive(Clone, Copy)]
pub struct Draft {
    /// The text field.
    pub field: NodeRef<html::Textarea>,
    /// The text.
    pub text: RwSignal<String>,
    /// What it is for.
    pub purpose: RwSignal<Purpose>,
    /// While a message is edited, the text that was there before.
    pub(super) before: RwSignal<String>,
    /// Names that complete what is typed after an `@`.
    pub completion: Completion,
    /// The number of characters that would be sent.
    pub length: Memo<usize>,
    /// To be sent when it is known who the user is.
    waits: RwSignal<bool>,
    /// Whose text it is; none until it is known who the user is.
    pub(super) owner: StoredValue<Option<UserId>>,
    pub(super) store: Store,
    session: Session,
    sent: Callback<()>,
}

impl Draft {
    /// What this user wrote here and did not send, or an empty draft. `sent` is
    /// called after each sent message.
    pub fn new(sent: Callback<()>) -> Self {
        let store = expect_context::<Store>();
        let field = NodeRef::new();
        let text = RwSignal::new(String::new());
        let draft = Self {
            field,
            text,
            purpose: RwSignal::default(),
            before: RwSignal::default(),
            completion: Completion::new(field, text, "chat-names"),
            length: Memo::new(move |_| {
                text.with(|text| text::without_controls(text).trim().chars().count())
            }),
            waits: RwSignal::new(false),
            owner: StoredValue::new(None),
            store,
            session: expect_context(),
            sent,
        };
        draft.take_tiles(&store);
        draft.take_commands();
        draft.leave_removed();
        draft.send_when_known(&store);
        draft.follow_user();
        draft.keep_for_reload();
        draft
    }

    /// Whether it is too long for a message. Reactive.
    pub fn is_too_long(self) -> bool {
        self.length.get() > *limits::CHAT_TEXT.end()
    }

    /// Sends it. What is not taken stays in the field; while it is not known
    /// who the user is, it is sent once that is known.
    pub fn send(self) {
        let text = self
            .text
            .with_untracked(|text| text::without_controls(text));
        let purpose = self.purpose.get_untracked();
        let said = match purpose {
            Purpose::Message => self.session.say(&text, None),
            Purpose::Reply(id) => self.session.say(&text, Some(id)),
            Purpose::Edit(id) if self.has_words(id, text.trim()) => Ok(()),
            Purpose::Edit(id) => self.session.edit_message(id, &text),
        };
        self.waits.set(said == Err(SayError::NoUser));
        if said.is_err() {
            return;
        }
        if let Purpose::Edit(_) = purpose {
            self.cancel();
            return;
        }
        self.purpose.set(Purpose::Message);
        self.write(String::new(), 0);
        self.session.typing(false);
        self.sent.run(());
    }

    /// Whether a message has these words already, or will have them.
    fn has_words(self, id: MessageId, words: &str) -> bool {
        self.store.chat.with_untracked(|rows| {
            let row = rows.iter().find(|row| row.message_id == Some(id));
            row.is_some_and(|row| {
                let edit = row.edit.as_ref();
                let is_refused = edit.is_some_and(|edit| edit.delivery != DeliveryStatus::Pending);
                row.words() == words && !is_refused
            })
        })
    }

    /// Leaves the answer or the edit: the field has an ordinary message again.
    pub fn cancel(self) {
        let is_edit = matches!(self.purpose.get_untracked(), Purpose::Edit(_));
        self.purpose.set(Purpose::Message);
        if is_edit {
            let before = self.before.try_update(std::mem::take).unwrap_or_default();
            let end = before.encode_utf16().count();
            self.write(before, end);
        } else if let Some(field) = self.field.get_untracked() {
            // Cannot fail for a mounted field.
            let _ = field.focus();
        }
    }

    /// What is written is to be an answer to a message.
    fn reply(self, id: MessageId) {
        if matches!(self.purpose.get_untracked(), Purpose::Edit(_)) {
            self.cancel();
        }
        self.purpose.set(Purpose::Reply(id));
        if let Some(field) = self.field.get_untracked() {
            // Cannot fail for a mounted field.
            let _ = field.focus();
        }
    }

    /// Takes the words of a message into the field, to be changed.
    fn edit(self, id: MessageId) {
        let words = self.store.chat.with_untracked(|rows| {
            let row = rows.iter().find(|row| row.message_id == Some(id))?;
            (!row.removed).then(|| row.words().to_owned())
        });
        let Some(words) = words else { return };
        if !matches!(self.purpose.get_untracked(), Purpose::Edit(_)) {
            self.before.set(self.text.get_untracked());
        }
        self.purpose.set(Purpose::Edit(id));
        let end = words.encode_utf16().count();
        self.write(words, end);
    }

    /// Takes this user's newest message into the field. False if there is none
    /// that may be edited.
    fn edit_newest(self) -> bool {
        let me = self
            .store
            .me
            .with_untracked(|me| me.as_ref().map(|me| me.user_id));
        let now = self.store.server_now_ms();
        let newest = self.store.chat.with_untracked(|rows| {
            let mut own = rows.iter().rev().filter(|row| Some(row.sender_id) == me);
            own.find(|row| row.is_editable(now))?.message_id
        });
        newest.map(|id| self.edit(id)).is_some()
    }

    /// Sends what waits for the user to be known.
    fn send_when_known(self, store: &Store) {
        let me = store.me;
        let is_known = Memo::new(move |_| me.with(Option::is_some));
        Effect::new(move || {
            if is_known.get() && self.waits.get_untracked() {
                self.send();
            }
        });
    }

    /// Handles input in the text field.
    pub fn typed(self, text: String) {
        self.waits.set(false);
        if !matches!(self.purpose.get_untracked(), Purpose::Edit(_)) {
            self.session.typing(!text.trim().is_empty());
        }
        self.text.set(text);
        self.completion.look();
    }

    /// Breaks the line at the cursor, for keyboards without Shift and Enter.
    pub fn break_line(self) {
        let text = self.text.get_untracked();
        let end = text.encode_utf16().count();
        let cursor = self.cursor().unwrap_or(end);
        let selected = self
            .field
            .get_untracked()
            .and_then(|field| field.selection_end().ok()?)
            .and_then(|end| usize::try_from(end).ok());
        let end = selected.unwrap_or(cursor);
        let (text, cursor) = complete::replace(&text, cursor, end, "\n");
        self.write(text, cursor);
    }

    /// Handles keys: Enter sends, Shift+Enter starts a new line; while
    /// completions are shown, keys select one. Arrow up in an empty field edits
    /// the newest message, Escape leaves an answer or an edit.
    pub fn key(self, event: &KeyboardEvent) {
        if browser::is_composing(event) {
            return;
        }
        let key = event.key();
        let with_others =
            event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key();
        let purpose = self.purpose.get_untracked();
        if self.completion.choose(&key) {
            event.prevent_default();
            event.stop_propagation();
        } else if key == "Enter" && !event.shift_key() {
            event.prevent_default();
            self.send();
        } else if key == "Escape" && purpose != Purpose::Message {
            event.prevent_default();
            event.stop_propagation();
            self.cancel();
        } else if key == "ArrowUp"
            && !with_others
            && purpose == Purpose::Message
            && self.text.with_untracked(String::is_empty)
            && self.edit_newest()
        {
            event.prevent_default();
        }
    }

    /// Sets the text of the field at once, and the cursor.
    fn write(self, text: String, cursor: usize) {
        self.completion.write(text, cursor);
    }

    fn cursor(self) -> Option<usize> {
        self.completion.cursor()
    }

    /// Answers or edits a message where a row or a menu asks for it.
    fn take_commands(self) {
        let dock = expect_context::<DockState>();
        let command = self.store.compose;
        Effect::new(move || {
            let Some(asked) = command.get() else { return };
            command.set(None);
            dock.show(Tab::Chat);
            // The panel may become visible in this frame.
            request_animation_frame(move || match asked {
                ComposeCommand::Reply(id) => self.reply(id),
                ComposeCommand::Edit(id) => self.edit(id),
            });
        });
    }

    /// Leaves the edit of a message that was removed.
    fn leave_removed(self) {
        let chat = self.store.chat;
        Effect::new(move || {
            let Purpose::Edit(id) = self.purpose.get() else {
                return;
            };
            let is_removed = chat.with(|rows| {
                let row = rows.iter().find(|row| row.message_id == Some(id));
                row.is_some_and(|row| row.removed)
            });
            if is_removed {
                self.cancel();
            }
        });
    }

    /// Inserts the tiles that are Shift-clicked on the board, or that a button names.
    fn take_tiles(self, store: &Store) {
        let dock = expect_context::<DockState>();
        let insert = store.chat_insert;
        Effect::new(move || {
            let Some(tile) = insert.get() else {
                return;
            };
            insert.set(None);
            dock.show(Tab::Chat);
            let text = self.text.get_untracked();
            let cursor = self.cursor().unwrap_or_else(|| text.encode_utf16().count());
            let tile = format!("{tile} ");
            let (text, cursor) = complete::replace(&text, cursor, cursor, &tile);
            // The panel may become visible in this frame.
            request_animation_frame(move || self.write(text, cursor));
        });
    }
}
