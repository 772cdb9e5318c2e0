//! Streams of bytes and numbers, each compressed by itself.

use super::CodecError;
use crate::varint::{Reader, Writer};
use zstd::bulk::{Compressor, Decompressor};

/// A compromise: higher levels take much longer for one percent.
const LEVEL: i32 = 9;
/// Shorter streams are stored as they are.
const MIN_COMPRESSED: usize = 32;
/// No stream of a part is longer.
const MAX_BYTES: usize = 64 * 1024 * 1024;

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
            self.out.slice(&packed);
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
            input: Reader::new(bytes.to_vec()),
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
            Ok(Reader::new(bytes))
        } else {
            Err(CodecError::Inconsistent)
        }
    }
}
