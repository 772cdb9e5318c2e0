//! Reading tiles for HTTP. Only the write path changes them (`cells`).

use super::{DbError, Result};
use crate::cell_number::cell_number;
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::{
    api::{Tile, rewrites::Area},
    canvas::Coord,
    ids::{CanvasId, TileId, UserId},
    pixels::Pixels,
};
use sqlx::{PgExecutor, query, query_as, query_scalar};

/// The columns of [`Tile`], as they are stored.
struct TileRow {
    id: i64,
    canvas_id: i64,
    x: i32,
    y: i32,
    creator_id: i64,
    creator_username: String,
    title: String,
    pixels: Vec<u8>,
    version: i64,
    like_count: i64,
    liked_by_me: bool,
    open_comments: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<TileRow> for Tile {
    fn from(row: TileRow) -> Self {
        Self {
            id: TileId(row.id),
            canvas_id: CanvasId(row.canvas_id),
            x: row.x,
            y: row.y,
            creator_id: UserId(row.creator_id),
            creator_username: row.creator_username,
            title: row.title,
            pixels: Pixels::from_bytes(row.pixels),
            version: row.version,
            like_count: row.like_count,
            liked_by_me: row.liked_by_me,
            open_comments: row.open_comments,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// A checked query of [`TileRow`]s for the viewer `$1`: the statement after its
/// joins, and the arguments.
macro_rules! tile_query {
    ($after:tt, $viewer:expr, $($argument:expr),+ $(,)?) => {
        query_as!(
            TileRow,
            r#"SELECT t.id, t.canvas_id, t.x, t.y, t.creator_id, u.username AS creator_username,
                      t.title, t.pixels, t.version, t.like_count,
                      l.user_id IS NOT NULL AS "liked_by_me!",
                      coalesce(c.open, 0) AS "open_comments!", t.created_at, t.updated_at
               FROM tiles t
               JOIN users u ON u.id = t.creator_id
               LEFT JOIN tile_likes l ON l.tile_id = t.id AND l.user_id = $1
               LEFT JOIN commented_cells c ON c.canvas_id = t.canvas_id AND c.tile = t.y * 256 + t.x "# + $after,
            $viewer.map(|user: UserId| user.0),
            $($argument),+
        )
    };
}

/// A tile as `viewer` sees it; none if its canvas was deleted.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    id: TileId,
    viewer: Option<UserId>,
) -> Result<Option<Tile>> {
    tile_query!(
        "WHERE t.id = $2 AND EXISTS (SELECT FROM canvases WHERE id = t.canvas_id)",
        viewer,
        id.0
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|row| row.map(Tile::from))
}

/// The canvas and the cell of a tile; none if the canvas was deleted.
pub(crate) async fn location(
    executor: impl PgExecutor<'_>,
    id: TileId,
) -> Result<Option<(CanvasId, Coord)>> {
    query!(
        "SELECT t.canvas_id, t.x, t.y
         FROM tiles t JOIN canvases c ON c.id = t.canvas_id
         WHERE t.id = $1",
        id.0,
    )
    .map(|row| (CanvasId(row.canvas_id), Coord { x: row.x, y: row.y }))
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Which tiles are listed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Filter {
    /// The top left cell of a box, inclusive.
    pub(crate) from: Coord,
    /// The bottom right cell of the box, inclusive.
    pub(crate) to: Coord,
    /// Only tiles after this cell, in the order of [`list`].
    pub(crate) after: Coord,
    /// The maximum number of tiles; none for no limit.
    pub(crate) limit: Option<i64>,
}

impl Filter {
    /// Every tile.
    pub(crate) const ALL: Self = Self {
        from: Coord { x: 0, y: 0 },
        to: Coord {
            x: i32::MAX,
            y: i32::MAX,
        },
        after: Coord { x: -1, y: -1 },
        limit: None,
    };
}

/// Tiles of a canvas, column by column.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    viewer: Option<UserId>,
    filter: Filter,
) -> Result<Vec<Tile>> {
    tile_query!(
        "WHERE t.canvas_id = $2
           AND t.x BETWEEN $3 AND $4 AND t.y BETWEEN $5 AND $6
           AND (t.x, t.y) > ($7, $8)
         ORDER BY t.x, t.y
         LIMIT $9",
        viewer,
        canvas_id.0,
        filter.from.x,
        filter.to.x,
        filter.from.y,
        filter.to.y,
        filter.after.x,
        filter.after.y,
        filter.limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|rows| rows.into_iter().map(Tile::from).collect())
}

/// What is shown of a tile of the past as it is today.
#[derive(Clone, Debug)]
pub(crate) struct Today {
    pub(crate) creator_username: String,
    pub(crate) liked_by_me: bool,
    pub(crate) open_comments: i64,
}

/// See [`Today`]; of tiles, deleted ones too, by id, creator and cell, in their order.
pub(crate) async fn today(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    viewer: Option<UserId>,
    tiles: &[(TileId, UserId, Coord)],
) -> Result<Vec<Today>> {
    let ids: Vec<i64> = tiles.iter().map(|(id, _, _)| id.0).collect();
    let creators: Vec<i64> = tiles.iter().map(|(_, creator, _)| creator.0).collect();
    let cells: Vec<i32> = tiles.iter().map(|(_, _, at)| cell_number(*at)).collect();
    sqlx::query_as!(
        Today,
        r#"SELECT coalesce(u.username, '') AS "creator_username!",
                  l.user_id IS NOT NULL AS "liked_by_me!",
                  coalesce(c.open, 0) AS "open_comments!"
           FROM unnest($3::bigint[], $4::bigint[], $5::int[]) WITH ORDINALITY
               AS t (id, creator_id, tile, place)
           LEFT JOIN users u ON u.id = t.creator_id
           LEFT JOIN tile_likes l ON l.tile_id = t.id AND l.user_id = $1
           LEFT JOIN commented_cells c ON c.canvas_id = $2 AND c.tile = t.tile
           ORDER BY t.place"#,
        viewer.map(|user| user.0),
        canvas_id.0,
        &ids,
        &creators,
        &cells,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Cell and pixels of the tiles of an area, for a picture.
pub(crate) async fn pixels(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
    area: Area,
) -> Result<Vec<(Coord, Vec<u8>)>> {
    query!(
        "SELECT x, y, pixels FROM tiles
         WHERE canvas_id = $1 AND x BETWEEN $2 AND $3 AND y BETWEEN $4 AND $5",
        canvas_id.0,
        area.x0,
        area.x1,
        area.y0,
        area.y1,
    )
    .map(|row| (Coord { x: row.x, y: row.y }, row.pixels))
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// How many users like the tile.
pub(crate) async fn like_count(executor: impl PgExecutor<'_>, id: TileId) -> Result<Option<i64>> {
    query_scalar!("SELECT like_count FROM tiles WHERE id = $1", id.0)
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
}
