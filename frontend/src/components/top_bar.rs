//! The top bar: canvas name, connection, users and menu.

use crate::{
    components::{
        avatar::Avatar,
        connection::ConnectionState,
        dock::{DockState, Tab},
        icons::{Glyph, Icon, Star},
        menu::Menu,
        people::{doing, fly_to_person},
    },
    i18n::{t, with_note},
    lazy::{Lazy, LazyView},
    model::connection::LoadState,
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use shared::{ids::UserId, presence::ActiveUser};

/// Most avatars; the others are shown as a number.
const FACES: usize = 5;

/// The top bar.
#[component]
pub fn TopBar() -> impl IntoView {
    let store = expect_context::<Store>();
    let dock = expect_context::<DockState>();
    let name = Memo::new(move |_| {
        store
            .canvas
            .with(|canvas| canvas.as_ref().map(|canvas| canvas.name.clone()))
    });
    let is_there = Memo::new(move |_| !matches!(store.load.get(), LoadState::Failed(_)));
    let fold_label = move || {
        if dock.open.get() {
            t().hide_panel()
        } else {
            t().show_panel()
        }
    };
    view! {
        <header class="top-bar">
            <a href="/" class="top-bar__home" aria-label=t().all_canvases() title=t().all_canvases()>
                <Star class="brand__star" />
            </a>
            <h1 class="top-bar__name" dir="auto" title=move || name.get()>
                {move || name.get().unwrap_or_else(|| t().name().to_owned())}
            </h1>
            // Without a canvas there is no connection to show.
            <Show when=move || is_there.get()>
                <ConnectionState />
            </Show>
            <span class="top-bar__gap"></span>
            <Show when=move || is_there.get()>
                <Lazy view=|| LazyView::TopBarButtons />
                <button
                    class="btn btn--quiet btn--icon top-bar__fold"
                    type="button"
                    aria-label=fold_label
                    title=fold_label
                    aria-expanded=move || dock.open.get().to_string()
                    on:click=move |_| dock.open.update(|open| *open = !*open)
                >
                    <Icon glyph=Glyph::Panel />
                </button>
            </Show>
            <Menu />
        </header>
    }
}

/// The avatars of the others. A click moves the viewport to what a user draws
/// and follows them; another click stops following.
#[component]
pub fn Faces() -> impl IntoView {
    let store = expect_context::<Store>();
    let dock = expect_context::<DockState>();
    let others = Memo::new(move |_| {
        let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
        store.people.others(FACES, me)
    });
    let shown = move || others.with(|(first, _)| first.clone());
    let more = move || others.with(|(first, all)| all - first.len());
    view! {
        <div class="faces" role="group" aria-label=t().people_here_now()>
            <For each=shown key=|id| *id let:id>
                <Face id />
            </For>
            <Show when=move || { more() > 0 }>
                <button
                    class="face face--more"
                    type="button"
                    aria-label=move || t().more_people(more())
                    on:click=move |_| dock.show(Tab::People)
                >
                    <span class="avatar" aria-hidden="true">
                        {move || t().plus(more())}
                    </span>
                </button>
            </Show>
        </div>
    }
}

#[component]
fn Face(id: UserId) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let person: Memo<Option<ActiveUser>> = Memo::new(move |_| store.people.get(id));
    let followed = move || store.following.get() == Some(id);
    let label = move || {
        let person = person.get()?;
        let follow = if followed() {
            t().stop_following(&person.display_name)
        } else {
            t().follow(&person.display_name)
        };
        Some(match doing(&person) {
            Some(doing) => with_note(&follow, &doing),
            None => follow,
        })
    };
    let click = move |_| {
        if followed() {
            store.following.set(None);
            return;
        }
        store.following.set(Some(id));
        if let Some(person) = person.get_untracked() {
            fly_to_person(session, &person);
        }
    };
    view! {
        <button
            class="face"
            class=("face--editing", move || person.with(|p| p.as_ref().is_some_and(|p| p.editing.is_some())))
            class=("face--followed", followed)
            type="button"
            aria-pressed=move || followed().to_string()
            aria-label=label
            title=label
            on:click=click
        >
            {move || person.get().map(|person| view! { <Avatar user=id name=person.display_name /> })}
        </button>
    }
}
