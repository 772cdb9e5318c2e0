//! Properties of client messages: what serde writes, the decoder reads, and
//! each message is of one kind.

use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Number, Value};
use shared::{
    canvas::Coord,
    ids::{CanvasId, CommentId, ConversationId, MessageId, OpId},
    limits,
    pixels::{PixelEdit, Pixels},
    presence::Status,
    protocol::{ClientMessage, ClientRequest, PresenceChange, decode},
    text::{self, ChatText},
};
use std::{collections::BTreeSet, ops::RangeInclusive};
use uuid::Uuid;

/// A text as [`text::clean`] leaves it.
fn clean(length: RangeInclusive<usize>) -> impl Strategy<Value = String> {
    "\\PC{0,40}".prop_filter_map("length", move |text| text::clean(&text, &length).ok())
}

/// A name as [`text::name`] leaves it.
fn name(length: RangeInclusive<usize>) -> impl Strategy<Value = String> {
    "\\PC{0,40}".prop_filter_map("a name", move |text| text::name(&text, &length).ok())
}

fn pixels() -> impl Strategy<Value = Pixels> {
    vec(any::<u8>(), 0..70).prop_map(Pixels::from_bytes)
}

fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("finite", |number| number.is_finite())
}

fn timestamp() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        finite().prop_map(|number| Value::Number(Number::from_f64(number).unwrap())),
    ]
}

fn device() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(2, 8, 4, |inner| vec(inner, 0..4).prop_map(Value::from));
    vec(("\\PC{0,8}", value), 0..6).prop_map(|fields| fields.into_iter().collect())
}

fn presence() -> impl Strategy<Value = ClientMessage> {
    let status = prop_oneof![Just(Status::Online), Just(Status::Away), Just(Status::Busy)];
    prop_oneof![
        any::<bool>().prop_map(|is_typing| PresenceChange::Typing { is_typing }),
        any::<(i32, i32, bool)>().prop_map(|(tile_x, tile_y, is_editing)| {
            PresenceChange::EditingTile {
                tile_x,
                tile_y,
                is_editing,
            }
        }),
        (status, option::of(name(limits::STATUS_MESSAGE))).prop_map(|(status, status_message)| {
            PresenceChange::Status {
                status,
                status_message,
            }
        }),
        (finite(), finite()).prop_map(|(x, y)| PresenceChange::Cursor { x, y }),
    ]
    .prop_map(ClientMessage::UserPresence)
}

/// A message of any type.
fn message() -> impl Strategy<Value = ClientMessage> {
    let cell = any::<(i32, i32)>();
    let chat = || clean(limits::CHAT_TEXT).prop_map(|text| ChatText::parse(&text).unwrap());
    prop_oneof![
        (clean(limits::CLIENT_NAME), device()).prop_map(|(client_name, device)| {
            ClientMessage::Hello {
                client_name,
                device,
            }
        }),
        (
            chat(),
            option::of(any::<i64>().prop_map(CanvasId)),
            option::of(message_id())
        )
            .prop_map(|(text, canvas_id, reply_to)| ClientMessage::CanvasChat {
                text,
                canvas_id,
                reply_to
            }),
        (message_id(), chat())
            .prop_map(|(message_id, text)| ClientMessage::ChatEdit { message_id, text }),
        message_id().prop_map(|message_id| ClientMessage::ChatRemove { message_id }),
        (any::<i64>(), clean(limits::DIRECT_MESSAGE_TEXT)).prop_map(|(id, text)| {
            ClientMessage::DirectMessageSend {
                conversation_id: ConversationId(id),
                text,
            }
        }),
        (any::<i64>(), 0..i64::MAX).prop_map(|(id, seq)| ClientMessage::DirectMessageRead {
            conversation_id: ConversationId(id),
            seq,
        }),
        any::<(i64, bool)>().prop_map(|(id, is_typing)| ClientMessage::DirectTyping {
            conversation_id: ConversationId(id),
            is_typing,
        }),
        (
            cell,
            clean(limits::COMMENT_TEXT),
            option::of(any::<i64>().prop_map(CommentId)),
        )
            .prop_map(|((x, y), text, parent_id)| ClientMessage::CommentCreate {
                x,
                y,
                text,
                parent_id,
            }),
        (
            any::<i64>().prop_map(CommentId),
            option::of(clean(limits::COMMENT_TEXT)),
            option::of(any::<bool>()),
        )
            .prop_map(
                |(comment_id, text, resolved)| ClientMessage::CommentUpdate {
                    comment_id,
                    text,
                    resolved,
                }
            ),
        any::<i64>().prop_map(|id| ClientMessage::CommentRemove {
            comment_id: CommentId(id),
        }),
        presence(),
        tile_message(),
        (0..i64::MAX).prop_map(|last_seq| ClientMessage::RequestUpdate { last_seq }),
        timestamp().prop_map(|timestamp| ClientMessage::Ping { timestamp }),
        timestamp().prop_map(|timestamp| ClientMessage::Heartbeat { timestamp }),
        any::<String>().prop_map(|token| ClientMessage::AuthRefresh { token }),
    ]
    .boxed()
}

/// A message about one tile, of each type equally often.
fn tile_message() -> impl Strategy<Value = ClientMessage> {
    let cell = any::<(i32, i32)>();
    let edit = any::<(u16, u8)>().prop_map(|(index, colour)| PixelEdit(index, colour));
    prop_oneof![
        (
            cell,
            "[a-z_]{1,32}",
            clean(limits::MENTION_MESSAGE),
            limits::MENTION_DURATION_MS
        )
            .prop_map(|((tile_x, tile_y), highlight_type, message, duration)| {
                ClientMessage::TileMention {
                    tile_x,
                    tile_y,
                    highlight_type,
                    message,
                    duration,
                }
            }),
        (cell, name(limits::TILE_TITLE), option::of(pixels())).prop_map(
            |((x, y), title, pixels)| ClientMessage::TileCreate {
                x,
                y,
                title,
                pixels
            }
        ),
        (cell, vec(edit, limits::PAINT_PIXELS), option::of(op_id())).prop_map(
            |((x, y), pixels, undo_of)| ClientMessage::TilePaint {
                x,
                y,
                pixels,
                undo_of
            }
        ),
        (
            cell,
            option::of(name(limits::TILE_TITLE)),
            option::of(pixels())
        )
            .prop_map(|((x, y), title, pixels)| ClientMessage::TileUpdate {
                x,
                y,
                title,
                pixels
            }),
        (cell, any::<bool>()).prop_map(|((x, y), liked)| ClientMessage::TileLike { x, y, liked }),
        cell.prop_map(|(x, y)| ClientMessage::TileDelete { x, y }),
        cell.prop_map(|(x, y)| ClientMessage::TileLock { x, y }),
        cell.prop_map(|(x, y)| ClientMessage::TileUnlock { x, y }),
    ]
    .boxed()
}

fn message_id() -> impl Strategy<Value = MessageId> {
    any::<u128>().prop_map(|id| MessageId(Uuid::from_u128(id)))
}

fn op_id() -> impl Strategy<Value = OpId> {
    any::<(u128, bool, bool)>().prop_map(|(id, hyphens, upper)| {
        let id = Uuid::from_u128(id);
        let text = if hyphens {
            id.to_string()
        } else {
            id.simple().to_string()
        };
        let text = if upper { text.to_uppercase() } else { text };
        text.parse().unwrap()
    })
}

proptest! {
    #[test]
    fn the_decoder_reads_what_serde_writes(op_id in option::of(op_id()), message in message()) {
        let request = ClientRequest { op_id, message };
        let text = serde_json::to_string(&request).unwrap();
        let decoded = decode(&text);
        prop_assert_eq!(decoded.as_ref(), Ok(&request), "{}", text);
        // Equal ids may be spelled differently; here the spelling is the same too.
        let spelling = |id: Option<OpId>| id.map(|id| id.to_string());
        prop_assert_eq!(spelling(decoded.unwrap().op_id), spelling(op_id));
        let json: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&json["type"], request.message.message_type());
    }

    #[test]
    fn a_durable_message_is_of_the_chat_or_a_comment_or_changes_a_tile(message in message()) {
        let are_words = matches!(
            message,
            ClientMessage::CanvasChat { .. }
                | ClientMessage::ChatEdit { .. }
                | ClientMessage::ChatRemove { .. }
                | ClientMessage::CommentCreate { .. }
                | ClientMessage::CommentUpdate { .. }
                | ClientMessage::CommentRemove { .. }
        );
        let tile_op = message.tile_op();
        prop_assert_eq!(message.is_durable(), are_words || tile_op.is_some());
        if let Some((at, _)) = tile_op {
            prop_assert_eq!(message.cell(), Some(at));
        }
        let json = serde_json::to_value(&message).unwrap();
        let coordinate = |names: [&str; 2]| {
            let [x, y] = names.map(|name| json[name].as_i64()?.try_into().ok());
            Some(Coord { x: x?, y: y? })
        };
        let is_presence = matches!(message, ClientMessage::UserPresence(_));
        let written = coordinate(["x", "y"]).or_else(|| coordinate(["tile_x", "tile_y"]));
        prop_assert_eq!(message.cell(), written.filter(|_| !is_presence));
    }
}

#[test]
fn every_type_of_message_is_tested() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let found: BTreeSet<&str> = (0..500)
        .map(|_| {
            let message = message().new_tree(&mut runner).unwrap().current();
            message.message_type()
        })
        .collect();
    let all = ClientMessage::MESSAGE_TYPES.iter().copied().collect();
    assert_eq!(found, all);
}
