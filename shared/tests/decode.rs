//! Thousands of damaged frames: the decoder never panics, refuses them with one
//! of its own codes, and reads again what was written from its result.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use shared::protocol::{ClientMessage, ErrorCode, decode};

/// A frame of each type, with all fields.
const FRAMES: [&str; 22] = [
    r#"{"type":"hello","client_name":"Ann's","device":{"os":"x","n":[1,2.5,null]}}"#,
    r#"{"type":"canvas_chat","text":" hi\r\nthere ","canvas_id":7,"op_id":"018f4e1c-0000-7000-8000-000000000001"}"#,
    r#"{"type":"comment_create","x":1,"y":2,"text":" é\r\n","parent_id":3}"#,
    r#"{"type":"comment_update","comment_id":4,"text":"x","resolved":false}"#,
    r#"{"type":"comment_remove","comment_id":9007199254740993}"#,
    r#"{"type":"user_presence","presence_type":"typing","is_typing":true}"#,
    r#"{"type":"user_presence","presence_type":"editing_tile","tile_x":1,"tile_y":2,"is_editing":false}"#,
    r#"{"type":"user_presence","presence_type":"status","status":"busy","status_message":"soon"}"#,
    r#"{"type":"user_presence","presence_type":"cursor","x":12.25,"y":-3e2}"#,
    r#"{"type":"tile_mention","tile_x":0,"tile_y":1,"highlight_type":"look_here","message":"é","duration":700}"#,
    r#"{"type":"tile_create","x":3,"y":4,"title":"a tile","pixels":"AAECAw=="}"#,
    r#"{"type":"tile_paint","x":0,"y":0,"pixels":[[0,1],[63,255]],"op_id":"018f4e1c-0000-7000-8000-000000000002"}"#,
    r#"{"type":"tile_update","x":1,"y":1,"title":"new","pixels":"////"}"#,
    r#"{"type":"tile_like","x":1,"y":1,"liked":true}"#,
    r#"{"type":"tile_delete","x":99999999999999999999,"y":-1}"#,
    r#"{"type":"tile_lock","x":1,"y":1}"#,
    r#"{"type":"tile_unlock","x":1,"y":1}"#,
    r#"{"type":"request_update","last_seq":12}"#,
    r#"{"type":"ping","timestamp":"now"}"#,
    r#"{"type":"heartbeat","timestamp":17.125}"#,
    r#"{"type":"heartbeat"}"#,
    r#"{"type":"auth_refresh","token":"a.b.c"}"#,
];

/// Inserted at random places: values of wrong types and at the ends of ranges.
const PIECES: [&str; 28] = [
    "null",
    "true",
    "-1",
    "0",
    "1.5",
    "1e400",
    "-0.0",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
    "\"\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\u{202e}\"",
    "{}",
    "[]",
    "[[0,0]]",
    "[[65536,0]]",
    "{\"type\":\"ping\"}",
    "\"type\":\"tile_paint\",",
    "\"op_id\":7,",
    ",",
    ":",
    "\"",
    "}",
    "[[[[[[[[[[[[[[[[",
    "\u{feff}",
    "  \n\t",
];

fn damaged(random: &mut StdRng) -> String {
    let mut bytes = FRAMES[random.random_range(0..FRAMES.len())]
        .as_bytes()
        .to_vec();
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(0..=bytes.len());
        let until = bytes.len().min(at + random.random_range(0..12));
        match random.random_range(0..6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..until)),
            2 => bytes[at..until].iter_mut().for_each(|b| *b ^= 1),
            3 => {
                let again = bytes[at..until].to_vec();
                bytes.splice(at..at, again);
            }
            4 => {
                let other = FRAMES[random.random_range(0..FRAMES.len())].as_bytes();
                let from = random.random_range(0..other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let piece = PIECES[random.random_range(0..PIECES.len())];
                bytes.splice(at..until, piece.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A frame that is still JSON, with one field replaced or removed.
fn with_wrong_field(random: &mut StdRng) -> String {
    let frame = FRAMES[random.random_range(0..FRAMES.len())];
    let mut frame: serde_json::Value = serde_json::from_str(frame).unwrap();
    let fields = frame.as_object_mut().unwrap();
    let place = random.random_range(0..fields.len());
    let name = fields.keys().nth(place).unwrap().clone();
    let piece = PIECES[random.random_range(0..PIECES.len())];
    match serde_json::from_str(piece) {
        Ok(value) => fields.insert(name, value),
        Err(_) => fields.remove(&name),
    };
    frame.to_string()
}

/// Whether the frame is read. Panics if the result breaks a rule.
fn is_read(frame: &str) -> bool {
    match decode(frame) {
        Ok(request) => {
            let written = serde_json::to_string(&request).unwrap();
            assert_eq!(decode(&written).as_ref(), Ok(&request), "{frame}");
            true
        }
        Err(error) => {
            let own = matches!(
                error.code,
                ErrorCode::InvalidJson
                    | ErrorCode::UnknownType
                    | ErrorCode::InvalidMessage
                    | ErrorCode::TextEmpty
                    | ErrorCode::TextTooLong
            );
            assert!(own && !error.message.is_empty(), "{frame}: {error:?}");
            false
        }
    }
}

#[test]
fn damaged_frames_are_refused_or_read_unchanged_again() {
    assert!(FRAMES.iter().all(|frame| is_read(frame)));
    let mut random = StdRng::seed_from_u64(20_261_121);
    let mut read = 0;
    for _ in 0..20_000 {
        read += u32::from(is_read(&damaged(&mut random)));
        read += u32::from(is_read(&with_wrong_field(&mut random)));
    }
    // Both outcomes are frequent.
    assert!((2_000..38_000).contains(&read), "{read}");
}

proptest! {
    #[test]
    fn a_number_is_echoed_unchanged(number in prop_oneof![
        any::<f64>().prop_filter("finite", |number| number.is_finite()),
        // The range of clocks in browsers.
        0.0..1e13,
    ]) {
        let number = serde_json::to_string(&number).unwrap();
        let ping = format!(r#"{{"type":"ping","timestamp":{number}}}"#);
        let echoed = match decode(&ping).unwrap().message {
            ClientMessage::Ping { timestamp } => timestamp.to_string(),
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(echoed, number);
    }
}
