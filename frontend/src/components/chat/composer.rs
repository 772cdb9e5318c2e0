//! The chat's text field: Enter sends, Shift+Enter starts a new line, `@`
//! completes names. Above it stands what is answered or edited.

use super::{completion::Offers, draft::Draft, kept_draft::Purpose, quote::Quote};
use crate::{
    browser,
    components::icons::{Glyph, Icon},
    i18n::{
        chat_texts,
        order::{kept_from, order_texts},
        t,
    },
    model::connection::SignIn,
    store::{Account, Store},
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_use_interval_fn::{Pausable, UseIntervalFnOptions, use_interval_fn_with_options};
use shared::{api::sanctions::Activity, limits};

/// The counter is shown when at most this many characters are left.
const COUNT_FROM: usize = 200;
/// Milliseconds between two updates of the seconds that slow mode lasts.
const SLOW_TICK_MS: u64 = 250;
/// Most lines that the field grows to.
const LINES: usize = 6;

/// The text field, the send button, the counter and the completions.
#[component]
pub fn Composer(
    /// Called after a message was sent.
    #[prop(into)]
    sent: Callback<()>,
) -> impl IntoView {
    let account = expect_context::<Account>();
    let draft = Draft::new(sent);
    let store = expect_context::<Store>();
    let signed_out = Memo::new(move |_| account.sign_in.get() == SignIn::SignedOut);
    let muted = Memo::new(move |_| store.sanctioned(Activity::Speaking));
    let is_mute = Memo::new(move |_| signed_out.get() || store.is_over() || muted.get().is_some());
    let slow = seconds_to_wait(store);
    let completion = draft.completion;
    let is_edit = move || matches!(draft.purpose.get(), Purpose::Edit(_));
    let send = move || {
        if is_edit() {
            chat_texts().save()
        } else {
            t().send()
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        draft.send();
    };
    view! {
        <Offers completion />
        <PurposeLine draft />
        <form class="composer" on:submit=submit>
            <textarea
                class="input composer__input"
                dir="auto"
                aria-label=t().message()
                aria-describedby="chat-purpose chat-count"
                aria-autocomplete="list"
                aria-controls=move || completion.list()
                aria-activedescendant=move || completion.selected()
                enterkeyhint="send"
                aria-invalid=move || draft.is_too_long().then_some("true")
                placeholder=move || {
                    if signed_out.get() {
                        t().sign_in_to_chat().to_owned()
                    } else if store.is_over() {
                        t().chat_is_over().to_owned()
                    } else if let Some(end) = muted.get() {
                        kept_from(Activity::Speaking, end)
                    } else {
                        t().message_example().to_owned()
                    }
                }
                rows=move || draft.text.with(|text| text.matches('\n').count() + 1).min(LINES).to_string()
                disabled=move || is_mute.get()
                node_ref=draft.field
                prop:value=move || draft.text.get()
                on:input=move |event| draft.typed(event_target_value(&event))
                on:keydown=move |event| draft.key(&event)
                on:click=move |_| completion.look()
                on:blur=move |_| completion.close()
            ></textarea>
            // Only where fingers write: their keyboards have no Shift+Enter.
            <button
                class="btn btn--icon composer__break"
                type="button"
                aria-label=chat_texts().new_line()
                title=chat_texts().new_line()
                disabled=move || is_mute.get()
                // The text field keeps the focus, and the keyboard stays open.
                on:pointerdown=move |event| event.prevent_default()
                on:click=move |_| draft.break_line()
            >
                <Icon glyph=Glyph::BreakLine />
            </button>
            <button
                class="btn btn--primary btn--icon"
                type="submit"
                aria-label=send
                title=send
                disabled=move || {
                    draft.length.get() == 0 || draft.is_too_long() || is_mute.get() || slow.get() > 0
                }
            >
                {move || {
                    view! { <Icon glyph=if is_edit() { Glyph::Check } else { Glyph::Send } /> }
                }}
            </button>
            <Show when=move || { slow.get() > 0 }>
                <span class="composer__slow">
                    {move || order_texts().chat_slow(slow.get())}
                </span>
            </Show>
            <span
                class="composer__count"
                class=("composer__count--over", move || draft.is_too_long())
                id="chat-count"
                hidden=move || counter(draft.length.get()).is_none()
            >
                {move || counter(draft.length.get())}
            </span>
        </form>
    }
}

/// What the words in the field are for, if they are no ordinary message, and a
/// button that makes them one again.
#[component]
fn PurposeLine(draft: Draft) -> impl IntoView {
    let store = expect_context::<Store>();
    let line = move || {
        let (glyph, quote, cancel) = match draft.purpose.get() {
            Purpose::Message => return None,
            Purpose::Reply(id) => (
                Glyph::Reply,
                Quote::of_loaded(store, id),
                chat_texts().cancel_reply(),
            ),
            Purpose::Edit(id) => (
                Glyph::Edit,
                Quote::of_loaded(store, id),
                chat_texts().cancel_edit(),
            ),
        };
        let title = match (draft.purpose.get(), &quote) {
            (Purpose::Edit(_), _) => chat_texts().editing().to_string(),
            (_, Some(quote)) => chat_texts().replying_to(&quote.name),
            (_, None) => chat_texts().replying().to_string(),
        };
        let excerpt = quote.map(|quote| quote.words());
        Some(view! {
            <div class="composer__purpose">
                <Icon glyph small=true />
                <span class="composer__purpose-text">
                    <span class="composer__purpose-title">{title}</span>
                    " "
                    <span class="faint" dir="auto">{excerpt}</span>
                </span>
                <button
                    class="btn btn--quiet btn--icon btn--small"
                    type="button"
                    aria-label=cancel.to_string()
                    title=cancel.to_string()
                    on:click=move |_| draft.cancel()
                >
                    <Icon glyph=Glyph::Close small=true />
                </button>
            </div>
        })
    };
    // Read aloud when it changes.
    view! { <div role="status" id="chat-purpose">{line}</div> }
}

/// Seconds until slow mode lets this user write again; 0 if they may. Counts
/// down.
fn seconds_to_wait(store: Store) -> RwSignal<i64> {
    let left = RwSignal::new(0);
    let look = move || {
        let until = store.chat_held_until.get_untracked();
        let ms = (until - browser::uptime_ms()).max(0);
        let seconds = ms.div_euclid(1_000) + i64::from(ms % 1_000 > 0);
        if left.get_untracked() != seconds {
            left.set(seconds);
        }
        seconds
    };
    let options = UseIntervalFnOptions::default().immediate(false);
    let Pausable { pause, resume, .. } = use_interval_fn_with_options(
        move || {
            look();
        },
        SLOW_TICK_MS,
        options,
    );
    Effect::new(move || {
        store.chat_held_until.track();
        if look() > 0 {
            resume();
        }
    });
    Effect::new(move || {
        if left.get() == 0 {
            pause();
        }
    });
    left
}

/// The text of the counter; none while many characters are left.
pub fn counter(length: usize) -> Option<String> {
    let most = *limits::CHAT_TEXT.end();
    if length + COUNT_FROM < most {
        return None;
    }
    let n = most.abs_diff(length);
    Some(if length > most {
        t().characters_over(n)
    } else {
        t().characters_left(n)
    })
}
