//! Keeping order on the whole server, for its admins: the cases of all canvases and of
//! private messages, the sanctions that hold everywhere, and the appeals that concern
//! admins.

use super::{
    OrderState, SanctionDraft, Section,
    appeals::Appeals,
    cases::Cases,
    panel::{SectionTabs, label},
    sanctions::Sanctions,
};
use crate::{
    components::{dialogs::Dialogs, field::Field},
    i18n::{order::order_texts, t},
    model::order::ModerationScope,
};
use leptos::{
    ev::{self, SubmitEvent},
    prelude::*,
};
use leptos_use_event_listener::use_event_listener;
use shared::{
    api::{moderation::UserRef, sanctions::SanctionKind},
    ids::UserId,
    limits,
};

const SECTIONS: [Section; 3] = [Section::Cases, Section::Sanctions, Section::Appeals];

/// The sections; the page has nothing else.
#[component]
pub fn ServerPanel() -> impl IntoView {
    let order = expect_context::<OrderState>();
    order.section.set(Section::Cases);
    // Nothing else on the page has keys.
    let _ = use_event_listener(window(), ev::keydown, move |event| {
        if let Some(keys) = order.keys.get_untracked() {
            keys.run(event);
        }
    });
    let inside = move || match order.section.get() {
        Section::Sanctions => view! {
            <SanctionByName />
            <Sanctions />
        }
        .into_any(),
        Section::Appeals => view! { <Appeals /> }.into_any(),
        Section::Cases | Section::Log => view! { <Cases /> }.into_any(),
    };
    view! {
        <SectionTabs sections=&SECTIONS />
        <div
            class="moderation__body"
            id="moderation-section"
            role="tabpanel"
            aria-label=move || label(order.section.get())
            tabindex="0"
        >
            {inside}
        </div>
    }
}

/// The form that begins a sanction on the whole server.
#[component]
fn SanctionByName() -> impl IntoView {
    let order = expect_context::<OrderState>();
    let dialogs = expect_context::<Dialogs>();
    let name = RwSignal::new(String::new());
    let named = move || name.with(|name| name.trim().trim_start_matches('@').to_owned());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let username = untrack(named);
        if username.is_empty() {
            return;
        }
        let person = UserRef {
            // Only the name is sent.
            user_id: UserId(0),
            display_name: username.clone(),
            username,
        };
        let draft = SanctionDraft {
            people: vec![person],
            kind: SanctionKind::Ban,
            scope: ModerationScope::Server,
            case_id: None,
            outcome: None,
            decision_note: String::new(),
        };
        order.sanction(dialogs, draft);
    };
    view! {
        <form class="members__add" on:submit=submit novalidate=true>
            <Field
                id="sanction-username"
                label=t().username()
                value=name
                is_username=true
                max=*limits::USERNAME.end()
            />
            <button class="btn" type="submit" disabled=move || named().is_empty()>
                {order_texts().sanction_on_server()}
            </button>
        </form>
    }
}
