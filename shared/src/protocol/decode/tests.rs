//! Codes and messages of the decoder, case by case.

use super::*;
use crate::pixels::PixelEdit;
use serde_json::json;
use uuid::Uuid;

fn code(value: &Value) -> ErrorCode {
    decode(&value.to_string()).unwrap_err().code
}

#[test]
fn what_was_written_is_read_again() {
    let op = OpId::from(Uuid::from_u128(7));
    let request = ClientRequest {
        op_id: Some(op),
        message: ClientMessage::TilePaint {
            x: 1,
            y: 2,
            pixels: vec![PixelEdit(3, 4), PixelEdit(5, 255)],
            undo_of: None,
        },
    };
    let json = serde_json::to_string(&request).unwrap();
    assert!(json.contains(r#""pixels":[[3,4],[5,255]]"#), "{json}");
    assert_eq!(decode(&json).unwrap(), request);
    let request = ClientRequest {
        op_id: None,
        message: ClientMessage::UserPresence(PresenceChange::Typing { is_typing: true }),
    };
    let json: Value = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
    assert_eq!(
        json,
        json!({"type": "user_presence", "presence_type": "typing", "is_typing": true})
    );
    assert_eq!(decode(&json.to_string()).unwrap(), request);
}

#[test]
fn each_mistake_has_its_code() {
    assert_eq!(decode("{").unwrap_err().code, ErrorCode::InvalidJson);
    assert_eq!(code(&json!([1])), ErrorCode::UnknownType);
    assert_eq!(code(&json!({"type": 3})), ErrorCode::UnknownType);
    assert_eq!(code(&json!({"type": "nonsense"})), ErrorCode::UnknownType);
    let chat = |text: &str| json!({"type": "canvas_chat", "text": text});
    assert_eq!(code(&chat("  ")), ErrorCode::TextEmpty);
    assert_eq!(code(&chat(&"x".repeat(2001))), ErrorCode::TextTooLong);
    assert_eq!(code(&chat("a\u{7}")), ErrorCode::InvalidMessage);
    assert_eq!(
        code(&json!({"type": "canvas_chat"})),
        ErrorCode::InvalidMessage
    );
}

#[test]
fn without_a_canvas_only_what_needs_none_is_known() {
    let decoded = |kind: &str| {
        let frame = json!({ "type": kind, "token": "t" }).to_string();
        decode_without_canvas(&frame)
    };
    for kind in ClientMessage::MESSAGE_TYPES {
        // What lacks its fields is known all the same.
        let is_unknown = decoded(kind).is_err_and(|error| error.code == ErrorCode::UnknownType);
        assert_eq!(is_unknown, !WITHOUT_CANVAS.contains(kind), "{kind}");
    }
    for kind in WITHOUT_CANVAS {
        assert!(ClientMessage::MESSAGE_TYPES.contains(&kind), "{kind}");
    }
    assert_eq!(
        decoded("nonsense").unwrap_err().code,
        ErrorCode::UnknownType
    );
}

#[test]
fn the_op_id_is_echoed_even_when_the_rest_is_wrong() {
    let op = Uuid::from_u128(9);
    let error =
        decode(&json!({"type": "tile_like", "x": "a", "op_id": op}).to_string()).unwrap_err();
    assert_eq!(error.op_id, Some(OpId::from(op)));
    assert!(error.message.starts_with("x "), "{}", error.message);
    let unknown = decode(&json!({"type": "?", "op_id": op}).to_string()).unwrap_err();
    assert_eq!(unknown.op_id, Some(OpId::from(op)));
}

#[test]
fn integers_of_any_size_are_coordinates_and_nothing_else_is() {
    let delete = |x: &str| decode(&format!(r#"{{"type":"tile_delete","x":{x},"y":0}}"#));
    for (text, x) in [
        ("-1", -1),
        ("99999999999", i32::MAX),
        ("99999999999999999999999", i32::MAX),
        ("-99999999999999999999999", i32::MIN),
    ] {
        let message = delete(text).unwrap().message;
        assert_eq!(message, ClientMessage::TileDelete { x, y: 0 });
    }
    for text in ["1.5", "\"1\"", "null", "[1]", "true"] {
        assert_eq!(delete(text).unwrap_err().code, ErrorCode::InvalidMessage);
    }
}

/// Needs the feature, which the server turns on and so every test of the workspace has.
#[cfg(feature = "arbitrary_numbers")]
#[test]
fn numbers_of_any_size_and_shape_are_json() {
    let huge = format!("1{}", "0".repeat(400));
    let minus_huge = format!("-{huge}");
    let far = [
        "1e400",
        "-1e400",
        &huge,
        &minus_huge,
        "99999999999",
        "-1E+99",
    ];
    let read = |frame: &str| decode(frame).map(|request| request.message);
    for number in far {
        // Outside of every grid, which only the canvas can tell.
        for kind in ["tile_delete", "tile_lock", "tile_create"] {
            let frame = format!(r#"{{"type":"{kind}","x":{number},"y":0}}"#);
            assert!(read(&frame).is_ok(), "{frame}");
        }
        for edit in [
            format!("[{number},1]"),
            format!("[1,{number}]"),
            format!("[[{number}],1]"),
            number.to_owned(),
        ] {
            let frame = format!(r#"{{"type":"tile_paint","x":0,"y":0,"pixels":[{edit}]}}"#);
            let error = read(&frame).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidMessage, "{frame}");
        }
        let unknown = format!(r#"{{"type":{number}}}"#);
        assert_eq!(read(&unknown).unwrap_err().code, ErrorCode::UnknownType);
        let list = format!("[[{number}]]");
        assert_eq!(read(&list).unwrap_err().code, ErrorCode::UnknownType);
    }
    for wrong in ["1.5", "-0.25", "1e-3", "[0]", "{}", "\"1\"", "true", "null"] {
        for frame in [
            format!(r#"{{"type":"tile_delete","x":{wrong},"y":0}}"#),
            format!(r#"{{"type":"tile_paint","x":0,"y":0,"pixels":[[{wrong},0]]}}"#),
            format!(r#"{{"type":"tile_paint","x":0,"y":0,"pixels":[[0,{wrong}]]}}"#),
        ] {
            let error = read(&frame).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidMessage, "{frame}");
        }
    }
    for (index, colour) in [("0", "-1"), ("-1", "0"), ("65536", "0"), ("0", "256")] {
        let frame = format!(r#"{{"type":"tile_paint","x":0,"y":0,"pixels":[[{index},{colour}]]}}"#);
        let error = read(&frame).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidMessage, "{frame}");
    }
}

#[test]
fn limits_are_kept() {
    let mention = |key: &str, value: Value| {
        let mut message = json!({"type": "tile_mention", "tile_x": 0, "tile_y": 0,
            "highlight_type": "mention"});
        message[key] = value;
        decode(&message.to_string())
    };
    assert!(mention("duration", json!(500)).is_ok());
    assert!(mention("duration", json!(499)).is_err());
    assert!(mention("message", json!("x".repeat(201))).is_err());
    assert!(mention("highlight_type", json!("Loud")).is_err());
    let paint = |pixels: Value| {
        decode(&json!({"type": "tile_paint", "x": 0, "y": 0, "pixels": pixels}).to_string())
    };
    assert!(paint(json!([])).is_err());
    assert!(paint(json!([[0, 256]])).is_err());
    assert!(paint(json!([[-1, 0]])).is_err());
    assert!(paint(json!([[0]])).is_err());
    assert!(paint(json!(vec![[0, 1]; 1025])).is_err());
    assert!(paint(json!(vec![[0, 1]; 1024])).is_ok());
}

#[test]
fn a_timestamp_comes_back_as_it_came() {
    for timestamp in [json!("abc"), json!(17), json!(1.5)] {
        let ping = json!({"type": "ping", "timestamp": timestamp}).to_string();
        assert_eq!(
            decode(&ping).unwrap().message,
            ClientMessage::Ping { timestamp }
        );
    }
    assert_eq!(
        code(&json!({"type": "ping", "timestamp": {}})),
        ErrorCode::InvalidMessage
    );
}
