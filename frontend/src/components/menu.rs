//! The menu of a canvas: who one is, status, picture, theme, the way out.

use crate::{
    api,
    components::{
        avatar::Avatar,
        icons::{Glyph, Icon},
        theme::ThemePicker,
    },
    i18n::t,
    session::Session,
    store::{Account, SignIn, Store},
};
use leptos::{ev, html, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, components::A, hooks::use_navigate};
use shared::{api::Canvas, limits, presence::Status};
use wasm_bindgen::JsCast;

/// Pixels along one side that a downloaded picture should not pass.
const PICTURE_SIDE: i32 = 4096;

/// A button and what it unfolds.
#[component]
pub fn Menu() -> impl IntoView {
    let open = RwSignal::new(false);
    let root = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let inside = root
            .get_untracked()
            .is_some_and(|root| root.contains(target.as_ref()));
        if !inside {
            open.set(false);
        }
    });
    on_cleanup(move || outside.remove());
    let escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            open.set(false);
            if let Some(button) = button.get_untracked() {
                // A button that is there can have the focus.
                let _ = button.focus();
            }
        }
    };
    view! {
        <div class="menu" node_ref=root on:keydown=escape>
            <button
                class="btn btn--quiet btn--icon"
                type="button"
                aria-label=t().menu
                title=t().menu
                aria-expanded=move || open.get().to_string()
                node_ref=button
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon glyph=Glyph::More />
            </button>
            <Show when=move || open.get()>
                <Items open />
            </Show>
        </div>
    }
}

#[component]
fn Items(open: RwSignal<bool>) -> impl IntoView {
    let account = expect_context::<Account>();
    let store = expect_context::<Store>();
    let navigate = use_navigate();
    let sign_out = Callback::new(move |()| {
        open.set(false);
        let navigate = navigate.clone();
        spawn_local(async move {
            // Whatever the answer: a session that cannot be ended is over here.
            let _ = api::logout().await;
            account.sign_in.set(SignIn::SignedOut);
            navigate("/", NavigateOptions::default());
        });
    });
    let who = move || {
        account.user().map(|user| {
            view! {
                <div class="menu__who">
                    <Avatar user=user.id name=user.display_name.clone() />
                    <span class="menu__who-text">
                        <strong>{user.display_name}</strong>
                        <span class="faint">
                            {if user.is_guest { t().is_guest.to_owned() } else { format!("@{}", user.username) }}
                        </span>
                    </span>
                </div>
                <div class="menu__group"><StatusPicker /></div>
                <hr class="menu__line" />
            }
        })
    };
    let picture = move || {
        store.canvas.with(|canvas| {
            let canvas = canvas.as_ref()?;
            let scale = picture_scale(canvas)?;
            Some(view! {
                <a
                    class="menu__item"
                    href=api::image_url(canvas.id, scale)
                    download=format!("{}.png", canvas.name)
                    on:click=move |_| open.set(false)
                >
                    <Icon glyph=Glyph::Download />
                    {t().download_picture}
                </a>
            })
        })
    };
    view! {
        <div class="menu__list">
            {who} {picture}
            <A href="/" attr:class="menu__item">
                <Icon glyph=Glyph::Tile />
                {t().all_canvases}
            </A>
            <hr class="menu__line" />
            <div class="menu__group"><ThemePicker /></div>
            <Show when=move || account.user().is_some()>
                <hr class="menu__line" />
                <button class="menu__item" type="button" on:click=move |_| sign_out.run(())>
                    <Icon glyph=Glyph::SignOut />
                    {t().sign_out}
                </button>
            </Show>
        </div>
    }
}

/// How this user is there, as others see it.
#[component]
fn StatusPicker() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let status = Memo::new(move |_| {
        let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
        store.people.with(|people| {
            people
                .iter()
                .find(|person| Some(person.user_id) == me)
                .map_or(Status::Online, |person| person.status)
        })
    });
    let choices = [
        (Status::Online, t().status_online),
        (Status::Away, t().status_away),
        (Status::Busy, t().status_busy),
    ]
    .map(|(choice, label)| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="status"
                    prop:checked=move || status.get() == choice
                    on:change=move |_| session.set_status(choice, None)
                />
                {label}
            </label>
        }
    });
    view! {
        <fieldset>
            <legend class="menu__group-label">{t().status}</legend>
            <div class="choices">{choices.collect_view()}</div>
        </fieldset>
    }
}

/// The largest scale whose picture is still handy; none where even the
/// smallest is larger than the server makes.
fn picture_scale(canvas: &Canvas) -> Option<u32> {
    let side = canvas.width.max(canvas.height) * canvas.tile_size;
    if side > limits::IMAGE_SIDE {
        return None;
    }
    let scale = (PICTURE_SIDE / side.max(1)).clamp(1, 8);
    u32::try_from(scale).ok()
}
