//! The words of messages and comments, which can be edited or removed. They are stored once, in
//! the event that created the message or comment. An event that repeats them (an edit, the
//! excerpt of a reply) is stored without them, and they are filled in when it is read. Events in
//! memory are changed when the event passes that announces new words. Pure; used by the
//! database's readers, the writer and the rings.

use shared::{
    api::{ChatMessage, ReplyTo, comments::Comment, moderation::UserRef},
    ids::{CommentId, MessageId},
    protocol::{CommentCreated, CommentUpdated, DurableEvent},
    time::Timestamp,
};

/// How the wire form of events begins that announce new words.
const ANNOUNCING: [&[u8]; 3] = [
    br#"{"type":"chat_removed","#,
    br#"{"type":"chat_edited","#,
    br#"{"type":"comment_updated","#,
];
/// How the wire form of events begins that contain words.
const CONTAINING: [&[u8]; 4] = [
    br#"{"type":"canvas_chat_message","#,
    br#"{"type":"chat_edited","#,
    br#"{"type":"comment_created","#,
    br#"{"type":"comment_updated","#,
];

/// What the words are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A chat message.
    Message(MessageId),
    /// A comment.
    Comment(CommentId),
}

/// The current words of a message or comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextRevision {
    pub(crate) source: Source,
    /// Empty where they were removed.
    pub(crate) text: String,
    pub(crate) is_removed: bool,
    /// When they were edited last. A removal does not change it, and has none here.
    edited_at: Option<Timestamp>,
    /// Who sent the message, where that is known.
    sender_username: Option<String>,
    /// Who wrote the comment.
    author: Option<UserRef>,
}

impl TextRevision {
    /// The words of a chat message.
    pub(crate) fn of_message(message: &ChatMessage) -> Self {
        Self {
            source: Source::Message(message.message_id),
            text: message.message_text.clone(),
            is_removed: message.removed,
            edited_at: message.edited_at,
            sender_username: Some(message.sender_username.clone()),
            author: None,
        }
    }

    /// The words of a comment.
    pub(crate) fn of_comment(comment: &Comment) -> Self {
        Self {
            source: Source::Comment(comment.id),
            text: comment.text.clone(),
            is_removed: comment.removed,
            edited_at: comment.edited_at,
            sender_username: None,
            author: Some(comment.author.clone()),
        }
    }

    /// The words that the event with this wire form created; none for other events.
    fn of_event(body: &str) -> Option<Self> {
        match serde_json::from_str(body) {
            Ok(DurableEvent::CanvasChatMessage(event)) => Some(Self::of_message(&event.message)),
            Ok(DurableEvent::CommentCreated(event)) => Some(Self::of_comment(&event.comment)),
            _ => None,
        }
    }

    /// The new words that the event with this wire form announces; none for other events.
    pub(crate) fn announced_by(body: &[u8]) -> Option<Self> {
        if !ANNOUNCING.iter().any(|prefix| body.starts_with(prefix)) {
            return None;
        }
        match serde_json::from_slice(body) {
            Ok(DurableEvent::ChatRemoved(event)) => Some(Self {
                source: Source::Message(event.message_id),
                text: String::new(),
                is_removed: true,
                edited_at: None,
                sender_username: None,
                author: None,
            }),
            Ok(DurableEvent::ChatEdited(event)) => Some(Self {
                source: Source::Message(event.message_id),
                text: event.message_text,
                is_removed: false,
                edited_at: Some(event.edited_at),
                sender_username: None,
                author: None,
            }),
            Ok(DurableEvent::CommentUpdated(event)) => Some(Self::of_comment(&event.comment)),
            _ => None,
        }
    }

    /// The wire form of the event with these words in it; none where it does not repeat them.
    pub(crate) fn apply_to(&self, body: &[u8]) -> Option<String> {
        if !self.may_be_in(body) {
            return None;
        }
        let mut event = serde_json::from_slice(body).ok()?;
        if !self.apply(&mut event) {
            return None;
        }
        serde_json::to_string(&event).ok()
    }

    /// Whether the event may repeat these words: a quick check before it is decoded.
    fn may_be_in(&self, body: &[u8]) -> bool {
        let mark = match self.source {
            Source::Message(id) => id.to_string(),
            Source::Comment(id) => format!(r#""comment":{{"id":{id},"#),
        };
        CONTAINING.iter().any(|prefix| body.starts_with(prefix))
            && str::from_utf8(body).is_ok_and(|body| body.contains(&mark))
    }

    /// Puts the words into the event; false where it does not repeat them.
    fn apply(&self, event: &mut DurableEvent) -> bool {
        match self.source {
            Source::Message(id) => self.apply_to_chat(id, event),
            Source::Comment(id) => match event {
                DurableEvent::CommentCreated(CommentCreated { comment, .. })
                | DurableEvent::CommentUpdated(CommentUpdated { comment, .. })
                    if comment.id == id =>
                {
                    self.apply_to_comment(comment);
                    true
                }
                _ => false,
            },
        }
    }

    fn apply_to_comment(&self, comment: &mut Comment) {
        comment.text.clone_from(&self.text);
        comment.removed = self.is_removed;
        comment.edited_at = self.edited_at;
        if let Some(author) = &self.author {
            comment.author.clone_from(author);
        }
    }

    fn apply_to_chat(&self, id: MessageId, event: &mut DurableEvent) -> bool {
        match event {
            DurableEvent::CanvasChatMessage(said) if said.message.message_id == id => {
                let message = &mut said.message;
                message.message_text.clone_from(&self.text);
                message.removed = self.is_removed;
                message.edited_at = self.edited_at.or(message.edited_at);
                true
            }
            DurableEvent::CanvasChatMessage(said) => {
                let Some(answered) = said.message.reply_to.as_mut() else {
                    return false;
                };
                if answered.message_id != id {
                    return false;
                }
                answered.excerpt = ReplyTo::excerpt(&self.text);
                if let Some(username) = &self.sender_username {
                    answered.sender_username.clone_from(username);
                }
                true
            }
            DurableEvent::ChatEdited(edited) if edited.message_id == id => {
                edited.message_text.clone_from(&self.text);
                true
            }
            DurableEvent::ChatEdited(_)
            | DurableEvent::ChatRemoved(_)
            | DurableEvent::CommentCreated(_)
            | DurableEvent::CommentUpdated(_)
            | DurableEvent::TileCreated(_)
            | DurableEvent::TileUpdated(_)
            | DurableEvent::TileLiked(_)
            | DurableEvent::TileDeleted(_)
            | DurableEvent::CanvasUpdated(_) => false,
        }
    }
}

/// The wire form of a stored event: `said_by` is the stored event that created the words which
/// this one repeats, if it repeats any.
pub(crate) fn read(stored: String, said_by: Option<&str>) -> String {
    let revision = said_by.and_then(TextRevision::of_event);
    let read = revision.and_then(|revision| revision.apply_to(stored.as_bytes()));
    read.unwrap_or(stored)
}

/// What is stored of an event that repeats the words of another one.
pub(crate) fn stored(event: &DurableEvent) -> serde_json::Result<String> {
    let mut stored = event.clone();
    match &mut stored {
        DurableEvent::CanvasChatMessage(said) => {
            if let Some(answered) = said.message.reply_to.as_mut() {
                answered.excerpt.clear();
                answered.sender_username.clear();
            }
        }
        DurableEvent::ChatEdited(edited) => edited.message_text.clear(),
        DurableEvent::CommentUpdated(CommentUpdated { comment, .. }) => {
            comment.text.clear();
            comment.author.username.clear();
            comment.author.display_name.clear();
        }
        DurableEvent::ChatRemoved(_)
        | DurableEvent::CommentCreated(_)
        | DurableEvent::TileCreated(_)
        | DurableEvent::TileUpdated(_)
        | DurableEvent::TileLiked(_)
        | DurableEvent::TileDeleted(_)
        | DurableEvent::CanvasUpdated(_) => {}
    }
    serde_json::to_string(&stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: &str = "018f4e1c-0000-7000-8000-000000000001";
    const OTHER: &str = "018f4e1c-0000-7000-8000-000000000002";
    const TIME: &str = "2025-08-29T21:45:19.000Z";
    const LATER: &str = "2025-08-29T21:46:19.000Z";

    fn said(id: &str, text: &str) -> Value {
        json!({
            "type": "canvas_chat_message", "message_id": id, "canvas_id": 7, "seq": 3,
            "sender_id": 1, "sender_username": "ann", "sender_display_name": "Ann",
            "message_text": text, "created_at": TIME, "op_id": ID, "reply_to": null,
            "edited_at": null, "removed": false,
        })
    }

    fn answer(username: &str, excerpt: &str) -> Value {
        let mut answer = said(OTHER, "I know");
        answer["reply_to"] =
            json!({ "message_id": ID, "sender_username": username, "excerpt": excerpt });
        answer
    }

    fn edited(text: &str) -> Value {
        json!({
            "type": "chat_edited", "seq": 5, "canvas_id": 7, "message_id": ID, "target_seq": 3,
            "message_text": text, "edited_at": LATER,
        })
    }

    /// In the order of fields in which the server writes events.
    fn wire(event: &Value) -> String {
        let event: DurableEvent = serde_json::from_value(event.clone()).unwrap();
        serde_json::to_string(&event).unwrap()
    }

    fn after(change: &Value, event: &Value) -> Option<Value> {
        let revision = TextRevision::announced_by(wire(change).as_bytes()).unwrap();
        let body = revision.apply_to(wire(event).as_bytes())?;
        Some(serde_json::from_str(&body).unwrap())
    }

    #[test]
    fn an_edit_changes_all_that_repeats_the_words_and_nothing_else() {
        let edit = edited("new");
        let mut message = said(ID, "new");
        message["edited_at"] = LATER.into();
        assert_eq!(after(&edit, &said(ID, "old")), Some(message));
        let repeats = answer("ann", "new");
        assert_eq!(after(&edit, &answer("ann", "old")), Some(repeats));
        assert_eq!(after(&edit, &edited("older")), Some(edit.clone()));
        assert_eq!(after(&edit, &said(OTHER, ID)), None);
        let liked = json!({
            "type": "tile_liked", "seq": 9, "tile_id": 1, "canvas_id": 7, "creator_id": 1,
            "liker_id": 1, "liked": true, "x": 0, "y": 0, "like_count": 1, "timestamp": TIME,
        });
        assert_eq!(after(&edit, &liked), None);
        assert_eq!(
            TextRevision::announced_by(wire(&said(ID, "x")).as_bytes()),
            None
        );
    }

    #[test]
    fn a_removal_leaves_no_words() {
        let removal = json!({
            "type": "chat_removed", "seq": 9, "canvas_id": 7, "message_id": ID, "target_seq": 3,
            "remover_id": 1, "by": "author", "timestamp": TIME,
        });
        let mut message = said(ID, "");
        message["removed"] = true.into();
        message["edited_at"] = LATER.into();
        let mut before = said(ID, "words");
        before["edited_at"] = LATER.into();
        assert_eq!(after(&removal, &before), Some(message));
        assert_eq!(
            after(&removal, &answer("ann", "words")),
            Some(answer("ann", ""))
        );
        assert_eq!(after(&removal, &edited("words")), Some(edited("")));
    }

    fn of_comment(kind: &str, id: i64, text: &str, removed: bool) -> Value {
        json!({
            "type": kind, "seq": 7, "timestamp": TIME, "comment": {
                "id": id, "canvas_id": 7, "x": 1, "y": 2, "seq": 3, "at_seq": 2,
                "parent_id": null, "text": text, "resolved": true, "replies": 4,
                "author": { "user_id": 1, "username": "ann", "display_name": "Ann" },
                "removed": removed, "created_at": TIME, "edited_at": null,
            },
        })
    }

    #[test]
    fn events_of_a_comment_have_its_newest_words() {
        let update = of_comment("comment_updated", 1, "new", false);
        for kind in ["comment_created", "comment_updated"] {
            let old = of_comment(kind, 1, "old", false);
            assert_eq!(
                after(&update, &old),
                Some(of_comment(kind, 1, "new", false))
            );
            // The id of another one may begin in the same way.
            assert_eq!(after(&update, &of_comment(kind, 12, "old", false)), None);
            let removal = of_comment("comment_updated", 1, "", true);
            assert_eq!(after(&removal, &old), Some(of_comment(kind, 1, "", true)));
        }
        assert_eq!(after(&update, &said(ID, "old")), None);
        assert_eq!(after(&edited("new"), &update), None);
        let event: DurableEvent = serde_json::from_value(update.clone()).unwrap();
        let stored = stored(&event).unwrap();
        assert!(
            !stored.contains("new") && !stored.contains("nn"),
            "{stored}"
        );
        let home = wire(&of_comment("comment_created", 1, "new", false));
        assert_eq!(read(stored, Some(&home)), wire(&update));
    }

    #[test]
    fn what_is_stored_has_no_words_and_is_read_with_those_of_now() {
        let long = "ä".repeat(100);
        let home = wire(&said(ID, &long));
        for (event, blank, full) in [
            (
                answer("ann", "old"),
                answer("", ""),
                answer("ann", &long[..160]),
            ),
            (edited("old"), edited(""), edited(&long)),
        ] {
            let event: DurableEvent = serde_json::from_value(event).unwrap();
            let stored = stored(&event).unwrap();
            assert_eq!(stored, wire(&blank));
            assert_eq!(read(stored.clone(), Some(&home)), wire(&full));
            // Nothing says the words any more.
            assert_eq!(read(stored.clone(), None), stored);
        }
        // Where the index of the migration `0015_order.sql` looks for it.
        assert_eq!(&home[44..80], ID);
    }
}
