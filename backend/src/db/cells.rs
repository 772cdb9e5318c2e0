//! Tiles and likes for the write path: many rows in one statement. Each is looked
//! up by itself (`LATERAL … LIMIT 1`), for the reason given at
//! [`super::log::prior_results`].

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::{
    canvas::{Coord, TileState},
    ids::{CanvasId, TileId, UserId},
    pixels::Pixels,
};
use sqlx::{PgConnection, query, query_scalar};

/// The tiles of these cells, where there are any.
pub(crate) async fn load(
    connection: &mut PgConnection,
    canvas: CanvasId,
    cells: &[Coord],
) -> Result<Vec<(Coord, TileState)>> {
    if cells.is_empty() {
        return Ok(Vec::new());
    }
    let (xs, ys) = columns(cells);
    query!(
        "SELECT t.x, t.y, t.id, t.creator_id, t.title, t.pixels, t.version, t.like_count
         FROM unnest($2::int[], $3::int[]) AS c (x, y),
         LATERAL (
             SELECT * FROM tiles WHERE canvas_id = $1 AND x = c.x AND y = c.y LIMIT 1
         ) AS t",
        canvas.0,
        &xs,
        &ys,
    )
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
    .fetch_all(connection)
    .await
    .map_err(DbError::from)
}

/// Which of these users like which of these tiles.
pub(crate) async fn likes(
    connection: &mut PgConnection,
    pairs: &[(TileId, UserId)],
) -> Result<Vec<(i64, i64)>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let (tiles, users) = like_columns(pairs);
    query!(
        "SELECT l.tile_id, l.user_id
         FROM unnest($1::bigint[], $2::bigint[]) AS p (tile_id, user_id),
         LATERAL (
             SELECT * FROM tile_likes WHERE tile_id = p.tile_id AND user_id = p.user_id LIMIT 1
         ) AS l",
        &tiles,
        &users,
    )
    .map(|row| (row.tile_id, row.user_id))
    .fetch_all(connection)
    .await
    .map_err(DbError::from)
}

/// Reserves ids for new tiles. Ids that stay unused leave gaps, which are harmless.
pub(crate) async fn new_ids(connection: &mut PgConnection, count: usize) -> Result<Vec<TileId>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    query_scalar!(
        r#"SELECT nextval(pg_get_serial_sequence('tiles', 'id')) AS "id!"
         FROM generate_series(1, $1)"#,
        count,
    )
    .fetch_all(connection)
    .await
    .map_err(DbError::from)
    .map(|ids| ids.into_iter().map(TileId).collect())
}

/// Inserts new tiles, and updates those whose title or pixels changed.
pub(crate) async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    tiles: &[(Coord, &TileState)],
    now: DateTime<Utc>,
) -> Result<()> {
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
    query!(
        "INSERT INTO tiles (canvas_id, created_at, updated_at, id, x, y, creator_id, title,
                            pixels, version, like_count)
         SELECT $1, $2, $2, * FROM unnest($3::bigint[], $4::int[], $5::int[], $6::bigint[],
                                          $7::text[], $8::bytea[], $9::bigint[], $10::bigint[])
         ON CONFLICT (id) DO UPDATE
         SET title = excluded.title, pixels = excluded.pixels, version = excluded.version,
             like_count = excluded.like_count, updated_at = excluded.updated_at",
        canvas.0,
        now,
        &ids,
        &xs,
        &ys,
        &creators,
        &names as &[&str],
        &pixels as &[&[u8]],
        &versions,
        &likes,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Updates the number of likes of tiles that did not change otherwise.
pub(crate) async fn save_like_counts(
    connection: &mut PgConnection,
    tiles: &[(TileId, i64)],
) -> Result<()> {
    if tiles.is_empty() {
        return Ok(());
    }
    let (ids, counts): (Vec<i64>, Vec<i64>) = tiles.iter().map(|(id, n)| (id.0, *n)).unzip();
    query!(
        "UPDATE tiles t SET like_count = n.like_count
         FROM unnest($1::bigint[], $2::bigint[]) AS n (id, like_count)
         WHERE t.id = n.id AND t.id = ANY($1)",
        &ids,
        &counts,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Deletes tiles, and their likes with them. The table `deleted_tiles` gets both, by a
/// trigger.
pub(crate) async fn delete(connection: &mut PgConnection, tiles: &[TileId]) -> Result<()> {
    if tiles.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = tiles.iter().map(|tile| tile.0).collect();
    query!("DELETE FROM tiles WHERE id = ANY($1)", &ids,)
        .execute(connection)
        .await
        .map_err(DbError::from)
        .map(drop)
}

/// Corrects deleted tiles that were changed, or made, between the state in `tiles` and
/// their deletion.
pub(crate) async fn save_deleted(
    connection: &mut PgConnection,
    canvas: CanvasId,
    tiles: &[(Coord, TileState)],
    likes: &[(TileId, UserId)],
    unlikes: &[(TileId, UserId)],
    now: DateTime<Utc>,
) -> Result<()> {
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
    let counts: Vec<i64> = tiles.iter().map(|(_, t)| t.like_count).collect();
    query!(
        "INSERT INTO deleted_tiles (canvas_id, created_at, updated_at, deleted_at, id, x, y,
                                    creator_id, title, pixels, version, like_count)
         SELECT $1, $2, $2, $2, * FROM unnest($3::bigint[], $4::int[], $5::int[], $6::bigint[],
                                              $7::text[], $8::bytea[], $9::bigint[], $10::bigint[])
         ON CONFLICT (id) DO UPDATE
         SET title = excluded.title, pixels = excluded.pixels, version = excluded.version,
             like_count = excluded.like_count, updated_at = excluded.updated_at",
        canvas.0,
        now,
        &ids,
        &xs,
        &ys,
        &creators,
        &names as &[&str],
        &pixels as &[&[u8]],
        &versions,
        &counts,
    )
    .execute(&mut *connection)
    .await?;
    if likes.is_empty() && unlikes.is_empty() {
        return Ok(());
    }
    let (liked_tiles, liked_by) = like_columns(likes);
    let (unliked_tiles, unliked_by) = like_columns(unlikes);
    query!(
        "UPDATE deleted_tiles d SET liked_by = ARRAY (
             SELECT user_id FROM unnest(d.liked_by) AS before (user_id)
             WHERE (d.id, user_id) NOT IN (SELECT * FROM unnest($4::bigint[], $5::bigint[]))
             UNION
             SELECT user_id FROM unnest($2::bigint[], $3::bigint[]) AS added (tile_id, user_id)
             WHERE tile_id = d.id
         )
         WHERE d.id = ANY($1)",
        &ids,
        &liked_tiles,
        &liked_by,
        &unliked_tiles,
        &unliked_by,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Adds and removes likes.
pub(crate) async fn save_likes(
    connection: &mut PgConnection,
    added: &[(TileId, UserId)],
    removed: &[(TileId, UserId)],
) -> Result<()> {
    if !added.is_empty() {
        let (tiles, users) = like_columns(added);
        query!(
            "INSERT INTO tile_likes (tile_id, user_id)
             SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING",
            &tiles,
            &users,
        )
        .execute(&mut *connection)
        .await?;
    }
    if !removed.is_empty() {
        let (tiles, users) = like_columns(removed);
        query!(
        "DELETE FROM tile_likes l USING unnest($1::bigint[], $2::bigint[]) AS p (tile_id, user_id)
             WHERE l.tile_id = p.tile_id AND l.user_id = p.user_id
               AND l.tile_id = ANY($1) AND l.user_id = ANY($2)",
        &tiles,
        &users,
    )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The columns and rows of cells, for `unnest`.
fn columns(cells: &[Coord]) -> (Vec<i32>, Vec<i32>) {
    cells.iter().map(|cell| (cell.x, cell.y)).unzip()
}

/// The tiles and users of likes, for `unnest`.
fn like_columns(pairs: &[(TileId, UserId)]) -> (Vec<i64>, Vec<i64>) {
    pairs.iter().map(|(tile, user)| (tile.0, user.0)).unzip()
}
