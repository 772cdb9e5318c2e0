//! The bell and the envelope, with the numbers of what is unread. On a canvas
//! they open the panel, elsewhere they lead to the pages.

use super::{InboxPanelState, Section};
use crate::{
    components::icons::{Glyph, Icon},
    i18n::{inbox_texts, number, with_note},
    inbox::Inbox,
    store::Account,
};
use leptos::prelude::*;

/// Both buttons; nothing while nobody is signed in.
#[component]
pub fn InboxButtons() -> impl IntoView {
    let account = expect_context::<Account>();
    let inbox = expect_context::<Inbox>();
    let is_signed_in = Memo::new(move |_| account.user().is_some());
    view! {
        <Show when=move || is_signed_in.get()>
            <InboxButton
                section=Section::Notifications
                glyph=Glyph::Bell
                label=inbox_texts().notifications()
                counted=|n| inbox_texts().unread_notifications(n)
                count=inbox.unread
                href="/inbox"
            />
            <InboxButton
                section=Section::Messages
                glyph=Glyph::Envelope
                label=inbox_texts().private_messages()
                counted=|n| inbox_texts().unread_messages(n)
                count=inbox.unread_messages
                href="/messages"
            />
        </Show>
    }
}

#[component]
fn InboxButton(
    section: Section,
    glyph: Glyph,
    label: &'static str,
    counted: fn(usize) -> String,
    count: RwSignal<usize>,
    href: &'static str,
) -> impl IntoView {
    let panel = use_context::<InboxPanelState>();
    let full_label = move || match count.get() {
        0 => label.to_owned(),
        n => with_note(label, &counted(n)),
    };
    let badge = move || {
        let count = count.get();
        (count > 0).then(|| {
            view! {
                <span class="badge inbox-button__count" aria-hidden="true">
                    {shortened(count)}
                </span>
            }
        })
    };
    let class = match section {
        Section::Notifications => "btn btn--quiet btn--icon inbox-button",
        Section::Messages => "btn btn--quiet btn--icon inbox-button inbox-button--messages",
    };
    match panel {
        Some(panel) => view! {
            <button
                class=class
                type="button"
                aria-label=full_label
                title=full_label
                aria-expanded=move || (panel.section.get() == Some(section)).to_string()
                on:click=move |_| panel.toggle(section)
            >
                <Icon glyph />
                {badge}
            </button>
        }
        .into_any(),
        None => view! {
            <a class=class href=href aria-label=full_label title=full_label>
                <Icon glyph />
                {badge}
            </a>
        }
        .into_any(),
    }
}

/// A number that fits into a badge.
fn shortened(count: usize) -> String {
    if count > 99 {
        "99+".to_owned()
    } else {
        number(count)
    }
}
