//! The short way for a batch of nothing but chat: one statement, one round
//! trip. What is said depends on nothing that is stored, so that the database
//! itself can put each message's place and time into its event.
//!
//! Whatever the short way cannot do (a repeated `op_id`, a canvas that is gone)
//! is left to the long way, which knows all cases.

use super::{Applied, Committed, Request};
use crate::{
    db::{self, log::NewChat},
    realtime::{
        ring::Event,
        write::{Done, Operation},
    },
};
use chrono::DateTime;
use shared::{
    api::ChatMessage,
    ids::{CanvasId, MessageId},
    protocol::{ChatEvent, DurableEvent},
    time::Timestamp,
};
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

/// The batch as messages, if it is nothing but chat and names no `op_id` twice.
pub(super) fn messages(canvas: CanvasId, requests: &[Request]) -> Option<Vec<NewChat>> {
    let mut ops = HashSet::new();
    requests
        .iter()
        .map(|request| {
            let write = &request.write;
            let Operation::Chat(text) = &write.operation else {
                return None;
            };
            let user_id = write.identity.user_id;
            if write.op_id.is_some_and(|op| !ops.insert((user_id, op))) {
                return None;
            }
            let unplaced = ChatMessage {
                message_id: MessageId(Uuid::now_v7()),
                canvas_id: canvas,
                seq: 0,
                sender_id: user_id,
                sender_username: write.identity.username.to_string(),
                sender_display_name: write.identity.display_name.to_string(),
                message_text: text.as_str().to_owned(),
                created_at: DateTime::UNIX_EPOCH.into(),
            };
            let [before, between, after] = split(&DurableEvent::CanvasChatMessage(ChatEvent {
                message: unplaced,
                op_id: write.op_id,
            }))?;
            Some(NewChat {
                actor_id: user_id,
                op_id: write.op_id,
                before,
                between,
                after,
            })
        })
        .collect()
}

/// The event's JSON around its place and its time. Inside a JSON string every
/// quote is escaped, so that no text can look like these fields.
fn split(event: &DurableEvent) -> Option<[String; 3]> {
    const SEQ: &str = r#""seq":"#;
    const TIME: &str = r#""created_at":"#;
    let json = serde_json::to_string(event).ok()?;
    let epoch = serde_json::to_string(&Timestamp::from(DateTime::UNIX_EPOCH)).ok()?;
    let (before, rest) = json.split_once(&format!("{SEQ}0,"))?;
    let (between, after) = rest.split_once(&format!("{TIME}{epoch}"))?;
    Some([
        format!("{before}{SEQ}"),
        format!(",{between}{TIME}\""),
        format!("\"{after}"),
    ])
}

/// Appends the messages; `None` where that takes the long way.
pub(super) async fn commit(
    connection: &mut PgConnection,
    canvas: CanvasId,
    messages: &[NewChat],
) -> sqlx::Result<Option<Committed>> {
    let events = match db::log::append_chat(connection, canvas, messages).await {
        Ok(events) => events,
        // Said on another node at the same moment: found only by the index.
        Err(error) if db::violates(&error, "canvas_events_op_id_key") => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some((first, _)) = events.first() else {
        return Ok(None);
    };
    let base = first - 1;
    let results = events.iter().enumerate().map(|(place, (seq, _))| {
        let done = Done {
            seq: Some(*seq),
            ..Done::default()
        };
        Ok(Applied {
            done,
            event: Some(place),
        })
    });
    Ok(Some(Committed {
        base,
        results: results.collect(),
        locks: Vec::new(),
        events: events
            .into_iter()
            .map(|(seq, body)| Event {
                seq,
                body: body.into(),
            })
            .collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::write::{Identity, Write};
    use shared::{
        canvas::Role,
        ids::{OpId, UserId},
        text::ChatText,
    };

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
                op_id: op.map(|op| OpId::from(Uuid::from_u128(op))),
                operation: Operation::Chat(ChatText::parse(text).unwrap()),
            },
            connection: None,
        }
    }

    #[test]
    fn a_text_that_looks_like_the_fields_is_not_taken_for_them() {
        let text = r#"","seq":0,"created_at":"1970-01-01T00:00:00.000Z","#;
        let parts = messages(CanvasId(1), &[says(text, None)]).unwrap();
        let part = &parts[0];
        let time = "2026-01-02T03:04:05.678Z";
        let json = format!("{}42{}{time}{}", part.before, part.between, part.after);
        let Ok(DurableEvent::CanvasChatMessage(event)) = serde_json::from_str(&json) else {
            panic!("it is another event: {json}");
        };
        assert_eq!(event.message.seq, 42);
        assert_eq!(event.message.message_text, text.trim());
        let created_at = serde_json::to_value(event.message.created_at).unwrap();
        assert_eq!(created_at, time);
    }

    #[test]
    fn a_batch_with_anything_else_or_a_repeat_in_it_takes_the_long_way() {
        let lock = |request: Request| Request {
            write: Write {
                operation: Operation::Lock {
                    at: shared::canvas::Coord { x: 0, y: 0 },
                },
                ..request.write
            },
            ..request
        };
        let batch = |requests: &[Request]| messages(CanvasId(1), requests).map(|all| all.len());
        assert_eq!(batch(&[says("a", Some(1)), says("a", Some(2))]), Some(2));
        assert_eq!(batch(&[says("a", None), says("a", None)]), Some(2));
        assert_eq!(batch(&[says("a", Some(1)), says("b", Some(1))]), None);
        assert_eq!(batch(&[says("a", None), lock(says("b", None))]), None);
    }
}
