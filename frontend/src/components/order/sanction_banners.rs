//! What a sanctioned person is told over the board, once and in place: what,
//! why, until when, what still works; lockdown, being new; and the draft of what
//! was not sent.

use crate::{
    api, browser,
    components::{
        dialogs::{DialogKind, Dialogs},
        form::Submission,
        icons::{Glyph, Icon},
    },
    i18n::{
        clock,
        order::{order_texts, told, until},
        t,
    },
    model::connection::ConnectionStatus,
    session::Session,
    store::Store,
};
use js_sys::Array;
use leptos::prelude::*;
use shared::{
    api::sanctions::{Sanction, SanctionKind},
    canvas::Role,
};
use wasm_bindgen::JsCast;
use web_sys::{Blob, HtmlAnchorElement, Url};

/// The banners of sanctions, of a lockdown and for newcomers.
#[component]
pub fn SanctionBanners() -> impl IntoView {
    let store = expect_context::<Store>();
    // Those that were read and closed.
    let read = RwSignal::new(Vec::<i64>::new());
    let sanctions = move || {
        let mut all = store.sanctions.get();
        all.retain(|one| {
            one.kind == SanctionKind::Warning || !read.with(|read| read.contains(&one.id))
        });
        all
    };
    view! {
        <For each=sanctions key=|sanction| sanction.id let:sanction>
            <OneSanction sanction read />
        </For>
        <Notes />
        <Draft />
    }
}

#[component]
fn OneSanction(sanction: Sanction, read: RwSignal<Vec<i64>>) -> impl IntoView {
    let dialogs = expect_context::<Dialogs>();
    let session = expect_context::<Session>();
    let store = expect_context::<Store>();
    let form = Submission::from_context();
    let id = sanction.id;
    let (title, still) = told(sanction.kind, sanction.canvas_id.is_none());
    let act = if sanction.kind == SanctionKind::Warning {
        let confirm = move |_| {
            form.send(api::order::confirm(id), move |_| session.sanction_over(id));
        };
        view! {
            <button class="btn btn--primary" type="button" on:click=confirm>
                {order_texts().confirm_warning()}
            </button>
        }
        .into_any()
    } else {
        let label = if sanction.appeal.is_some() {
            order_texts().see_appeal()
        } else {
            order_texts().appeal()
        };
        view! {
            <button
                class="btn"
                type="button"
                on:click=move |_| dialogs.show(DialogKind::MySanctions)
            >
                {label}
            </button>
            {if sanction.kind == SanctionKind::Ban {
                view! {
                    <button
                        class="btn"
                        type="button"
                        on:click=move |_| session.reconnect_now()
                    >
                        {t().reconnect()}
                    </button>
                }
                .into_any()
            } else {
                view! {
                    <button
                        class="btn btn--quiet btn--icon btn--small"
                        type="button"
                        aria-label=t().dismiss()
                        on:click=move |_| read.update(|read| read.push(id))
                    >
                        <Icon glyph=Glyph::Close small=true />
                    </button>
                }
                .into_any()
            }}
        }
        .into_any()
    };
    // With several, what one leaves another one may take.
    let is_only = untrack(|| store.sanctions.with(|all| all.len() == 1));
    let still = if is_only || sanction.kind == SanctionKind::Warning {
        still
    } else {
        ""
    };
    let end = (sanction.kind != SanctionKind::Warning).then(|| until(sanction.expires_at));
    view! {
        <section class="banner banner--told floating" aria-label=title>
            <div>
                <h2 class="banner__title">{title}</h2>
                <p dir="auto" translate="yes">{sanction.reason}</p>
                <p class="soft">{end.map(|end| format!("{end}. "))} {still}</p>
                <p class="field__error" role="alert">{move || form.problem()}</p>
            </div>
            {act}
        </section>
    }
}

/// That the canvas is locked down, or that this user is new here.
#[component]
fn Notes() -> impl IntoView {
    let store = expect_context::<Store>();
    let closed = RwSignal::new(String::new());
    let note = Memo::new(move |_| {
        let is_live = store.connection.get() == ConnectionStatus::Live;
        let (locked, limited) = store.canvas.with(|canvas| {
            canvas.as_ref().map_or((None, false), |canvas| {
                (
                    canvas.lockdown_until,
                    canvas.newcomers == shared::canvas::Newcomers::Limited,
                )
            })
        });
        let locked = locked.filter(|until| until.millis() > store.server_now_ms());
        let new = store.newcomer_until.get().filter(|_| limited);
        match (locked, new) {
            _ if !is_live => String::new(),
            (Some(until), _) => order_texts().locked_down(&clock(until)),
            (None, Some(until)) if store.role() < Some(Role::Moderator) => {
                order_texts().newcomer(&clock(until))
            }
            (None, _) => String::new(),
        }
    });
    let shown = move || note.with(|note| !note.is_empty() && closed.with(|closed| closed != note));
    view! {
        <Show when=shown>
            <div class="banner banner--note floating">
                <div>{note}</div>
                <button
                    class="btn btn--quiet btn--icon btn--small"
                    type="button"
                    aria-label=t().dismiss()
                    on:click=move |_| closed.set(note.get_untracked())
                >
                    <Icon glyph=Glyph::Close small=true />
                </button>
            </div>
        </Show>
    }
}

/// What was not sent, and what can be done with it.
#[component]
fn Draft() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let count = move || store.drafts.get();
    let may_send = move || {
        store.connection.get() == ConnectionStatus::Live
            && store
                .sanctions
                .with(|all| all.iter().all(|one| one.kind == SanctionKind::Warning))
    };
    let export = move |_| {
        let name = format!("draft-{}.json", store.canvas_id);
        save_file(&name, &session.draft_as_json());
    };
    view! {
        <Show when=move || { count() > 0 }>
            <section class="banner banner--note floating" aria-label=move || order_texts().drafts(count())>
                <div>{move || order_texts().drafts(count())}</div>
                <Show when=may_send>
                    <button
                        class="btn btn--small btn--primary"
                        type="button"
                        on:click=move |_| session.send_draft()
                    >
                        {order_texts().send_draft()}
                    </button>
                </Show>
                <button class="btn btn--small" type="button" on:click=export>
                    {order_texts().export_draft()}
                </button>
                <button
                    class="btn btn--small btn--quiet"
                    type="button"
                    on:click=move |_| session.discard_draft()
                >
                    {order_texts().discard_draft()}
                </button>
            </section>
        </Show>
    }
}

/// Has the browser save a text as a file.
fn save_file(name: &str, text: &str) {
    let parts = Array::of1(&text.into());
    let Ok(blob) = Blob::new_with_str_sequence(&parts) else {
        return;
    };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else {
        return;
    };
    if let Ok(link) = browser::window()
        .document()
        .ok_or(())
        .and_then(|document| document.create_element("a").map_err(drop))
    {
        let link: HtmlAnchorElement = link.unchecked_into();
        link.set_href(&url);
        link.set_download(name);
        link.click();
    }
    // Fails only for an address that is none.
    let _ = Url::revoke_object_url(&url);
}
