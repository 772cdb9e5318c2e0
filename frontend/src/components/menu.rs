//! The menu of the canvas page: profile, dialogs, theme, sign-out.

use crate::{
    components::{
        avatar::Avatar,
        dialogs::{DialogKind, Dialogs},
        export::open_export,
        icons::{Glyph, Icon},
        language_picker::LanguagePicker,
        order::{OrderState, Section},
        restore::take_back,
        theme::ThemePicker,
    },
    i18n::{account_texts, export_texts, order::order_texts, rewrites::rewrite_texts, t},
    lazy::{Lazy, LazyView},
    model::export::ExportGoal,
    store::{Account, Store},
};
use leptos::{ev, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use leptos_use_event_listener::use_event_listener;
use shared::{api::moderation::UserRef, canvas::Role};
use wasm_bindgen::JsCast;

/// The button and the menu that it opens.
#[component]
pub fn Menu() -> impl IntoView {
    let open = RwSignal::new(false);
    let root = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    // Owned by this component, since the items are unmounted before the server
    // has answered.
    let navigate = use_navigate();
    let home = Callback::new(move |()| navigate("/", NavigateOptions::default()));
    let _ = use_event_listener(window(), ev::pointerdown, move |event| {
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
    // A dialog returns the focus to where it was, and the item that had it is
    // unmounted; so the button takes it first.
    let close = Callback::new(move |()| {
        open.set(false);
        if let Some(button) = button.get_untracked() {
            // Cannot fail for a mounted button.
            let _ = button.focus();
        }
    });
    let escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            close.run(());
        }
    };
    view! {
        <div class="menu" node_ref=root on:keydown=escape>
            <button
                class="btn btn--quiet btn--icon"
                type="button"
                aria-label=t().menu()
                title=t().menu()
                aria-expanded=move || open.get().to_string()
                node_ref=button
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon glyph=Glyph::More />
            </button>
            <Show when=move || open.get()>
                <Lazy view=move || LazyView::Menu(close, home) wanted=true />
            </Show>
        </div>
    }
}

/// The items of the menu.
#[allow(clippy::too_many_lines, reason = "the markup of one component")]
#[component]
pub fn Items(
    /// Closes the menu.
    close: Callback<()>,
    /// Leads to the start page.
    home: Callback<()>,
) -> impl IntoView {
    let account = expect_context::<Account>();
    let store = expect_context::<Store>();
    let dialogs = expect_context::<Dialogs>();
    let order = expect_context::<OrderState>();
    let show = move |kind: DialogKind| {
        close.run(());
        dialogs.show(kind);
    };
    let item = move |glyph: Glyph, text: &'static str, kind: DialogKind| {
        view! {
            <button class="menu__item" type="button" on:click=move |_| show(kind)>
                <Icon glyph />
                {text}
            </button>
        }
    };
    let who = move || {
        account.user().map(|user| {
            let handle = if user.is_guest {
                t().is_guest().to_owned()
            } else {
                t().at_name(&user.username)
            };
            view! {
                <button class="menu__item menu__who" type="button" on:click=move |_| show(DialogKind::Profile)>
                    <Avatar user=user.id name=user.display_name.clone() />
                    <span class="menu__who-text">
                        <strong dir="auto">{user.display_name}</strong>
                        <span class="faint">{handle}</span>
                    </span>
                    <span class="menu__hint">{t().profile()}</span>
                </button>
                {user
                    .is_guest
                    .then(|| item(Glyph::Heart, account_texts().keep(), DialogKind::Keep))}
                {item(Glyph::People, account_texts().account(), DialogKind::Account)}
                {user
                    .is_admin
                    .then(|| {
                        view! {
                            <a href="/moderation" class="menu__item">
                                <Icon glyph=Glyph::Shield />
                                {order_texts().server_moderation()}
                            </a>
                        }
                    })}
                <hr class="menu__line" />
            }
        })
    };
    let own_work = move || {
        let me = store.me.get().filter(|_| store.may_draw())?;
        let user = UserRef {
            user_id: me.user_id,
            username: me.username,
            display_name: me.display_name,
        };
        let open = move |_| {
            close.run(());
            take_back(store, user.clone());
        };
        Some(view! {
            <button class="menu__item" type="button" on:click=open>
                <Icon glyph=Glyph::Undo />
                {rewrite_texts().take_back_own()}
            </button>
        })
    };
    let about = move || {
        if store.role() == Some(Role::Owner) {
            t().canvas_settings()
        } else {
            t().about_canvas()
        }
    };
    view! {
        <div class="menu__list">
            {who}
            {move || {
                store.canvas.with(Option::is_some).then(|| {
                    view! {
                        {item(Glyph::Tile, about(), DialogKind::Canvas)}
                        {(store.role() >= Some(Role::Moderator))
                            .then(|| item(Glyph::Share, account_texts().invites(), DialogKind::Invites))}
                        <button
                            class="menu__item"
                            type="button"
                            on:click=move |_| {
                                close.run(());
                                open_export(store, ExportGoal::default());
                            }
                        >
                            <Icon glyph=Glyph::Download />
                            {export_texts().export()}
                        </button>
                        {own_work()}
                        <button
                            class="menu__item"
                            type="button"
                            on:click=move |_| {
                                close.run(());
                                order.show(Section::Log);
                            }
                        >
                            <Icon glyph=Glyph::Shield />
                            {order_texts().moderation_log()}
                        </button>
                    }
                })
            }}
            {item(Glyph::Keys, t().shortcuts(), DialogKind::Shortcuts)}
            <a href="/" class="menu__item">
                <Icon glyph=Glyph::Back />
                {t().all_canvases()}
            </a>
            <hr class="menu__line" />
            <div class="menu__group">
                <ThemePicker />
                <LanguagePicker />
            </div>
            <Show when=move || account.user().is_some()>
                <hr class="menu__line" />
                {item(Glyph::Warning, order_texts().my_sanctions(), DialogKind::MySanctions)}
                <button
                    class="menu__item"
                    type="button"
                    on:click=move |_| {
                        close.run(());
                        dialogs.sign_out(account, home);
                    }
                >
                    <Icon glyph=Glyph::SignOut />
                    {t().sign_out()}
                </button>
            </Show>
        </div>
    }
}
