//! Streams of bytes and numbers, each compressed by itself.

use super::CodecError;
use zstd::bulk::{Compressor, Decompressor};

/// A compromise: higher levels take much longer for one percent.
const LEVEL: i32 = 9;
/// Shorter streams are stored as they are.
const MIN_COMPRESSED: usize = 32;
/// No stream of a part is longer.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A stream that is being written.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// A number in groups of seven bits, the lowest first (LEB128).
    pub(super) fn unsigned(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    /// The same for a number of which small ones of both signs are expected (zigzag).
    pub(super) fn signed(&mut self, number: i64) {
        self.unsigned((number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
    }

    /// The length and the bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.unsigned(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

/// A stream that is being read.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
    at: usize,
}

impl Reader {
    pub(super) fn byte(&mut self) -> Result<u8, CodecError> {
        let byte = *self.bytes.get(self.at).ok_or(CodecError::Short)?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, CodecError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(CodecError::Inconsistent)
    }

    pub(super) fn signed(&mut self) -> Result<i64, CodecError> {
        let number = self.unsigned()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    pub(super) fn length(&mut self) -> Result<usize, CodecError> {
        usize::try_from(self.unsigned()?).map_err(|_| CodecError::Inconsistent)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&[u8], CodecError> {
        let end = self.at.checked_add(count).ok_or(CodecError::Inconsistent)?;
        let taken = self.bytes.get(self.at..end).ok_or(CodecError::Short)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        self.take(N)?.try_into().map_err(|_| CodecError::Short)
    }

    pub(super) fn bytes(&mut self) -> Result<&[u8], CodecError> {
        let length = self.length()?;
        self.take(length)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }
}

/// Puts streams together.
pub(super) struct Packer {
    compressor: Compressor<'static>,
    pub(super) out: Writer,
}

impl Packer {
    pub(super) fn new() -> Result<Self, CodecError> {
        Ok(Self {
            compressor: Compressor::new(LEVEL).map_err(|_| CodecError::Zstd)?,
            out: Writer::default(),
        })
    }

    /// Appends a stream: its length, the length of its compressed form, which is 0 where that is
    /// no shorter, and its bytes.
    pub(super) fn stream(&mut self, stream: &Writer) -> Result<(), CodecError> {
        let bytes = &stream.0;
        let packed = if bytes.len() < MIN_COMPRESSED {
            Vec::new()
        } else {
            let packed = self.compressor.compress(bytes);
            packed.map_err(|_| CodecError::Zstd)?
        };
        self.out.unsigned(bytes.len() as u64);
        if packed.is_empty() || packed.len() >= bytes.len() {
            self.out.unsigned(0);
            self.out.0.extend_from_slice(bytes);
        } else {
            self.out.bytes(&packed);
        }
        Ok(())
    }
}

/// Takes streams apart.
pub(super) struct Unpacker {
    decompressor: Decompressor<'static>,
    input: Reader,
}

impl Unpacker {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, CodecError> {
        Ok(Self {
            decompressor: Decompressor::new().map_err(|_| CodecError::Zstd)?,
            input: Reader {
                bytes: bytes.to_vec(),
                at: 0,
            },
        })
    }

    pub(super) fn input(&mut self) -> &mut Reader {
        &mut self.input
    }

    /// The next stream.
    pub(super) fn stream(&mut self) -> Result<Reader, CodecError> {
        let length = self.input.length()?;
        let packed = self.input.length()?;
        if length > MAX_BYTES {
            return Err(CodecError::Inconsistent);
        }
        let bytes = if packed == 0 {
            self.input.take(length)?.to_vec()
        } else {
            let packed = self.input.take(packed)?;
            let bytes = self.decompressor.decompress(packed, length);
            bytes.map_err(|_| CodecError::Zstd)?
        };
        if bytes.len() == length {
            Ok(Reader { bytes, at: 0 })
        } else {
            Err(CodecError::Inconsistent)
        }
    }
}
