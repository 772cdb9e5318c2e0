//! Reading tiles; they are changed by the realtime part alone.

use chrono::{DateTime, Utc};
use shared::{
    api::Tile,
    canvas::Coord,
    ids::{CanvasId, TileId, UserId},
    pixels::Pixels,
};
use sqlx::{Error, FromRow, PgExecutor};

#[derive(FromRow)]
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
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// A tile as `viewer` sees it.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    id: TileId,
    viewer: Option<UserId>,
) -> Result<Option<Tile>, Error> {
    sqlx::query_as::<_, TileRow>(
        "SELECT t.id, t.canvas_id, t.x, t.y, t.creator_id, u.username AS creator_username,
                t.title, t.pixels, t.version, t.like_count, l.user_id IS NOT NULL AS liked_by_me,
                t.created_at, t.updated_at
         FROM tiles t
         JOIN users u ON u.id = t.creator_id
         LEFT JOIN tile_likes l ON l.tile_id = t.id AND l.user_id = $2
         WHERE t.id = $1",
    )
    .bind(id.0)
    .bind(viewer.map(|user| user.0))
    .fetch_optional(executor)
    .await
    .map(|row| row.map(Tile::from))
}

/// Where a tile lies.
pub(crate) async fn place(
    executor: impl PgExecutor<'_>,
    id: TileId,
) -> Result<Option<(CanvasId, Coord)>, Error> {
    sqlx::query_as::<_, (i64, i32, i32)>("SELECT canvas_id, x, y FROM tiles WHERE id = $1")
        .bind(id.0)
        .fetch_optional(executor)
        .await
        .map(|row| row.map(|(canvas_id, x, y)| (CanvasId(canvas_id), Coord { x, y })))
}

/// Which tiles are listed.
#[derive(Clone, Copy)]
pub(crate) struct Filter {
    /// The corner of the box at the top left, in it.
    pub(crate) from: Coord,
    /// The corner at the bottom right, in it.
    pub(crate) to: Coord,
    /// Those after this cell, column by column.
    pub(crate) after: Coord,
    /// How many; none for all.
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
) -> Result<Vec<Tile>, Error> {
    sqlx::query_as::<_, TileRow>(
        "SELECT t.id, t.canvas_id, t.x, t.y, t.creator_id, u.username AS creator_username,
                t.title, t.pixels, t.version, t.like_count, l.user_id IS NOT NULL AS liked_by_me,
                t.created_at, t.updated_at
         FROM tiles t
         JOIN users u ON u.id = t.creator_id
         LEFT JOIN tile_likes l ON l.tile_id = t.id AND l.user_id = $2
         WHERE t.canvas_id = $1
           AND t.x BETWEEN $3 AND $4 AND t.y BETWEEN $5 AND $6
           AND (t.x, t.y) > ($7, $8)
         ORDER BY t.x, t.y
         LIMIT $9",
    )
    .bind(canvas_id.0)
    .bind(viewer.map(|user| user.0))
    .bind(filter.from.x)
    .bind(filter.to.x)
    .bind(filter.from.y)
    .bind(filter.to.y)
    .bind(filter.after.x)
    .bind(filter.after.y)
    .bind(filter.limit)
    .fetch_all(executor)
    .await
    .map(|rows| rows.into_iter().map(Tile::from).collect())
}

/// What is drawn where: all that a picture of the board needs.
pub(crate) async fn pixels(
    executor: impl PgExecutor<'_>,
    canvas_id: CanvasId,
) -> Result<Vec<(Coord, Vec<u8>)>, Error> {
    sqlx::query_as::<_, (i32, i32, Vec<u8>)>("SELECT x, y, pixels FROM tiles WHERE canvas_id = $1")
        .bind(canvas_id.0)
        .fetch_all(executor)
        .await
        .map(|rows| {
            rows.into_iter()
                .map(|(x, y, pixels)| (Coord { x, y }, pixels))
                .collect()
        })
}

/// How many like the tile.
pub(crate) async fn like_count(
    executor: impl PgExecutor<'_>,
    id: TileId,
) -> Result<Option<i64>, Error> {
    sqlx::query_scalar("SELECT like_count FROM tiles WHERE id = $1")
        .bind(id.0)
        .fetch_optional(executor)
        .await
}
