//! Links to a comment: `?comment=5`, as a rule with `&tile=12,7`. Without a tile
//! the comment is looked for.

use crate::{
    api,
    board::url,
    components::dock::{DockState, Tab},
    i18n::comments::comment_texts,
    model::{
        camera::CameraCommand, comments::CommentGoal, connection::LoadState, notice::NoticeKind,
        tile_store::TileStore,
    },
    session::Session,
    store::Store,
    tasks::Tasks,
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use shared::{canvas::Coord, ids::CommentId};

/// Most pages in which a comment is looked for, each of at most 200 comments.
const MAX_PAGES: usize = 50;

/// Follows links to comments of this canvas, and shows the panel of the tile
/// when its comments are asked for. Called once by the page.
pub fn follow_comment_links(store: Store, session: Session, dock: DockState) {
    let tasks = Tasks::new();
    let is_ready = Memo::new(move |_| store.load.get() == LoadState::Ready);
    let search = use_location().search;
    Effect::new(move || {
        // Not the address of the window, which changes after this.
        let query = search.get();
        if !is_ready.get() {
            return;
        }
        let Some(comment) = url::comment(&query) else {
            return;
        };
        match url::tile(&query) {
            Some(at) => show_comment(store, session, at, comment),
            None => tasks.spawn(async move {
                match find(store, comment).await {
                    Some(at) => show_comment(store, session, at, comment),
                    None => {
                        session.notify(NoticeKind::Problem(comment_texts().gone().to_owned()));
                    }
                }
            }),
        }
    });
    Effect::new(move || {
        if store.comment_goal.with(Option::is_some) {
            dock.show(Tab::Tile);
        }
    });
}

/// Flies to a comment of the open canvas and shows it in the panel of its tile.
pub fn show_comment(store: Store, session: Session, at: Coord, comment: CommentId) {
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
    store.comment_goal.set(Some(CommentGoal {
        at,
        comment: Some(comment),
        writes: false,
    }));
}

/// The address of a comment that was read; none for others.
pub fn address(store: Store, comment: CommentId) -> Option<String> {
    let (x, y) = store.comments.with_untracked(|comments| {
        let comment = comments.get(comment)?;
        Some((comment.x, comment.y))
    })?;
    let canvas = store.canvas_id;
    Some(format!("/canvas/{canvas}?tile={x},{y}&comment={comment}"))
}

/// The cell of a comment; none if it is not found.
async fn find(store: Store, comment: CommentId) -> Option<Coord> {
    let mut cursor: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = api::comments::of_canvas(store.canvas_id, cursor.as_deref());
        let page = page.await.ok()?;
        if let Some(found) = page.items.iter().find(|one| one.id == comment) {
            return Some(Coord {
                x: found.x,
                y: found.y,
            });
        }
        cursor = Some(page.next_cursor?);
    }
    None
}
