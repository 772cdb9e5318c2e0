//! Comments on tiles. The write path changes them under the canvas's lock, together with the
//! events that tell it.

use super::{DbError, Result};
use crate::cell_number::cell_number;
use chrono::{DateTime, Utc};
use shared::{
    api::{comments::Comment, moderation::UserRef},
    canvas::Coord,
    ids::{CanvasId, CommentId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};
use std::collections::HashMap;

/// Columns of the largest canvas, by which a cell has its number.
const COLUMNS: i32 = 256;

/// A comment as the write path knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredComment {
    pub(crate) comment: Comment,
    /// Who removed it and what it said, if the batch removes it.
    pub(crate) removal: Option<(UserId, String)>,
}

/// How many comments a cell has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CellComments {
    /// All, answers and removed ones included.
    pub(crate) all: i64,
    /// Those without a parent that are neither resolved nor removed.
    pub(crate) open: i64,
}

/// A row of `comments` with the names of its author.
struct CommentRow {
    id: i64,
    canvas_id: i64,
    tile: i32,
    seq: i64,
    at_seq: i64,
    parent_id: Option<i64>,
    author_id: i64,
    author_username: Option<String>,
    author_display_name: Option<String>,
    text: String,
    resolved: bool,
    replies: i64,
    created_at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    removed_at: Option<DateTime<Utc>>,
}

impl From<CommentRow> for Comment {
    fn from(row: CommentRow) -> Self {
        Self {
            id: CommentId(row.id),
            canvas_id: CanvasId(row.canvas_id),
            x: row.tile % COLUMNS,
            y: row.tile / COLUMNS,
            seq: row.seq,
            at_seq: row.at_seq,
            parent_id: row.parent_id.map(CommentId),
            author: UserRef {
                user_id: UserId(row.author_id),
                username: row.author_username.unwrap_or_default(),
                display_name: row.author_display_name.unwrap_or_default(),
            },
            text: row.text,
            resolved: row.resolved,
            replies: row.replies,
            removed: row.removed_at.is_some(),
            created_at: row.created_at.into(),
            edited_at: row.edited_at.map(Into::into),
        }
    }
}

/// A checked query of [`CommentRow`]s: the statement after its joins, and the arguments.
macro_rules! comment_query {
    ($after:tt, $($argument:expr),+ $(,)?) => {
        query_as!(
            CommentRow,
            r#"SELECT c.id, c.canvas_id, c.tile, c.seq, c.at_seq, c.parent_id, c.author_id,
                      u.username AS "author_username?", u.display_name AS "author_display_name?",
                      c.text, c.resolved, c.replies, c.created_at, c.edited_at, c.removed_at
               FROM comments c LEFT JOIN users u ON u.id = c.author_id "# + $after,
            $($argument),+
        )
    };
}

/// A comment; none if its canvas was deleted.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: CommentId) -> Result<Option<Comment>> {
    comment_query!(
        "WHERE c.id = $1 AND EXISTS (SELECT FROM canvases WHERE id = c.canvas_id)",
        id.0,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|row| row.map(Comment::from))
}

/// The canvas of a comment; none if it was deleted.
pub(crate) async fn canvas(
    executor: impl PgExecutor<'_>,
    id: CommentId,
) -> Result<Option<CanvasId>> {
    query_scalar!(
        "SELECT c.canvas_id FROM comments c JOIN canvases v ON v.id = c.canvas_id WHERE c.id = $1",
        id.0,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|id| id.map(CanvasId))
}

/// Which comments are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter {
    /// Those on this cell.
    pub(crate) cell: Option<Coord>,
    /// Those that are resolved, or those that are not.
    pub(crate) resolved: Option<bool>,
}

/// Comments of a canvas after `after_seq`, oldest first, at most `limit`. A statement for each
/// kind of list, so that each has its index.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    filter: Filter,
    after_seq: i64,
    limit: i64,
) -> Result<Vec<Comment>> {
    let rows = match (filter.cell, filter.resolved) {
        (Some(cell), resolved) => {
            comment_query!(
                "WHERE c.canvas_id = $1 AND c.tile = $2 AND c.seq > $3
                   AND ($4::boolean IS NULL OR c.resolved = $4)
                 ORDER BY c.seq LIMIT $5",
                canvas.0,
                cell_number(cell),
                after_seq,
                resolved,
                limit,
            )
            .fetch_all(executor)
            .await?
        }
        (None, Some(resolved)) => {
            comment_query!(
                "WHERE c.canvas_id = $1 AND c.resolved = $2 AND c.seq > $3
                 ORDER BY c.seq LIMIT $4",
                canvas.0,
                resolved,
                after_seq,
                limit,
            )
            .fetch_all(executor)
            .await?
        }
        (None, None) => {
            comment_query!(
                "WHERE c.canvas_id = $1 AND c.seq > $2 ORDER BY c.seq LIMIT $3",
                canvas.0,
                after_seq,
                limit,
            )
            .fetch_all(executor)
            .await?
        }
    };
    Ok(rows.into_iter().map(Comment::from).collect())
}

/// The comments on a cell before `before_seq`, newest first, at most `limit`.
pub(crate) async fn before(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    cell: Coord,
    before_seq: i64,
    limit: i64,
) -> Result<Vec<Comment>> {
    let rows = comment_query!(
        "WHERE c.canvas_id = $1 AND c.tile = $2 AND c.seq < $3 ORDER BY c.seq DESC LIMIT $4",
        canvas.0,
        cell_number(cell),
        before_seq,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Comment::from).collect())
}

/// What removed comments said. Only the evidence of a case shows it.
pub(crate) async fn removed_words(
    executor: impl PgExecutor<'_>,
    ids: &[CommentId],
) -> Result<HashMap<CommentId, String>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"SELECT id, removed_text AS "text!" FROM comments
           WHERE id = ANY($1) AND removed_text IS NOT NULL"#,
        &ids,
    )
    .map(|row| (CommentId(row.id), row.text))
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Those of these comments that are on the canvas. Called under its lock.
pub(crate) async fn load(
    connection: &mut PgConnection,
    canvas: CanvasId,
    ids: &[CommentId],
) -> Result<Vec<Comment>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = comment_query!("WHERE c.canvas_id = $1 AND c.id = ANY($2)", canvas.0, &ids)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(Comment::from).collect())
}

/// How many comments these cells have; cells without any are missing.
pub(crate) async fn of_cells(
    connection: &mut PgConnection,
    canvas: CanvasId,
    cells: &[Coord],
) -> Result<HashMap<Coord, CellComments>> {
    let tiles: Vec<i32> = cells.iter().copied().map(cell_number).collect();
    let rows = query!(
        "SELECT tile, comments, open FROM commented_cells
         WHERE canvas_id = $1 AND tile = ANY($2)",
        canvas.0,
        &tiles,
    )
    .map(|row| {
        let at = Coord {
            x: row.tile % COLUMNS,
            y: row.tile / COLUMNS,
        };
        let comments = CellComments {
            all: row.comments,
            open: row.open,
        };
        (at, comments)
    })
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Reserves ids for new comments. Ids that stay unused leave gaps, which are harmless.
pub(crate) async fn new_ids(connection: &mut PgConnection, count: usize) -> Result<Vec<CommentId>> {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    query_scalar!(
        r#"SELECT nextval(pg_get_serial_sequence('comments', 'id')) AS "id!"
         FROM generate_series(1, $1)"#,
        count,
    )
    .fetch_all(connection)
    .await
    .map_err(DbError::from)
    .map(|ids| ids.into_iter().map(CommentId).collect())
}

/// Inserts new comments and updates those that changed, and the numbers of their cells. Called
/// under the canvas's lock.
pub(crate) async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    comments: &[&StoredComment],
    cells: &[(&Coord, &CellComments)],
    now: DateTime<Utc>,
) -> Result<()> {
    if comments.is_empty() {
        return Ok(());
    }
    let all = comments.iter().map(|stored| &stored.comment);
    let ids: Vec<i64> = all.clone().map(|comment| comment.id.0).collect();
    let tiles: Vec<i32> = all
        .clone()
        .map(|c| cell_number(Coord { x: c.x, y: c.y }))
        .collect();
    let seqs: Vec<i64> = all.clone().map(|comment| comment.seq).collect();
    let at_seqs: Vec<i64> = all.clone().map(|comment| comment.at_seq).collect();
    let parents: Vec<Option<i64>> = all.clone().map(|c| c.parent_id.map(|id| id.0)).collect();
    let authors: Vec<i64> = all
        .clone()
        .map(|comment| comment.author.user_id.0)
        .collect();
    let texts: Vec<&str> = all.clone().map(|comment| comment.text.as_str()).collect();
    let resolved: Vec<bool> = all.clone().map(|comment| comment.resolved).collect();
    let replies: Vec<i64> = all.clone().map(|comment| comment.replies).collect();
    let edited: Vec<Option<DateTime<Utc>>> =
        all.clone().map(|c| c.edited_at.map(Into::into)).collect();
    let removals = comments.iter().map(|stored| stored.removal.as_ref());
    let removers: Vec<Option<i64>> = removals.clone().map(|r| Some(r?.0.0)).collect();
    let words: Vec<Option<&str>> = removals.map(|r| Some(r?.1.as_str())).collect();
    query!(
        "INSERT INTO comments AS c
             (canvas_id, id, tile, seq, at_seq, parent_id, author_id, text, resolved, replies,
              created_at, edited_at, removed_at, remover_id, removed_text)
         SELECT $1, id, tile, seq, at_seq, parent_id, author_id, text, resolved, replies, $2,
                edited_at, CASE WHEN remover_id IS NOT NULL THEN $2::timestamptz END, remover_id,
                removed_text
         FROM unnest($3::bigint[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[],
                     $8::bigint[], $9::text[], $10::boolean[], $11::bigint[], $12::timestamptz[],
                     $13::bigint[], $14::text[])
             AS new (id, tile, seq, at_seq, parent_id, author_id, text, resolved, replies,
                     edited_at, remover_id, removed_text)
         ON CONFLICT (id) DO UPDATE
         SET text = excluded.text, resolved = excluded.resolved, replies = excluded.replies,
             edited_at = excluded.edited_at,
             removed_at = coalesce(c.removed_at, excluded.removed_at),
             remover_id = coalesce(c.remover_id, excluded.remover_id),
             removed_text = coalesce(c.removed_text, excluded.removed_text)",
        canvas.0,
        now,
        &ids,
        &tiles,
        &seqs,
        &at_seqs,
        &parents as &[Option<i64>],
        &authors,
        &texts as &[&str],
        &resolved,
        &replies,
        &edited as &[Option<DateTime<Utc>>],
        &removers as &[Option<i64>],
        &words as &[Option<&str>],
    )
    .execute(&mut *connection)
    .await?;
    let tiles: Vec<i32> = cells.iter().map(|(at, _)| cell_number(**at)).collect();
    let counts: Vec<i64> = cells.iter().map(|(_, comments)| comments.all).collect();
    let open: Vec<i64> = cells.iter().map(|(_, comments)| comments.open).collect();
    query!(
        "INSERT INTO commented_cells (canvas_id, tile, comments, open)
         SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bigint[])
         ON CONFLICT (canvas_id, tile) DO UPDATE
         SET comments = excluded.comments, open = excluded.open",
        canvas.0,
        &tiles,
        &counts,
        &open,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}
