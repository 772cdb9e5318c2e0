//! The JSON text of a message as a WebSocket frame (RFC 6455, section 5.2): encoded
//! once, and shared by all sockets that it is written to.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;

/// The length of the longest frame header, in bytes.
pub(super) const MAX_HEADER: usize = 10;
/// The first byte of a text frame that is a whole message: FIN and the opcode.
const TEXT: u8 = 0x81;

/// JSON with the header of its frame before it, as it is written to the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodedFrame {
    wire: Bytes,
    /// The length of the header.
    header: u8,
}

impl EncodedFrame {
    /// Bytes that have their frame headers already, such as a ping, or a part of a
    /// frame.
    pub(crate) fn raw(wire: Bytes) -> Self {
        Self { wire, header: 0 }
    }

    /// The JSON without the header, borrowed.
    pub(crate) fn as_json(&self) -> &[u8] {
        &self.wire[usize::from(self.header)..]
    }

    /// The JSON without the header, sharing the bytes.
    pub(crate) fn json(&self) -> Bytes {
        self.wire.slice(usize::from(self.header)..)
    }

    /// The header and the JSON.
    pub(crate) fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// The header and the JSON.
    pub(crate) fn into_wire(self) -> Bytes {
        self.wire
    }

    /// The length of the JSON in bytes.
    pub(crate) fn len(&self) -> usize {
        self.wire.len() - usize::from(self.header)
    }

    /// Serializes a value behind room for the header, so that the JSON is not
    /// copied. The server's own messages always serialize: their keys are strings
    /// and their numbers finite.
    pub(crate) fn of(value: &impl Serialize) -> Self {
        let mut bytes = vec![0; MAX_HEADER];
        if serde_json::to_writer(&mut bytes, value).is_err() {
            bytes.truncate(MAX_HEADER);
        }
        let mut header = [0; MAX_HEADER];
        let length = write_header(&mut header.as_mut_slice(), bytes.len() - MAX_HEADER);
        let header = &header[..usize::from(length)];
        let begin = MAX_HEADER - header.len();
        bytes[begin..MAX_HEADER].copy_from_slice(header);
        Self {
            wire: Bytes::from(bytes).slice(begin..),
            header: length,
        }
    }
}

impl<T: AsRef<[u8]>> From<T> for EncodedFrame {
    fn from(json: T) -> Self {
        let json = json.as_ref();
        let mut wire = BytesMut::with_capacity(MAX_HEADER + json.len());
        let header = write_header(&mut wire, json.len());
        wire.put_slice(json);
        Self {
            wire: wire.freeze(),
            header,
        }
    }
}

/// Writes the header of a text frame with a payload of `length` bytes, as servers
/// send it (not masked). Returns the length of the header.
pub(super) fn write_header(to: &mut impl BufMut, length: usize) -> u8 {
    to.put_u8(TEXT);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => {
            to.put_u8(short);
            2
        }
        (_, Ok(medium)) => {
            to.put_u8(126);
            to.put_u16(medium);
            4
        }
        _ => {
            to.put_u8(127);
            to.put_u64(length as u64);
            10
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_have_the_header_of_their_frame() {
        for (length, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text = "x".repeat(length);
            let framed = EncodedFrame::from(&text);
            assert_eq!(framed.wire()[..header.len()], header);
            assert_eq!((framed.len(), framed.json()), (length, text.into()));
        }
        let message = "a message";
        let framed = EncodedFrame::of(&message);
        assert_eq!(framed, EncodedFrame::from(framed.json()));
        assert_eq!(framed.json(), r#""a message""#);
    }
}
