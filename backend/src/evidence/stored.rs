//! How evidence is stored, and shown with the names of its users.

use serde::{Deserialize, Serialize};
use shared::{
    api::{
        ChatMessage,
        comments::Comment,
        moderation::UserRef,
        reports::{Evidence, EvidenceMessage, EvidenceTile, Overpainted},
    },
    ids::UserId,
    pixels::Pixels,
    time::Timestamp,
};
use std::collections::{HashMap, HashSet};

/// See [`Evidence`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredEvidence {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tiles: Option<Vec<StoredTile>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) overpainted: Option<Vec<StoredOverpainted>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<EvidenceMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Vec<EvidenceMessage>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Vec<EvidenceMessage>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) messages: Option<Vec<EvidenceMessage>>,
    /// None also where it was stored by a version that did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) palette: Option<Vec<String>>,
}

/// See [`EvidenceTile`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredTile {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) pixels: Pixels,
    pub(super) authors: Vec<UserId>,
    pub(super) author_pixels: Pixels,
}

/// See [`Overpainted`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredOverpainted {
    pub(super) by: UserId,
    pub(super) of: UserId,
    pub(super) pixels: i64,
    pub(super) last_at: Timestamp,
}

/// The names of users.
pub(crate) type Names = HashMap<UserId, UserRef>;

/// The name of a user; of one whose row is gone as that of a deleted account.
pub(crate) fn name(names: &Names, user: UserId) -> UserRef {
    let known = names.get(&user).cloned();
    known.unwrap_or_else(|| UserRef {
        user_id: user,
        username: deleted_name(user),
        display_name: "Deleted account".to_owned(),
    })
}

/// The user name of a deleted account.
fn deleted_name(user: UserId) -> String {
    format!("deleted-{user}")
}

impl StoredEvidence {
    /// Whose names are shown with it.
    pub(crate) fn users(&self) -> HashSet<UserId> {
        let tiles = self.tiles.iter().flatten();
        let overpainted = self.overpainted.iter().flatten();
        let messages = self.message.iter().chain(self.before.iter().flatten());
        let messages = messages.chain(self.after.iter().flatten());
        let messages = messages.chain(self.messages.iter().flatten());
        tiles
            .flat_map(|tile| tile.authors.iter().copied())
            .chain(overpainted.flat_map(|pixels| [pixels.by, pixels.of]))
            .chain(messages.map(author))
            .collect()
    }

    /// With the names of its users.
    pub(crate) fn show(self, names: &Names) -> Evidence {
        let show = |message| show_message(message, names);
        let show_words = |message| match message {
            EvidenceMessage::Chat(message) => EvidenceMessage::Chat(show(message)),
            EvidenceMessage::Comment(comment) => {
                EvidenceMessage::Comment(show_comment(comment, names))
            }
            // It has no names.
            EvidenceMessage::Direct(message) => EvidenceMessage::Direct(message),
        };
        let show_all = |messages: Option<Vec<EvidenceMessage>>| {
            messages.map(|all| all.into_iter().map(show_words).collect())
        };
        let tiles = self.tiles.map(|tiles| {
            let tiles = tiles.into_iter().map(|tile| EvidenceTile {
                x: tile.x,
                y: tile.y,
                pixels: tile.pixels,
                authors: tile.authors.iter().map(|user| name(names, *user)).collect(),
                author_pixels: tile.author_pixels,
            });
            tiles.collect()
        });
        let overpainted = self.overpainted.map(|overpainted| {
            let pairs = overpainted.into_iter().map(|pixels| Overpainted {
                by: name(names, pixels.by),
                of: name(names, pixels.of),
                pixels: pixels.pixels,
                last_at: pixels.last_at,
            });
            pairs.collect()
        });
        Evidence {
            seq: self.seq,
            tiles,
            overpainted,
            message: self.message.map(show_words),
            before: show_all(self.before),
            after: show_all(self.after),
            messages: show_all(self.messages),
            palette: self.palette,
        }
    }
}

/// The names of a deleted account go from messages too.
fn show_message(message: ChatMessage, names: &Names) -> ChatMessage {
    let sender = name(names, message.sender_id);
    if sender.username != deleted_name(message.sender_id) {
        return message;
    }
    ChatMessage {
        sender_username: sender.username,
        sender_display_name: sender.display_name,
        ..message
    }
}

/// The same for a comment.
fn show_comment(mut comment: Comment, names: &Names) -> Comment {
    let author = name(names, comment.author.user_id);
    if author.username == deleted_name(author.user_id) {
        comment.author = author;
    }
    comment
}

/// Who wrote it.
fn author(message: &EvidenceMessage) -> UserId {
    match message {
        EvidenceMessage::Chat(message) => message.sender_id,
        EvidenceMessage::Comment(comment) => comment.author.user_id,
        EvidenceMessage::Direct(message) => message.sender_id,
    }
}
