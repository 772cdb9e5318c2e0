//! A canvas on the start page: its current picture, and how many users are
//! there.

use crate::{
    components::thumbnail::{Subject, thumbnail},
    i18n::{number, t},
};
use leptos::prelude::*;
use shared::api::Canvas;

/// Width in pixels below which a picture is enlarged in a card.
const SMALL: i32 = 400;

/// Width and height in pixels of the picture of a card: twice what is shown, for dense screens.
const PICTURE: (f64, f64) = (640.0, 400.0);
/// One transparent pixel, until there is a picture: an image without an address counts as
/// loaded.
const PENDING: &str =
    "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/// The card of one canvas; the whole card is a link.
#[component]
pub fn CanvasCard(
    /// The canvas; may change while the card is shown.
    canvas: Memo<Option<Canvas>>,
) -> impl IntoView {
    let part = move |read: fn(&Canvas) -> String| {
        move || canvas.with(|canvas| canvas.as_ref().map(read).unwrap_or_default())
    };
    let unseen = RwSignal::new(false);
    let frame = NodeRef::new();
    let subject = Memo::new(move |_| canvas.with(|canvas| canvas.as_ref().map(Subject::from)));
    let picture = thumbnail(frame, subject, PICTURE.0, PICTURE.1);
    let source = move || {
        picture.with(|picture| match picture {
            Some(picture) => picture.text(),
            None => PENDING.to_owned(),
        })
    };
    let is_small = move || {
        canvas.with(|canvas| {
            canvas
                .as_ref()
                .is_some_and(|canvas| canvas.width * canvas.tile_size < SMALL)
        })
    };
    let online = move || {
        let n = canvas.with(|canvas| canvas.as_ref().map_or(0, |canvas| canvas.active_users));
        (n > 0).then(|| {
            view! {
                <span class="card__online">
                    <span class="live-dot"></span>
                    {t().people_here(n)}
                </span>
            }
        })
    };
    view! {
        <li class="card">
            <div class="card__picture" node_ref=frame>
                <img
                    class="card__image"
                    class=("card__image--small", is_small)
                    src=source
                    alt=""
                    decoding="async"
                    hidden=move || unseen.get()
                    on:error=move |_| unseen.set(true)
                    on:load=move |_| unseen.set(false)
                />
                {online}
            </div>
            <div class="card__body">
                <h3 class="card__name">
                    <a href=part(|canvas| format!("/canvas/{}", canvas.id)) class="card__link" dir="auto">
                        {part(|canvas| canvas.name.clone())}
                    </a>
                </h3>
                <p class="card__about" dir="auto" translate="yes">{part(|canvas| canvas.description.clone())}</p>
                <p class="card__facts">
                    <span>{part(tiles)}</span>
                    <span>{part(size)}</span>
                </p>
            </div>
        </li>
    }
}

/// A placeholder while the cards are loaded.
#[component]
pub fn WaitingCard() -> impl IntoView {
    view! {
        <li class="card card--waiting" aria-hidden="true">
            <div class="card__picture skeleton"></div>
            <div class="card__body">
                <div class="skeleton skeleton--line skeleton--long"></div>
                <div class="skeleton skeleton--line skeleton--short"></div>
            </div>
        </li>
    }
}

fn tiles(canvas: &Canvas) -> String {
    t().tiles(usize::try_from(canvas.tile_count).unwrap_or_default())
}

/// `32 × 16`, in tiles.
fn size(canvas: &Canvas) -> String {
    let side = |n: i32| number(usize::try_from(n).unwrap_or_default());
    t().grid_size(&side(canvas.width), &side(canvas.height))
}
