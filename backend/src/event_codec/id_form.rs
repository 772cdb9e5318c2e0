//! How an id is stored: the first number of its column.

/// There is none.
pub(super) const NONE: u8 = 0;
/// All 16 bytes.
pub(super) const WHOLE: u8 = 1;
/// The difference of its time (UUID version 7) from the event's, and 10 bytes.
pub(super) const TIMED: u8 = 2;
/// An id of a message: the difference of its time, and 4 bytes. Its end is the `seq`.
pub(super) const MESSAGE: u8 = 3;
/// The one that the event's text has.
pub(super) const IN_TEXT: u8 = 4;
