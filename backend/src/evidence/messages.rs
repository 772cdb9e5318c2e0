//! The evidence of messages and comments: they, and those around them.

use super::{CaseEvidence, stored::StoredEvidence};
use crate::{
    db::{
        self, Pool, Reads,
        comments::{self, Filter},
        direct_messages, evidence as reading,
    },
    past::log::Log,
};
use shared::{
    api::{
        Canvas, ChatMessage, comments::Comment, conversations::DirectMessage,
        reports::EvidenceMessage,
    },
    canvas::Coord,
    ids::{CanvasId, CommentId, MessageId},
    limits,
};

/// Messages before and after a reported one.
const MESSAGES_AROUND: i64 = 10;

/// A chat message, with those before and after it.
pub(super) async fn of_message(
    reads: &Pool,
    log: &Log,
    canvas: &Canvas,
    message_id: MessageId,
) -> db::Result<CaseEvidence> {
    let (id, head) = (canvas.id, canvas.last_seq);
    let mut evidence = StoredEvidence {
        seq: Some(head),
        ..StoredEvidence::default()
    };
    let Some(message) = log.message(reads, id, message_id).await? else {
        return Ok(CaseEvidence {
            evidence,
            reported: Vec::new(),
        });
    };
    let sender = message.sender_id;
    let mut before = log
        .messages_before(&mut Reads::Pool(reads), id, message.seq, MESSAGES_AROUND)
        .await?;
    before.reverse();
    let after = log
        .messages_after(reads, id, message.seq, head, MESSAGES_AROUND)
        .await?;
    // The message may be newer than the canvas that was read before it.
    evidence.seq = Some(head.max(message.seq));
    evidence.message = chat(with_words(reads, id, vec![message]).await?).pop();
    evidence.before = Some(chat(with_words(reads, id, before).await?));
    evidence.after = Some(chat(with_words(reads, id, after).await?));
    Ok(CaseEvidence {
        evidence,
        reported: vec![sender],
    })
}

/// Chat messages as evidence.
pub(super) fn chat(messages: Vec<ChatMessage>) -> Vec<EvidenceMessage> {
    messages.into_iter().map(EvidenceMessage::Chat).collect()
}

/// The evidence of a private message: it and those before it.
///
/// # Errors
/// Those of the database.
pub(crate) async fn of_direct_message(
    reads: &Pool,
    message: &DirectMessage,
) -> db::Result<CaseEvidence> {
    let limit = limits::REPORTED_DIRECT_MESSAGES;
    let conversation = message.conversation_id;
    let messages =
        direct_messages::with_removed_words(reads, conversation, message.seq, limit).await?;
    Ok(CaseEvidence {
        evidence: StoredEvidence {
            messages: Some(messages.into_iter().map(EvidenceMessage::Direct).collect()),
            ..StoredEvidence::default()
        },
        reported: vec![message.sender_id],
    })
}

/// A comment, with those before and after it on the same cell.
pub(super) async fn of_comment(
    reads: &Pool,
    canvas: &Canvas,
    id: CommentId,
) -> db::Result<CaseEvidence> {
    let mut evidence = StoredEvidence {
        seq: Some(canvas.last_seq),
        ..StoredEvidence::default()
    };
    let Some(comment) = comments::find(reads, id).await? else {
        return Ok(CaseEvidence {
            evidence,
            reported: Vec::new(),
        });
    };
    let (author, seq) = (comment.author.user_id, comment.seq);
    let at = Coord {
        x: comment.x,
        y: comment.y,
    };
    let on_cell = Filter {
        cell: Some(at),
        resolved: None,
    };
    let mut before = comments::before(reads, canvas.id, at, seq, MESSAGES_AROUND).await?;
    before.reverse();
    let after = comments::list(reads, canvas.id, on_cell, seq, MESSAGES_AROUND).await?;
    evidence.seq = Some(canvas.last_seq.max(seq));
    evidence.message = with_removed_words(reads, vec![comment]).await?.pop();
    evidence.before = Some(with_removed_words(reads, before).await?);
    evidence.after = Some(with_removed_words(reads, after).await?);
    Ok(CaseEvidence {
        evidence,
        reported: vec![author],
    })
}

/// The comments with the words of those that were removed, which nothing else shows.
async fn with_removed_words(
    reads: &Pool,
    mut comments: Vec<Comment>,
) -> db::Result<Vec<EvidenceMessage>> {
    let removed = comments.iter().filter(|comment| comment.removed);
    let removed: Vec<CommentId> = removed.map(|comment| comment.id).collect();
    if !removed.is_empty() {
        let mut words = comments::removed_words(reads, &removed).await?;
        for comment in &mut comments {
            if let Some(words) = words.remove(&comment.id) {
                comment.text = words;
            }
        }
    }
    Ok(comments.into_iter().map(EvidenceMessage::Comment).collect())
}

/// The messages with the words of those that were removed, which nothing else shows.
pub(super) async fn with_words(
    reads: &Pool,
    canvas: CanvasId,
    mut messages: Vec<ChatMessage>,
) -> db::Result<Vec<ChatMessage>> {
    let removed = messages.iter().filter(|message| message.removed);
    let removed: Vec<i64> = removed.map(|message| message.seq).collect();
    if removed.is_empty() {
        return Ok(messages);
    }
    let mut words = reading::removed_words(reads, canvas, &removed).await?;
    for message in &mut messages {
        if let Some(words) = words.remove(&message.seq) {
            message.message_text = words;
        }
    }
    Ok(messages)
}
