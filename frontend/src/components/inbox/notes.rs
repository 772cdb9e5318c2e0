//! Short notices of the inbox, on any page: announcements where there is no
//! canvas, and what failed. They take no focus.

use crate::{
    components::icons::{Glyph, Icon},
    i18n::{order::told, t},
    inbox::Inbox,
    model::inbox::{Note, NoteKind},
};
use leptos::prelude::*;
use std::time::Duration;

/// How long a notice is shown.
const LIFETIME: Duration = Duration::from_secs(10);

/// The newest notices.
#[component]
pub fn InboxNotes() -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    view! {
        <div class="notes" role="status">
            <For each=move || inbox.notes.get() key=|note| note.id let:note>
                <OneNote note />
            </For>
        </div>
    }
}

#[component]
fn OneNote(note: Note) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let id = note.id;
    let is_held = RwSignal::new(false);
    Effect::new(move || {
        if is_held.get() {
            return;
        }
        if let Ok(timer) = set_timeout_with_handle(move || inbox.dismiss(id), LIFETIME) {
            on_cleanup(move || timer.clear());
        }
    });
    let (text, glyph) = match note.kind {
        NoteKind::Text(text) => (text, Glyph::Chat),
        NoteKind::Problem(text) => (text, Glyph::Warning),
        NoteKind::Sanctioned(kind) => (told(kind, true).0.to_owned(), Glyph::Warning),
    };
    let is_problem = glyph == Glyph::Warning;
    view! {
        <div
            class="toast"
            class=("toast--error", is_problem)
            on:pointerenter=move |_| is_held.set(true)
            on:pointerleave=move |_| is_held.set(false)
            on:focusin=move |_| is_held.set(true)
            on:focusout=move |_| is_held.set(false)
        >
            <span class="toast__icon"><Icon glyph /></span>
            <span class="toast__text" dir="auto">{text}</span>
            <button
                class="btn btn--quiet btn--icon btn--small"
                type="button"
                aria-label=t().dismiss()
                on:click=move |_| inbox.dismiss(id)
            >
                <Icon glyph=Glyph::Close small=true />
            </button>
        </div>
    }
}
