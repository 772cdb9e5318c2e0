//! Changes what archived events say: words that were edited or removed later go into the piece,
//! and names of deleted accounts out of it.

use super::build::{self, PackError, pack_half};
use crate::{
    db::{
        self, Pool, Reads,
        archive::{self, Piece, PieceHalf},
        messages::Names,
    },
    event_codec::{Part, StoredEvent},
    op_filter::{Key, OpFilter},
    past::{Step, log::Log},
};
use shared::ids::{CanvasId, UserId};
use sqlx::{Connection, PgConnection};
use std::sync::Arc;
use tokio::task;

/// Rewordings that one step moves into pieces.
const REWORDINGS: i64 = 1_000;
/// Pieces in which one step looks for names.
const PIECES: i64 = 16;

/// Moves some words of one canvas that were edited or removed into its pieces.
///
/// # Errors
/// Those of the database, and a piece that is damaged.
pub(super) async fn fold(pool: &Pool, log: &Log) -> db::Result<Step> {
    let waiting = archive::rewordings(pool, REWORDINGS).await?;
    let Some((canvas, _)) = waiting.first() else {
        return Ok(Step::Idle);
    };
    let seqs: Vec<i64> = waiting.iter().map(|(_, seq)| *seq).collect();
    let mut lease = pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    if !archive::try_lock(&mut transaction, *canvas).await? {
        return Ok(Step::Idle);
    }
    for piece in archive::pieces_of(&mut *transaction, *canvas, &seqs).await? {
        rewrite(&mut transaction, log, *canvas, &piece, None).await?;
    }
    transaction.commit().await?;
    lease.done();
    Ok(Step::Done)
}

/// What came of [`rename`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RenameStep {
    /// Nothing was done: another task changes the pieces.
    Busy,
    /// The pieces that begin before this event are left.
    Before(i64),
    /// No piece is left.
    All,
}

/// Removes the old names of a user from some pieces of a canvas that begin before an event, the
/// newest first. Called in a transaction.
///
/// # Errors
/// Those of the database, and a piece that is damaged.
pub(crate) async fn rename(
    connection: &mut PgConnection,
    log: &Log,
    canvas: CanvasId,
    user: UserId,
    before: i64,
) -> db::Result<RenameStep> {
    if !archive::try_lock(&mut *connection, canvas).await? {
        return Ok(RenameStep::Busy);
    }
    let names = db::messages::deleted_names(&mut *connection, &[user]).await?;
    let Some(names) = names.get(&user) else {
        return Ok(RenameStep::All);
    };
    let pieces = archive::before(&mut *connection, canvas, before, PIECES).await?;
    let seqs: Vec<i64> = pieces.iter().map(|piece| piece.first_seq).collect();
    let filters = archive::filters_of(&mut *connection, canvas, &seqs).await?;
    let key = Key::of_sender(user);
    for piece in &pieces {
        let filter = filters.iter().find(|(first, _)| *first == piece.first_seq);
        let filter = filter.and_then(|(_, stored)| OpFilter::from_stored(stored).ok());
        if filter.is_none_or(|filter| filter.may_have(key)) {
            rewrite(&mut *connection, log, canvas, piece, Some((user, names))).await?;
        }
    }
    let last = pieces
        .last()
        .filter(|_| i64::try_from(pieces.len()) == Ok(PIECES));
    Ok(last.map_or(RenameStep::All, |piece| RenameStep::Before(piece.first_seq)))
}

/// Packs the half of a piece that has words again, with the words of now, and with other names
/// of a user.
async fn rewrite(
    connection: &mut PgConnection,
    log: &Log,
    canvas: CanvasId,
    piece: &Piece,
    renamed: Option<(UserId, &Names)>,
) -> db::Result<()> {
    let reads = &mut Reads::Connection(&mut *connection);
    // Nobody replaces a piece in this transaction.
    let Some(part) = log.part(reads, canvas, piece, PieceHalf::Others).await? else {
        return Ok(());
    };
    let rewordings = piece.rewordings.clone();
    let renamed = renamed.map(|(user, names)| (user, names.clone()));
    let packed = task::spawn_blocking(move || {
        let mut events: Vec<StoredEvent> = part.events().map(Into::into).collect();
        for event in &mut events {
            if let Some(reworded) = rewordings.get(&event.seq) {
                event.body.clone_from(reworded);
            }
            if let Some((user, names)) = &renamed
                && event.actor_id == user.0
            {
                event.body = with_names(&event.body, names);
            }
        }
        is_changed(&part, &events).then(|| pack_half(&events))
    });
    let packed: Option<Result<_, PackError>> = packed
        .await
        .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let folded = &piece.rewordings;
    match packed {
        Some(Ok((others, digest))) => {
            let first_seq = piece.first_seq;
            archive::put_others(connection, canvas, first_seq, &others, &digest, folded).await
        }
        // The piece has these words already.
        None => archive::remove_rewordings(connection, canvas, folded).await,
        Some(Err(error)) => {
            tracing::error!(%canvas, %error, "words cannot be moved into the archive");
            Err(sqlx::Error::Encode(Box::new(error)).into())
        }
    }
}

fn is_changed(part: &Arc<Part>, events: &[StoredEvent]) -> bool {
    part.events()
        .zip(events)
        .any(|(old, new)| old.body != new.body)
}

/// The event with these names of the one who said its words.
fn with_names(body: &str, names: &Names) -> String {
    let fields: &[(&str, &str)] = match build::kind(body) {
        "canvas_chat_message" => &[
            ("sender_username", &names.username),
            ("sender_display_name", &names.display_name),
        ],
        // A comment has no other field of these names.
        "comment_created" => &[
            ("username", &names.username),
            ("display_name", &names.display_name),
        ],
        _ => &[],
    };
    let mut body = body.to_owned();
    for (field, name) in fields {
        if let Some(replaced) = with_text(&body, field, name) {
            body = replaced;
        }
    }
    body
}

/// JSON in which the first field of this name has another text; none if there is no such field.
fn with_text(json: &str, field: &str, text: &str) -> Option<String> {
    // In JSON, quotes inside of a text are escaped, so that no text looks like a field.
    let name = format!(r#""{field}":""#);
    let start = json.find(&name)? + name.len();
    let mut is_escaped = false;
    let end = json[start..].find(|character| {
        let is_end = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_end
    })?;
    let text = serde_json::to_string(text).ok()?;
    let rest = &json[start + end + 1..];
    Some(format!("{}{text}{rest}", &json[..start - 1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_replaced_and_nothing_else() {
        let json = r#"{"a":"\"name\":\"x\"","name":"old \"\\","other":"name"}"#;
        let expected = r#"{"a":"\"name\":\"x\"","name":"new \"","other":"name"}"#;
        assert_eq!(with_text(json, "name", "new \"").as_deref(), Some(expected));
        assert_eq!(with_text(json, "none", "new"), None);
    }
}
