//! The fast path for a batch of nothing but chat: one statement, and so one round
//! trip. A chat message that answers none depends on nothing that is stored, so the database
//! itself can insert its `seq` and time into the JSON of its event.
//!
//! Everything else (a repeated `op_id`, a deleted canvas) is left to the ordinary
//! transaction, which handles all cases.

use super::{Applied, Committed, Request};
use crate::{
    db::{self, DbError, history::SeenLog, log::NewChat},
    message_id,
    realtime::{
        ring::Event,
        write::{Done, Operation, Write},
    },
};
use chrono::{DateTime, Utc};
use shared::{
    api::{ChatMessage, ReplyTo},
    ids::CanvasId,
    protocol::{ChatEvent, DurableEvent},
    text::ChatText,
    time::Timestamp,
};
use sqlx::PgConnection;
use std::collections::HashSet;

/// The access version of the users' roles, and the batch as messages. `None` unless it
/// is nothing but chat of users without sanctions that answers and mentions nobody, all of one
/// access version, and contains no `op_id` twice.
pub(super) fn messages(canvas: CanvasId, requests: &[Request]) -> Option<(i64, Vec<NewChat>)> {
    let mut ops = HashSet::new();
    let acl_version = requests.first()?.write.acl_version;
    let messages: Option<Vec<NewChat>> = requests
        .iter()
        .map(|request| {
            let write = &request.write;
            if write.acl_version != acl_version || write.sanctions.is_some() {
                return None;
            }
            let Operation::Chat {
                text,
                reply_to: None,
            } = &write.operation
            else {
                return None;
            };
            if !write.operation.mentions().is_empty() {
                return None;
            }
            let user_id = write.identity.user_id;
            if write.op_id.is_some_and(|op| !ops.insert((user_id, op))) {
                return None;
            }
            let placeholder = event(canvas, write, text, None, 0, DateTime::UNIX_EPOCH);
            let [before, between, after] = split(&placeholder, canvas)?;
            Some(NewChat {
                actor_id: user_id,
                op_id: write.op_id,
                before,
                between,
                after,
                by_guest: write.standing.counts_as_guest(),
                by_newcomer: write.standing.newcomer_until.is_some(),
            })
        })
        .collect();
    Some((acl_version, messages?))
}

/// The event of a chat message with this `seq`.
pub(super) fn event(
    canvas_id: CanvasId,
    write: &Write,
    text: &ChatText,
    reply_to: Option<ReplyTo>,
    seq: i64,
    created_at: DateTime<Utc>,
) -> DurableEvent {
    DurableEvent::CanvasChatMessage(ChatEvent {
        message: ChatMessage {
            message_id: message_id::new(seq),
            canvas_id,
            seq,
            sender_id: write.identity.user_id,
            sender_username: write.identity.username.to_string(),
            sender_display_name: write.identity.display_name.to_string(),
            message_text: text.as_str().to_owned(),
            created_at: created_at.into(),
            reply_to,
            edited_at: None,
            removed: false,
        },
        op_id: write.op_id,
    })
}

/// The event's JSON before the `seq` in its id, between its own `seq` and its time, and after
/// that. Inside a JSON string every quote is escaped, so no text can look like these fields.
fn split(event: &DurableEvent, canvas: CanvasId) -> Option<[String; 3]> {
    const TIME: &str = r#""created_at":"#;
    let json = serde_json::to_string(event).ok()?;
    let epoch = serde_json::to_string(&Timestamp::from(DateTime::UNIX_EPOCH)).ok()?;
    let no_seq = "0".repeat(message_id::SEQ_DIGITS);
    let (before, rest) = json.split_once(&format!("{no_seq}{}0,", NewChat::id_to_seq(canvas)))?;
    let (between, after) = rest.split_once(&format!("{TIME}{epoch}"))?;
    Some([
        before.to_owned(),
        format!(",{between}{TIME}\""),
        format!("\"{after}"),
    ])
}

/// Appends the messages; `None` if the ordinary transaction has to do it.
pub(super) async fn commit(
    connection: &mut PgConnection,
    canvas: CanvasId,
    seen: &SeenLog,
    acl_version: i64,
    archived_until: i64,
    messages: &[NewChat],
) -> db::Result<Option<Committed>> {
    let appended = db::log::append_chat(
        connection,
        canvas,
        seen,
        acl_version,
        archived_until,
        messages,
    )
    .await;
    let appended = match appended {
        Ok(appended) => appended,
        // Another node is committing one of these operations at the same moment, which
        // only the unique index notices.
        Err(DbError::DuplicateOperation) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(first) = appended.first() else {
        return Ok(None);
    };
    let base = first.seq - 1;
    let results = appended.iter().enumerate().map(|(position, chat)| {
        let done = Done {
            seq: Some(chat.seq),
            timestamp: Some(chat.created_at.into()),
            ..Done::default()
        };
        Ok(Applied {
            done,
            event: Some(position),
        })
    });
    Ok(Some(Committed {
        base,
        epoch: seen.epoch,
        instance: seen.instance,
        results: results.collect(),
        locks: Vec::new(),
        notifications: Vec::new(),
        events: appended
            .into_iter()
            .map(|chat| Event {
                seq: chat.seq,
                body: chat.body.into(),
            })
            .collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::access::Standing, realtime::write::Identity};
    use shared::{
        canvas::Role,
        ids::{OpId, UserId},
    };
    use uuid::Uuid;

    fn says(text: &str, op: Option<u128>) -> Request {
        Request {
            write: Write {
                identity: Identity {
                    user_id: UserId(7),
                    username: "ann".into(),
                    display_name: r#"Ann","seq":0,"#.into(),
                    name_version: 0,
                },
                role: Role::Viewer,
                acl_version: 0,
                sanctions: None,
                standing: Standing::default(),
                op_id: op.map(|op| OpId::from(Uuid::from_u128(op))),
                operation: Operation::Chat {
                    text: ChatText::parse(text).unwrap(),
                    reply_to: None,
                },
            },
            connection: None,
        }
    }

    #[test]
    fn a_text_that_looks_like_the_fields_is_not_taken_for_them() {
        let text = r#"","seq":0,"created_at":"1970-01-01T00:00:00.000Z","#;
        let (_, parts) = messages(CanvasId(1), &[says(text, None)]).unwrap();
        let part = &parts[0];
        let time = "2026-01-02T03:04:05.678Z";
        let middle = NewChat::id_to_seq(CanvasId(1));
        let json = format!(
            "{}{:012x}{middle}42{}{time}{}",
            part.before, 42, part.between, part.after
        );
        let Ok(DurableEvent::CanvasChatMessage(event)) = serde_json::from_str(&json) else {
            panic!("it is another event: {json}");
        };
        assert_eq!(event.message.seq, 42);
        assert_eq!(message_id::seq(event.message.message_id), Some(42));
        assert_eq!(event.message.message_text, text.trim());
        let created_at = serde_json::to_value(event.message.created_at).unwrap();
        assert_eq!(created_at, time);
    }

    #[test]
    fn a_batch_with_anything_else_or_a_repeat_in_it_takes_the_ordinary_transaction() {
        let lock = |request: Request| Request {
            write: Write {
                operation: Operation::Lock {
                    at: shared::canvas::Coord { x: 0, y: 0 },
                },
                ..request.write
            },
            ..request
        };
        let batch =
            |requests: &[Request]| messages(CanvasId(1), requests).map(|(_, all)| all.len());
        let mut newer = says("a", None);
        newer.write.acl_version += 1;
        assert_eq!(batch(&[says("a", None), newer]), None);
        let mut sanctioned = says("a", None);
        sanctioned.write.sanctions = Some([].into());
        assert_eq!(batch(&[says("a", None), sanctioned]), None);
        assert_eq!(batch(&[says("a", Some(1)), says("a", Some(2))]), Some(2));
        assert_eq!(batch(&[says("a", None), says("a", None)]), Some(2));
        assert_eq!(batch(&[says("a", Some(1)), says("b", Some(1))]), None);
        assert_eq!(batch(&[says("a", None), lock(says("b", None))]), None);
        assert_eq!(batch(&[says("a", None), says("hello @bob", None)]), None);
        assert_eq!(batch(&[says("me@home", None)]), Some(1));
    }
}
