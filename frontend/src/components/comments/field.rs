//! A field to write or change a comment in: Enter sends, Shift+Enter starts a
//! new line, `@` completes names. What is not sent is kept in the browser, also
//! over a reload.

use crate::{
    browser,
    components::chat::{
        completion::{Completion, Offers},
        text::without_controls,
    },
    i18n::{
        clock,
        comments::comment_texts,
        order::{kept_from, order_texts},
    },
    model::connection::SignIn,
    store::{Account, Store},
};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};
use shared::{api::sanctions::Activity, canvas::Coord, limits};

/// The counter is shown when at most this many characters are left.
const COUNT_FROM: usize = 100;
/// Most lines that the field grows to.
const LINES: usize = 8;

/// The field, the counter and the buttons.
#[allow(clippy::too_many_lines, reason = "the markup of one component")]
#[component]
pub fn CommentField(
    /// The cell.
    at: Coord,
    /// What the field is for.
    #[prop(into)]
    label: String,
    /// The label of the button that sends.
    action: &'static str,
    /// What distinguishes it from the other fields of the cell: its draft is
    /// kept under this name.
    #[prop(optional, into)]
    name: String,
    /// The text that is there at first, if no draft is kept.
    #[prop(optional, into)]
    initial: String,
    /// The text field.
    #[prop(optional)]
    field: NodeRef<html::Textarea>,
    /// Sends the text. False if it was not taken: it stays in the field.
    #[prop(into)]
    submit: Callback<String, bool>,
    /// Called by a button and Escape, where there is one.
    #[prop(optional, into)]
    cancel: Option<Callback<()>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let account = expect_context::<Account>();
    let texts = comment_texts();
    let count_id = format!("comment-count-{name}");
    let list_id = format!("comment-names-{name}");
    let draft = Memo::new(move |_| draft_key(store, account, at, &name));
    let text = RwSignal::new(initial.clone());
    let completion = Completion::new(field, text, list_id);
    // After a reload it is known a moment later who the user is.
    Effect::new(move || {
        let kept = draft.get().as_deref().and_then(browser::load);
        if let Some(kept) = kept.filter(|_| text.with_untracked(|text| *text == initial)) {
            text.set(kept);
        }
    });
    let keep = move |text: &str| {
        draft.with_untracked(|draft| match draft {
            Some(draft) if text.trim().is_empty() => browser::remove(draft),
            // Without room it is in this page alone.
            Some(draft) => drop(browser::save(draft, text)),
            None => {}
        });
    };
    let length =
        Memo::new(move |_| text.with(|text| without_controls(text).trim().chars().count()));
    let is_too_long = move || length.get() > *limits::COMMENT_TEXT.end();
    let refusal = Memo::new(move |_| refusal(store, account));
    let may_send = move || length.get() > 0 && !is_too_long() && refusal.with(Option::is_none);
    let send = move || {
        if !untrack(may_send) {
            return;
        }
        let written = text.with_untracked(|text| without_controls(text).trim().to_owned());
        if submit.run(written) {
            keep("");
            // Its component may be gone by now.
            text.try_set(String::new());
        }
    };
    let give_up = move || {
        if let Some(cancel) = cancel {
            keep("");
            cancel.run(());
        }
    };
    let key = move |event: KeyboardEvent| {
        if browser::is_composing(&event) {
            return;
        }
        if completion.choose(&event.key()) {
            event.prevent_default();
            event.stop_propagation();
            return;
        }
        match event.key().as_str() {
            // On a phone the Enter key is the only way to a new line.
            "Enter" if !event.shift_key() && !browser::is_phone() => {
                event.prevent_default();
                send();
            }
            "Escape" if cancel.is_some() => {
                event.prevent_default();
                event.stop_propagation();
                give_up();
            }
            _ => {}
        }
    };
    // Also what a completion wrote.
    Effect::watch(move || text.get(), move |text, _, _| keep(text), false);
    let example = if cancel.is_some() {
        label.clone()
    } else {
        texts.example().to_owned()
    };
    let written = move |new: String| {
        text.set(new);
        completion.look();
    };
    Effect::new(move || {
        if let (Some(field), true) = (field.get(), cancel.is_some()) {
            let _ = field.focus();
        }
    });
    let counter = move || {
        let (length, most) = (length.get(), *limits::COMMENT_TEXT.end());
        (length + COUNT_FROM >= most).then(|| {
            if length > most {
                texts.characters_over(length - most)
            } else {
                texts.characters_left(most - length)
            }
        })
    };
    let rows = move || {
        let lines = text.with(|text| text.matches('\n').count() + 1);
        lines
            .clamp(if cancel.is_some() { 2 } else { 1 }, LINES)
            .to_string()
    };
    view! {
        <form
            class="comment-field"
            on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                send();
            }
        >
            <div class="comment-field__entry">
                <Offers completion />
                <textarea
                    class="input comment-field__input"
                    dir="auto"
                    aria-label=label
                    aria-describedby=count_id.clone()
                    aria-autocomplete="list"
                    aria-controls=move || completion.list()
                    aria-activedescendant=move || completion.selected()
                    aria-invalid=move || is_too_long().then_some("true")
                    placeholder=move || refusal.get().unwrap_or_else(|| example.clone())
                    rows=rows
                    disabled=move || refusal.with(Option::is_some)
                    node_ref=field
                    prop:value=move || text.get()
                    on:input=move |event| written(event_target_value(&event))
                    on:keydown=key
                    on:click=move |_| completion.look()
                    on:blur=move |_| completion.close()
                ></textarea>
            </div>
            <span class="comment-field__count" id=count_id hidden=move || counter().is_none()>
                {counter}
            </span>
            <Show when=move || cancel.is_some() || { length.get() > 0 }>
                <div class="comment-field__acts">
                    <button class="btn btn--primary btn--small" type="submit" disabled=move || !may_send()>
                        {action}
                    </button>
                    <Show when=move || cancel.is_some()>
                        <button class="btn btn--small" type="button" on:click=move |_| give_up()>
                            {texts.cancel()}
                        </button>
                    </Show>
                </div>
            </Show>
        </form>
    }
}

/// Why this user may not write here; none if they may. Reactive.
fn refusal(store: Store, account: Account) -> Option<String> {
    let texts = comment_texts();
    if account.sign_in.get() == SignIn::SignedOut {
        return Some(texts.sign_in().to_owned());
    }
    if store.is_over() {
        return Some(texts.over().to_owned());
    }
    if let Some(end) = store.sanctioned(Activity::Speaking) {
        return Some(kept_from(Activity::Speaking, end));
    }
    let until = store.locked_out_until.get()?;
    Some(order_texts().locked_down(&clock(until)))
}

/// Where the draft of a field is kept; none while nobody is signed in. Reactive.
fn draft_key(store: Store, account: Account, at: Coord, name: &str) -> Option<String> {
    let user = account.sign_in.with(|sign_in| match sign_in {
        SignIn::SignedIn(user) => Some(user.id),
        SignIn::Unknown | SignIn::SignedOut => None,
    })?;
    let (canvas, Coord { x, y }) = (store.canvas_id, at);
    Some(format!("stellar.comment.{canvas}.{user}.{x},{y}.{name}"))
}
