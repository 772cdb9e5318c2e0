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
    api::moderation::UserRef,
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
