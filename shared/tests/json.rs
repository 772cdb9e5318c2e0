//! What the server writes with serde, the browser reads with `json`: each
//! message and each body, with and without what may be left out.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use shared::{
    api::{Auth, Canvas, ChatMessage, Member, Page, Problem, Snapshot, Ticket, Tile, User},
    json::{self, FromJson, ToJson},
    presence::{ActiveUser, Status},
    protocol::{Durable, ErrorCode, ServerMessage},
};
use std::fmt::Debug;

const ID: &str = "018f4e1c-0000-7000-8000-000000000001";
const DURABLE: [&str; 6] = [
    "canvas_chat_message",
    "tile_created",
    "tile_updated",
    "tile_liked",
    "tile_deleted",
    "canvas_updated",
];
const TIME: &str = "2025-08-29T21:45:19.000Z";

fn canvas() -> Value {
    json!({
        "id": 7, "name": "Sky", "description": "", "width": 3, "height": 2, "tile_size": 8,
        "palette": ["#000000", "#ffffff"], "visibility": "unlisted", "edit_policy": "own",
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
            "heartbeat": {"interval_ms": 10000, "timeout_ms": 20000},
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
        json!({"type": "announcement", "message": "hi", "canvas_id": 7, "timestamp": TIME}),
        json!({
            "type": "canvas_updated", "seq": 4, "canvas_id": 7, "canvas": canvas(),
            "timestamp": TIME,
        }),
        json!({"type": "ack", "for": "tile_lock"}),
        json!({
            "type": "ack", "for": "tile_paint", "op_id": ID, "seq": 2, "version": 1, "tile_id": 3,
            "like_count": 0,
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
    messages.push(chat);
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

fn chat() -> Value {
    json!({
        "message_id": ID, "canvas_id": 7, "seq": 3, "sender_id": 1, "sender_username": "ann",
        "sender_display_name": "Ann", "message_text": "a\nb \u{1f31f}", "created_at": TIME,
    })
}

#[test]
fn every_message_is_read_as_it_was_written() {
    for json in messages() {
        let message: ServerMessage = json::read(&json.to_string()).expect("it is read");
        assert_eq!(serde_json::to_value(&message).unwrap(), json);
        let durable: Option<Durable> = json::read(&json.to_string());
        let kind = json["type"].as_str().unwrap();
        assert_eq!(durable.is_some(), DURABLE.contains(&kind), "{kind}");
        if let Some(durable) = durable {
            assert_eq!(serde_json::to_value(&durable).unwrap(), json);
        }
    }
}

#[test]
fn a_message_that_lacks_something_is_not_read() {
    for json in messages() {
        let fields = json.as_object().unwrap();
        for (name, value) in fields {
            let may_lack = value.is_null()
                || value.is_array()
                || matches!(
                    name.as_str(),
                    "op_id"
                        | "seq"
                        | "version"
                        | "tile_id"
                        | "like_count"
                        | "retry_after_ms"
                        | "canvas_id"
                        | "title"
                        | "delta"
                        | "pixels"
                        | "tile_x"
                        | "tile_y"
                );
            let mut lacking = fields.clone();
            lacking.remove(name);
            if !may_lack {
                let read: Option<ServerMessage> = json::read(&Value::Object(lacking).to_string());
                assert!(read.is_none(), "{json} without {name}");
            }
        }
    }
}

fn agrees<T: FromJson + DeserializeOwned + Serialize + Debug>(json: &Value) {
    let text = json.to_string();
    let read: T = json::read(&text).expect("it is read");
    let derived: T = serde_json::from_str(&text).unwrap();
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(written, serde_json::to_value(&derived).unwrap());
    assert_eq!(written, *json);
}

#[test]
fn bodies_are_read_as_serde_reads_them() {
    let tile = json!({
        "id": 3, "canvas_id": 7, "x": 1, "y": 0, "creator_id": 1, "creator_username": "ann",
        "title": "T", "pixels": "AQI=", "version": 2, "like_count": 1, "liked_by_me": true,
        "created_at": TIME, "updated_at": TIME,
    });
    let account = json!({
        "id": 1, "username": "ann", "display_name": "Ann", "is_guest": false,
        "status_message": "", "created_at": TIME,
    });
    agrees::<Canvas>(&canvas());
    agrees::<User>(&account);
    agrees::<Auth>(&json!({
        "token": "t", "token_type": "Bearer", "expires_at": TIME, "user": account,
    }));
    agrees::<Ticket>(&json!({"ticket": "t", "expires_at": TIME}));
    agrees::<Tile>(&tile);
    agrees::<ChatMessage>(&chat());
    agrees::<ActiveUser>(&user());
    agrees::<Member>(&json!({
        "user_id": 1, "username": "ann", "display_name": "Ann", "role": "viewer",
    }));
    agrees::<Page<Canvas>>(&json!({"items": [canvas()], "next_cursor": "x"}));
    agrees::<Page<Canvas>>(&json!({"items": [], "next_cursor": null}));
    agrees::<Snapshot>(&json!({
        "epoch": ID, "seq": 5, "canvas": canvas(), "tiles": [tile], "messages": [chat()],
        "active_users": [user()],
    }));
    let problem = json!({
        "type": "about:blank", "title": "No", "status": 422, "code": "validation_failed",
        "detail": "no", "errors": [{"field": "name", "message": "is missing"}],
    });
    agrees::<Problem>(&problem);
    let mut plain = problem;
    plain.as_object_mut().unwrap().remove("errors");
    agrees::<Problem>(&plain);
}

fn named<T: FromJson + ToJson + Serialize + DeserializeOwned>(names: &[&str]) {
    for name in names {
        let text = format!("{name:?}");
        let read: T = json::read(&text).expect("it is read");
        let derived: T = serde_json::from_str(&text).unwrap();
        assert_eq!(json::write(&read), text);
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(json::write(&derived), text);
    }
}

#[test]
fn names_are_those_of_serde() {
    named::<Status>(&["online", "away", "busy"]);
    named::<ErrorCode>(&[
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
        "rate_limited",
        "unauthenticated",
        "unavailable",
        "internal",
        "other",
    ]);
    named::<shared::canvas::Role>(&["viewer", "editor", "moderator", "owner"]);
    named::<shared::canvas::Visibility>(&["public", "unlisted", "private"]);
    named::<shared::canvas::EditPolicy>(&["open", "exclusive", "own"]);
    let later: Option<ErrorCode> = json::read("\"of_a_later_version\"");
    assert_eq!(later, Some(ErrorCode::Other));
    assert_eq!(json::read::<Status>("\"of_a_later_version\""), None);
}
