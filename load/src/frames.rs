//! WebSocket frames (RFC 6455) by tungstenite's code, without its connections: the load
//! generator reads many sockets with one thread and never looks into most of the messages.

use std::io::Cursor;
use tungstenite::protocol::frame::{
    Frame, FrameHeader,
    coding::{Data, OpCode},
};

/// Opcode of a text message.
pub(crate) const TEXT: OpCode = OpCode::Data(Data::Text);

/// Any mask serves: it protects old proxies, and there are none here.
const MASK: [u8; 4] = [0x5A, 0xC3, 0x17, 0x88];

/// One whole frame of a server, and how many bytes it takes with its header. Servers do not
/// fragment their messages here, so a frame is a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReceivedFrame<'a> {
    pub(crate) opcode: OpCode,
    pub(crate) payload: &'a [u8],
    pub(crate) length: usize,
}

/// The first frame of `bytes`; `None` where it is incomplete or not valid.
pub(crate) fn first(bytes: &[u8]) -> Option<ReceivedFrame<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (header, size) = FrameHeader::parse(&mut cursor).ok()??;
    let start = usize::try_from(cursor.position()).ok()?;
    let length = start.checked_add(usize::try_from(size).ok()?)?;
    Some(ReceivedFrame {
        opcode: header.opcode,
        payload: bytes.get(start..length)?,
        length,
    })
}

/// A frame as a client sends it.
pub(crate) fn masked(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    encode(opcode, payload, Some(MASK))
}

/// A frame as a server sends it.
pub(crate) fn unmasked(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    encode(opcode, payload, None)
}

fn encode(opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let header = FrameHeader {
        opcode,
        mask,
        ..FrameHeader::default()
    };
    let frame = Frame::from_payload(header, payload.to_vec().into());
    let mut bytes = Vec::with_capacity(frame.len());
    frame
        .format(&mut bytes)
        .expect("writing into a Vec does not fail");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use tungstenite::protocol::frame::coding::Control;

    #[test]
    fn frames_of_every_length_are_cut_where_they_end() {
        for size in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![7; size];
            let mut bytes = unmasked(TEXT, &payload);
            let length = bytes.len();
            assert_eq!(first(&bytes[..length - 1]), None);
            bytes.extend(unmasked(OpCode::Control(Control::Ping), b"next"));
            let frame = first(&bytes).unwrap();
            assert_eq!((frame.opcode, frame.length), (TEXT, length));
            assert_eq!(frame.payload, payload);
        }
    }

    #[test]
    fn what_a_client_sends_is_masked() {
        let frame = masked(TEXT, b"Hello");
        assert_eq!(frame[..2], [0x81, 0x85]);
        let text: Vec<u8> = frame[6..]
            .iter()
            .zip(frame[2..6].iter().cycle())
            .map(|(a, b)| a ^ b)
            .collect();
        assert_eq!(text, b"Hello");
    }
}
