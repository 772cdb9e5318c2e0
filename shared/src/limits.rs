//! Every limit of the wire contract, in one place. A length of text is counted
//! in Unicode scalar values, after [`text::clean`](crate::text::clean).

use std::ops::RangeInclusive;

/// Characters of a user name, each of `A-Za-z0-9_-`.
pub const USERNAME: RangeInclusive<usize> = 3..=32;
/// Characters of a password.
pub const PASSWORD: RangeInclusive<usize> = 8..=128;
/// Characters of a display name.
pub const DISPLAY_NAME: RangeInclusive<usize> = 1..=64;
/// Characters of a status message.
pub const STATUS_MESSAGE: RangeInclusive<usize> = 0..=200;
/// People that a user blocks at most.
pub const BLOCKS: i64 = 1000;
/// People whom one text mentions at most; further ones are not told.
pub const MENTIONS: usize = 50;
/// Notifications that are kept for a user: the newest.
pub const NOTIFICATIONS: usize = 1000;
/// Characters of a notification's text.
pub const NOTIFICATION_TEXT: usize = 200;
/// Invites of a canvas at most.
pub const INVITES: i64 = 1000;
/// How often an invite may give its role.
pub const INVITE_USES: RangeInclusive<i32> = 1..=10_000;
/// Seconds until an invite ends.
pub const INVITE_SECONDS: RangeInclusive<i64> = 1..=30 * 24 * 3600;
/// Seconds until an invite ends, if it does not say.
pub const DEFAULT_INVITE_SECONDS: i64 = 7 * 24 * 3600;
/// Characters of an invite's note.
pub const INVITE_NOTE: RangeInclusive<usize> = 0..=100;
/// Characters of a canvas's name.
pub const CANVAS_NAME: RangeInclusive<usize> = 1..=80;
/// Characters of a canvas's description.
pub const CANVAS_DESCRIPTION: RangeInclusive<usize> = 0..=2000;
/// Width and height of a canvas, in tiles.
pub const CANVAS_SIDE: RangeInclusive<i32> = 1..=256;
/// Width and height of a tile, in pixels.
pub const TILE_SIZE: RangeInclusive<i32> = 8..=64;
/// Width and height of a tile, in pixels, if a new canvas does not say.
pub const DEFAULT_TILE_SIZE: i32 = 32;
/// Number of colours of a palette.
pub const PALETTE: RangeInclusive<usize> = 2..=64;
/// Characters of a tile's title.
pub const TILE_TITLE: RangeInclusive<usize> = 0..=80;
/// Characters of a chat message.
pub const CHAT_TEXT: RangeInclusive<usize> = 1..=2000;
/// Characters of a private message.
pub const DIRECT_MESSAGE_TEXT: RangeInclusive<usize> = 1..=2000;
/// Messages of a conversation that are kept as evidence: the reported one and those before it.
pub const REPORTED_DIRECT_MESSAGES: i64 = 20;
/// How long after it was sent a chat message can be edited, in seconds.
pub const EDIT_S: i64 = 15 * 60;
/// Characters of a message that an answer to it shows.
pub const EXCERPT: usize = 80;
/// Characters of a comment on a tile.
pub const COMMENT_TEXT: RangeInclusive<usize> = 1..=1000;
/// Comments on one cell, answers and removed ones included.
pub const CELL_COMMENTS: i64 = 1000;
/// Characters of the reason of an act of moderation, where one need not be given.
pub const REASON: RangeInclusive<usize> = 0..=500;
/// Tiles that one rewrite changes at most.
pub const REWRITTEN_TILES: usize = 4096;
/// Users whom a revert names.
pub const REVERTED_USERS: RangeInclusive<usize> = 1..=50;
/// Seconds between two messages of one person in slow mode; 0 is off.
pub const SLOW_MODE_S: RangeInclusive<i32> = 0..=3600;
/// How far ahead a moderator may end a lockdown, in seconds.
pub const MODERATORS_LOCKDOWN_S: i64 = 24 * 3600;
/// How long somebody is a newcomer after the first time on a canvas, in seconds.
pub const NEWCOMER_S: i64 = 15 * 60;
/// Chat messages of a newcomer in a minute.
pub const NEWCOMER_MESSAGES: usize = 6;
/// Pixels that a newcomer changes in tiles of others in a minute.
pub const NEWCOMER_PIXELS: usize = 300;
/// Messages that one purge removes at most.
pub const PURGED_MESSAGES: i64 = 1000;
/// Characters of a tile mention's message.
pub const MENTION_MESSAGE: RangeInclusive<usize> = 0..=200;
/// Characters of a mention's highlight type, each of `a-z_`.
pub const HIGHLIGHT_TYPE: RangeInclusive<usize> = 1..=32;
/// How long a mention is shown, in milliseconds.
pub const MENTION_DURATION_MS: RangeInclusive<i64> = 500..=10_000;
/// How long a mention is shown, in milliseconds, if it does not say.
pub const DEFAULT_MENTION_DURATION_MS: i64 = 3_000;
/// Number of pixel edits in one `tile_paint`.
pub const PAINT_PIXELS: RangeInclusive<usize> = 1..=1024;
/// Tiles of a reported area.
pub const REPORT_AREA: i32 = 16;
/// Characters of the comment of a report.
pub const REPORT_COMMENT: RangeInclusive<usize> = 0..=500;
/// Characters of the note to the decision of a case.
pub const CASE_NOTE: RangeInclusive<usize> = 0..=1000;
/// Characters of a message of an appeal.
pub const APPEAL_TEXT: RangeInclusive<usize> = 1..=2000;
/// Characters of the `client_name` in `hello`.
pub const CLIENT_NAME: RangeInclusive<usize> = 0..=80;
/// Bytes of the `device` object in `hello`, written as JSON.
pub const DEVICE_BYTES: usize = 2 * 1024;
/// Characters of the `platform` query parameter of the WebSocket request.
pub const PLATFORM: RangeInclusive<usize> = 0..=64;
/// Bytes of one WebSocket message from a client.
pub const FRAME_BYTES: usize = 32 * 1024;
/// Bytes of one HTTP request body.
pub const BODY_BYTES: usize = 1024 * 1024;
/// Items on one page of a list, if the request gives no `limit`.
pub const DEFAULT_PAGE: i64 = 50;
/// Largest `limit` of a list.
pub const MAX_PAGE: i64 = 200;
/// Chat messages in a snapshot: the newest ones.
pub const SNAPSHOT_MESSAGES: i64 = 50;
/// Buckets of a timeline.
pub const TIMELINE_BUCKETS: usize = 200;
/// Largest number of durable events that a resume replays; with more, the
/// client gets `resync`.
pub const RESUME_EVENTS: i64 = 10_000;
/// Largest width and height of a canvas's image, in pixels.
pub const IMAGE_SIDE: i32 = 8192;
/// The scale of a picture or a film: pixels for each pixel of the board, in both directions.
pub const SCALE: RangeInclusive<i64> = 1..=8;
/// Seconds up to the last frame of a film.
pub const FILM_SECONDS: RangeInclusive<i64> = 1..=60;
/// Seconds up to the last frame of a film, if the request gives none.
pub const DEFAULT_FILM_SECONDS: i64 = 10;
/// Tiles of a film that is made at once.
pub const TIMELAPSE_TILES: i64 = 16;
/// Pixels of a frame of a film that is made at once.
pub const TIMELAPSE_PIXELS: i64 = 1_048_576;
/// Pixels of a frame of an export.
pub const EXPORT_PIXELS: i64 = 2_097_152;
/// Milliseconds after the last `typing` or `direct_typing` message until typing ends by itself.
pub const TYPING_MS: u64 = 5_000;
/// Milliseconds between the end of a user's last connection and `user_left`.
pub const LEAVE_MS: u64 = 5_000;
/// Cursor positions of one user passed on per second: always the newest.
pub const CURSORS_PER_SECOND: u64 = 20;
/// Changes of one user passed on per second, for each of typing, the open tile and the
/// status: always the newest.
pub const PRESENCE_CHANGES_PER_SECOND: u64 = 4;
/// Lifetime of a tile lock in milliseconds, unless it is renewed.
pub const LOCK_MS: u64 = 15_000;
/// Number of unreadable messages within [`INVALID_WINDOW_MS`] after which the
/// connection is closed.
pub const INVALID_MESSAGES: usize = 20;
/// Length of the window in which unreadable messages are counted, in
/// milliseconds. See [`INVALID_MESSAGES`].
pub const INVALID_WINDOW_MS: u64 = 10_000;
/// Tiles of which the preview of a rewrite tells the pixels.
pub const REWRITE_MARKED_TILES: usize = 1_024;
