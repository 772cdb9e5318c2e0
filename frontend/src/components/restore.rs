//! The entries that open the panel of rewrites: *Restore…* on a tile, and *Take
//! back what they painted…* on a person.

use crate::{
    components::icons::{Glyph, Icon},
    i18n::rewrites::rewrite_texts,
    model::{
        camera::CameraCommand,
        rewrite::{Change, RewriteGoal},
    },
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use shared::{
    api::{moderation::UserRef, rewrites::Area},
    canvas::{Coord, Role},
};

/// Whether this user may restore a tile: moderators, and editors what they
/// started. Reactive.
pub fn may_restore(store: Store, at: Coord) -> bool {
    let role = store.role();
    let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
    role >= Some(Role::Moderator)
        || (role == Some(Role::Editor)
            && me.is_some()
            && store
                .tiles
                .with_tile(at, |tile| tile.map(|tile| tile.state.creator_id))
                == me)
}

/// Whether this user may restore a cell to the moment that is looked at: as
/// [`may_restore`], also where their own tile is gone. Reactive.
pub fn may_restore_then(store: Store, at: Coord) -> bool {
    let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
    let was_mine = || {
        store.with_seen_tile(at, |tile| tile.map(|tile| tile.state.creator_id)) == me
            && me.is_some()
            && store.tiles.with_tile(at, |tile| tile.is_none())
    };
    may_restore(store, at) || (store.role() == Some(Role::Editor) && was_mine())
}

/// Opens the panel that makes an area what it was at the moment that is looked
/// at.
pub fn restore_then(store: Store, area: Area) {
    if let Some(moment) = store.past.moment.get_untracked() {
        store.rewrite.set(Some(RewriteGoal::RestoreThen {
            area,
            moment: moment.seq,
        }));
    }
}

/// Opens the panel that makes a tile what it was.
pub fn restore(store: Store, session: Session, at: Coord, before: Option<Change>) {
    session.fly_to(CameraCommand::Tile(at));
    store.rewrite.set(Some(RewriteGoal::Restore { at, before }));
}

/// The button that opens the panel, where this user may restore the tile.
#[component]
pub fn RestoreButton(
    /// The tile.
    at: Coord,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    view! {
        <Show when=move || may_restore(store, at)>
            <button class="btn" type="button" on:click=move |_| restore(store, session, at, None)>
                <Icon glyph=Glyph::Undo small=true />
                {rewrite_texts().restore()}
            </button>
        </Show>
    }
}

/// Opens the panel that takes back what somebody painted.
pub fn take_back(store: Store, user: UserRef) {
    store.rewrite.set(Some(RewriteGoal::TakeBack(vec![user])));
}
