//! The draft of a chat message: its text, and names and tiles inserted into it.

use super::{
    complete::{self, Wanted},
    text,
};
use crate::{
    browser,
    components::dock::{DockState, Tab},
    session::{SayError, Session},
    store::Store,
};
use leptos::{ev::KeyboardEvent, html, prelude::*};
use shared::{ids::UserId, limits};

/// Most completions.
const NAMES: usize = 6;

/// A completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The user.
    pub id: UserId,
    /// The user name, which is inserted.
    pub user: String,
    /// The display name, which is shown.
    pub display: String,
}

/// The text, its field, and the completions.
#[derive(Clone, Copy)]
pub struct Draft {
    /// The text field.
    pub field: NodeRef<html::Textarea>,
    /// The text.
    pub text: RwSignal<String>,
    /// The name that is being typed after an `@`.
    pub wanted: RwSignal<Option<Wanted>>,
    /// The completions of it.
    pub names: Memo<Vec<Name>>,
    /// The index of the selected completion.
    pub picked: RwSignal<usize>,
    /// The number of characters that would be sent.
    pub length: Memo<usize>,
    /// To be sent when it is known who the user is.
    waits: RwSignal<bool>,
    session: Session,
    sent: Callback<()>,
}

impl Draft {
    /// An empty draft. `sent` is called after each sent message.
    pub fn new(sent: Callback<()>) -> Self {
        let store = expect_context::<Store>();
        let text = RwSignal::new(String::new());
        let wanted = RwSignal::new(None::<Wanted>);
        let draft = Self {
            field: NodeRef::new(),
            text,
            wanted,
            names: Memo::new(move |_| {
                wanted.with(|wanted| {
                    let prefix = wanted.as_ref().map(|wanted| wanted.prefix.as_str());
                    prefix
                        .map(|prefix| names(&store, prefix))
                        .unwrap_or_default()
                })
            }),
            picked: RwSignal::new(0),
            length: Memo::new(move |_| {
                text.with(|text| text::without_controls(text).trim().chars().count())
            }),
            waits: RwSignal::new(false),
            session: expect_context(),
            sent,
        };
        draft.take_tiles(&store);
        draft.send_when_known(&store);
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
        let said = self.session.say(&text);
        self.waits.set(said == Err(SayError::NoUser));
        if said.is_ok() {
            self.write(String::new(), 0);
            self.session.typing(false);
            self.sent.run(());
        }
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
        self.session.typing(!text.trim().is_empty());
        self.text.set(text);
        self.look();
    }

    /// Updates the name that is being typed at the cursor.
    pub fn look(self) {
        let found = self
            .cursor()
            .and_then(|at| self.text.with_untracked(|text| complete::wanted(text, at)));
        if found != self.wanted.get_untracked() {
            self.picked.set(0);
            self.wanted.set(found);
        }
    }

    /// Replaces the typed part of a name by a completion.
    pub fn pick(self, name: &Name) {
        if let Some(wanted) = self.wanted.get_untracked() {
            let (text, cursor) = self
                .text
                .with_untracked(|text| complete::complete(text, &wanted, &name.user));
            self.write(text, cursor);
        }
    }

    /// Handles keys: Enter sends, Shift+Enter starts a new line; while
    /// completions are shown, keys select one.
    pub fn key(self, event: &KeyboardEvent) {
        if browser::is_composing(event) {
            return;
        }
        let key = event.key();
        if self.choose(&key) {
            event.prevent_default();
            event.stop_propagation();
        } else if key == "Enter" && !event.shift_key() {
            event.prevent_default();
            self.send();
        }
    }

    /// Handles a key for the completions; true if it was one.
    fn choose(self, key: &str) -> bool {
        let count = self.names.with_untracked(Vec::len);
        if count == 0 {
            return false;
        }
        let at = self.picked.get_untracked();
        match key {
            "ArrowDown" => self.picked.set((at + 1) % count),
            "ArrowUp" => self.picked.set((at + count - 1) % count),
            "Escape" => self.wanted.set(None),
            "Enter" | "Tab" => {
                let name = self.names.with_untracked(|names| names.get(at).cloned());
                if let Some(name) = name {
                    self.pick(&name);
                }
            }
            _ => return false,
        }
        true
    }

    /// Sets the text. Writes it to the field at once, so that the cursor can be
    /// set.
    fn write(self, text: String, cursor: usize) {
        if let Some(field) = self.field.get_untracked() {
            field.set_value(&text);
            let cursor = u32::try_from(cursor).unwrap_or(u32::MAX);
            // Both fail only for fields without text.
            let _ = field.set_selection_range(cursor, cursor);
            let _ = field.focus();
        }
        self.text.set(text);
        self.wanted.set(None);
    }

    /// The position of the cursor in UTF-16 units.
    fn cursor(self) -> Option<usize> {
        let cursor = self.field.get_untracked()?.selection_start().ok()??;
        usize::try_from(cursor).ok()
    }

    /// Inserts the tiles that are Shift-clicked on the board.
    fn take_tiles(self, store: &Store) {
        let dock = expect_context::<DockState>();
        let insert = store.chat_insert;
        Effect::new(move || {
            let Some(at) = insert.get() else {
                return;
            };
            insert.set(None);
            dock.show(Tab::Chat);
            let text = self.text.get_untracked();
            let cursor = self.cursor().unwrap_or_else(|| text.encode_utf16().count());
            let tile = format!("{} ", text::tile(at));
            let (text, cursor) = complete::replace(&text, cursor, cursor, &tile);
            // The panel may become visible in this frame.
            request_animation_frame(move || self.write(text, cursor));
        });
    }
}

/// The other users on the canvas who match.
fn names(store: &Store, prefix: &str) -> Vec<Name> {
    let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
    store.people.select(NAMES, |person| {
        let meant = Some(person.user_id) != me
            && complete::matches(prefix, &person.username, &person.display_name);
        meant.then(|| Name {
            id: person.user_id,
            user: person.username.clone(),
            display: person.display_name.clone(),
        })
    })
}
