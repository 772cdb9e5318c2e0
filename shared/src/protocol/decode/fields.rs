//! Typed access to the fields of a client's message.

use crate::{
    ids::{ConversationId, MessageId, OpId},
    limits,
    pixels::{PixelEdit, Pixels},
    protocol::ErrorCode,
    text::{self, ChatText, TextError},
};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// Why a field was refused.
pub(super) struct Invalid {
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

/// The error `invalid_message` for a field.
pub(super) fn invalid(field: &str, problem: &str) -> Invalid {
    Invalid {
        code: ErrorCode::InvalidMessage,
        message: format!("{field} {problem}"),
    }
}

/// The fields of a JSON object. A field that is null counts as absent.
pub(super) struct Fields {
    map: Map<String, Value>,
}

impl Fields {
    pub(super) fn new(map: Map<String, Value>) -> Self {
        Self { map }
    }

    /// The field's value; none if it is absent.
    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.map.get(field).filter(|value| !value.is_null())
    }

    /// The value of a field that must be there.
    fn need(&self, field: &str) -> Result<&Value, Invalid> {
        self.get(field).ok_or_else(|| invalid(field, "is missing"))
    }

    pub(super) fn string(&self, field: &str) -> Result<&str, Invalid> {
        self.need(field)?
            .as_str()
            .ok_or_else(|| invalid(field, "must be a string"))
    }

    /// A text, cleaned and of the given length in characters; none if it is
    /// absent.
    pub(super) fn text(
        &self,
        field: &str,
        length: &RangeInclusive<usize>,
    ) -> Result<Option<String>, Invalid> {
        if self.get(field).is_none() {
            return Ok(None);
        }
        text::clean(self.string(field)?, length)
            .map(Some)
            .map_err(|error| invalid(field, &error.to_string()))
    }

    /// The same for a text that must be there.
    pub(super) fn needed_text(
        &self,
        field: &str,
        length: &RangeInclusive<usize>,
    ) -> Result<String, Invalid> {
        self.need(field)?;
        self.text(field, length).map(Option::unwrap_or_default)
    }

    /// A text as people see it in one line ([`text::name`]); none if it is absent.
    pub(super) fn name(
        &self,
        field: &str,
        length: &RangeInclusive<usize>,
    ) -> Result<Option<String>, Invalid> {
        if self.get(field).is_none() {
            return Ok(None);
        }
        text::name(self.string(field)?, length)
            .map(Some)
            .map_err(|error| invalid(field, &error.to_string()))
    }

    pub(super) fn boolean(&self, field: &str) -> Result<bool, Invalid> {
        self.need(field)?
            .as_bool()
            .ok_or_else(|| invalid(field, "must be true or false"))
    }

    /// True or false; none if it is absent.
    pub(super) fn optional_boolean(&self, field: &str) -> Result<Option<bool>, Invalid> {
        self.get(field).map(|_| self.boolean(field)).transpose()
    }

    /// A finite number.
    pub(super) fn number(&self, field: &str) -> Result<f64, Invalid> {
        self.need(field)?
            .as_f64()
            .filter(|number| number.is_finite())
            .ok_or_else(|| invalid(field, "must be a number"))
    }

    pub(super) fn integer(&self, field: &str) -> Result<i64, Invalid> {
        integer(self.need(field)?).ok_or_else(|| invalid(field, "must be an integer"))
    }

    pub(super) fn optional_integer(&self, field: &str) -> Result<Option<i64>, Invalid> {
        self.get(field).map(|_| self.integer(field)).transpose()
    }

    /// A column or row. An integer outside `i32` becomes the nearest `i32`,
    /// which is outside every canvas too.
    pub(super) fn coordinate(&self, field: &str) -> Result<i32, Invalid> {
        let wide = self.integer(field)?;
        Ok(i32::try_from(wide).unwrap_or(if wide < 0 { i32::MIN } else { i32::MAX }))
    }

    pub(super) fn op_id(&self) -> Result<Option<OpId>, Invalid> {
        self.uuid("op_id")
    }

    /// The id of an operation; none if the field is absent.
    pub(super) fn uuid(&self, field: &str) -> Result<Option<OpId>, Invalid> {
        let Some(value) = self.get(field) else {
            return Ok(None);
        };
        value
            .as_str()
            .and_then(|text| text.parse().ok())
            .map(Some)
            .ok_or_else(|| invalid(field, "must be a UUID"))
    }

    pub(super) fn message_id(&self) -> Result<MessageId, Invalid> {
        self.message("message_id")
    }

    /// The id of a message; none if the field is absent.
    pub(super) fn optional_message_id(&self, field: &str) -> Result<Option<MessageId>, Invalid> {
        self.get(field).map(|_| self.message(field)).transpose()
    }

    fn message(&self, field: &str) -> Result<MessageId, Invalid> {
        let id = self.string(field)?.parse();
        id.map_err(|_| invalid(field, "must be a UUID"))
    }

    /// The chat text; errors have codes of their own.
    pub(super) fn chat_text(&self) -> Result<ChatText, Invalid> {
        ChatText::parse(self.string("text")?).map_err(|error| Invalid {
            code: match error {
                TextError::Empty | TextError::TooShort(_) => ErrorCode::TextEmpty,
                TextError::TooLong(_) => ErrorCode::TextTooLong,
                TextError::Control
                | TextError::Alphabet(_)
                | TextError::Line
                | TextError::Blank
                | TextError::Invisible
                | TextError::Marks(_) => ErrorCode::InvalidMessage,
            },
            message: format!("text {error}"),
        })
    }

    /// The `device` object of `hello`; empty if it is absent.
    pub(super) fn device(&self) -> Result<Map<String, Value>, Invalid> {
        let Some(value) = self.get("device") else {
            return Ok(Map::new());
        };
        let device = value
            .as_object()
            .ok_or_else(|| invalid("device", "must be an object"))?;
        let bytes = serde_json::to_vec(device).map_or(usize::MAX, |json| json.len());
        if bytes > limits::DEVICE_BYTES {
            return Err(invalid("device", "must have at most 2048 bytes"));
        }
        Ok(device.clone())
    }

    /// How long a mention is shown, in milliseconds.
    pub(super) fn duration(&self) -> Result<i64, Invalid> {
        let duration = self
            .optional_integer("duration")?
            .unwrap_or(limits::DEFAULT_MENTION_DURATION_MS);
        if limits::MENTION_DURATION_MS.contains(&duration) {
            Ok(duration)
        } else {
            Err(invalid("duration", "must be 500 to 10000 milliseconds"))
        }
    }

    /// A place in an order of events or messages, or 0 before the first.
    pub(super) fn position(&self, field: &str) -> Result<i64, Invalid> {
        let position = self.integer(field)?;
        if position < 0 {
            return Err(invalid(field, "must not be negative"));
        }
        Ok(position)
    }

    pub(super) fn conversation_id(&self) -> Result<ConversationId, Invalid> {
        self.integer("conversation_id").map(ConversationId)
    }

    /// The text of a private message.
    pub(super) fn direct_text(&self) -> Result<String, Invalid> {
        let text = self.text("text", &limits::DIRECT_MESSAGE_TEXT)?;
        text.ok_or_else(|| invalid("text", "is missing"))
    }

    /// The pixels of a whole tile; none if they are absent.
    pub(super) fn pixels(&self) -> Result<Option<Pixels>, Invalid> {
        if self.get("pixels").is_none() {
            return Ok(None);
        }
        Pixels::decode(self.string("pixels")?)
            .map(Some)
            .map_err(|_| invalid("pixels", "must be base64"))
    }

    /// The edits of `tile_paint`.
    pub(super) fn edits(&self) -> Result<Vec<PixelEdit>, Invalid> {
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

    /// The `timestamp` to echo; `""` if it is absent.
    pub(super) fn timestamp(&self) -> Result<Value, Invalid> {
        match self.get("timestamp") {
            None => Ok(Value::String(String::new())),
            Some(value @ (Value::String(_) | Value::Number(_))) => Ok(value.clone()),
            Some(_) => Err(invalid("timestamp", "must be a string or a number")),
        }
    }
}

/// A number without a fraction, in any notation. Outside `i64` it becomes the
/// nearest `i64`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, as wanted here"
)]
fn integer(value: &Value) -> Option<i64> {
    if let Some(integer) = value.as_i64() {
        return Some(integer);
    }
    let number = value.as_f64()?;
    (number.is_finite() && number.fract() == 0.0).then_some(number as i64)
}
