//! The numbers and bytes of compact stored forms: numbers are LEB128 (DWARF 5, section 7.6),
//! those that may be negative in zigzag form; bytes stand behind their length. Pure.

use thiserror::Error;

/// Bytes are not what a [`Writer`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum ReadError {
    /// They end too early.
    #[error("it ends too early")]
    Short,
    /// A number has more bits than it may have.
    #[error("a number is too large")]
    TooLarge,
}

/// Bytes that are being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    /// Appends a byte.
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Appends a number in groups of seven bits, the lowest first.
    pub(crate) fn unsigned(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    /// Appends a number of which small ones of both signs are expected.
    pub(crate) fn signed(&mut self, number: i64) {
        self.unsigned((number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
    }

    /// Appends a length, a count or a position.
    pub(crate) fn length(&mut self, length: usize) {
        self.unsigned(u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// Appends a length and the bytes.
    pub(crate) fn slice(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }
}

/// Bytes that are being read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    bytes: Vec<u8>,
    position: usize,
}

impl Reader {
    /// Reads these bytes from their start.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, position: 0 }
    }

    /// All bytes, those that were read too.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How many bytes are not read yet.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// A byte.
    ///
    /// # Errors
    /// [`ReadError`], as of all that follow.
    pub(crate) fn byte(&mut self) -> Result<u8, ReadError> {
        let byte = *self.bytes.get(self.position).ok_or(ReadError::Short)?;
        self.position += 1;
        Ok(byte)
    }

    /// See [`Writer::unsigned`].
    pub(crate) fn unsigned(&mut self) -> Result<u64, ReadError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(ReadError::TooLarge)
    }

    /// See [`Writer::signed`].
    pub(crate) fn signed(&mut self) -> Result<i64, ReadError> {
        let number = self.unsigned()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// See [`Writer::length`].
    pub(crate) fn length(&mut self) -> Result<usize, ReadError> {
        usize::try_from(self.unsigned()?).map_err(|_| ReadError::TooLarge)
    }

    /// So many bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&[u8], ReadError> {
        let end = self
            .position
            .checked_add(count)
            .ok_or(ReadError::TooLarge)?;
        let taken = self.bytes.get(self.position..end).ok_or(ReadError::Short)?;
        self.position = end;
        Ok(taken)
    }

    /// As many bytes as the array has.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        self.take(N)?.try_into().map_err(|_| ReadError::Short)
    }

    /// See [`Writer::slice`].
    pub(crate) fn slice(&mut self) -> Result<&[u8], ReadError> {
        let length = self.length()?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn what_is_written_is_read(unsigned: u64, signed: i64, bytes in vec(any::<u8>(), 0..300)) {
            let mut writer = Writer::default();
            writer.unsigned(unsigned);
            writer.signed(signed);
            writer.slice(&bytes);
            writer.byte(7);
            let mut reader = Reader::new(writer.0);
            prop_assert_eq!(reader.unsigned(), Ok(unsigned));
            prop_assert_eq!(reader.signed(), Ok(signed));
            prop_assert_eq!(reader.slice(), Ok(&*bytes));
            prop_assert_eq!(reader.left(), 1);
            prop_assert_eq!(reader.byte(), Ok(7));
            prop_assert_eq!(reader.byte(), Err(ReadError::Short));
        }
    }

    #[test]
    fn small_numbers_of_both_signs_are_a_byte() {
        for number in -64..64 {
            let mut writer = Writer::default();
            writer.signed(number);
            assert_eq!(writer.0.len(), 1, "{number}");
        }
    }

    #[test]
    fn a_number_of_more_than_ten_bytes_is_refused() {
        let mut reader = Reader::new(vec![0xff; 11]);
        assert_eq!(reader.unsigned(), Err(ReadError::TooLarge));
    }
}
