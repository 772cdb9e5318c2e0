//! Packs events into a piece. Nothing is stored that was not unpacked again and compared. Pure.

use crate::{
    db::archive::{HotEvent, NewPiece},
    event_codec::{self, CodecError, Part, StoredEvent},
    op_filter::{Key, OpFilter},
    stored_op,
};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use shared::ids::UserId;
use std::{collections::HashMap, sync::Arc};
use thiserror::Error;
use uuid::Uuid;

/// The most events of a piece.
pub(crate) const MAX_EVENTS: i64 = 10_000;
/// A piece whose events have more bytes gets no further ones.
pub(crate) const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What is in a piece that is packed again: its two halves.
pub(super) type Content = Vec<Arc<Part>>;

/// A packed piece.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) piece: NewPiece,
    /// Who made the new events, and when the first of each was.
    pub(super) actors: HashMap<i64, DateTime<Utc>>,
}

/// Events cannot be packed.
#[derive(Debug, Error)]
pub(super) enum PackError {
    #[error("they cannot be compressed: {0}")]
    Codec(#[from] CodecError),
    #[error("they did not come back as they were")]
    Different,
    #[error("there are none")]
    Empty,
}

/// The events of a piece that is to be packed, by its halves.
#[derive(Default)]
struct PartitionedEvents {
    tiles: Vec<StoredEvent>,
    others: Vec<StoredEvent>,
}

/// Packs the events of pieces and those that come after them. `first_at` is the time of the first
/// event of the pieces.
pub(super) fn pack(
    before: &[Content],
    first_at: Option<DateTime<Utc>>,
    rows: Vec<HotEvent>,
) -> Result<Packed, PackError> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Err(PackError::Empty);
    };
    let first_at = first_at.unwrap_or(first.created_at);
    let (first_new, last_seq, last_at) = (first.seq, last.seq, last.created_at);
    let mut actors = HashMap::new();
    for row in &rows {
        actors.entry(row.actor_id).or_insert(row.created_at);
    }
    let mut partitioned = PartitionedEvents::default();
    for part in before.iter().flatten() {
        for event in part.events() {
            partitioned.add(event.into());
        }
    }
    for row in rows {
        partitioned.add(StoredEvent {
            seq: row.seq,
            actor_id: row.actor_id,
            // Nobody can repeat those that the server made.
            op_id: row.op_id.filter(|op| !stored_op::is_made(*op)),
            words_of: row.words_of,
            body: row.body,
        });
    }
    let PartitionedEvents { tiles, others } = partitioned;
    let first_seqs = [tiles.first(), others.first()];
    let first_seq = first_seqs
        .into_iter()
        .flatten()
        .map(|event| event.seq)
        .min();
    let is_message = |event: &&StoredEvent| kind(&event.body) == MESSAGE;
    let messages = others.iter().filter(is_message).count();
    let filter = OpFilter::new(&keys(&tiles, &others));
    let (tiles, tiles_digest) = pack_half(&tiles)?;
    let (others, others_digest) = pack_half(&others)?;
    Ok(Packed {
        piece: NewPiece {
            first_seq: first_seq.unwrap_or(first_new),
            last_seq,
            first_at,
            last_at,
            messages: i32::try_from(messages).unwrap_or(i32::MAX),
            tiles,
            tiles_digest,
            others,
            others_digest,
            filter: filter.to_stored(),
        },
        actors,
    })
}

/// The compressed form of a half and its digest.
pub(super) fn pack_half(events: &[StoredEvent]) -> Result<(Vec<u8>, Vec<u8>), PackError> {
    let packed = event_codec::encode(events)?;
    let part = event_codec::decode(&packed)?;
    let is_same = part.len() == events.len()
        && part.events().zip(events).all(|(read, event)| {
            (read.seq, read.actor_id, read.op_id) == (event.seq, event.actor_id, event.op_id)
                && (read.words_of, read.body) == (event.words_of, &*event.body)
        });
    if !is_same {
        return Err(PackError::Different);
    }
    let digest = Sha256::digest(&packed).to_vec();
    Ok((packed, digest))
}

impl PartitionedEvents {
    fn add(&mut self, event: StoredEvent) {
        if is_of_tile(kind(&event.body)) {
            self.tiles.push(event);
        } else {
            self.others.push(event);
        }
    }
}

/// The type of chat messages.
const MESSAGE: &str = "canvas_chat_message";

/// What can be looked for in the filter of a piece.
fn keys(tiles: &[StoredEvent], others: &[StoredEvent]) -> Vec<Key> {
    let mut keys = Vec::with_capacity(tiles.len() + others.len());
    let mut senders = Vec::new();
    for event in tiles.iter().chain(others) {
        let actor = UserId(event.actor_id);
        keys.extend(event.op_id.map(|op| Key::of_op(actor, op)));
    }
    for event in others {
        let kind = kind(&event.body);
        if kind == MESSAGE || kind == "comment_created" {
            senders.push(event.actor_id);
        }
        // Ids of version 7 do not contain their `seq`. They stand in a fixed place.
        let id = event.body.get(44..80).filter(|_| kind == MESSAGE);
        let id = id.and_then(|id| Uuid::try_parse(id).ok());
        let old = id.filter(|id| id.get_version_num() == 7);
        keys.extend(old.map(Key::of_message));
    }
    senders.sort_unstable();
    senders.dedup();
    keys.extend(
        senders
            .into_iter()
            .map(|sender| Key::of_sender(UserId(sender))),
    );
    keys
}

/// The type of an event, with which its wire form begins.
pub(super) fn kind(body: &str) -> &str {
    let rest = body.strip_prefix(r#"{"type":""#).unwrap_or_default();
    rest.split('"').next().unwrap_or_default()
}

/// Whether events of this type are about tiles.
pub(super) fn is_of_tile(kind: &str) -> bool {
    matches!(
        kind,
        "tile_created" | "tile_updated" | "tile_liked" | "tile_deleted"
    )
}
