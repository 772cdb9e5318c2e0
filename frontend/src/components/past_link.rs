//! Leads to a tile as it was after an event: from a text that names it, a comment,
//! or a step of its past.

use crate::{
    model::{camera::CameraCommand, tile_store::TileStore},
    session::Session,
    store::Store,
};
use leptos::prelude::Set;
use shared::canvas::Coord;

/// Flies to a tile of the open canvas and shows the canvas as it was after this
/// event.
pub fn show_tile_at(store: Store, session: Session, at: Coord, seq: i64) {
    let is_here = store
        .tiles
        .peek(TileStore::grid)
        .is_some_and(|grid| grid.contains(at));
    if !is_here {
        return;
    }
    session.leave_tile();
    session.select(Some(at));
    session.fly_to(CameraCommand::Tile(at));
    store.past_goal.set(Some(seq));
}
