//! Who painted each pixel of a tile.

use super::{
    bulk,
    canvases::readable_canvas,
    client_addr::ClientAddr,
    error::ApiError,
    extract::{CanvasPath, OptionalUser, Query},
    openapi::{CellQuery, ReadsCanvas},
    past as moments,
};
use crate::{
    cell_log::{self, CellKey, HeldPermit},
    db::users,
    state::AppState,
};
use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use shared::{
    api::rewrites::Authors,
    canvas::{Coord, Grid, Refusal},
    ids::UserId,
    pixels::Pixels,
};
use std::{collections::HashMap, sync::Arc};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A pixel that is nobody's.
const NOBODY: u8 = 255;
/// A pixel of an author for whom there is no index.
const SOMEBODY: u8 = 254;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(authors))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuthorsQuery {
    /// Column
    x: i64,
    /// Row
    y: i64,
    /// As it was after the event with this `seq`, or at this time (RFC 3339); now if not given
    at: Option<String>,
}

/// Who painted each pixel of a tile
#[utoipa::path(get, path = "/canvases/{canvas_id}/authors", tag = "history", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), AuthorsQuery),
    responses((status = 200, body = Authors, description = "The authors"), ReadsCanvas, CellQuery))]
async fn authors(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<AuthorsQuery>,
) -> Result<Response, ApiError> {
    let at = moments::at("at", query.at.as_deref())?;
    let reads = &state.pools.reads;
    let canvas = readable_canvas(reads, id, user.user_id()).await?;
    let grid = Grid {
        width: canvas.width,
        height: canvas.height,
        tile_size: canvas.tile_size,
        palette: canvas.palette.len(),
    };
    let side = |value: i64| i32::try_from(value).unwrap_or(-1);
    let cell = Coord {
        x: side(query.x),
        y: side(query.y),
    };
    if !grid.contains(cell) {
        return Err(Refusal::OutOfBounds.into());
    }
    let seq = match at {
        Some(at) => moments::resolve(&state, id, "at", at).await?,
        None => canvas.last_seq,
    };
    let permit = Arc::new(bulk::compute_permit(&state, id, client).await?);
    let replay_permit: HeldPermit = permit.clone();
    let pixels = if seq == canvas.last_seq {
        let key = CellKey {
            canvas: id,
            epoch: canvas.epoch,
            cell,
            tile_size: grid.tile_size,
        };
        state
            .cell_cache
            .authors(reads, key, seq, &replay_permit)
            .await?
    } else {
        let size = grid.tile_size;
        let history = cell_log::replay(reads, id, cell, seq, size, &replay_permit).await?;
        history.authors()
    };
    let (authors, pixels) = indexed(&pixels);
    let answer = Authors {
        seq,
        x: cell.x,
        y: cell.y,
        authors: users::refs(reads, &authors).await?,
        pixels: Pixels::from_bytes(pixels),
    };
    Ok(bulk::attach_permit(permit, Json(answer)))
}

/// The authors, those of the most pixels first, and for each pixel its author's index.
fn indexed(pixels: &[Option<UserId>]) -> (Vec<UserId>, Vec<u8>) {
    let mut counts: HashMap<UserId, usize> = HashMap::new();
    for author in pixels.iter().flatten() {
        *counts.entry(*author).or_default() += 1;
    }
    let mut authors: Vec<UserId> = counts.keys().copied().collect();
    authors.sort_by_key(|author| (usize::MAX - counts[author], *author));
    authors.truncate(SOMEBODY.into());
    let indices: HashMap<UserId, u8> = authors.iter().copied().zip(0..SOMEBODY).collect();
    let index = |author: &Option<UserId>| {
        author.map_or(NOBODY, |author| {
            indices.get(&author).copied().unwrap_or(SOMEBODY)
        })
    };
    let indexed = pixels.iter().map(index).collect();
    (authors, indexed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_have_indices_as_long_as_there_are_any() {
        let (ann, bob) = (UserId(7), UserId(3));
        let pixels = [Some(ann), None, Some(bob), Some(bob)];
        let (authors, indices) = indexed(&pixels);
        assert_eq!(authors, [bob, ann]);
        assert_eq!(indices, [1, NOBODY, 0, 0]);
        // 300 authors, the last ones of fewer pixels.
        let many = (1..=300).flat_map(|n| {
            let count = if n > 254 { 1 } else { 2 };
            vec![Some(UserId(n)); count]
        });
        let (authors, indices) = indexed(&many.collect::<Vec<_>>());
        assert_eq!(authors.len(), 254);
        assert!(authors.iter().all(|author| author.0 <= 254));
        let count = |index| {
            let pixels = indices.iter().filter(|known| **known == index);
            pixels.map(|_| 1).sum::<i32>()
        };
        assert_eq!((count(SOMEBODY), count(253)), (46, 2));
    }
}
