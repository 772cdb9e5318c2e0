//! Tiles and likes as the write path needs them: many at once, by cell. Each is
//! looked up by itself, as in [`super::log::prior_results`].

use chrono::{DateTime, Utc};
use shared::{
    canvas::{Coord, TileState},
    ids::{CanvasId, TileId, UserId},
    pixels::Pixels,
};
use sqlx::{FromRow, PgConnection};

#[derive(FromRow)]
struct CellRow {
    x: i32,
    y: i32,
    id: i64,
    creator_id: i64,
    title: String,
    pixels: Vec<u8>,
    version: i64,
    like_count: i64,
}

/// The tiles of these cells, where there are any.
pub(crate) async fn load(
    connection: &mut PgConnection,
    canvas: CanvasId,
    cells: &[Coord],
) -> sqlx::Result<Vec<(Coord, TileState)>> {
    if cells.is_empty() {
        return Ok(Vec::new());
    }
    let (xs, ys) = columns(cells);
    let rows: Vec<CellRow> = sqlx::query_as(
        "SELECT t.x, t.y, t.id, t.creator_id, t.title, t.pixels, t.version, t.like_count
         FROM unnest($2::int[], $3::int[]) AS c (x, y),
         LATERAL (
             SELECT * FROM tiles WHERE canvas_id = $1 AND x = c.x AND y = c.y LIMIT 1
         ) AS t",
    )
    .bind(canvas.0)
    .bind(xs)
    .bind(ys)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let at = Coord { x: row.x, y: row.y };
            let tile = TileState {
                id: TileId(row.id),
                creator_id: UserId(row.creator_id),
                title: row.title,
                pixels: Pixels::from_bytes(row.pixels),
                version: row.version,
                like_count: row.like_count,
            };
            (at, tile)
        })
        .collect())
}

/// Which of these users like which of these tiles.
pub(crate) async fn likes(
    connection: &mut PgConnection,
    pairs: &[(TileId, UserId)],
) -> sqlx::Result<Vec<(i64, i64)>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let (tiles, users) = like_columns(pairs);
    sqlx::query_as(
        "SELECT l.tile_id, l.user_id
         FROM unnest($1::bigint[], $2::bigint[]) AS p (tile_id, user_id),
         LATERAL (
             SELECT * FROM tile_likes WHERE tile_id = p.tile_id AND user_id = p.user_id LIMIT 1
         ) AS l",
    )
    .bind(tiles)
    .bind(users)
    .fetch_all(connection)
    .await
}

/// Ids for tiles to come. Those not used are skipped, which harms nobody.
pub(crate) async fn new_ids(
    connection: &mut PgConnection,
    count: usize,
) -> sqlx::Result<Vec<TileId>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let ids: Vec<(i64,)> = sqlx::query_as(
        "SELECT nextval(pg_get_serial_sequence('tiles', 'id')) FROM generate_series(1, $1)",
    )
    .bind(i64::try_from(count).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(|(id,)| TileId(id)).collect())
}

/// Writes tiles: new ones, and such whose title or pixels changed.
pub(crate) async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    tiles: &[(Coord, &TileState)],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    if tiles.is_empty() {
        return Ok(());
    }
    let cells: Vec<Coord> = tiles.iter().map(|(at, _)| *at).collect();
    let (xs, ys) = columns(&cells);
    let ids: Vec<i64> = tiles.iter().map(|(_, t)| t.id.0).collect();
    let creators: Vec<i64> = tiles.iter().map(|(_, t)| t.creator_id.0).collect();
    let names: Vec<&str> = tiles.iter().map(|(_, t)| t.title.as_str()).collect();
    let pixels: Vec<&[u8]> = tiles.iter().map(|(_, t)| t.pixels.as_bytes()).collect();
    let versions: Vec<i64> = tiles.iter().map(|(_, t)| t.version).collect();
    let likes: Vec<i64> = tiles.iter().map(|(_, t)| t.like_count).collect();
    sqlx::query(
        "INSERT INTO tiles (canvas_id, created_at, updated_at, id, x, y, creator_id, title,
                            pixels, version, like_count)
         SELECT $1, $2, $2, * FROM unnest($3::bigint[], $4::int[], $5::int[], $6::bigint[],
                                          $7::text[], $8::bytea[], $9::bigint[], $10::bigint[])
         ON CONFLICT (id) DO UPDATE
         SET title = excluded.title, pixels = excluded.pixels, version = excluded.version,
             like_count = excluded.like_count, updated_at = excluded.updated_at",
    )
    .bind(canvas.0)
    .bind(now)
    .bind(ids)
    .bind(xs)
    .bind(ys)
    .bind(creators)
    .bind(names)
    .bind(pixels)
    .bind(versions)
    .bind(likes)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the number of likes of tiles of which nothing else changed.
pub(crate) async fn save_like_counts(
    connection: &mut PgConnection,
    tiles: &[(TileId, i64)],
) -> sqlx::Result<()> {
    if tiles.is_empty() {
        return Ok(());
    }
    let (ids, counts): (Vec<i64>, Vec<i64>) = tiles.iter().map(|(id, n)| (id.0, *n)).unzip();
    sqlx::query(
        "UPDATE tiles t SET like_count = n.like_count
         FROM unnest($1::bigint[], $2::bigint[]) AS n (id, like_count)
         WHERE t.id = n.id AND t.id = ANY($1)",
    )
    .bind(ids)
    .bind(counts)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes tiles, their likes with them.
pub(crate) async fn delete(connection: &mut PgConnection, tiles: &[TileId]) -> sqlx::Result<()> {
    if tiles.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = tiles.iter().map(|tile| tile.0).collect();
    sqlx::query("DELETE FROM tiles WHERE id = ANY($1)")
        .bind(ids)
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds and removes likes.
pub(crate) async fn save_likes(
    connection: &mut PgConnection,
    added: &[(TileId, UserId)],
    removed: &[(TileId, UserId)],
) -> sqlx::Result<()> {
    if !added.is_empty() {
        let (tiles, users) = like_columns(added);
        sqlx::query(
            "INSERT INTO tile_likes (tile_id, user_id)
             SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING",
        )
        .bind(tiles)
        .bind(users)
        .execute(&mut *connection)
        .await?;
    }
    if !removed.is_empty() {
        let (tiles, users) = like_columns(removed);
        sqlx::query(
            "DELETE FROM tile_likes l USING unnest($1::bigint[], $2::bigint[]) AS p (tile_id, user_id)
             WHERE l.tile_id = p.tile_id AND l.user_id = p.user_id
               AND l.tile_id = ANY($1) AND l.user_id = ANY($2)",
        )
        .bind(tiles)
        .bind(users)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn columns(cells: &[Coord]) -> (Vec<i32>, Vec<i32>) {
    cells.iter().map(|cell| (cell.x, cell.y)).unzip()
}

fn like_columns(pairs: &[(TileId, UserId)]) -> (Vec<i64>, Vec<i64>) {
    pairs.iter().map(|(tile, user)| (tile.0, user.0)).unzip()
}
