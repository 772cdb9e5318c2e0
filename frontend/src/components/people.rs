//! The panel with the users on the canvas and what they do.

use crate::{
    components::{
        avatar::Avatar,
        dock::{DockState, Tab},
        icons::{Glyph, Icon},
        order::{Subject, person_menu::PersonButton},
    },
    i18n::{coordinates, t},
    model::{camera::CameraCommand, connection::LoadState},
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use leptos_use_document_visibility::use_document_visibility;
use shared::{
    api::moderation::UserRef,
    canvas::Coord,
    ids::UserId,
    presence::{ActiveUser, Status},
};
use web_sys::VisibilityState;

/// The tile in which a user draws.
pub fn editing(person: &ActiveUser) -> Option<Coord> {
    person.editing.map(|editing| Coord {
        x: editing.tile_x,
        y: editing.tile_y,
    })
}

/// A text for what a user does, if it is known.
pub fn doing(person: &ActiveUser) -> Option<String> {
    if let Some(at) = editing(person) {
        return Some(t().draws_in(&coordinates(at.x, at.y)));
    }
    person.is_typing.then(|| t().is_typing().to_owned())
}

/// Moves the viewport to the tile in which a user draws, if there is one.
pub fn fly_to_person(session: Session, person: &ActiveUser) {
    if let Some(at) = editing(person) {
        session.fly_to(CameraCommand::Tile(at));
        session.highlight(at);
    }
}

/// The users on the canvas.
#[component]
pub fn PeoplePanel() -> impl IntoView {
    let store = expect_context::<Store>();
    // Nothing is laid out where nobody looks: among a thousand people, somebody
    // joins or leaves all the time.
    let dock = expect_context::<DockState>();
    let visibility = use_document_visibility();
    let ids = Memo::new(move |before: Option<&Vec<UserId>>| {
        if dock.shows(Tab::People) && visibility.get() == VisibilityState::Visible {
            store.people.ids()
        } else {
            before.cloned().unwrap_or_default()
        }
    });
    let alone = move || store.people.len() == 1;
    let loading = move || store.people.is_empty() && store.load.get() == LoadState::Loading;
    view! {
        <div class="panel__scroll">
            <ul class="rows" aria-label=t().people()>
                <For each=move || ids.get() key=|id| *id let:id>
                    <Person id />
                </For>
            </ul>
            <Show when=loading>
                <div class="rows" aria-hidden="true">
                    <div class="row">
                        <span class="avatar skeleton"></span>
                        <span class="skeleton skeleton--line skeleton--long"></span>
                    </div>
                </div>
            </Show>
            <Show when=alone>
                <div class="empty">
                    <p>{t().alone()}</p>
                </div>
            </Show>
        </div>
    }
}

#[component]
fn Person(id: UserId) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let person = Memo::new(move |_| store.people.get(id));
    let is_me = move || {
        store
            .me
            .with(|me| me.as_ref().is_some_and(|me| me.user_id == id))
    };
    let followed = move || store.following.get() == Some(id);
    let name = move || {
        person.with(|p| {
            p.as_ref()
                .map(|p| p.display_name.clone())
                .unwrap_or_default()
        })
    };
    let note = move || {
        let person = person.get()?;
        Some(doing(&person).unwrap_or_else(|| {
            if person.is_active {
                at_rest(&person)
            } else {
                t().leaving().to_owned()
            }
        }))
    };
    let busy = move || person.with(|p| p.as_ref().is_some_and(|p| doing(p).is_some()));
    let status = move || {
        let class = person.with(|person| match person {
            Some(person) if !person.is_active => "avatar__status avatar__status--gone",
            Some(person) => match person.status {
                Status::Online => "avatar__status",
                Status::Away => "avatar__status avatar__status--away",
                Status::Busy => "avatar__status avatar__status--busy",
            },
            None => "avatar__status",
        });
        view! { <span class=class></span> }
    };
    let fly = move |_| {
        if let Some(person) = person.get_untracked() {
            fly_to_person(session, &person);
        }
    };
    let follow_label = move || {
        if followed() {
            t().stop_following(&name())
        } else {
            t().follow(&name())
        }
    };
    let follow = move |_| {
        let follow = (!followed()).then_some(id);
        store.following.set(follow);
        if let (Some(_), Some(person)) = (follow, person.get_untracked()) {
            fly_to_person(session, &person);
        }
    };
    let subject = move || Subject {
        person: person.with(|person| {
            let person = person.as_ref();
            UserRef {
                user_id: id,
                username: person.map(|p| p.username.clone()).unwrap_or_default(),
                display_name: person.map(|p| p.display_name.clone()).unwrap_or_default(),
            }
        }),
        message: None,
        comment: None,
        case_id: None,
    };
    view! {
        <li class="person" data-user-id=id.to_string()>
            <button class="row person__main" type="button" on:click=fly>
                {move || view! { <Avatar user=id name=name()>{status}</Avatar> }}
                <span class="row__text">
                    <span class="row__name">
                        <span class="row__name-text" dir="auto">{name}</span>
                        <Show when=is_me>
                            <span class="faint">{t().you()}</span>
                        </Show>
                    </span>
                    <span class="row__note" class=("row__note--live", busy) dir="auto">
                        {note}
                    </span>
                </span>
            </button>
            <Show when=move || !is_me()>
                <button
                    class="btn btn--quiet btn--icon btn--small"
                    type="button"
                    aria-label=follow_label
                    title=follow_label
                    aria-pressed=move || followed().to_string()
                    on:click=follow
                >
                    <Icon glyph=Glyph::Follow />
                </button>
            </Show>
            <PersonButton subject=Signal::derive(subject) />
        </li>
    }
}

/// The text for a user whose activity is not known: their status.
fn at_rest(person: &ActiveUser) -> String {
    if !person.status_message.is_empty() {
        return person.status_message.clone();
    }
    match person.status {
        Status::Online => t().looks_around(),
        Status::Away => t().status_away(),
        Status::Busy => t().status_busy(),
    }
    .to_owned()
}
