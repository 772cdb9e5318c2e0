//! What the first byte of an event says.

/// The lowest two bits of an event's first byte.
pub(super) const CREATED: u8 = 0;
pub(super) const UPDATED: u8 = 1;
pub(super) const LIKED: u8 = 2;
pub(super) const DELETED: u8 = 3;
/// Both of these bits.
pub(super) const KIND: u8 = 3;
/// Bits for what an event has besides.
pub(super) const HAS_CAUSE: u8 = 1 << 2;
pub(super) const HAS_TITLE: u8 = 1 << 3;
pub(super) const HAS_DELTA: u8 = 1 << 4;
pub(super) const HAS_PIXELS: u8 = 1 << 5;
pub(super) const HAS_UNDO: u8 = 1 << 6;
pub(super) const IS_LIKE: u8 = 1 << 7;
