//! Compares the picture that a comment is about with the current one. It is
//! fetched, unless this page has it already.

use crate::{
    api,
    components::tile_picture::PixelPicture,
    i18n::{comments::comment_texts, export_texts},
    model::{past::differences, tile_store::Tile},
    past::PastView,
    store::Store,
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::{canvas::Coord, ids::CommentId, pixels::Pixels, time::Timestamp};

/// The picture as it was when the comment was written.
#[derive(Clone, Debug, PartialEq)]
enum PastPicture {
    Loading,
    /// None for an empty cell.
    Loaded(Option<Pixels>),
    /// It could not be fetched.
    Unavailable,
}

/// Both pictures, side by side.
#[component]
pub fn PictureComparison(
    /// The cell.
    at: Coord,
    /// The comment.
    id: CommentId,
    /// The head when it was written.
    at_seq: i64,
    /// When it was written.
    created_at: Timestamp,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let view = expect_context::<PastView>();
    let texts = comment_texts();
    let now = Memo::new(move |_| {
        store
            .tiles
            .with_tile(at, |tile| tile.map(|tile| tile.state.pixels.clone()))
    });
    let then = RwSignal::new(match cached(store, at, id, created_at) {
        Some(pixels) => PastPicture::Loaded(pixels),
        None => PastPicture::Loading,
    });
    if then.get_untracked() == PastPicture::Loading {
        Tasks::new().spawn(async move {
            let canvas = store.canvas_id;
            let pixels = api::tile_past::pixels_at(canvas, at, &at_seq.to_string()).await;
            then.set(pixels.map_or(PastPicture::Unavailable, PastPicture::Loaded));
        });
    }
    let pixels = Memo::new(move |_| match then.get() {
        PastPicture::Loaded(pixels) => pixels,
        PastPicture::Loading | PastPicture::Unavailable => None,
    });
    let line = move || match then.get() {
        PastPicture::Loading => String::new(),
        PastPicture::Unavailable => texts.then_away().to_owned(),
        PastPicture::Loaded(pixels) => {
            match now.with(|now| differences(pixels.as_ref(), now.as_ref())) {
                0 => texts.unchanged().to_owned(),
                n => texts.changed(n),
            }
        }
    };
    let picture = move |label: &'static str, pixels: Memo<Option<Pixels>>| {
        view! {
            <figure class="then-now__picture">
                <PixelPicture pixels class="then-now__canvas" />
                <figcaption>
                    {label}
                    {move || {
                        let is_empty = pixels.with(Option::is_none);
                        is_empty.then(|| view! { <span class="faint">" · " {texts.nothing_there()}</span> })
                    }}
                </figcaption>
            </figure>
        }
    };
    let pictures = move || {
        let is_known = matches!(then.get(), PastPicture::Loaded(_));
        let is_loading = then.get() == PastPicture::Loading;
        if is_loading {
            return view! { <div class="skeleton then-now__waiting" aria-hidden="true"></div> }
                .into_any();
        }
        if !is_known {
            return ().into_any();
        }
        view! {
            <div class="then-now__pictures">
                {picture(texts.then(), pixels)} {picture(texts.now(), now)}
            </div>
        }
        .into_any()
    };
    view! {
        <div class="then-now">
            {pictures}
            <p class="soft" role="status">
                {line}
            </p>
            <button
                class="btn btn--small"
                type="button"
                on:click=move |_| view.go_to_tile(at, at_seq)
            >
                {export_texts().board_then()}
            </button>
        </div>
    }
}

/// The picture, where it need not be fetched: this page saw it, or nothing was
/// drawn since.
#[expect(clippy::option_option, reason = "an empty cell is known, too")]
fn cached(store: Store, at: Coord, id: CommentId, created_at: Timestamp) -> Option<Option<Pixels>> {
    let seen = store
        .comments
        .with_untracked(|comments| comments.picture(id).cloned());
    seen.or_else(|| {
        let is_older = |tile: &Tile| {
            tile.created_at.millis() < created_at.millis()
                && tile.updated_at.millis() < created_at.millis()
        };
        store.tiles.peek(|tiles| {
            let tile = tiles.confirmed(at).filter(|tile| is_older(tile))?;
            Some(Some(tile.state.pixels.clone()))
        })
    })
}
