//! The panel beside the board with notifications and private messages; on
//! phones it covers the page.

use super::{
    InboxPanelState, Section,
    conversations::ConversationList,
    notifications::{NotificationList, NotificationTools},
    thread::ThreadView,
};
use crate::{
    components::icons::{Glyph, Icon},
    i18n::{inbox_texts, t},
    inbox::Inbox,
};
use leptos::{ev::KeyboardEvent, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

const SECTIONS: [Section; 2] = [Section::Notifications, Section::Messages];

fn label(section: Section) -> &'static str {
    match section {
        Section::Notifications => inbox_texts().notifications(),
        Section::Messages => inbox_texts().messages(),
    }
}

/// The panel, while it is open.
#[component]
pub fn InboxPanel() -> impl IntoView {
    let panel = expect_context::<InboxPanelState>();
    let is_open = Memo::new(move |_| panel.section.get().is_some());
    view! {
        <Show when=move || is_open.get()>
            <Panel />
        </Show>
    }
}

#[component]
fn Panel() -> impl IntoView {
    let panel = expect_context::<InboxPanelState>();
    let inbox = expect_context::<Inbox>();
    let heading = NodeRef::<html::H2>::new();
    let came_from = StoredValue::new_local(
        document()
            .active_element()
            .map(JsCast::unchecked_into::<HtmlElement>),
    );
    Effect::new(move || {
        if let Some(heading) = heading.get() {
            // Cannot fail for a mounted element.
            let _ = heading.focus();
        }
    });
    let close = move || {
        panel.section.set(None);
        if let Some(Some(element)) = came_from.try_get_value() {
            // Fails only for an element that is gone.
            let _ = element.focus();
        }
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() {
            event.stop_propagation();
            close();
        }
    };
    let section = Memo::new(move |_| panel.section.get().unwrap_or(Section::Notifications));
    let page = move || match (section.get(), panel.conversation.get()) {
        (Section::Notifications, _) => "/inbox".to_owned(),
        (Section::Messages, None) => "/messages".to_owned(),
        (Section::Messages, Some(id)) => format!("/messages/{id}"),
    };
    let inside = move || match section.get() {
        Section::Notifications => view! {
            <NotificationTools />
            <NotificationList />
        }
        .into_any(),
        Section::Messages => view! { <Messages /> }.into_any(),
    };
    view! {
        <section class="inbox-panel" aria-labelledby="inbox-title" on:keydown=escape>
            <header class="inbox-panel__head">
                <h2 id="inbox-title" tabindex="-1" node_ref=heading>{inbox_texts().inbox()}</h2>
                <a
                    class="btn btn--quiet btn--icon"
                    href=page
                    aria-label=inbox_texts().open_page()
                    title=inbox_texts().open_page()
                >
                    <Icon glyph=Glyph::Fit />
                </a>
                <button
                    class="btn btn--quiet btn--icon"
                    type="button"
                    aria-label=t().close()
                    title=t().close()
                    on:click=move |_| close()
                >
                    <Icon glyph=Glyph::Close />
                </button>
            </header>
            <SectionTabs />
            <Show when=move || !inbox.is_live.get()>
                <p class="inbox-panel__away" role="status">{inbox_texts().away()}</p>
            </Show>
            <div
                class="inbox-panel__body"
                id="inbox-section"
                role="tabpanel"
                aria-label=move || label(section.get())
            >
                {inside}
            </div>
        </section>
    }
}

/// The conversations, or the open one.
#[component]
fn Messages() -> impl IntoView {
    let panel = expect_context::<InboxPanelState>();
    move || match panel.conversation.get() {
        Some(id) => view! {
            <ThreadView id back=Callback::new(move |()| panel.conversation.set(None)) />
        }
        .into_any(),
        None => view! { <ConversationList current=Signal::stored(None) /> }.into_any(),
    }
}

/// Moves between the sections.
#[component]
fn SectionTabs() -> impl IntoView {
    let panel = expect_context::<InboxPanelState>();
    let inbox = expect_context::<Inbox>();
    let keys = move |event: KeyboardEvent| {
        let other = match (event.key().as_str(), panel.section.get_untracked()) {
            ("ArrowRight" | "ArrowLeft", Some(Section::Notifications)) | ("End", _) => {
                Section::Messages
            }
            ("ArrowRight" | "ArrowLeft" | "Home", _) => Section::Notifications,
            _ => return,
        };
        event.prevent_default();
        panel.section.set(Some(other));
        if let Some(tab) = document().get_element_by_id(tab_id(other)) {
            // Cannot fail for a mounted button.
            let _ = tab.unchecked_into::<HtmlElement>().focus();
        }
    };
    let tabs = SECTIONS.map(|section| {
        let is_chosen = move || panel.section.get() == Some(section);
        let count = match section {
            Section::Notifications => inbox.unread,
            Section::Messages => inbox.unread_messages,
        };
        view! {
            <button
                class="tab"
                type="button"
                role="tab"
                id=tab_id(section)
                aria-selected=move || is_chosen().to_string()
                aria-controls="inbox-section"
                tabindex=move || if is_chosen() { "0" } else { "-1" }
                on:click=move |_| panel.section.set(Some(section))
            >
                {label(section)}
                <Show when=move || { count.get() > 0 }>
                    <span class="badge" aria-hidden="true">
                        {move || crate::i18n::number(count.get())}
                    </span>
                </Show>
            </button>
        }
    });
    view! {
        <div class="tabs" role="tablist" aria-label=inbox_texts().inbox() on:keydown=keys>
            {tabs.collect_view()}
        </div>
    }
}

fn tab_id(section: Section) -> &'static str {
    match section {
        Section::Notifications => "inbox-tab-notifications",
        Section::Messages => "inbox-tab-messages",
    }
}
