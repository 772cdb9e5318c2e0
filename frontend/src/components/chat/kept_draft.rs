//! Keeps what is written in the chat's text field for a reload of the page.
//!
//! In the storage of the tab, so that two tabs do not overwrite each other's, and
//! in the one that all tabs share, for when the tab is closed.

use super::draft::Draft;
use crate::{browser, store::Account};
use leptos::{ev, prelude::*};
use leptos_use_event_listener::use_event_listener;
use serde_json::{Value, json};
use shared::ids::{CanvasId, MessageId, UserId};
use std::time::Duration;

/// Characters that are kept at most; the rest of a longer text is not.
const MAX_CHARS: usize = 8_000;
/// How long after the last key the draft is kept for a reload.
const KEEP_AFTER: Duration = Duration::from_millis(300);

/// What the words in the text field are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// A message.
    #[default]
    Message,
    /// An answer to this message.
    Reply(MessageId),
    /// New words for this message.
    Edit(MessageId),
}

/// What is written in the text field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The words.
    pub text: String,
    /// What they are for.
    pub purpose: Purpose,
    /// While a message is edited, what was written before.
    pub before: String,
}

impl Written {
    fn is_nothing(&self) -> bool {
        self.text.is_empty() && self.before.is_empty() && self.purpose == Purpose::Message
    }

    fn json(&self) -> String {
        let cut = |text: &str| text.chars().take(MAX_CHARS).collect::<String>();
        let (reply, edit) = match self.purpose {
            Purpose::Message => (None, None),
            Purpose::Reply(id) => (Some(id), None),
            Purpose::Edit(id) => (None, Some(id)),
        };
        json!({
            "text": cut(&self.text),
            "before": cut(&self.before),
            "reply": reply.map(|id| id.to_string()),
            "edit": edit.map(|id| id.to_string()),
        })
        .to_string()
    }

    /// None for what another version wrote.
    fn read(json: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(json).ok()?;
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        let id = |name: &str| text(name)?.parse::<MessageId>().ok();
        let purpose = match (id("reply"), id("edit")) {
            (_, Some(edit)) => Purpose::Edit(edit),
            (Some(reply), None) => Purpose::Reply(reply),
            (None, None) => Purpose::Message,
        };
        Some(Self {
            text: text("text")?,
            purpose,
            before: text("before").unwrap_or_default(),
        })
    }
}

/// What this user wrote on this canvas and did not send.
pub fn load(canvas: CanvasId, user: UserId) -> Option<Written> {
    let key = key(canvas, user);
    // An empty entry of this tab means that nothing was written in it.
    let kept = browser::load_of_tab(&key).or_else(|| browser::load(&key))?;
    Written::read(&kept)
}

/// Keeps it, or forgets it if there is nothing.
pub fn keep_written(canvas: CanvasId, user: UserId, written: &Written) {
    let key = key(canvas, user);
    if written.is_nothing() {
        browser::save_of_tab(&key, "");
        browser::remove(&key);
        return;
    }
    let json = written.json();
    browser::save_of_tab(&key, &json);
    browser::save(&key, &json);
}

impl Draft {
    /// Shows what the user wrote before a reload. Somebody else who signs in finds
    /// their own words.
    pub(super) fn follow_user(self) {
        let account = expect_context::<Account>();
        let user = Memo::new(move |_| account.user().map(|user| user.id));
        Effect::new(move || {
            let Some(user) = user.get() else { return };
            let before = self.owner.get_value();
            if before == Some(user) {
                return;
            }
            self.owner.set_value(Some(user));
            let is_typed = !self.text.with_untracked(String::is_empty);
            if before.is_none() && is_typed {
                return;
            }
            let written = load(self.store.canvas_id, user).unwrap_or_default();
            self.before.set(written.before);
            self.purpose.set(written.purpose);
            self.text.set(written.text);
        });
    }

    /// Keeps what is written a moment after each change, and when the page is left.
    pub(super) fn keep_for_reload(self) {
        let keep = move || {
            let written = || {
                Some(Written {
                    text: self.text.try_get_untracked()?,
                    purpose: self.purpose.try_get_untracked()?,
                    before: self.before.try_get_untracked()?,
                })
            };
            if let (Some(Some(user)), Some(written)) = (self.owner.try_get_value(), written()) {
                keep_written(self.store.canvas_id, user, &written);
            }
        };
        Effect::new(move |is_later: Option<()>| {
            self.text.track();
            self.purpose.track();
            if is_later.is_none() {
                return;
            }
            if let Ok(timer) = set_timeout_with_handle(keep, KEEP_AFTER) {
                on_cleanup(move || timer.clear());
            }
        });
        let _ = use_event_listener(window(), ev::pagehide, move |_| keep());
        on_cleanup(keep);
    }
}

fn key(canvas: CanvasId, user: UserId) -> String {
    format!("stellar.text.{canvas}.{user}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_was_written_is_read_back() {
        let id = MessageId(Uuid::from_u128(7));
        for purpose in [Purpose::Message, Purpose::Reply(id), Purpose::Edit(id)] {
            let written = Written {
                text: "a \"b\"\nc 🌟".to_owned(),
                purpose,
                before: "d".to_owned(),
            };
            assert_eq!(Written::read(&written.json()), Some(written));
        }
        assert_eq!(Written::read("{}"), None);
        assert_eq!(Written::read(""), None);
    }

    #[test]
    fn each_person_finds_their_own_words() {
        let (canvas, ann, bob) = (CanvasId(920), UserId(1), UserId(2));
        let written = Written {
            text: "hello".to_owned(),
            ..Written::default()
        };
        keep_written(canvas, ann, &written);
        assert_eq!(load(canvas, bob), None);
        assert_eq!(load(canvas, ann), Some(written));
        keep_written(canvas, ann, &Written::default());
        assert_eq!(load(canvas, ann), None);
    }
}
