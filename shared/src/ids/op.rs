//! The id of an operation. It keeps the spelling in which it was given.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};
use thiserror::Error;
use uuid::Uuid;

/// An idempotency key: the client chooses one for each durable request, and the
/// server applies a request once per user, canvas and id.
///
/// A UUID (RFC 9562 section 4), with or without hyphens, in upper or lower
/// case. All spellings are equal; an answer has the spelling of the request.
#[derive(Clone, Copy, Debug)]
pub struct OpId {
    id: Uuid,
    /// Bit `n` is set if the `n`th hexadecimal digit is in upper case.
    capitals: u32,
    hyphens: bool,
}

/// The text is not an [`OpId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a UUID")]
pub struct InvalidOpId;

impl OpId {
    /// The UUID, without the spelling.
    pub fn uuid(self) -> Uuid {
        self.id
    }

    /// Calls `use_text` with the text, without allocating.
    fn with_text<T>(self, use_text: impl FnOnce(&str) -> T) -> T {
        let mut buffer = Uuid::encode_buffer();
        let text = if self.hyphens {
            self.id.hyphenated().encode_lower(&mut buffer)
        } else {
            self.id.simple().encode_lower(&mut buffer)
        };
        if self.capitals != 0 {
            let is_digit = |at: &usize| !self.hyphens || !matches!(at, 8 | 13 | 18 | 23);
            for (digit, at) in (0..text.len()).filter(is_digit).enumerate() {
                if self.capitals >> digit & 1 == 1 {
                    text[at..=at].make_ascii_uppercase();
                }
            }
        }
        use_text(text)
    }
}

impl From<Uuid> for OpId {
    fn from(id: Uuid) -> Self {
        Self {
            id,
            capitals: 0,
            hyphens: true,
        }
    }
}

impl FromStr for OpId {
    type Err = InvalidOpId;

    fn from_str(text: &str) -> Result<Self, InvalidOpId> {
        let hyphens = match text.len() {
            36 => true,
            32 => false,
            // In braces, or with `urn:uuid:`.
            _ => return Err(InvalidOpId),
        };
        let id = Uuid::try_parse(text).map_err(|_| InvalidOpId)?;
        let digits = text.bytes().filter(|byte| *byte != b'-');
        let capitals = digits.enumerate().fold(0, |capitals, (digit, byte)| {
            capitals | u32::from(byte.is_ascii_uppercase()) << digit
        });
        Ok(Self {
            id,
            capitals,
            hyphens,
        })
    }
}

impl PartialEq for OpId {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for OpId {}

impl Hash for OpId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl Ord for OpId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
    }
}

impl PartialOrd for OpId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl Serialize for OpId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for OpId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_kept_and_equal() {
        let spellings = [
            "018f4e1c-abcd-7000-8000-00000000000f",
            "018F4E1C-ABCD-7000-8000-00000000000F",
            "018f4E1c-aBcD-7000-8000-00000000000F",
            "018f4e1cabcd7000800000000000000f",
            "018F4E1CABCD7000800000000000000F",
        ];
        let ids = spellings.map(|spelling| spelling.parse::<OpId>().unwrap());
        for (id, spelling) in ids.iter().zip(spellings) {
            assert_eq!(id.to_string(), spelling);
            let json = serde_json::to_string(id).unwrap();
            assert_eq!(json, format!("\"{spelling}\""));
            let back: OpId = serde_json::from_str(&json).unwrap();
            assert_eq!(back.to_string(), spelling);
            assert_eq!(*id, ids[0]);
        }
        assert_eq!(OpId::from(ids[1].uuid()).to_string(), spellings[0]);
    }

    #[test]
    fn other_texts_are_refused() {
        for wrong in [
            "",
            "7",
            "{018f4e1c-abcd-7000-8000-00000000000f}",
            "urn:uuid:018f4e1c-abcd-7000-8000-00000000000f",
            "018f4e1c-abcd-7000-8000-00000000000g",
            "018f4e1cabcd-7000-8000-00000000000-0f",
            "018f4e1c+abcd+7000+8000+00000000000f",
            "018f4e1c-abcd-7000-8000-0000000000é",
        ] {
            assert_eq!(wrong.parse::<OpId>(), Err(InvalidOpId), "{wrong}");
        }
    }
}
