//! Tells the past's state machine of the view, the address and what happens
//! meanwhile.

use super::runtime::{PastRuntime, with};
use crate::{
    model::{connection::LoadState, rewrite::area_between, tile_store::TileStore},
    session::Session,
    store::{Store, backend::Signals, past::PastStore},
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use std::rc::Rc;

/// Tells the state machine of the view and of what happens meanwhile.
pub(super) fn watch(store: Store, session: Session, runtime: &Rc<PastRuntime>) {
    let this = Rc::downgrade(runtime);
    Effect::new(move || {
        let view = store.viewport.get();
        let is_open = store.past.is_open.get();
        let Some((grid, area)) = store.tiles.grid().and_then(|grid| {
            let (first, last) = view.visible(&grid)?;
            Some((grid, area_between(first, last)))
        }) else {
            return;
        };
        with(&this, |runtime| {
            if is_open {
                runtime.view_soon(grid, area);
            } else {
                runtime.input(|state| state.view_changed(grid, area));
            }
        });
    });
    // What happens meanwhile is counted.
    let since = StoredValue::new(0);
    let past: PastStore<Signals> = store.past;
    Effect::new(move || {
        let is_shown = past.is_shown.get();
        let changes = store.tiles.peek(TileStore::changes);
        since.set_value(changes);
        past.meanwhile.set(0);
        if is_shown {
            // Neither is seen or used in the past.
            session.leave_tile();
            store.painters.set(None);
        }
    });
    Effect::new(move || {
        store.tiles.track();
        if past.is_shown.get_untracked() {
            let changes = store.tiles.peek(TileStore::changes);
            let meanwhile = changes.saturating_sub(since.get_value());
            if past.meanwhile.get_untracked() != meanwhile {
                past.meanwhile.set(meanwhile);
            }
        }
    });
    // The address of the page that was opened, and links within it.
    let this = Rc::downgrade(runtime);
    let is_ready = Memo::new(move |_| {
        store.load.get() == LoadState::Ready && store.viewport.with(|view| view.width > 0.0)
    });
    let search = use_location().search;
    Effect::new(move || {
        search.track();
        if is_ready.get() {
            with(&this, PastRuntime::follow_address);
        }
    });
}
