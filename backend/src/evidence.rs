//! The evidence of cases: what was there when the first report came, read from the log as it
//! was at its head. It is stored with the ids of users, whose names are read when it is shown.
//! It knows no HTTP.

use crate::{
    cell_history::{CellHistory, Rules, Step},
    cell_log::{self, Held},
    db::{
        self, Pool, Reads,
        cases::CaseTarget,
        comments::{self, Filter},
        direct_messages, evidence as reading,
    },
    past::{cells, index::EventIndex, log::Log},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    api::{
        Canvas, ChatMessage,
        comments::Comment,
        conversations::DirectMessage,
        moderation::UserRef,
        reports::{Evidence, EvidenceMessage, EvidenceTile, Overpainted},
    },
    canvas::Coord,
    ids::{CanvasId, CommentId, MessageId, UserId},
    limits,
    pixels::{Pixels, TRANSPARENT},
    time::Timestamp,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Messages before and after a reported one.
const MESSAGES_AROUND: i64 = 10;
/// The newest messages of a person.
const NEWEST: i64 = 20;
/// The cells in which a person painted last.
const NEWEST_CELLS: usize = 20;
/// How far back it is told who changed whose pixels.
const OVERPAINTED: TimeDelta = TimeDelta::hours(24);
/// Pairs of people of whom it is told how many pixels of whom they changed; those of the most.
const MAX_PAIRS: usize = 500;
/// Pairs that are counted; pixels of others are left out.
const MAX_COUNTED_PAIRS: usize = 4_000;
/// Authors of one tile that are told apart.
const MAX_AUTHORS: usize = 254;
/// The index of a pixel that is nobody's.
const NOBODY: u8 = 255;
/// The index of a pixel of an author beyond [`MAX_AUTHORS`].
const SOMEBODY: u8 = 254;

/// See [`Evidence`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredEvidence {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tiles: Option<Vec<StoredTile>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overpainted: Option<Vec<StoredOverpainted>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<EvidenceMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Vec<EvidenceMessage>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Vec<EvidenceMessage>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<EvidenceMessage>>,
    /// None also where it was stored by a version that did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    palette: Option<Vec<String>>,
}

/// See [`EvidenceTile`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredTile {
    x: i32,
    y: i32,
    pixels: Pixels,
    authors: Vec<UserId>,
    author_pixels: Pixels,
}

/// See [`Overpainted`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredOverpainted {
    by: UserId,
    of: UserId,
    pixels: i64,
    last_at: Timestamp,
}

/// The names of users.
pub(crate) type Names = HashMap<UserId, UserRef>;

/// The name of a user; of one whose row is gone as that of a deleted account.
pub(crate) fn name(names: &Names, user: UserId) -> UserRef {
    let known = names.get(&user).cloned();
    known.unwrap_or_else(|| UserRef {
        user_id: user,
        username: deleted_name(user),
        display_name: "Deleted account".to_owned(),
    })
}

/// The user name of a deleted account.
fn deleted_name(user: UserId) -> String {
    format!("deleted-{user}")
}

impl StoredEvidence {
    /// Whose names are shown with it.
    pub(crate) fn users(&self) -> HashSet<UserId> {
        let tiles = self.tiles.iter().flatten();
        let overpainted = self.overpainted.iter().flatten();
        let messages = self.message.iter().chain(self.before.iter().flatten());
        let messages = messages.chain(self.after.iter().flatten());
        let messages = messages.chain(self.messages.iter().flatten());
        tiles
            .flat_map(|tile| tile.authors.iter().copied())
            .chain(overpainted.flat_map(|pixels| [pixels.by, pixels.of]))
            .chain(messages.map(author))
            .collect()
    }

    /// With the names of its users.
    pub(crate) fn show(self, names: &Names) -> Evidence {
        let show = |message| show_message(message, names);
        let show_words = |message| match message {
            EvidenceMessage::Chat(message) => EvidenceMessage::Chat(show(message)),
            EvidenceMessage::Comment(comment) => {
                EvidenceMessage::Comment(show_comment(comment, names))
            }
            // It has no names.
            EvidenceMessage::Direct(message) => EvidenceMessage::Direct(message),
        };
        let show_all = |messages: Option<Vec<EvidenceMessage>>| {
            messages.map(|all| all.into_iter().map(show_words).collect())
        };
        let tiles = self.tiles.map(|tiles| {
            let tiles = tiles.into_iter().map(|tile| EvidenceTile {
                x: tile.x,
                y: tile.y,
                pixels: tile.pixels,
                authors: tile.authors.iter().map(|user| name(names, *user)).collect(),
                author_pixels: tile.author_pixels,
            });
            tiles.collect()
        });
        let overpainted = self.overpainted.map(|overpainted| {
            let pairs = overpainted.into_iter().map(|pixels| Overpainted {
                by: name(names, pixels.by),
                of: name(names, pixels.of),
                pixels: pixels.pixels,
                last_at: pixels.last_at,
            });
            pairs.collect()
        });
        Evidence {
            seq: self.seq,
            tiles,
            overpainted,
            message: self.message.map(show_words),
            before: show_all(self.before),
            after: show_all(self.after),
            messages: show_all(self.messages),
            palette: self.palette,
        }
    }
}

/// The names of a deleted account go from messages too.
fn show_message(message: ChatMessage, names: &Names) -> ChatMessage {
    let sender = name(names, message.sender_id);
    if sender.username != deleted_name(message.sender_id) {
        return message;
    }
    ChatMessage {
        sender_username: sender.username,
        sender_display_name: sender.display_name,
        ..message
    }
}

/// The same for a comment.
fn show_comment(mut comment: Comment, names: &Names) -> Comment {
    let author = name(names, comment.author.user_id);
    if author.username == deleted_name(author.user_id) {
        comment.author = author;
    }
    comment
}

/// Who wrote it.
fn author(message: &EvidenceMessage) -> UserId {
    match message {
        EvidenceMessage::Chat(message) => message.sender_id,
        EvidenceMessage::Comment(comment) => comment.author.user_id,
        EvidenceMessage::Direct(message) => message.sender_id,
    }
}

/// What was gathered for a new case.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) evidence: StoredEvidence,
    /// Who painted, said or is what is reported.
    pub(crate) reported: Vec<UserId>,
}

/// Gathers the evidence at the canvas's `last_seq`; `now` is the time of the report. See
/// [`cell_log::fold`] for `held`.
///
/// # Errors
/// Those of the database.
pub(crate) async fn gather(
    reads: &Pool,
    index: &EventIndex,
    log: &Log,
    canvas: &Canvas,
    target: &CaseTarget,
    now: DateTime<Utc>,
    held: &Held,
) -> db::Result<Gathered> {
    let seq = canvas.last_seq;
    match target {
        CaseTarget::Tile { .. } | CaseTarget::Area { .. } => {
            of_cells(reads, canvas, &target.cells(), now, held).await
        }
        CaseTarget::Message { message_id } => of_message(reads, log, canvas, *message_id).await,
        CaseTarget::Comment { comment_id } => of_comment(reads, canvas, *comment_id).await,
        CaseTarget::User { user_id } => {
            of_person(reads, index, log, canvas, *user_id, now, held).await
        }
        // Of no canvas.
        CaseTarget::DirectMessage { .. } => Ok(Gathered::default()),
        CaseTarget::Canvas => Ok(Gathered {
            evidence: StoredEvidence {
                seq: Some(seq),
                ..StoredEvidence::default()
            },
            reported: vec![canvas.owner_id],
        }),
    }
}

async fn of_cells(
    reads: &Pool,
    canvas: &Canvas,
    cells: &[Coord],
    now: DateTime<Utc>,
    held: &Held,
) -> db::Result<Gathered> {
    let mut overpainted = OverpaintedPixels::since(now - OVERPAINTED);
    let mut tiles = Vec::new();
    let mut painters = BTreeSet::new();
    let mut creators = BTreeSet::new();
    for at in cells {
        let cell;
        (cell, overpainted) = replay(reads, canvas, *at, overpainted, held).await?;
        let tile = frozen(&cell, canvas.tile_size, *at);
        creators.extend(cell.tile().map(|tile| tile.creator));
        painters.extend(visible_authors(&tile));
        tiles.push(tile);
    }
    // Who started a tile in which nobody has painted can only be reported for its title.
    let reported = if painters.is_empty() {
        creators
    } else {
        painters
    };
    Ok(Gathered {
        evidence: StoredEvidence {
            seq: Some(canvas.last_seq),
            tiles: Some(tiles),
            overpainted: Some(overpainted.into_list()),
            palette: Some(canvas.palette.clone()),
            ..StoredEvidence::default()
        },
        reported: reported.into_iter().collect(),
    })
}

/// Replays the events of one cell up to the canvas's `last_seq`.
async fn replay(
    reads: &Pool,
    canvas: &Canvas,
    at: Coord,
    overpainted: OverpaintedPixels,
    held: &Held,
) -> db::Result<(CellHistory, OverpaintedPixels)> {
    type Replayed = (CellHistory, OverpaintedPixels);
    let start = (CellHistory::new(canvas.tile_size), overpainted);
    let apply = move |(cell, overpainted): &mut Replayed, step: &Step, rules: &Rules| {
        cell.apply_watched(step, rules, |pixel, of, by| {
            overpainted.note(at, pixel, of, by, step.at);
        });
    };
    let range = 0..canvas.last_seq;
    cell_log::fold(reads, canvas.id, at, range, start, held, apply).await
}

/// A cell as it is kept.
fn frozen(cell: &CellHistory, tile_size: i32, at: Coord) -> StoredTile {
    let mut authors: Vec<UserId> = Vec::new();
    let mut indices: HashMap<UserId, u8> = HashMap::new();
    let of_pixel = |author: Option<UserId>| {
        let Some(author) = author else {
            return NOBODY;
        };
        *indices
            .entry(author)
            .or_insert_with(|| match u8::try_from(authors.len()) {
                Ok(index) if authors.len() < MAX_AUTHORS => {
                    authors.push(author);
                    index
                }
                Ok(_) | Err(_) => SOMEBODY,
            })
    };
    let author_pixels = cell.authors().into_iter().map(of_pixel).collect();
    let tile = cell.tile();
    StoredTile {
        x: at.x,
        y: at.y,
        pixels: tile.map_or_else(|| Pixels::blank(tile_size), |tile| tile.pixels),
        authors,
        author_pixels: Pixels::from_bytes(author_pixels),
    }
}

/// Whose pixels can be seen.
fn visible_authors(tile: &StoredTile) -> BTreeSet<UserId> {
    let pixels = tile.pixels.as_bytes().iter();
    let pixels = pixels.zip(tile.author_pixels.as_bytes());
    let visible = pixels.filter(|(colour, _)| **colour != TRANSPARENT);
    let indices: BTreeSet<u8> = visible.map(|(_, index)| *index).collect();
    let authors = indices.into_iter();
    authors
        .filter_map(|index| tile.authors.get(usize::from(index)).copied())
        .collect()
}

/// Who changed whose pixels.
struct OverpaintedPixels {
    since: DateTime<Utc>,
    /// By who changed them and whose they were.
    pairs: HashMap<(UserId, UserId), Pair>,
}

#[derive(Default)]
struct Pair {
    /// Of each cell which pixels were changed, a bit each: each counts once, however often it
    /// was changed.
    cells: HashMap<Coord, Vec<u64>>,
    last_at: Option<Timestamp>,
}

impl Pair {
    fn note(&mut self, at: Coord, pixel: usize) {
        let words = self.cells.entry(at).or_default();
        let (word, bit) = (pixel / 64, pixel % 64);
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        if let Some(word) = words.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    fn pixels(&self) -> i64 {
        let words = self.cells.values().flatten();
        words.map(|word| i64::from(word.count_ones())).sum()
    }
}

impl OverpaintedPixels {
    fn since(since: DateTime<Utc>) -> Self {
        Self {
            since,
            pairs: HashMap::new(),
        }
    }

    /// Notes that `by` changed a pixel of `of`.
    fn note(&mut self, at: Coord, pixel: usize, of: UserId, by: UserId, time: Timestamp) {
        if DateTime::from(time) < self.since {
            return;
        }
        if self.pairs.len() >= MAX_COUNTED_PAIRS && !self.pairs.contains_key(&(by, of)) {
            return;
        }
        let pair = self.pairs.entry((by, of)).or_default();
        pair.note(at, pixel);
        pair.last_at = pair.last_at.max(Some(time));
    }

    /// Those who changed most first.
    fn into_list(self) -> Vec<StoredOverpainted> {
        let pairs = self.pairs.into_iter();
        let mut list: Vec<StoredOverpainted> = pairs
            .filter_map(|((by, of), pair)| {
                Some(StoredOverpainted {
                    by,
                    of,
                    pixels: pair.pixels(),
                    last_at: pair.last_at?,
                })
            })
            .collect();
        list.sort_by_key(|pair| (-pair.pixels, pair.by, pair.of));
        list.truncate(MAX_PAIRS);
        list
    }
}

async fn of_message(
    reads: &Pool,
    log: &Log,
    canvas: &Canvas,
    message_id: MessageId,
) -> db::Result<Gathered> {
    let (id, head) = (canvas.id, canvas.last_seq);
    let mut evidence = StoredEvidence {
        seq: Some(head),
        ..StoredEvidence::default()
    };
    let Some(message) = log.message(reads, id, message_id).await? else {
        return Ok(Gathered {
            evidence,
            reported: Vec::new(),
        });
    };
    let sender = message.sender_id;
    let mut before = log
        .messages_before(&mut Reads::Pool(reads), id, message.seq, MESSAGES_AROUND)
        .await?;
    before.reverse();
    let after = log
        .messages_after(reads, id, message.seq, head, MESSAGES_AROUND)
        .await?;
    // The message may be newer than the canvas that was read before it.
    evidence.seq = Some(head.max(message.seq));
    evidence.message = chat(with_words(reads, id, vec![message]).await?).pop();
    evidence.before = Some(chat(with_words(reads, id, before).await?));
    evidence.after = Some(chat(with_words(reads, id, after).await?));
    Ok(Gathered {
        evidence,
        reported: vec![sender],
    })
}

fn chat(messages: Vec<ChatMessage>) -> Vec<EvidenceMessage> {
    messages.into_iter().map(EvidenceMessage::Chat).collect()
}

/// The evidence of a private message: it and those before it.
///
/// # Errors
/// Those of the database.
pub(crate) async fn of_direct_message(
    reads: &Pool,
    message: &DirectMessage,
) -> db::Result<Gathered> {
    let limit = limits::REPORTED_DIRECT_MESSAGES;
    let conversation = message.conversation_id;
    let messages =
        direct_messages::with_removed_words(reads, conversation, message.seq, limit).await?;
    Ok(Gathered {
        evidence: StoredEvidence {
            messages: Some(messages.into_iter().map(EvidenceMessage::Direct).collect()),
            ..StoredEvidence::default()
        },
        reported: vec![message.sender_id],
    })
}

/// A comment, with those before and after it on the same cell.
async fn of_comment(reads: &Pool, canvas: &Canvas, id: CommentId) -> db::Result<Gathered> {
    let mut evidence = StoredEvidence {
        seq: Some(canvas.last_seq),
        ..StoredEvidence::default()
    };
    let Some(comment) = comments::find(reads, id).await? else {
        return Ok(Gathered {
            evidence,
            reported: Vec::new(),
        });
    };
    let (author, seq) = (comment.author.user_id, comment.seq);
    let at = Coord {
        x: comment.x,
        y: comment.y,
    };
    let on_cell = Filter {
        cell: Some(at),
        resolved: None,
    };
    let mut before = comments::before(reads, canvas.id, at, seq, MESSAGES_AROUND).await?;
    before.reverse();
    let after = comments::list(reads, canvas.id, on_cell, seq, MESSAGES_AROUND).await?;
    evidence.seq = Some(canvas.last_seq.max(seq));
    evidence.message = with_removed_words(reads, vec![comment]).await?.pop();
    evidence.before = Some(with_removed_words(reads, before).await?);
    evidence.after = Some(with_removed_words(reads, after).await?);
    Ok(Gathered {
        evidence,
        reported: vec![author],
    })
}

/// The comments with the words of those that were removed, which nothing else shows.
async fn with_removed_words(
    reads: &Pool,
    mut comments: Vec<Comment>,
) -> db::Result<Vec<EvidenceMessage>> {
    let removed = comments.iter().filter(|comment| comment.removed);
    let removed: Vec<CommentId> = removed.map(|comment| comment.id).collect();
    if !removed.is_empty() {
        let mut words = comments::removed_words(reads, &removed).await?;
        for comment in &mut comments {
            if let Some(words) = words.remove(&comment.id) {
                comment.text = words;
            }
        }
    }
    Ok(comments.into_iter().map(EvidenceMessage::Comment).collect())
}

async fn of_person(
    reads: &Pool,
    index: &EventIndex,
    log: &Log,
    canvas: &Canvas,
    user: UserId,
    now: DateTime<Utc>,
    held: &Held,
) -> db::Result<Gathered> {
    let head = canvas.last_seq;
    let messages = log
        .newest_messages_of(reads, canvas.id, user, head, NEWEST)
        .await?;
    let cells = cells::newest_of(index, canvas.id, user, head, NEWEST_CELLS).await?;
    let of_cells = of_cells(reads, canvas, &cells, now, held).await?;
    Ok(Gathered {
        evidence: StoredEvidence {
            messages: Some(chat(with_words(reads, canvas.id, messages).await?)),
            overpainted: None,
            ..of_cells.evidence
        },
        reported: vec![user],
    })
}

/// The messages with the words of those that were removed, which nothing else shows.
async fn with_words(
    reads: &Pool,
    canvas: CanvasId,
    mut messages: Vec<ChatMessage>,
) -> db::Result<Vec<ChatMessage>> {
    let removed = messages.iter().filter(|message| message.removed);
    let removed: Vec<i64> = removed.map(|message| message.seq).collect();
    if removed.is_empty() {
        return Ok(messages);
    }
    let mut words = reading::removed_words(reads, canvas, &removed).await?;
    for message in &mut messages {
        if let Some(words) = words.remove(&message.seq) {
            message.message_text = words;
        }
    }
    Ok(messages)
}
