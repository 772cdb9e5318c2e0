//! The size of a picture by the first bytes of its file, so that a picture that
//! is too large is refused before it is decoded. A small file can hold a vast
//! picture. Pure.

/// Most pixels of a picture that is decoded (4 bytes each while it is).
pub const MAX_PIXELS: u64 = 64 * 1024 * 1024;

/// So many bytes from the start of a file contain the size, unless it is not
/// found at all.
pub const HEADER_BYTES: u32 = 1024 * 1024;

/// Whether a picture of this size may be decoded.
pub fn may_decode(width: u32, height: u32) -> bool {
    u64::from(width) * u64::from(height) <= MAX_PIXELS
}

/// Width and height in pixels of a PNG, GIF, BMP, WebP, JPEG, AVIF or HEIC
/// file; none for other formats and for a start that is too short.
pub fn size_of(start: &[u8]) -> Option<(u32, u32)> {
    match start {
        [0x89, b'P', b'N', b'G', ..] => Some((big(start, 16)?, big(start, 20)?)),
        [b'G', b'I', b'F', b'8', ..] => {
            Some((little_16(start, 6)?.into(), little_16(start, 8)?.into()))
        }
        [b'B', b'M', ..] => {
            // A negative height means rows from the top.
            let side = |at| {
                let bytes = start.get(at..at + 4)?.try_into().ok()?;
                Some(i32::from_le_bytes(bytes).unsigned_abs())
            };
            Some((side(18)?, side(22)?))
        }
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => webp(start),
        [0xff, 0xd8, ..] => jpeg(start),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => heif(start),
        _ => None,
    }
}

fn webp(start: &[u8]) -> Option<(u32, u32)> {
    match start.get(12..16)? {
        b"VP8 " => {
            let side = |at| Some(u32::from(little_16(start, at)? & 0x3fff));
            Some((side(26)?, side(28)?))
        }
        b"VP8L" => {
            let bits = u32::from_le_bytes(start.get(21..25)?.try_into().ok()?);
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => {
            let side = |at| {
                let low = u32::from(little_16(start, at)?);
                Some((low | u32::from(*start.get(at + 2)?) << 16) + 1)
            };
            Some((side(24)?, side(27)?))
        }
        _ => None,
    }
}

/// Goes through the segments up to the frame header.
fn jpeg(start: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        // Any number of fill bytes may stand before a marker.
        let marker = loop {
            match (start.get(at)?, start.get(at + 1)?) {
                (0xff, 0xff) => at += 1,
                (0xff, marker) => break *marker,
                _ => return None,
            }
        };
        match marker {
            // Frame headers; C4, C8 and CC are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let side = |at| big_16(start, at).map(u32::from);
                return Some((side(at + 7)?, side(at + 5)?));
            }
            // The picture begins without a frame header.
            0xda => return None,
            // Markers without a length.
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => at += 2 + usize::from(big_16(start, at + 2)?),
        }
    }
}

/// The largest of the sizes (boxes `ispe`) of a HEIF file: pictures are stored
/// in parts, with thumbnails beside them.
fn heif(start: &[u8]) -> Option<(u32, u32)> {
    let found = start.windows(4).enumerate();
    found
        .filter(|(_, name)| *name == b"ispe")
        .filter_map(|(at, _)| Some((big(start, at + 8)?, big(start, at + 12)?)))
        .max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))
}

fn big(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn big_16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn little_16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn bytes(parts: &[&[u8]]) -> Vec<u8> {
        parts.concat()
    }

    #[test]
    fn the_size_of_every_format_is_read() {
        let png = bytes(&[
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            &[0, 0, 0x75, 0x30, 0, 0, 0, 9],
        ]);
        assert_eq!(size_of(&png), Some((30_000, 9)));
        assert_eq!(size_of(b"GIF89a\x02\x01\x03\0"), Some((258, 3)));
        let mut bmp = vec![0; 26];
        bmp[..2].copy_from_slice(b"BM");
        bmp[18..22].copy_from_slice(&7_i32.to_le_bytes());
        bmp[22..26].copy_from_slice(&(-5_i32).to_le_bytes());
        assert_eq!(size_of(&bmp), Some((7, 5)));
        // An application segment, a table, and the frame.
        let jpeg = bytes(&[
            &[
                0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc4, 0, 3, 9,
            ],
            &[0xff, 0xc2, 0, 17, 8, 0x10, 0, 0x20, 0],
        ]);
        assert_eq!(size_of(&jpeg), Some((0x2000, 0x1000)));
        let lossy = bytes(&[b"RIFF\0\0\0\0WEBPVP8 ", &[0; 10], &[0x10, 0x40, 0x20, 0]]);
        assert_eq!(size_of(&lossy), Some((16, 32)));
        let lossless = bytes(&[b"RIFF\0\0\0\0WEBPVP8L", &[0; 4], &[0x2f, 0x0f, 0xc0, 7, 0]]);
        assert_eq!(size_of(&lossless), Some((16, 32)));
        let extended = bytes(&[b"RIFF\0\0\0\0WEBPVP8X", &[0; 8], &[0x0f, 0, 1, 0x1f, 0, 0]]);
        assert_eq!(size_of(&extended), Some((65_552, 32)));
        let avif = bytes(&[
            b"\0\0\0\x1cftypavif",
            b"ispe\0\0\0\0\0\0\0\x08\0\0\0\x08",
            b"ispe\0\0\0\0\0\0\x10\0\0\0\x20\0",
        ]);
        assert_eq!(size_of(&avif), Some((4096, 8192)));
    }

    #[test]
    fn what_is_cut_off_or_unknown_has_no_size() {
        for start in [
            &b""[..],
            b"\x89PNG",
            b"GIF89a\x02",
            b"BM",
            b"RIFF\0\0\0\0WEBPVP8X",
            b"\xff\xd8\xff\xe0\xff\xff",
            b"\xff\xd8\0\0",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        ] {
            assert_eq!(size_of(start), None);
        }
    }

    #[test]
    fn a_photo_is_decoded_and_a_bomb_is_not() {
        assert!(may_decode(8_064, 6_048));
        assert!(!may_decode(30_000, 30_000));
        assert!(!may_decode(u32::MAX, u32::MAX));
    }
}
