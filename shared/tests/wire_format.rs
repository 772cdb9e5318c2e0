//! The JSON of every server message and HTTP body: each is read and written
//! without a difference, with and without its optional fields.

use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use shared::{
    api::{
        Auth, Canvas, ChatMessage, Member, Page, Problem, Snapshot, Ticket, Tile, User,
        comments::Comment,
        conversations::{ConversationState, Conversations},
        exports::{Export, NewExport},
        notifications::{
            DirectMessages, Notification, NotificationKind, NotificationPage, Preferences,
            ReadNotifications, UpdatePreferences,
        },
    },
    canvas::{EditPolicy, Role, Visibility},
    presence::{ActiveUser, Status},
    protocol::{DurableEvent, ErrorCode, ServerMessage, UserConnected},
};
use std::collections::BTreeSet;

const ID: &str = "018f4e1c-0000-7000-8000-000000000001";
const DURABLE: [&str; 10] = [
    "canvas_chat_message",
    "chat_removed",
    "chat_edited",
    "tile_created",
    "tile_updated",
    "tile_liked",
    "tile_deleted",
    "canvas_updated",
    "comment_created",
    "comment_updated",
];
const TIME: &str = "2025-08-29T21:45:19.000Z";

fn canvas() -> Value {
    json!({
        "id": 7, "name": "Sky", "description": "", "width": 3, "height": 2, "tile_size": 8,
        "palette": ["#000000", "#ffffff"], "visibility": "unlisted", "edit_policy": "own",
        "guests": "chat", "newcomers": "limited", "slow_mode_s": 5, "lockdown_until": TIME,
        "owner_id": 1, "role": null, "tile_count": 1, "active_users": 2, "epoch": ID,
        "last_seq": 9_007_199_254_740_993_i64, "created_at": TIME,
    })
}

fn user() -> Value {
    json!({
        "user_id": 1, "username": "ann", "display_name": "Ann \"A\" Ärger", "is_active": true,
        "status": "busy", "status_message": "", "is_typing": false,
        "editing": {"tile_x": 1, "tile_y": 0}, "connections": 2,
    })
}

fn sanction() -> Value {
    let name = json!({"user_id": 1, "username": "ann", "display_name": "Ann"});
    json!({
        "id": 3, "canvas_id": 7, "user": name, "kind": "no_paint", "reason": "r",
        "issued_by": name, "issued_at": TIME, "expires_at": TIME, "lifted_at": null,
        "lift_reason": "", "case_id": null, "appeal": {
            "id": 4, "sanction_id": 3, "state": "waiting", "created_at": TIME, "decided_at": null,
            "messages": [{"author": null, "text": "t", "at": TIME}],
        }, "note": "n",
    })
}

#[expect(clippy::too_many_lines, reason = "it has a message of each kind")]
fn messages() -> Vec<Value> {
    let lock =
        json!({"tile_x": 1, "tile_y": 0, "user_id": 1, "username": "ann", "expires_at": TIME});
    let of_tile = json!({
        "seq": 2, "tile_id": 3, "canvas_id": 7, "creator_id": 1, "x": 1, "y": 0, "timestamp": TIME,
    });
    let mut messages = vec![
        json!({
            "type": "connected", "connection_id": ID, "canvas_id": 7, "user_id": 1,
            "username": "ann", "display_name": "Ann", "role": "owner", "epoch": ID, "seq": 5,
            "resume": "resync", "active_users": [user()], "locks": [lock], "server_time": TIME,
            "heartbeat": {"interval_ms": 10000, "timeout_ms": 20000}, "sanctions": [sanction()], "blocked": [2],
            "newcomer_until": TIME,
        }),
        json!({"type": "tile_unlocked", "tile_x": 1, "tile_y": 0, "user_id": 1, "username": "ann"}),
        json!({"type": "user_typing", "user_id": 1, "username": "ann", "is_typing": true}),
        json!({"type": "user_cursor", "user_id": 1, "x": 1.25, "y": -3.0}),
        json!({
            "type": "user_presence_update", "user_id": 1, "username": "ann", "canvas_id": 7,
            "status": "away", "status_message": "tea", "tile_x": null, "tile_y": 1,
            "is_editing": false, "timestamp": TIME,
        }),
        json!({
            "type": "tile_mention", "user_id": 1, "username": "ann", "tile_x": 1, "tile_y": 0,
            "highlight_type": "mention", "message": "look", "duration": 3000, "timestamp": TIME,
        }),
        json!({"type": "canvas_deleted", "canvas_id": 7, "timestamp": TIME}),
        json!({"type": "announcement", "message": "hi", "canvas_id": null, "timestamp": TIME}),
        json!({"type": "sanction", "sanction": sanction(), "timestamp": TIME}),
        json!({"type": "sanction_lifted", "sanction_id": 3, "canvas_id": 7, "timestamp": TIME}),
        json!({
            "type": "error", "code": "sanctioned", "message": "no", "sanction": {
                "id": 3, "kind": "ban", "reason": "r", "expires_at": null,
            },
        }),
        json!({"type": "announcement", "message": "hi", "canvas_id": 7, "timestamp": TIME}),
        json!({
            "type": "canvas_updated", "seq": 4, "canvas_id": 7, "canvas": canvas(),
            "timestamp": TIME,
        }),
        json!({
            "type": "case_opened", "case_id": 5, "canvas_id": 7, "rule": "hate",
            "target": {"kind": "area", "x0": 0, "y0": 1, "x1": 2, "y1": 3}, "timestamp": TIME,
        }),
        json!({
            "type": "case_opened", "case_id": 5, "canvas_id": 7, "rule": "other",
            "target": {"kind": "canvas"}, "timestamp": TIME,
        }),
        json!({
            "type": "case_updated", "case_id": 5, "canvas_id": 7, "state": "claimed",
            "outcome": null, "timestamp": TIME,
        }),
        json!({
            "type": "case_updated", "case_id": 5, "canvas_id": 7, "state": "decided",
            "outcome": "report_abuse", "timestamp": TIME,
        }),
        json!({"type": "ack", "for": "tile_lock"}),
        json!({
            "type": "ack", "for": "tile_paint", "op_id": ID, "seq": 2, "version": 1, "tile_id": 3,
            "like_count": 0,
        }),
        json!({
            "type": "ack", "for": "direct_message_send", "op_id": ID, "seq": 2, "message_id": ID,
            "timestamp": TIME,
        }),
        json!({"type": "direct_message", "message": direct_message()}),
        json!({"type": "direct_message_read", "conversation_id": 3, "seq": 7}),
        json!({"type": "direct_typing", "conversation_id": 3, "is_typing": true}),
        json!({
            "type": "ack", "for": "comment_create", "op_id": ID, "seq": 2, "timestamp": TIME,
            "comment_id": 5,
        }),
        json!({"type": "error", "code": "tile_locked", "message": "no"}),
        json!({
            "type": "error", "code": "rate_limited", "message": "no", "op_id": ID,
            "retry_after_ms": 250,
        }),
        json!({"type": "pong", "timestamp": "x", "server_time": TIME}),
        json!({"type": "pong", "timestamp": 1.5, "server_time": TIME, "op_id": ID}),
    ];
    let mut chat = chat();
    chat["type"] = "canvas_chat_message".into();
    messages.push(chat.clone());
    chat["op_id"] = ID.into();
    messages.push(chat.clone());
    chat["message_text"] = "".into();
    chat["removed"] = true.into();
    chat["edited_at"] = TIME.into();
    chat["reply_to"] = json!({"message_id": ID, "sender_username": "ann", "excerpt": ""});
    messages.push(chat);
    messages.push(json!({
        "type": "chat_edited", "seq": 9, "canvas_id": 7, "message_id": ID, "target_seq": 3,
        "message_text": "hi", "edited_at": TIME,
    }));
    let mut answer = comment();
    answer["parent_id"] = 3.into();
    answer["edited_at"] = Value::Null;
    for (kind, comment) in [("comment_created", answer), ("comment_updated", comment())] {
        messages.push(json!({
            "type": kind, "seq": 4, "comment": comment, "timestamp": TIME,
        }));
    }
    for by in ["author", "moderator"] {
        messages.push(json!({
            "type": "chat_removed", "seq": 9, "canvas_id": 7, "message_id": ID, "target_seq": 3,
            "remover_id": 2, "by": by, "timestamp": TIME,
        }));
    }
    messages.push(json!({"type": "notifications_read", "unread_count": 2}));
    for notification in notifications() {
        messages.push(json!({
            "type": "notification", "notification": notification, "unread_count": 3,
        }));
    }
    for kind in ["user_joined", "user_left"] {
        messages.push(json!({
            "type": kind, "user_id": 1, "username": "ann", "display_name": "Ann",
            "active_users": 2, "timestamp": TIME,
        }));
    }
    let mut locked = lock;
    locked["type"] = "tile_locked".into();
    messages.push(locked);
    for (kind, more) in [
        (
            "tile_created",
            json!({"title": "", "pixels": "/w==", "version": 1, "like_count": 0}),
        ),
        (
            "tile_updated",
            json!({"updater_id": 2, "version": 2, "like_count": 0, "title": "T"}),
        ),
        (
            "tile_updated",
            json!({"updater_id": 2, "version": 2, "like_count": 0, "delta": [[0, 255], [63, 1]]}),
        ),
        (
            "tile_updated",
            json!({"updater_id": 2, "version": 2, "like_count": 0, "pixels": "AQI="}),
        ),
        (
            "tile_liked",
            json!({"liker_id": 2, "liked": true, "like_count": 1}),
        ),
        ("tile_deleted", json!({"deleter_id": 1})),
    ] {
        let mut message = of_tile.clone();
        let fields = message.as_object_mut().unwrap();
        fields.insert("type".to_owned(), kind.into());
        fields.extend(more.as_object().unwrap().clone());
        messages.push(message);
    }
    messages
}

fn notifications() -> [Value; 4] {
    let ann = json!({"user_id": 1, "username": "ann", "display_name": "Ann"});
    [
        json!({
            "id": 9, "kind": "tile_liked", "canvas_id": 7, "canvas_name": "Sky", "actor": ann,
            "count": 2, "x": 1, "y": 0, "text": "Moon", "created_at": TIME, "read": false,
        }),
        json!({
            "id": 9, "kind": "mention", "canvas_id": 7, "canvas_name": "Sky", "actor": ann,
            "count": 1, "message_id": ID, "comment_id": 5, "conversation_id": 6,
            "text": "hello @bob", "created_at": TIME, "read": true,
        }),
        json!({
            "id": 9, "kind": "sanction", "canvas_id": null, "canvas_name": "", "actor": null,
            "count": 1, "text": "spam", "created_at": TIME, "read": false,
        }),
        json!({
            "id": 9, "kind": "export_ready", "canvas_id": 7, "canvas_name": "Sky", "actor": null,
            "count": 1, "export_id": 3, "text": "gif", "created_at": TIME, "read": false,
        }),
    ]
}

fn comment() -> Value {
    json!({
        "id": 5, "canvas_id": 7, "x": 1, "y": 0, "seq": 4, "at_seq": 3, "parent_id": null,
        "author": {"user_id": 1, "username": "ann", "display_name": "Ann"},
        "text": "a\nb \u{1f31f}", "resolved": true, "replies": 2, "removed": false,
        "created_at": TIME, "edited_at": TIME,
    })
}

fn chat() -> Value {
    json!({
        "message_id": ID, "canvas_id": 7, "seq": 3, "sender_id": 1, "sender_username": "ann",
        "sender_display_name": "Ann", "message_text": "a\nb \u{1f31f}", "created_at": TIME,
        "reply_to": null, "edited_at": null, "removed": false,
    })
}

fn direct_message() -> Value {
    json!({
        "message_id": ID, "conversation_id": 3, "seq": 3, "sender_id": 1, "text": "psst",
        "removed": false, "created_at": TIME, "op_id": ID,
    })
}

/// Reads from text and from a [`Value`], as server and browser do.
fn read<T: DeserializeOwned>(json: &Value) -> serde_json::Result<T> {
    let read: serde_json::Result<T> = serde_json::from_str(&json.to_string());
    let from_value: serde_json::Result<T> = serde_json::from_value(json.clone());
    assert_eq!(read.is_ok(), from_value.is_ok(), "{json}");
    read
}

#[test]
fn every_message_is_read_as_it_was_written() {
    let mut types = BTreeSet::new();
    for json in messages() {
        let message: ServerMessage = read(&json).unwrap();
        assert_eq!(serde_json::to_value(&message).unwrap(), json);
        let message_type = json["type"].as_str().unwrap();
        assert_eq!(message.message_type(), message_type);
        types.insert(message.message_type());
        let durable = read::<DurableEvent>(&json);
        let is_durable = DURABLE.contains(&message_type);
        assert_eq!(durable.is_ok(), is_durable, "{message_type}");
        if let Ok(durable) = durable {
            assert_eq!(serde_json::to_value(&durable).unwrap(), json);
            assert_eq!(durable.message_type(), message_type);
            assert_eq!(durable.seq(), json["seq"].as_i64().unwrap());
        }
    }
    // No type is missing above.
    let all = ServerMessage::MESSAGE_TYPES.iter().copied().collect();
    assert_eq!(types, all);
}

/// Replaces the values of fields whose type alone limits them.
fn vary(json: &mut Value, text: &str, integers: (i32, i64, u64), float: f64) {
    match json {
        Value::Array(items) => {
            for item in items {
                vary(item, text, integers, float);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "username"
                    | "display_name"
                    | "sender_username"
                    | "sender_display_name"
                    | "message_text"
                    | "status_message"
                    | "title"
                    | "name"
                    | "description"
                    | "highlight_type"
                    | "for" => *value = text.into(),
                    "message" if value.is_string() => *value = text.into(),
                    "tile_x" | "tile_y" | "width" | "height" => *value = integers.0.into(),
                    "seq" | "canvas_id" | "user_id" | "tile_id" | "last_seq" | "version"
                    | "like_count" | "duration" => *value = integers.1.into(),
                    "retry_after_ms" | "interval_ms" | "timeout_ms" => *value = integers.2.into(),
                    "x" | "y" if value.is_f64() => *value = float.into(),
                    _ => vary(value, text, integers, float),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #[test]
    fn every_message_is_read_as_it_was_written_whatever_its_values(
        text in any::<String>(),
        integers in any::<(i32, i64, u64)>(),
        float in any::<f64>().prop_filter("finite", |number| number.is_finite()),
    ) {
        for mut json in messages() {
            vary(&mut json, &text, integers, float);
            let message: ServerMessage = read(&json).unwrap();
            let written = serde_json::to_value(&message).unwrap();
            prop_assert_eq!(&written, &json);
            prop_assert_eq!(read::<ServerMessage>(&written).unwrap(), message);
        }
    }
}

#[test]
fn what_a_connection_without_a_canvas_begins_with_is_read_as_it_was_written() {
    round_trip::<UserConnected>(&json!({
        "type": "connected", "connection_id": ID, "user_id": 1, "username": "ann",
        "display_name": "Ann", "unread_count": 3, "sanctions": [], "blocked": [2],
        "server_time": TIME, "heartbeat": {"interval_ms": 1, "timeout_ms": 2},
    }));
}

#[test]
fn an_unknown_type_is_not_read() {
    for json in [
        json!({"type": "later", "seq": 1}),
        json!({"seq": 1}),
        json!([]),
    ] {
        assert!(read::<ServerMessage>(&json).is_err(), "{json}");
        assert!(read::<DurableEvent>(&json).is_err(), "{json}");
    }
}

#[test]
fn a_message_without_a_required_field_is_not_read() {
    for json in messages() {
        let fields = json.as_object().unwrap();
        for (name, value) in fields {
            let is_optional = value.is_null()
                || matches!(
                    name.as_str(),
                    "op_id"
                        | "seq"
                        | "version"
                        | "tile_id"
                        | "like_count"
                        | "comment_id"
                        | "retry_after_ms"
                        | "sanction"
                        | "sanctions"
                        | "newcomer_until"
                        | "removed"
                        | "reply_to"
                        | "edited_at"
                        | "cause"
                        | "undo_of"
                        | "outcome"
                        | "blocked"
                        | "canvas_id"
                        | "title"
                        | "delta"
                        | "pixels"
                        | "tile_x"
                        | "tile_y"
                )
                || (name == "message_id" && json["type"] == "ack")
                || (name == "timestamp" && json["type"] == "ack");
            let mut incomplete = fields.clone();
            incomplete.remove(name);
            if !is_optional {
                let read = read::<ServerMessage>(&Value::Object(incomplete));
                assert!(read.is_err(), "{json} without {name}");
            }
        }
    }
}

fn round_trip<T: DeserializeOwned + Serialize>(json: &Value) {
    let body: T = read(json).unwrap();
    assert_eq!(serde_json::to_value(&body).unwrap(), *json);
}

#[test]
fn every_body_is_read_as_it_was_written() {
    let tile = json!({
        "id": 3, "canvas_id": 7, "x": 1, "y": 0, "creator_id": 1, "creator_username": "ann",
        "title": "T", "pixels": "AQI=", "version": 2, "like_count": 1, "liked_by_me": true,
        "open_comments": 2, "created_at": TIME, "updated_at": TIME,
    });
    let account = json!({
        "id": 1, "username": "ann", "display_name": "Ann", "is_guest": false, "is_admin": false,
        "status_message": "", "created_at": TIME,
    });
    round_trip::<Canvas>(&canvas());
    round_trip::<User>(&account);
    round_trip::<Auth>(&json!({
        "token": "t", "token_type": "Bearer", "expires_at": TIME, "user": account,
    }));
    for notification in notifications() {
        round_trip::<Notification>(&notification);
    }
    let page = json!({"items": notifications(), "next_cursor": null, "unread_count": 4});
    round_trip::<NotificationPage>(&page);
    let switches = json!({
        "tile_liked": true, "tile_painted": false, "comment": true, "reply": true,
        "mention": true, "direct_message": false,
    });
    let preferences = json!({"notify": switches, "direct_messages": "shared_canvas"});
    round_trip::<Preferences>(&preferences);
    round_trip::<UpdatePreferences>(&preferences);
    round_trip::<UpdatePreferences>(&json!({"notify": {"mention": false}}));
    round_trip::<ReadNotifications>(&json!({"up_to_id": 7}));
    round_trip::<ReadNotifications>(&json!({"ids": [7, 8]}));
    let area = json!({"x0": 0, "y0": 1, "x1": 2, "y1": 3});
    round_trip::<NewExport>(&json!({"kind": "log"}));
    round_trip::<NewExport>(&json!({
        "kind": "apng", "area": area, "from": 7, "to": TIME, "seconds": 5, "scale": 2,
        "actor": "ann",
    }));
    let url = "/api/v1/exports/7/file";
    for (kind, state, progress, bytes, url) in [
        ("gif", "waiting", 0.0, 0, None),
        ("apng", "running", 0.5, 0, None),
        ("png", "done", 1.0, 70, Some(url)),
        ("log", "failed", 0.25, 0, None),
    ] {
        round_trip::<Export>(&json!({
            "id": 7, "canvas_id": 1, "kind": kind, "state": state, "progress": progress,
            "bytes": bytes, "url": url, "created_at": TIME, "expires_at": TIME,
        }));
    }
    round_trip::<Ticket>(&json!({"ticket": "t", "expires_at": TIME}));
    round_trip::<Tile>(&tile);
    round_trip::<ChatMessage>(&chat());
    round_trip::<Comment>(&comment());
    round_trip::<ActiveUser>(&user());
    round_trip::<Conversations>(&json!({
        "items": [{
            "id": 3, "with": {"user_id": 2, "username": "bob", "display_name": "Bob"},
            "state": "request", "last_message": direct_message(), "unread_count": 1,
            "created_at": TIME,
        }, {
            "id": 4, "with": {"user_id": 5, "username": "eve", "display_name": "Eve"},
            "state": "open", "last_message": null, "unread_count": 0, "created_at": TIME,
        }],
        "next_cursor": null, "unread_count": 1,
    }));
    round_trip::<Member>(&json!({
        "user_id": 1, "username": "ann", "display_name": "Ann", "role": "viewer",
    }));
    round_trip::<Page<Canvas>>(&json!({"items": [canvas()], "next_cursor": "x"}));
    round_trip::<Page<Canvas>>(&json!({"items": [], "next_cursor": null}));
    round_trip::<Snapshot>(&json!({
        "epoch": ID, "seq": 5, "canvas": canvas(), "active_count": 1, "tiles": [tile],
        "messages": [chat()], "active_users": [user()],
    }));
    let problem = json!({
        "type": "about:blank", "title": "No", "status": 422, "code": "validation_failed",
        "detail": "no", "errors": [{"field": "name", "message": "is missing"}],
    });
    round_trip::<Problem>(&problem);
    let mut plain = problem;
    plain.as_object_mut().unwrap().remove("errors");
    round_trip::<Problem>(&plain);
}

fn names<T: Serialize + DeserializeOwned>(names: &[&str]) {
    for name in names {
        round_trip::<T>(&json!(name));
    }
}

#[test]
fn every_name_is_read_as_it_was_written() {
    names::<Status>(&["online", "away", "busy"]);
    names::<ErrorCode>(&[
        "invalid_json",
        "unknown_type",
        "invalid_message",
        "text_empty",
        "text_too_long",
        "canvas_mismatch",
        "out_of_bounds",
        "tile_exists",
        "tile_not_found",
        "tile_locked",
        "version_conflict",
        "forbidden",
        "sanctioned",
        "newcomer",
        "slow_mode",
        "locked_down",
        "message_not_found",
        "conversation_not_found",
        "not_wanted",
        "comment_not_found",
        "rate_limited",
        "unauthenticated",
        "unavailable",
        "too_far_behind",
        "internal",
        "other",
    ]);
    names::<NotificationKind>(&[
        "tile_liked",
        "tile_painted",
        "comment",
        "reply",
        "mention",
        "direct_message",
        "role_set",
        "sanction",
        "case_decided",
        "appeal_decided",
        "invite_used",
        "export_ready",
        "other",
    ]);
    names::<DirectMessages>(&["everybody", "shared_canvas", "nobody"]);
    names::<ConversationState>(&["open", "request", "blocked"]);
    names::<Role>(&["viewer", "editor", "moderator", "owner"]);
    names::<Visibility>(&["public", "unlisted", "private"]);
    names::<EditPolicy>(&["open", "exclusive", "own"]);
    let later = json!("of_a_later_version");
    assert_eq!(read::<ErrorCode>(&later).unwrap(), ErrorCode::Other);
    assert!(read::<Status>(&later).is_err());
}
