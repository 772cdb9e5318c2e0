//! The text field of a conversation: Enter sends, Shift+Enter starts a new line.
//! On phones, whose keyboards have no Shift+Enter, Enter starts a new line.

use crate::{
    browser,
    components::{
        chat::{composer::counter, text::without_controls},
        icons::{Glyph, Icon},
    },
    i18n::{inbox_texts, t, text_problem},
    inbox::{Inbox, SayError},
};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};
use shared::{ids::ConversationId, limits};

/// Most lines that the field grows to.
const LINES: usize = 6;

/// The text field, the counter and the button.
#[component]
pub fn ThreadComposer(
    /// The conversation.
    id: ConversationId,
    /// The other's display name.
    #[prop(into)]
    name: Signal<String>,
    /// Called after a message was sent.
    #[prop(into)]
    sent: Callback<()>,
) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let text = RwSignal::new(inbox.draft(id));
    let problem = RwSignal::new(String::new());
    let field = NodeRef::<html::Textarea>::new();
    let length =
        Memo::new(move |_| text.with(|text| without_controls(text).trim().chars().count()));
    let is_too_long = move || length.get() > *limits::DIRECT_MESSAGE_TEXT.end();
    let typed = move |value: String| {
        inbox.types(!value.trim().is_empty());
        inbox.keep_draft(id, &value);
        problem.set(String::new());
        text.set(value);
    };
    let send = move || {
        let words = text.with_untracked(|text| without_controls(text));
        match inbox.say(&words) {
            Ok(()) => {
                text.set(String::new());
                inbox.keep_draft(id, "");
                if let Some(field) = field.get_untracked() {
                    field.set_value("");
                    // Cannot fail for a mounted field.
                    let _ = field.focus();
                }
                sent.run(());
            }
            Err(SayError::Text(error)) => problem.set(text_problem(&error)),
            Err(SayError::Full) => problem.set(inbox_texts().too_many_wait().to_owned()),
        }
    };
    let key = move |event: KeyboardEvent| {
        let sends = event.key() == "Enter"
            && !event.shift_key()
            && !browser::is_composing(&event)
            && !browser::is_phone();
        if sends {
            event.prevent_default();
            send();
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send();
    };
    on_cleanup(move || inbox.types(false));
    view! {
        <form class="composer conversation__composer" on:submit=submit>
            <textarea
                class="input composer__input"
                dir="auto"
                aria-label=move || inbox_texts().message_field(&name.get())
                aria-describedby="dm-count"
                aria-invalid=move || is_too_long().then_some("true")
                enterkeyhint=if browser::is_phone() { "enter" } else { "send" }
                placeholder=inbox_texts().message_example()
                rows=move || text.with(|text| text.matches('\n').count() + 1).min(LINES).to_string()
                node_ref=field
                prop:value=move || text.get()
                on:input=move |event| typed(event_target_value(&event))
                on:keydown=key
                on:blur=move |_| inbox.types(false)
            ></textarea>
            <button
                class="btn btn--primary btn--icon"
                type="submit"
                aria-label=t().send()
                title=t().send()
                disabled=move || { length.get() == 0 || is_too_long() }
            >
                <Icon glyph=Glyph::Send />
            </button>
            <span
                class="composer__count"
                class=("composer__count--over", is_too_long)
                id="dm-count"
                hidden=move || counter(length.get()).is_none()
            >
                {move || counter(length.get())}
            </span>
            <p class="field__error" role="alert">{move || problem.get()}</p>
        </form>
    }
}
