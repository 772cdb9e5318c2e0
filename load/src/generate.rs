//! Makes the log of a canvas on which many people drew and talked for months, as a script for
//! `psql`: a board of 32-pixel tiles, strokes, titles, likes, tiles that were deleted, and chat.
//! The same options give the same log, apart from its times.
//!
//! Only this part of the load generator knows the tables: no server could be asked for a million
//! events and the time between them.

mod drawing;

use anyhow::{Context, Result};
use clap::Args;
use drawing::{Board, Change};
use rand::{RngExt, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use shared::{
    api::ChatMessage,
    canvas::Coord,
    ids::{CanvasId, MessageId, UserId},
    pixels::{DEFAULT_PALETTE, Pixels},
    protocol::{ChatEvent, DurableEvent, TileCreated, TileDeleted, TileLiked, TileUpdated},
    time::Timestamp,
};
use std::{
    io::{self, BufWriter, Write},
    time::{SystemTime, UNIX_EPOCH},
};
use uuid::{Builder, Uuid};

/// The canvas.
pub(crate) const CANVAS: CanvasId = CanvasId(1_000_000);
/// The first of the people, and the first tile; the others follow.
const FIRST_ID: i64 = 1_000_000;
/// Milliseconds between two events while people are there, at most.
const MAX_STEP: i64 = 400;
/// After so many events, about, nobody is there for a while.
const UNTIL_PAUSE: u32 = 2_000;
/// Milliseconds for which nobody is there, at most.
const MAX_PAUSE: i64 = 8 * 3_600_000;
/// The first event was so many milliseconds ago.
const SINCE: i64 = 120 * 24 * 3_600_000;
const WORDS: [&str; 48] = [
    "the",
    "a",
    "sky",
    "is",
    "blue",
    "green",
    "who",
    "painted",
    "this",
    "tile",
    "that",
    "nice",
    "lovely",
    "could",
    "you",
    "we",
    "I",
    "and",
    "more",
    "stars",
    "over",
    "here",
    "there",
    "left",
    "of",
    "river",
    "house",
    "finish",
    "please",
    "thanks",
    "yes",
    "no",
    "maybe",
    "later",
    "today",
    "colour",
    "border",
    "with",
    "needs",
    "some",
    "light",
    "in",
    "corner",
    "top",
    "wait",
    "great",
    "work",
    "everybody",
];

/// Options of the log.
#[derive(Args)]
pub(crate) struct Generate {
    /// Number of events
    #[arg(long, default_value_t = 1_000_000)]
    events: i64,
    /// Number of people who draw and talk
    #[arg(long, default_value_t = 200)]
    people: usize,
    /// Tiles in a row and in a column of the board
    #[arg(long, default_value_t = 64)]
    side: i32,
}

/// Writes the script to standard output.
pub(crate) fn run(options: &Generate) -> Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let mut log = Log {
        random: SmallRng::seed_from_u64(4711),
        out: BufWriter::new(io::stdout().lock()),
        seq: 0,
        millis: i64::try_from(since)? - SINCE,
    };
    log.script(options).context("standard output")
}

// How many of 1,000 events are what; the others are strokes.
const CHAT: u32 = 70;
const LIKES: u32 = 30;
const TITLES: u32 = 4;
const DELETIONS: u32 = 1;

struct Log<W> {
    random: SmallRng,
    out: W,
    seq: i64,
    /// The time of the event `seq`.
    millis: i64,
}

impl<W: Write> Log<W> {
    fn script(&mut self, options: &Generate) -> io::Result<()> {
        writeln!(
            self.out,
            "BEGIN;\nCOPY users (id, username, display_name) FROM stdin;"
        )?;
        let people: Vec<UserId> = (FIRST_ID..)
            .take(options.people.max(1))
            .map(UserId)
            .collect();
        for user in &people {
            writeln!(self.out, "{user}\tpainter-{user}\tPainter {user}")?;
        }
        writeln!(
            self.out,
            "\\.\nCOPY canvas_events (canvas_id, seq, kind, actor_id, op_id, body, tile, created_at) \
             FROM stdin;"
        )?;
        let mut board = Board::new(options.side, &people);
        for _ in 0..options.events {
            self.event(&mut board)?;
        }
        writeln!(
            self.out,
            "\\.\nCOPY tiles (id, canvas_id, x, y, creator_id, title, pixels, version, like_count, \
             created_at, updated_at) FROM stdin;"
        )?;
        for (at, tile) in board.tiles() {
            write!(
                self.out,
                "{}\t{CANVAS}\t{}\t{}\t{}\t{}\t\\\\x",
                tile.id, at.x, at.y, tile.creator, tile.title
            )?;
            for pixel in tile.pixels.as_bytes() {
                write!(self.out, "{pixel:02x}")?;
            }
            let (created, updated) = (time(tile.created), time(tile.updated));
            writeln!(
                self.out,
                "\t{}\t{}\t{created}\t{updated}",
                tile.version,
                tile.likes.len()
            )?;
        }
        writeln!(
            self.out,
            "\\.\nCOPY tile_likes (tile_id, user_id) FROM stdin;"
        )?;
        for (_, tile) in board.tiles() {
            for user in &tile.likes {
                writeln!(self.out, "{}\t{user}", tile.id)?;
            }
        }
        let palette = DEFAULT_PALETTE
            .map(|colour| format!("'{colour}'"))
            .join(", ");
        writeln!(
            self.out,
            "\\.\nINSERT INTO canvases (id, name, width, height, tile_size, palette, visibility, \
             edit_policy, owner_id, tile_count, epoch, last_seq) OVERRIDING SYSTEM VALUE \
             VALUES ({CANVAS}, 'A long past', {side}, {side}, {size}, ARRAY[{palette}], 'public', \
             'open', {owner}, {tiles}, gen_random_uuid(), {seq});\n\
             COMMIT;\nANALYZE canvas_events;",
            side = options.side,
            size = drawing::SIZE,
            owner = people[0],
            tiles = board.tiles().count(),
            seq = self.seq,
        )
    }

    /// Writes the next event.
    fn event(&mut self, board: &mut Board) -> io::Result<()> {
        self.seq += 1;
        self.millis += self.random.random_range(1..=MAX_STEP);
        if self.random.random_ratio(1, UNTIL_PAUSE) {
            self.millis += self.random.random_range(1..=MAX_PAUSE);
        }
        let mut kind = self.random.random_range(0..1_000_u32);
        if kind < CHAT {
            return self.chat(board);
        }
        kind -= CHAT;
        let change = if kind < LIKES {
            board.like(&mut self.random)
        } else if kind < LIKES + TITLES {
            board.entitle(&mut self.random, self.millis)
        } else if kind < LIKES + TITLES + DELETIONS {
            board.delete(&mut self.random)
        } else {
            None
        };
        let change = match change {
            Some(change) => change,
            None => board.stroke(&mut self.random, self.millis),
        };
        let (actor, at) = (change.actor, change.at);
        let event = self.tile_event(change);
        self.write(actor, Some(at), &event)
    }

    fn chat(&mut self, board: &Board) -> io::Result<()> {
        let sender = board.random_user(&mut self.random);
        let count = self.random.random_range(2..14);
        let words: Vec<&str> = (0..count)
            .filter_map(|_| WORDS.choose(&mut self.random).copied())
            .collect();
        let op_id = self.uuid();
        let message = ChatMessage {
            message_id: self.message_id(),
            canvas_id: CANVAS,
            seq: self.seq,
            sender_id: sender,
            sender_username: format!("painter-{sender}"),
            sender_display_name: format!("Painter {sender}"),
            message_text: words.join(" "),
            created_at: self.timestamp(),
            reply_to: None,
            edited_at: None,
            removed: false,
        };
        let event = DurableEvent::CanvasChatMessage(ChatEvent {
            message,
            op_id: Some(op_id.into()),
        });
        self.line(sender, None, op_id, &event)
    }

    fn tile_event(&self, change: Change) -> DurableEvent {
        let (seq, canvas_id, timestamp) = (self.seq, CANVAS, self.timestamp());
        let Coord { x, y } = change.at;
        let (tile_id, creator_id, actor) = (change.tile, change.creator, change.actor);
        let (version, like_count) = (change.version, change.likes);
        let updated = |title, delta| {
            DurableEvent::TileUpdated(TileUpdated {
                seq,
                tile_id,
                canvas_id,
                creator_id,
                updater_id: actor,
                x,
                y,
                version,
                like_count,
                timestamp,
                title,
                delta,
                pixels: None,
                undo_of: None,
                cause: None,
            })
        };
        match change.action {
            drawing::TileAction::Created(pixels) => DurableEvent::TileCreated(TileCreated {
                seq,
                tile_id,
                canvas_id,
                creator_id,
                x,
                y,
                title: String::new(),
                pixels: Pixels::from_bytes(pixels),
                version,
                like_count,
                timestamp,
                cause: None,
            }),
            drawing::TileAction::Painted(delta) => updated(None, Some(delta)),
            drawing::TileAction::Titled(title) => updated(Some(title), None),
            drawing::TileAction::Liked(liked) => DurableEvent::TileLiked(TileLiked {
                seq,
                tile_id,
                canvas_id,
                creator_id,
                liker_id: actor,
                liked,
                x,
                y,
                like_count,
                timestamp,
            }),
            drawing::TileAction::Deleted => DurableEvent::TileDeleted(TileDeleted {
                seq,
                tile_id,
                canvas_id,
                creator_id,
                deleter_id: actor,
                x,
                y,
                timestamp,
                cause: None,
            }),
        }
    }

    fn write(&mut self, actor: UserId, at: Option<Coord>, event: &DurableEvent) -> io::Result<()> {
        let op_id = self.uuid();
        self.line(actor, at, op_id, event)
    }

    /// A line of the table. No text has a character that `COPY` escapes.
    fn line(
        &mut self,
        actor: UserId,
        at: Option<Coord>,
        op_id: Uuid,
        event: &DurableEvent,
    ) -> io::Result<()> {
        let tile = at.map_or("\\N".to_owned(), |at| (at.y * 256 + at.x).to_string());
        write!(
            self.out,
            "{CANVAS}\t{}\t{}\t{actor}\t{op_id}\t",
            self.seq,
            event.message_type()
        )?;
        serde_json::to_writer(&mut self.out, event)?;
        writeln!(self.out, "\t{tile}\t{}", time(self.millis))
    }

    fn timestamp(&self) -> Timestamp {
        timestamp(self.millis)
    }

    fn uuid(&mut self) -> Uuid {
        Builder::from_random_bytes(self.random.random()).into_uuid()
    }

    /// As the server makes it: the time, something random, and the `seq`.
    fn message_id(&mut self) -> MessageId {
        let mut bytes: [u8; 16] = self.random.random();
        let [_, _, millis @ ..] = self.millis.to_be_bytes();
        bytes[..6].copy_from_slice(&millis);
        let [_, _, seq @ ..] = self.seq.to_be_bytes();
        bytes[10..].copy_from_slice(&seq);
        MessageId(Builder::from_custom_bytes(bytes).into_uuid())
    }
}

fn timestamp(millis: i64) -> Timestamp {
    let time = chrono::DateTime::from_timestamp_millis(millis);
    time.unwrap_or_default().into()
}

/// A time as PostgreSQL reads it.
fn time(millis: i64) -> String {
    timestamp(millis).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_all_events_in_order_and_its_tiles_are_what_they_made() {
        let mut log = Log {
            random: SmallRng::seed_from_u64(1),
            out: Vec::new(),
            seq: 0,
            millis: 1_700_000_000_000,
        };
        let options = Generate {
            events: 5_000,
            people: 5,
            side: 4,
        };
        log.script(&options).unwrap();
        let script = String::from_utf8(log.out).unwrap();
        let (mut seq, mut versions) = (0, std::collections::HashMap::new());
        for line in script.lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let [canvas, number, kind, _, _, body, tile, _] = columns[..] else {
                continue;
            };
            let event: DurableEvent = serde_json::from_str(body).unwrap();
            seq += 1;
            assert_eq!(canvas, CANVAS.to_string());
            assert_eq!((event.seq(), number), (seq, seq.to_string().as_str()));
            assert_eq!(event.message_type(), kind);
            match event {
                DurableEvent::TileCreated(event) => {
                    let before = versions.insert(tile.to_owned(), event.version);
                    assert_eq!((before, event.version), (None, 1));
                }
                DurableEvent::TileUpdated(event) => {
                    let before = versions.insert(tile.to_owned(), event.version);
                    assert_eq!(before, Some(event.version - 1));
                    let edits = event.delta.unwrap_or_default();
                    assert!(event.title.is_some() || !edits.is_empty());
                }
                DurableEvent::TileDeleted(_) => {
                    assert!(versions.remove(tile).is_some());
                }
                _ => {}
            }
        }
        assert_eq!(seq, 5_000);
        assert!(versions.len() > 8, "{}", versions.len());
    }
}
