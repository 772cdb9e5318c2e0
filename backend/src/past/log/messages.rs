//! Chat messages, however old. Lists take what the hot table has, and older ones from the pieces.

use super::{Log, Rows, row};
use crate::{
    db::{
        self, DbError, Pool, Reads,
        archive::{self, Piece, PieceHalf},
        log::LogRow,
        messages::{self, Names},
        removed_messages,
        words::{self, LoggedMessage},
    },
    event_codec::PartEvent,
    message_id,
    op_filter::{Key, OpFilter},
};
use chrono::{DateTime, Utc};
use shared::{
    api::ChatMessage,
    ids::{CanvasId, MessageId, UserId},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The beginning of the wire form of a message.
const MESSAGE: &str = r#"{"type":"canvas_chat_message","#;
/// Pieces of which is read at once what they are.
const PIECES: i64 = 16;

/// A range of messages of the pieces, and the order in which they are read.
#[derive(Clone, Copy, Debug)]
enum MessageRange {
    /// Those before this event, the newest first.
    Before(i64),
    /// Those after the one event up to the other, the oldest first.
    Between(i64, i64),
}

impl Log {
    /// The chat messages before `before_seq`, newest first, at most `limit`. Deleted accounts
    /// have no names in them, also while the names are still being removed from the log.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn messages_before(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        before_seq: i64,
        limit: i64,
    ) -> db::Result<Vec<ChatMessage>> {
        let hot = messages::before(&mut *reads, canvas, before_seq, limit).await?;
        let limit = usize::try_from(limit).unwrap_or_default();
        let mut deleted: HashMap<i64, Names> = hot.deleted;
        let mut rows: Rows = hot.rows.into_iter().map(|row| (row.seq, row)).collect();
        if hot.has_archive && rows.len() < limit {
            let range = MessageRange::Before(before_seq);
            let (found, senders) = self
                .archived_messages(reads, canvas, range, limit, None)
                .await?;
            let asked: HashSet<UserId> = senders.values().copied().collect();
            let asked: Vec<UserId> = asked.into_iter().collect();
            let names = messages::deleted_names(&mut *reads, &asked).await?;
            for (seq, sender) in senders {
                deleted.extend(names.get(&sender).map(|names| (seq, names.clone())));
            }
            rows.extend(found);
        }
        let newest: Vec<LogRow> = rows.into_values().rev().take(limit).collect();
        let mut messages = self.read_messages(reads, canvas, newest).await?;
        for message in &mut messages {
            if let Some(names) = deleted.remove(&message.seq) {
                message.sender_username = names.username;
                message.sender_display_name = names.display_name;
            }
        }
        Ok(messages)
    }

    /// The messages after `seq` up to `head`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn messages_after(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        seq: i64,
        head: i64,
        limit: i64,
    ) -> db::Result<Vec<ChatMessage>> {
        let reads = &mut Reads::Pool(pool);
        let hot = messages::after(&mut *reads, canvas, seq, head, limit).await?;
        let limit = usize::try_from(limit).unwrap_or_default();
        let range = MessageRange::Between(seq, head);
        let (mut rows, _) = self
            .archived_messages(reads, canvas, range, limit, None)
            .await?;
        rows.extend(hot.into_iter().map(|row| (row.seq, row)));
        let oldest: Vec<LogRow> = rows.into_values().take(limit).collect();
        self.read_messages(reads, canvas, oldest).await
    }

    /// The newest messages of a user up to `head`, newest first, at most `limit`.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn newest_messages_of(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        user: UserId,
        head: i64,
        limit: i64,
    ) -> db::Result<Vec<ChatMessage>> {
        let reads = &mut Reads::Pool(pool);
        let hot = messages::newest_of(&mut *reads, canvas, user, head, limit).await?;
        let limit = usize::try_from(limit).unwrap_or_default();
        let mut rows: Rows = hot.into_iter().map(|row| (row.seq, row)).collect();
        if rows.len() < limit && archive::has_events_of(&mut *reads, canvas, user).await? {
            let range = MessageRange::Before(head.saturating_add(1));
            let (found, _) = self
                .archived_messages(reads, canvas, range, limit, Some(user))
                .await?;
            rows.extend(found);
        }
        let newest: Vec<LogRow> = rows.into_values().rev().take(limit).collect();
        self.read_messages(reads, canvas, newest).await
    }

    /// A chat message; none if the canvas has none with this id.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn message(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        id: MessageId,
    ) -> db::Result<Option<ChatMessage>> {
        let reads = &mut Reads::Pool(pool);
        let found = match messages::find(&mut *reads, canvas, id).await? {
            Some(row) => Some(row),
            None => self.archived_message(reads, canvas, id).await?,
        };
        let rows = found.into_iter().collect();
        Ok(self.read_messages(reads, canvas, rows).await?.pop())
    }

    /// What is stored of the messages with these ids, or at these `seq`s; those that do not exist
    /// are missing. Called under the canvas's lock.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn logged_messages(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        ids: &[MessageId],
        seqs: &[i64],
    ) -> db::Result<Vec<LoggedMessage>> {
        let mut found = words::find(&mut *reads, canvas, ids, seqs).await?;
        let hot: HashMap<i64, MessageId> = found
            .iter()
            .filter_map(|m| Some((m.seq, id_of(&m.body)?)))
            .collect();
        let hot_ids: HashSet<MessageId> = hot.values().copied().collect();
        for id in ids.iter().filter(|id| !hot_ids.contains(id)) {
            let message = self.archived_message(reads, canvas, *id).await?;
            found.extend(message.map(|row| LoggedMessage {
                seq: row.seq,
                body: row.body,
            }));
        }
        let missing = seqs.iter().filter(|seq| !hot.contains_key(seq));
        let missing: Vec<i64> = missing.copied().collect();
        if !missing.is_empty() {
            let bodies = self.stored(reads, canvas, &missing).await?.into_iter();
            let bodies = bodies.filter(|(_, body)| body.starts_with(MESSAGE));
            found.extend(bodies.map(|(seq, body)| LoggedMessage { seq, body }));
        }
        Ok(found)
    }

    /// The `seq`s of a user's messages since a time that are not removed, oldest first, at most
    /// `limit`.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn messages_since(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        sender: UserId,
        since: DateTime<Utc>,
        limit: i64,
    ) -> db::Result<Vec<i64>> {
        let reads = &mut Reads::Pool(pool);
        // Before the archive, in which those are that leave the hot table meanwhile.
        let hot = removed_messages::since(&mut *reads, canvas, sender, since, limit).await?;
        let limit = usize::try_from(limit).unwrap_or_default();
        let mut found: Vec<i64> = Vec::new();
        if archive::has_events_of(&mut *reads, canvas, sender).await? {
            let before = archive::before_time(&mut *reads, canvas, since).await?;
            let mut after = before.unwrap_or_default();
            while found.len() < limit {
                let range = MessageRange::Between(after, i64::MAX);
                let (rows, _) = self
                    .archived_messages(reads, canvas, range, limit, Some(sender))
                    .await?;
                let Some(last) = rows.last_key_value().map(|(seq, _)| *seq) else {
                    break;
                };
                after = last;
                for (seq, row) in rows {
                    let message = message(&row.body)?;
                    let at: DateTime<Utc> = message.created_at.into();
                    if at >= since && !message.removed {
                        found.push(seq);
                    }
                }
            }
        }
        found.extend(hot);
        found.sort_unstable();
        found.dedup();
        found.truncate(limit);
        Ok(found)
    }

    /// The messages that these rows of the log are, in the same order.
    async fn read_messages(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        rows: Vec<LogRow>,
    ) -> db::Result<Vec<ChatMessage>> {
        let read = self.read_words(reads, canvas, rows).await?;
        read.iter().map(|(_, body)| message(body)).collect()
    }

    /// Messages of the pieces, as they are stored, and who sent them; at most `limit`.
    async fn archived_messages(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        range: MessageRange,
        limit: usize,
        sender: Option<UserId>,
    ) -> db::Result<(Rows, BTreeMap<i64, UserId>)> {
        let (mut rows, mut senders) = (Rows::new(), BTreeMap::new());
        let mut remaining = range;
        while rows.len() < limit {
            let pieces = match remaining {
                MessageRange::Before(seq) => {
                    archive::with_messages_before(&mut *reads, canvas, seq, PIECES).await?
                }
                MessageRange::Between(after, _) => {
                    archive::with_messages_after(&mut *reads, canvas, after, PIECES).await?
                }
            };
            if pieces.is_empty() {
                break;
            }
            let passed = match sender {
                None => HashSet::new(),
                Some(sender) => without(reads, canvas, &pieces, Key::of_sender(sender)).await?,
            };
            for piece in pieces {
                if rows.len() >= limit {
                    break;
                }
                let first_seq = piece.first_seq;
                let seqs = match remaining {
                    MessageRange::Before(seq) => first_seq - 1..seq - 1,
                    MessageRange::Between(after, until) => after..until.min(piece.last_seq),
                };
                if !passed.contains(&first_seq) && seqs.start < seqs.end {
                    let Some(part) = self.part(reads, canvas, &piece, PieceHalf::Others).await?
                    else {
                        // It was replaced meanwhile: the next pieces are looked for again.
                        break;
                    };
                    let found = part.between(&seqs).filter(|event| {
                        event.body.starts_with(MESSAGE)
                            && sender.is_none_or(|sender| sender.0 == event.actor_id)
                    });
                    let left = limit - rows.len();
                    let mut add = |event: PartEvent<'_>| {
                        rows.insert(event.seq, row(&piece, &event));
                        senders.insert(event.seq, UserId(event.actor_id));
                    };
                    match remaining {
                        MessageRange::Before(_) => found.rev().take(left).for_each(&mut add),
                        MessageRange::Between(..) => found.take(left).for_each(&mut add),
                    }
                }
                remaining = match remaining {
                    MessageRange::Before(_) => MessageRange::Before(first_seq),
                    MessageRange::Between(_, until) => MessageRange::Between(piece.last_seq, until),
                };
            }
            if let MessageRange::Between(after, until) = remaining
                && after >= until
            {
                break;
            }
        }
        Ok((rows, senders))
    }

    /// What is stored of a message of the pieces; none if they have none with this id.
    async fn archived_message(
        &self,
        reads: &mut Reads<'_>,
        canvas: CanvasId,
        id: MessageId,
    ) -> db::Result<Option<LogRow>> {
        if let Some(seq) = message_id::seq(id) {
            let mut rows = self.rows_at(reads, canvas, &[seq]).await?;
            return Ok(rows.remove(&seq).filter(|row| id_of(&row.body) == Some(id)));
        }
        let mut before = i64::MAX;
        loop {
            let pieces = archive::with_messages_before(&mut *reads, canvas, before, PIECES).await?;
            if pieces.is_empty() {
                return Ok(None);
            }
            let passed = without(reads, canvas, &pieces, Key::of_message(id.0)).await?;
            for piece in pieces {
                if !passed.contains(&piece.first_seq) {
                    let Some(part) = self.part(reads, canvas, &piece, PieceHalf::Others).await?
                    else {
                        break;
                    };
                    let is_it = |body: &str| body.starts_with(MESSAGE) && id_of(body) == Some(id);
                    if let Some(event) = part.events().find(|event| is_it(event.body)) {
                        return Ok(Some(row(&piece, &event)));
                    }
                }
                before = piece.first_seq;
            }
        }
    }
}

/// Those of these pieces that certainly do not have a key.
async fn without(
    reads: &mut Reads<'_>,
    canvas: CanvasId,
    pieces: &[Piece],
    key: Key,
) -> db::Result<HashSet<i64>> {
    let seqs: Vec<i64> = pieces.iter().map(|piece| piece.first_seq).collect();
    let filters = archive::filters_of(&mut *reads, canvas, &seqs).await?;
    // Those with a damaged filter are read.
    let without = filters.into_iter().filter_map(|(first_seq, stored)| {
        let filter = OpFilter::from_stored(&stored).ok()?;
        (!filter.may_have(key)).then_some(first_seq)
    });
    Ok(without.collect())
}

fn message(body: &str) -> db::Result<ChatMessage> {
    serde_json::from_str(body).map_err(|error| DbError::from(sqlx::Error::Decode(error.into())))
}

/// The id of a message in its wire form, where it stands in a fixed place.
fn id_of(body: &str) -> Option<MessageId> {
    body.get(44..80)?.parse().ok().map(MessageId)
}
