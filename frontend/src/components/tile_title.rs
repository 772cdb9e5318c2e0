//! The title of a tile in its panel.

use super::tile_panel::may;
use crate::{
    components::{
        field::Field,
        icons::{Glyph, Icon},
    },
    i18n::t,
    model::tile_store::Tile,
    session::Session,
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::{
    canvas::{Coord, TileOp},
    limits,
};

/// The title, with a form to change it.
#[component]
pub fn TileTitle(
    /// The tile's cell.
    at: Coord,
    /// The tile.
    tile: Memo<Option<Tile>>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let editing = RwSignal::new(false);
    let draft = RwSignal::new(String::new());
    let text = Memo::new(move |_| {
        tile.with(|tile| {
            tile.as_ref()
                .map(|tile| tile.state.title.clone())
                .unwrap_or_default()
        })
    });
    let may = may(
        tile,
        TileOp::Update {
            title: None,
            pixels: None,
            base_version: None,
        },
    );
    let edit = move |_| {
        draft.set(text.get_untracked());
        editing.set(true);
    };
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let new = draft.get_untracked();
        // What is not taken stays in the field.
        if new.trim() == text.get_untracked() || session.retitle(at, new.trim()) {
            editing.set(false);
        }
    };
    move || {
        if editing.get() {
            view! {
                <form class="tile-panel__edit" on:submit=save>
                    <Field
                        id="tile-title"
                        label=t().title()
                        value=draft
                        max=*limits::TILE_TITLE.end()
                        focus=true
                    />
                    <div class="tile-panel__edit-actions">
                        <button class="btn btn--primary" type="submit">
                            {t().save()}
                        </button>
                        <button class="btn" type="button" on:click=move |_| editing.set(false)>
                            {t().cancel()}
                        </button>
                    </div>
                </form>
            }
            .into_any()
        } else {
            let shown = text.get();
            let untitled = shown.is_empty();
            view! {
                <div class="tile-panel__head">
                    <h2 class="tile-panel__title" dir="auto" class=("tile-panel__title--none", untitled)>
                        {if untitled { t().untitled().to_owned() } else { shown }}
                    </h2>
                    <Show when=move || may.get()>
                        <button
                            class="btn btn--quiet btn--icon btn--small"
                            type="button"
                            aria-label=t().edit_title()
                            title=t().edit_title()
                            on:click=edit
                        >
                            <Icon glyph=Glyph::Edit small=true />
                        </button>
                    </Show>
                </div>
            }
            .into_any()
        }
    }
}
