//! Reading what a client sent, with an error that says which field is wrong.

#[cfg(feature = "arbitrary_numbers")]
use super::lenient_json::parse;
use super::{
    ErrorCode,
    client::{ClientMessage, PresenceChange, Request},
};
use crate::{
    ids::{CanvasId, OpId},
    json, limits,
    pixels::{PixelEdit, Pixels},
    presence::Status,
    text::{self, ChatText, TextError},
};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use thiserror::Error;

/// Why a message was refused before anybody looked at the canvas.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct DecodeError {
    /// For programs.
    pub code: ErrorCode,
    /// For people; names the field.
    pub message: String,
    /// Where it could be read.
    pub op_id: Option<OpId>,
}

/// Reads one text frame.
///
/// # Errors
/// [`DecodeError`] with `invalid_json`, `unknown_type`, `invalid_message`,
/// `text_empty` or `text_too_long`.
pub fn decode(frame: &str) -> Result<Request, DecodeError> {
    let value = parse(frame).ok_or_else(|| plain(ErrorCode::InvalidJson, "this is not JSON"))?;
    let Value::Object(map) = value else {
        return Err(plain(ErrorCode::UnknownType, "this is not a JSON object"));
    };
    let fields = Fields { map };
    let op_id = fields.op_id();
    let known = op_id.as_ref().ok().copied().flatten();
    let with_op = |error: Invalid| DecodeError {
        code: error.code,
        message: error.message,
        op_id: known,
    };
    let message = fields.message().map_err(with_op)?;
    let op_id = op_id.map_err(with_op)?;
    Ok(Request { op_id, message })
}

#[cfg(not(feature = "arbitrary_numbers"))]
fn parse(frame: &str) -> Option<Value> {
    serde_json::from_str(frame).ok()
}

fn plain(code: ErrorCode, message: &str) -> DecodeError {
    DecodeError {
        code,
        message: message.to_owned(),
        op_id: None,
    }
}

struct Invalid {
    code: ErrorCode,
    message: String,
}

fn invalid(field: &str, problem: &str) -> Invalid {
    Invalid {
        code: ErrorCode::InvalidMessage,
        message: format!("{field} {problem}"),
    }
}

/// The fields of a JSON object; null counts as not given.
struct Fields {
    map: Map<String, Value>,
}

impl Fields {
    fn message(&self) -> Result<ClientMessage, Invalid> {
        let unknown = || Invalid {
            code: ErrorCode::UnknownType,
            message: "type is not one of this contract".to_owned(),
        };
        let kind = self.get("type").and_then(Value::as_str);
        Ok(match kind.ok_or_else(unknown)? {
            "hello" => ClientMessage::Hello {
                client_name: self
                    .text("client_name", &limits::CLIENT_NAME)?
                    .unwrap_or_default(),
                device: self.device()?,
            },
            "canvas_chat" => ClientMessage::CanvasChat {
                text: self.chat_text()?,
                canvas_id: self.optional_integer("canvas_id")?.map(CanvasId),
            },
            "user_presence" => ClientMessage::UserPresence(self.presence()?),
            "tile_mention" => ClientMessage::TileMention {
                tile_x: self.coordinate("tile_x")?,
                tile_y: self.coordinate("tile_y")?,
                highlight_type: text::highlight_type(self.string("highlight_type")?)
                    .map_err(|error| invalid("highlight_type", &error.to_string()))?,
                message: self
                    .text("message", &limits::MENTION_MESSAGE)?
                    .unwrap_or_default(),
                duration: self.duration()?,
            },
            "tile_create" => ClientMessage::TileCreate {
                x: self.coordinate("x")?,
                y: self.coordinate("y")?,
                title: self.text("title", &limits::TILE_TITLE)?.unwrap_or_default(),
                pixels: self.pixels()?,
            },
            "tile_paint" => ClientMessage::TilePaint {
                x: self.coordinate("x")?,
                y: self.coordinate("y")?,
                pixels: self.edits()?,
            },
            "tile_update" => ClientMessage::TileUpdate {
                x: self.coordinate("x")?,
                y: self.coordinate("y")?,
                title: self.text("title", &limits::TILE_TITLE)?,
                pixels: self.pixels()?,
            },
            "tile_like" => ClientMessage::TileLike {
                x: self.coordinate("x")?,
                y: self.coordinate("y")?,
                liked: self.boolean("liked")?,
            },
            "tile_delete" => ClientMessage::TileDelete {
                x: self.coordinate("x")?,
                y: self.coordinate("y")?,
            },
            "tile_lock" => ClientMessage::TileLock {
                x: self.coordinate("x")?,
                y: self.coordinate("y")?,
            },
            "tile_unlock" => ClientMessage::TileUnlock {
                x: self.coordinate("x")?,
                y: self.coordinate("y")?,
            },
            "request_update" => ClientMessage::RequestUpdate {
                last_seq: self.last_seq()?,
            },
            "ping" => ClientMessage::Ping {
                timestamp: self.timestamp()?,
            },
            "heartbeat" => ClientMessage::Heartbeat {
                timestamp: self.timestamp()?,
            },
            "auth_refresh" => ClientMessage::AuthRefresh {
                token: self.string("token")?.to_owned(),
            },
            _ => return Err(unknown()),
        })
    }

    fn presence(&self) -> Result<PresenceChange, Invalid> {
        Ok(match self.string("presence_type")? {
            "typing" => PresenceChange::Typing {
                is_typing: self.boolean("is_typing")?,
            },
            "editing_tile" => PresenceChange::EditingTile {
                tile_x: self.coordinate("tile_x")?,
                tile_y: self.coordinate("tile_y")?,
                is_editing: self.boolean("is_editing")?,
            },
            "status" => PresenceChange::Status {
                status: match self.string("status")? {
                    "online" => Status::Online,
                    "away" => Status::Away,
                    "busy" => Status::Busy,
                    _ => return Err(invalid("status", "must be online, away or busy")),
                },
                status_message: self.text("status_message", &limits::STATUS_MESSAGE)?,
            },
            "cursor" => PresenceChange::Cursor {
                x: self.number("x")?,
                y: self.number("y")?,
            },
            _ => {
                return Err(invalid(
                    "presence_type",
                    "must be typing, editing_tile, status or cursor",
                ));
            }
        })
    }

    fn get(&self, field: &str) -> Option<&Value> {
        self.map.get(field).filter(|value| !value.is_null())
    }

    fn need(&self, field: &str) -> Result<&Value, Invalid> {
        self.get(field).ok_or_else(|| invalid(field, "is missing"))
    }

    fn string(&self, field: &str) -> Result<&str, Invalid> {
        self.need(field)?
            .as_str()
            .ok_or_else(|| invalid(field, "must be a string"))
    }

    fn text(&self, field: &str, length: &RangeInclusive<usize>) -> Result<Option<String>, Invalid> {
        if self.get(field).is_none() {
            return Ok(None);
        }
        text::clean(self.string(field)?, length)
            .map(Some)
            .map_err(|error| invalid(field, &error.to_string()))
    }

    fn boolean(&self, field: &str) -> Result<bool, Invalid> {
        self.need(field)?
            .as_bool()
            .ok_or_else(|| invalid(field, "must be true or false"))
    }

    fn number(&self, field: &str) -> Result<f64, Invalid> {
        self.need(field)?
            .as_f64()
            .filter(|number| number.is_finite())
            .ok_or_else(|| invalid(field, "must be a number"))
    }

    fn integer(&self, field: &str) -> Result<i64, Invalid> {
        integer(self.need(field)?).ok_or_else(|| invalid(field, "must be an integer"))
    }

    fn optional_integer(&self, field: &str) -> Result<Option<i64>, Invalid> {
        self.get(field).map(|_| self.integer(field)).transpose()
    }

    /// Integers of any size are coordinates; outside of `i32` they are clamped,
    /// which is outside of every canvas as well.
    fn coordinate(&self, field: &str) -> Result<i32, Invalid> {
        let wide = self.integer(field)?;
        Ok(i32::try_from(wide).unwrap_or(if wide < 0 { i32::MIN } else { i32::MAX }))
    }

    fn op_id(&self) -> Result<Option<OpId>, Invalid> {
        let Some(value) = self.get("op_id") else {
            return Ok(None);
        };
        value
            .as_str()
            .and_then(|text| text.parse().ok())
            .map(Some)
            .ok_or_else(|| invalid("op_id", "must be a UUID"))
    }

    fn chat_text(&self) -> Result<ChatText, Invalid> {
        ChatText::parse(self.string("text")?).map_err(|error| Invalid {
            code: match error {
                TextError::Empty | TextError::TooShort(_) => ErrorCode::TextEmpty,
                TextError::TooLong(_) => ErrorCode::TextTooLong,
                TextError::Control | TextError::Alphabet(_) => ErrorCode::InvalidMessage,
            },
            message: format!("text {error}"),
        })
    }

    fn device(&self) -> Result<Map<String, Value>, Invalid> {
        let Some(value) = self.get("device") else {
            return Ok(Map::new());
        };
        let device = value
            .as_object()
            .ok_or_else(|| invalid("device", "must be an object"))?;
        if json::write(device).len() > limits::DEVICE_BYTES {
            return Err(invalid("device", "must have at most 2048 bytes"));
        }
        Ok(device.clone())
    }

    fn duration(&self) -> Result<i64, Invalid> {
        let duration = self
            .optional_integer("duration")?
            .unwrap_or(limits::DEFAULT_MENTION_DURATION_MS);
        if limits::MENTION_DURATION_MS.contains(&duration) {
            Ok(duration)
        } else {
            Err(invalid("duration", "must be 500 to 10000 milliseconds"))
        }
    }

    fn last_seq(&self) -> Result<i64, Invalid> {
        let last_seq = self.integer("last_seq")?;
        if last_seq < 0 {
            return Err(invalid("last_seq", "must not be negative"));
        }
        Ok(last_seq)
    }

    fn pixels(&self) -> Result<Option<Pixels>, Invalid> {
        if self.get("pixels").is_none() {
            return Ok(None);
        }
        Pixels::decode(self.string("pixels")?)
            .map(Some)
            .map_err(|_| invalid("pixels", "must be base64"))
    }

    fn edits(&self) -> Result<Vec<PixelEdit>, Invalid> {
        let wrong = || invalid("pixels", "must be pairs [index, colour]");
        let edits = self.need("pixels")?.as_array().ok_or_else(wrong)?;
        if !limits::PAINT_PIXELS.contains(&edits.len()) {
            return Err(invalid("pixels", "must have 1 to 1024 entries"));
        }
        edits
            .iter()
            .map(|edit| match edit.as_array().map(Vec::as_slice) {
                Some([index, colour]) => {
                    let index = integer(index).and_then(|i| u16::try_from(i).ok());
                    let colour = integer(colour).and_then(|c| u8::try_from(c).ok());
                    index
                        .zip(colour)
                        .map(|(i, c)| PixelEdit(i, c))
                        .ok_or_else(wrong)
                }
                _ => Err(wrong()),
            })
            .collect()
    }

    fn timestamp(&self) -> Result<Value, Invalid> {
        match self.get("timestamp") {
            None => Ok(Value::String(String::new())),
            Some(value @ (Value::String(_) | Value::Number(_))) => Ok(value.clone()),
            Some(_) => Err(invalid("timestamp", "must be a string or a number")),
        }
    }
}

/// A number without a fraction; beyond `i64` the nearest there is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, which is what is wanted"
)]
fn integer(value: &Value) -> Option<i64> {
    if let Some(integer) = value.as_i64() {
        return Some(integer);
    }
    let number = value.as_f64()?;
    (number.is_finite() && number.fract() == 0.0).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn code(value: &Value) -> ErrorCode {
        decode(&value.to_string()).unwrap_err().code
    }

    #[test]
    fn what_was_written_is_read_again() {
        let op = OpId::from(Uuid::from_u128(7));
        let request = Request {
            op_id: Some(op),
            message: ClientMessage::TilePaint {
                x: 1,
                y: 2,
                pixels: vec![PixelEdit(3, 4), PixelEdit(5, 255)],
            },
        };
        let json = json::write(&request);
        assert!(json.contains(r#""pixels":[[3,4],[5,255]]"#), "{json}");
        assert_eq!(decode(&json).unwrap(), request);
        let request = Request {
            op_id: None,
            message: ClientMessage::UserPresence(PresenceChange::Typing { is_typing: true }),
        };
        let json: Value = serde_json::from_str(&json::write(&request)).unwrap();
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
            let frame =
                format!(r#"{{"type":"tile_paint","x":0,"y":0,"pixels":[[{index},{colour}]]}}"#);
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
}
