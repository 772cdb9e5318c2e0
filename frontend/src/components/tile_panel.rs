//! The panel with the open or selected tile: creator, likes, title, actions.

use crate::{
    browser,
    components::{
        avatar::Avatar,
        comments::CommentSection,
        dialog::Confirm,
        dialogs::Dialogs,
        icons::{Glyph, Icon},
        order::{OrderState, Subject, person_menu::PersonButton},
        painters::{PainterList, PaintersButton},
        restore::RestoreButton,
        share::copy,
        tile_history::TileHistory,
        tile_past::{TileBar, TileBarView},
        tile_picture::PixelPicture,
        tile_title::TileTitle,
    },
    i18n::{
        board::{board_texts, creator_name, may_not},
        coordinates, list, moment, number,
        order::order_texts,
        t,
    },
    model::{camera::CameraCommand, notice::NoticeKind, tile_store::Tile},
    session::Session,
    store::{Store, past::Display},
    tasks::spawn_scoped,
};
use leptos::{ev::MouseEvent, prelude::*};
use shared::{
    api::{moderation::UserRef, reports::ReportTarget},
    canvas::{self, Actor, Coord, EditPolicy, Role, TileOp},
    ids::UserId,
    pixels::Pixels,
};

/// The panel with the open tile, or else the selected one.
#[component]
pub fn TilePanel() -> impl IntoView {
    let store = expect_context::<Store>();
    let at = Memo::new(move |_| store.editing.get().or_else(|| store.selected.get()));
    let inside = move || match at.get() {
        Some(at) => view! { <Cell at /> }.into_any(),
        None => view! {
            <div class="empty">
                <span class="empty__icon">
                    <Icon glyph=Glyph::Tile />
                </span>
                <p class="empty__title">{t().no_tile_title()}</p>
                <p>{t().no_tile_text()}</p>
            </div>
        }
        .into_any(),
    };
    view! { <div class="panel__scroll">{inside}</div> }
}

/// One cell, painted or not.
#[component]
fn Cell(at: Coord) -> impl IntoView {
    let store = expect_context::<Store>();
    let tile = Memo::new(move |_| store.tiles.get(at));
    let is_painted = Memo::new(move |_| tile.with(Option::is_some));
    let bar = TileBar::new(store, at);
    let pixels = Memo::new(move |before: Option<&Option<Pixels>>| {
        let seen = || {
            // An overview has no tiles: what was seen last stays.
            if matches!(store.past.display.get(), Display::Picture(_)) {
                return before.cloned().flatten();
            }
            store.with_seen_tile(at, |tile| tile.map(|tile| tile.state.pixels.clone()))
        };
        bar.picture().unwrap_or_else(seen)
    });
    let is_past = move || bar.is_past() || store.past.is_shown.get();
    view! {
        <section class="tile-panel" aria-label=heading(at)>
            <div
                class="tile-panel__picture"
                class=("tile-panel__picture--past", is_past)
            >
                <PixelPicture pixels class="tile-panel__canvas" />
            </div>
            <TileBarView bar />
            {move || if is_painted.get() {
                view! { <Painted at tile /> }.into_any()
            } else {
                view! { <Unpainted at /> }.into_any()
            }}
            <CommentSection at is_painted />
            <Show when=move || is_painted.get()>
                <Facts at tile />
            </Show>
        </section>
    }
}

#[component]
fn Unpainted(at: Coord) -> impl IntoView {
    view! {
        <div>
            <h2 class="tile-panel__title">{heading(at)}</h2>
            <p class="soft">{t().empty_cell()}</p>
        </div>
        <Drawing at />
        <div class="tile-panel__actions">
            <DrawButton at label=t().draw_here() />
            <PointButton at />
            <FlyButton at />
        </div>
    }
}

#[component]
fn Painted(at: Coord, tile: Memo<Option<Tile>>) -> impl IntoView {
    let store = expect_context::<Store>();
    let creator = Memo::new(move |_| tile.with(|tile| tile.as_ref().map(|t| t.state.creator_id)));
    let name = move || {
        let met = creator.get().and_then(|creator| store.name_of(creator));
        let username = tile.with(|tile| tile.as_ref().map(|tile| tile.creator.clone()));
        creator_name(met.as_deref(), username.as_deref().unwrap_or_default()).to_owned()
    };
    let subject = move || Subject {
        person: UserRef {
            user_id: creator.get().unwrap_or(UserId(0)),
            username: tile
                .with(|tile| tile.as_ref().map(|tile| tile.creator.clone()))
                .unwrap_or_default(),
            display_name: name(),
        },
        message: None,
        comment: None,
        case_id: None,
    };
    let figure = move |read: fn(&Tile) -> String| {
        move || tile.with(|tile| tile.as_ref().map(read).unwrap_or_default())
    };
    view! {
        <TileTitle at tile />
        <div class="tile-panel__creator">
            {move || creator.get().map(|id| view! { <Avatar user=id name=name() /> })}
            <span class="row__text">
                <span class="row__name">
                    <span class="row__name-text" dir="auto">{name}</span>
                </span>
                <span class="row__note">
                    {move || t().started_on(&figure(|tile| moment(tile.created_at))())}
                </span>
            </span>
            {move || {
                creator.get()?;
                Some(view! { <PersonButton subject=Signal::derive(subject) /> })
            }}
        </div>
        <Drawing at />
        <div class="tile-panel__actions">
            <DrawButton at label=t().draw_in_tile() />
            <LikeButton at tile />
            <PointButton at />
            <FlyButton at />
            <LinkButton at />
            <PaintersButton at />
            <RestoreButton at />
            <ReportButton at />
        </div>
        <PainterList at />
    }
}

/// Place, likes and last change of a tile, its history, and its deletion.
#[component]
fn Facts(at: Coord, tile: Memo<Option<Tile>>) -> impl IntoView {
    let likes = move || count(tile.with(|tile| tile.as_ref().map_or(0, |t| t.state.like_count)));
    let changed = move || {
        tile.with(|tile| {
            let changed = tile.as_ref().map(|tile| moment(tile.updated_at));
            changed.unwrap_or_default()
        })
    };
    view! {
        <dl class="tile-panel__facts">
            <dt>{t().place_label()}</dt>
            <dd>{coordinates(at.x, at.y)}</dd>
            <dt>{t().likes_label()}</dt>
            <dd data-testid="likes">{move || number(likes())}</dd>
            <dt>{t().changed_label()}</dt>
            <dd>{changed}</dd>
        </dl>
        <TileHistory at />
        <DeleteButton at tile />
    }
}

/// The button to draw, who draws here now, or why the user may not draw.
#[component]
fn Drawing(at: Coord) -> impl IntoView {
    let store = expect_context::<Store>();
    let others = move || {
        let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
        let here = store.people.editors_of(at).into_iter();
        let names: Vec<String> = here
            .filter(|user| Some(*user) != me)
            .filter_map(|user| store.people.get(user))
            .map(|user| user.display_name)
            .collect();
        list(names.iter().map(String::as_str))
    };
    let lines = move || {
        let others = others();
        let drawing = (!others.is_empty()).then(|| board_texts().drawing_here(&others));
        let why = store.may_not(at).map(|why| {
            let name = why.whose().and_then(|user| store.name_of(user));
            may_not(why, name.as_deref().unwrap_or(board_texts().a_guest()))
        });
        [drawing, why]
            .into_iter()
            .flatten()
            .map(|line| view! { <p class="soft">{line}</p> })
            .collect_view()
    };
    view! { <div class="tile-panel__notes">{lines}</div> }
}

/// The link to this tile; a click copies it.
#[component]
fn LinkButton(at: Coord) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let path = format!("/canvas/{}?tile={},{}", store.canvas_id, at.x, at.y);
    let origin = browser::window().location().origin().unwrap_or_default();
    let address = format!("{origin}{path}");
    let click = move |event: MouseEvent| {
        // Without HTTPS there is no clipboard; then the link is followed.
        if !browser::window().is_secure_context() {
            return;
        }
        event.prevent_default();
        let address = address.clone();
        spawn_scoped(async move {
            session.notify(if copy(&address).await {
                NoticeKind::Done(board_texts().link_copied().to_owned())
            } else {
                NoticeKind::Done(address)
            });
        });
    };
    view! {
        <a class="btn" href=path on:click=click>
            <Icon glyph=Glyph::Share small=true />
            {board_texts().copy_link()}
        </a>
    }
}

#[component]
fn DrawButton(at: Coord, label: &'static str) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let open = move || store.editing.get() == Some(at);
    let click = move |_| {
        if open() {
            session.leave_tile();
        } else {
            session.open_tile(at);
        }
    };
    let may = move || open() || store.may_not(at).is_none();
    view! {
        <Show when=may>
            <button
                class="btn"
                class=("btn--primary", move || !open())
                type="button"
                on:click=click
            >
                <Icon glyph=Glyph::Pencil small=true />
                {move || if open() { t().stop_drawing() } else { label }}
            </button>
        </Show>
    }
}

#[component]
fn LikeButton(at: Coord, tile: Memo<Option<Tile>>) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let liked = move || tile.with(|tile| tile.as_ref().is_some_and(|tile| tile.liked));
    let likes = move || count(tile.with(|tile| tile.as_ref().map_or(0, |t| t.state.like_count)));
    view! {
        <button
            class="btn like"
            type="button"
            aria-label=move || if liked() { t().unlike() } else { t().like() }
            aria-pressed=move || liked().to_string()
            disabled=move || store.role().is_none()
            on:click=move |_| session.like(at, !liked())
        >
            <Icon glyph=Glyph::Heart small=true />
            <span class="numbers">{move || t().likes(likes())}</span>
        </button>
    }
}

#[component]
fn PointButton(at: Coord) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    view! {
        <button
            class="btn"
            type="button"
            disabled=move || store.role().is_none()
            on:click=move |_| session.mention(at, "")
        >
            <Icon glyph=Glyph::Point small=true />
            {t().point_here()}
        </button>
    }
}

#[component]
fn ReportButton(at: Coord) -> impl IntoView {
    let store = expect_context::<Store>();
    let order = expect_context::<OrderState>();
    let dialogs = expect_context::<Dialogs>();
    let target = ReportTarget::Tile {
        x: at.x.into(),
        y: at.y.into(),
    };
    view! {
        <button
            class="btn"
            type="button"
            disabled=move || store.role().is_none()
            on:click=move |_| order.report(dialogs, target.clone(), heading(at))
        >
            <Icon glyph=Glyph::Warning small=true />
            {order_texts().report()}
        </button>
    }
}

#[component]
fn FlyButton(at: Coord) -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <button class="btn" type="button" on:click=move |_| session.fly_to(CameraCommand::Tile(at))>
            <Icon glyph=Glyph::Fit small=true />
            {t().show_tile()}
        </button>
    }
}

#[component]
fn DeleteButton(at: Coord, tile: Memo<Option<Tile>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let may = may(tile, TileOp::Delete);
    let asking = RwSignal::new(false);
    view! {
        <Show when=move || may.get()>
            <button
                class="btn btn--quiet btn--danger-quiet tile-panel__delete"
                type="button"
                on:click=move |_| asking.set(true)
            >
                <Icon glyph=Glyph::Delete small=true />
                {t().delete_tile()}
            </button>
        </Show>
        <Confirm
            open=asking
            title=t().delete_title(&coordinates(at.x, at.y))
            text=t().delete_text()
            action=t().delete_tile()
            confirmed=move |()| session.delete_tile(at)
        />
    }
}

/// Whether the user may do this to the tile, by the server's rules.
pub(super) fn may(tile: Memo<Option<Tile>>, op: TileOp) -> Memo<bool> {
    let store = expect_context::<Store>();
    Memo::new(move |_| {
        let policy = store
            .canvas
            .with(|canvas| canvas.as_ref().map(|c| c.edit_policy));
        let actor = store.me.with(|me| {
            me.as_ref().map_or(
                Actor {
                    user_id: shared::ids::UserId(0),
                    role: Role::Viewer,
                    likes: false,
                    locked_by_other: false,
                },
                |me| Actor {
                    user_id: me.user_id,
                    role: me.role,
                    likes: false,
                    locked_by_other: false,
                },
            )
        });
        tile.with(|tile| {
            let state = tile.as_ref().map(|tile| &tile.state);
            let allowed = canvas::permit(policy.unwrap_or(EditPolicy::Open), state, &op, &actor);
            allowed.is_ok() && !store.is_over()
        })
    })
}

fn heading(at: Coord) -> String {
    t().tile_at(&coordinates(at.x, at.y))
}

fn count(n: i64) -> usize {
    usize::try_from(n).unwrap_or_default()
}
