//! The little of RFC 6455 that a load generator needs: cutting what a server
//! sends into frames, and masking what a client sends. No JSON is read here.

/// Opcode of a text frame (RFC 6455, section 5.2).
pub(crate) const TEXT: u8 = 0x1;
/// Opcode of a close frame.
pub(crate) const CLOSE: u8 = 0x8;
/// Opcode of a ping.
pub(crate) const PING: u8 = 0x9;
/// Opcode of a pong.
pub(crate) const PONG: u8 = 0xA;

/// The final bit; servers do not fragment here.
const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
/// Any mask serves: it protects old proxies, of which there are none here.
const MASK: [u8; 4] = [0x5A, 0xC3, 0x17, 0x88];

/// One whole frame, and how many bytes it took.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WsFrame<'a> {
    pub(crate) opcode: u8,
    pub(crate) payload: &'a [u8],
    pub(crate) length: usize,
}

/// The first frame of `bytes`, if all of it is there.
pub(crate) fn first(bytes: &[u8]) -> Option<WsFrame<'_>> {
    let (&[head, short], rest) = bytes.split_first_chunk()?;
    let (size, head_length) = match short & !MASKED {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => {
            let size = u64::from_be_bytes(*rest.first_chunk()?);
            (usize::try_from(size).ok()?, 10)
        }
        size => (usize::from(size), 2),
    };
    let length = head_length + size;
    Some(WsFrame {
        opcode: head & 0xF,
        payload: bytes.get(head_length..length)?,
        length,
    })
}

/// A frame as a client sends it.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(opcode, payload.len(), MASKED);
    frame.extend(MASK);
    let mask = MASK.iter().cycle();
    frame.extend(payload.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A frame as a server sends it.
pub(crate) fn plain(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(opcode, payload.len(), 0);
    frame.extend(payload);
    frame
}

fn head(opcode: u8, size: usize, masked: u8) -> Vec<u8> {
    let mut head = vec![FIN | opcode];
    match (u8::try_from(size), u16::try_from(size)) {
        (Ok(size), _) if size < 126 => head.push(masked + size),
        (_, Ok(size)) => {
            head.push(masked + 126);
            head.extend(size.to_be_bytes());
        }
        _ => {
            head.push(masked + 127);
            head.extend((size as u64).to_be_bytes());
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_are_cut_where_they_end() {
        for size in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![7; size];
            let mut bytes = plain(TEXT, &payload);
            let length = bytes.len();
            assert_eq!(first(&bytes[..length - 1]), None);
            bytes.extend(plain(PING, b"next"));
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
