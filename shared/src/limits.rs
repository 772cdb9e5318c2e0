//! Every number of the wire contract that bounds something, in one place.

use std::ops::RangeInclusive;

/// Characters of a user name, each of `A-Za-z0-9_-`.
pub const USERNAME: RangeInclusive<usize> = 3..=32;
/// Characters of a password.
pub const PASSWORD: RangeInclusive<usize> = 8..=128;
/// Characters of a display name.
pub const DISPLAY_NAME: RangeInclusive<usize> = 1..=64;
/// Characters of a status message.
pub const STATUS_MESSAGE: RangeInclusive<usize> = 0..=200;
/// Characters of a canvas's name.
pub const CANVAS_NAME: RangeInclusive<usize> = 1..=80;
/// Characters of a canvas's description.
pub const CANVAS_DESCRIPTION: RangeInclusive<usize> = 0..=2000;
/// Tiles along one side of a canvas.
pub const CANVAS_SIDE: RangeInclusive<i32> = 1..=256;
/// Pixels along one side of a tile.
pub const TILE_SIZE: RangeInclusive<i32> = 8..=64;
/// Pixels along one side of a tile where none were asked for.
pub const DEFAULT_TILE_SIZE: i32 = 32;
/// Colours of a palette.
pub const PALETTE: RangeInclusive<usize> = 2..=64;
/// Characters of a tile's title.
pub const TILE_TITLE: RangeInclusive<usize> = 0..=80;
/// Characters of a chat message.
pub const CHAT_TEXT: RangeInclusive<usize> = 1..=2000;
/// Characters of a tile mention's message.
pub const MENTION_MESSAGE: RangeInclusive<usize> = 0..=200;
/// Characters of a mention's highlight type, each of `a-z_`.
pub const HIGHLIGHT_TYPE: RangeInclusive<usize> = 1..=32;
/// Milliseconds for which a mention is shown.
pub const MENTION_DURATION_MS: RangeInclusive<i64> = 500..=10_000;
/// Milliseconds for which a mention is shown where none were given.
pub const DEFAULT_MENTION_DURATION_MS: i64 = 3_000;
/// Pixels in one `tile_paint`.
pub const PAINT_PIXELS: RangeInclusive<usize> = 1..=1024;
/// Characters of a client's name in `hello`.
pub const CLIENT_NAME: RangeInclusive<usize> = 0..=80;
/// Bytes of the `device` object in `hello`, as JSON.
pub const DEVICE_BYTES: usize = 2 * 1024;
/// Characters of the `platform` query parameter.
pub const PLATFORM: RangeInclusive<usize> = 0..=64;
/// Bytes of one WebSocket message from a client.
pub const FRAME_BYTES: usize = 16 * 1024;
/// Bytes of one HTTP request body.
pub const BODY_BYTES: usize = 1024 * 1024;
/// Items of a list where the request names no `limit`.
pub const DEFAULT_PAGE: i64 = 50;
/// The largest `limit` of a list.
pub const MAX_PAGE: i64 = 200;
/// Newest chat messages in a snapshot.
pub const SNAPSHOT_MESSAGES: i64 = 50;
/// Durable events that a resume replays at most.
pub const RESUME_EVENTS: i64 = 10_000;
/// Pixels along one side of a board's picture.
pub const IMAGE_SIDE: i32 = 8192;
/// Milliseconds after the last `typing` until it ends by itself.
pub const TYPING_MS: u64 = 5_000;
/// Milliseconds after a user's last connection until `user_left`.
pub const LEAVE_MS: u64 = 5_000;
/// Cursor positions passed on per second and connection.
pub const CURSORS_PER_SECOND: u64 = 20;
/// Milliseconds that a tile lock lives without renewal.
pub const LOCK_MS: u64 = 15_000;
/// Messages that cannot be read, within [`INVALID_WINDOW_MS`], that end a connection.
pub const INVALID_MESSAGES: usize = 20;
/// See [`INVALID_MESSAGES`].
pub const INVALID_WINDOW_MS: u64 = 10_000;
