//! The chat's text field: Enter sends, Shift+Enter breaks, `@` completes names.

use super::{
    complete::{self, Wanted},
    text,
};
use crate::{
    components::{
        avatar::{Avatar, Size},
        dock::{DockState, Tab},
        icons::{Glyph, Icon},
    },
    i18n::{fill, t},
    session::Session,
    store::{Account, SignIn, Store},
};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};
use shared::{ids::UserId, limits};

/// Characters left at which the counter appears.
const COUNT_FROM: usize = 200;
/// Names offered at once.
const NAMES: usize = 6;
/// Lines that the field grows to.
const LINES: usize = 6;

/// Somebody who may be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    id: UserId,
    username: String,
    display_name: String,
}

/// The text field and what belongs to it.
#[component]
pub fn Composer(
    /// Called when something was said.
    #[prop(into)]
    said: Callback<()>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let account = expect_context::<Account>();
    let dock = expect_context::<DockState>();
    let field = NodeRef::<html::Textarea>::new();
    let draft = RwSignal::new(String::new());
    let wanted = RwSignal::new(None::<Wanted>);
    let picked = RwSignal::new(0_usize);

    let length = Memo::new(move |_| draft.with(|draft| draft.trim().chars().count()));
    let most = *limits::CHAT_TEXT.end();
    let over = move || length.get() > most;
    let signed_out = Memo::new(move |_| account.sign_in.get() == SignIn::SignedOut);

    let names = Memo::new(move |_| {
        let Some(wanted) = wanted.get() else {
            return Vec::new();
        };
        let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
        store.people.with(|people| {
            people
                .iter()
                .filter(|person| Some(person.user_id) != me)
                .filter(|person| {
                    complete::matches(&wanted.prefix, &person.username, &person.display_name)
                })
                .take(NAMES)
                .map(|person| Name {
                    id: person.user_id,
                    username: person.username.clone(),
                    display_name: person.display_name.clone(),
                })
                .collect()
        })
    });
    let offers = move || !names.with(Vec::is_empty);

    // Writes to the field at once, so that the cursor can be put right after.
    let write = move |text: String, cursor: usize| {
        if let Some(field) = field.get_untracked() {
            field.set_value(&text);
            let cursor = u32::try_from(cursor).unwrap_or(u32::MAX);
            // Both fail only for fields without text.
            let _ = field.set_selection_range(cursor, cursor);
            let _ = field.focus();
        }
        draft.set(text);
        wanted.set(None);
    };
    let cursor = move || {
        let field = field.get_untracked()?;
        let cursor = field.selection_start().ok()??;
        usize::try_from(cursor).ok()
    };
    let look = move || {
        let found = cursor().and_then(|at| draft.with_untracked(|d| complete::wanted(d, at)));
        if found != wanted.get_untracked() {
            picked.set(0);
            wanted.set(found);
        }
    };
    let pick = move |name: &Name| {
        if let Some(wanted) = wanted.get_untracked() {
            let (text, cursor) =
                draft.with_untracked(|draft| complete::complete(draft, &wanted, &name.username));
            write(text, cursor);
        }
    };
    let send = move || {
        let text = draft.get_untracked();
        if session.say(&text).is_ok() {
            write(String::new(), 0);
            session.typing(false);
            said.run(());
        }
    };
    let typed = move |text: String| {
        let writes = !text.trim().is_empty();
        draft.set(text);
        session.typing(writes);
        look();
    };
    let keys = move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        let count = names.with_untracked(Vec::len);
        if count > 0 {
            let at = picked.get_untracked();
            let handled = match event.key().as_str() {
                "ArrowDown" => {
                    picked.set((at + 1) % count);
                    true
                }
                "ArrowUp" => {
                    picked.set((at + count - 1) % count);
                    true
                }
                "Enter" | "Tab" => {
                    let name = names.with_untracked(|names| names.get(at).cloned());
                    name.inspect(pick).is_some()
                }
                "Escape" => {
                    wanted.set(None);
                    true
                }
                _ => false,
            };
            if handled {
                event.prevent_default();
                event.stop_propagation();
                return;
            }
        }
        if event.key() == "Enter" && !event.shift_key() {
            event.prevent_default();
            send();
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send();
    };

    // A tile that was Shift-clicked on the board.
    Effect::new(move |_| {
        if let Some(at) = store.chat_insert.get() {
            store.chat_insert.set(None);
            dock.show(Tab::Chat);
            let draft = draft.get_untracked();
            let at_cursor = cursor().unwrap_or_else(|| draft.encode_utf16().count());
            let tile = format!("{} ", text::tile(at));
            let (text, cursor) = complete::replace(&draft, at_cursor, at_cursor, &tile);
            // The panel may have been hidden until now.
            request_animation_frame(move || write(text, cursor));
        }
    });

    let counter = move || {
        let length = length.get();
        if length + COUNT_FROM < most {
            return None;
        }
        let left = most.abs_diff(length);
        let text = if length > most {
            t().characters_over
        } else {
            t().characters_left
        };
        Some(text.of(left))
    };
    let options = move || {
        names
            .get()
            .into_iter()
            .enumerate()
            .map(|(index, name)| view! { <Offer name index picked pick=Callback::new(move |name: Name| pick(&name)) /> })
            .collect_view()
    };
    view! {
        <Show when=offers>
            <div class="complete" role="listbox" id="chat-names" aria-label=t().people>
                {options}
            </div>
        </Show>
        <form class="composer" on:submit=submit>
            <textarea
                class="input composer__input"
                aria-label=t().message
                aria-describedby="chat-count"
                aria-autocomplete="list"
                aria-controls=move || offers().then_some("chat-names")
                aria-activedescendant=move || offers().then(|| format!("chat-name-{}", picked.get()))
                aria-invalid=move || over().then_some("true")
                placeholder=move || if signed_out.get() { t().sign_in_to_chat } else { t().message_example }
                rows=move || draft.with(|d| d.matches('\n').count() + 1).min(LINES).to_string()
                disabled=move || signed_out.get()
                node_ref=field
                prop:value=move || draft.get()
                on:input=move |event| typed(event_target_value(&event))
                on:keydown=keys
                on:click=move |_| look()
                on:blur=move |_| wanted.set(None)
            ></textarea>
            <button
                class="btn btn--primary btn--icon"
                type="submit"
                aria-label=t().send
                title=t().send
                disabled=move || length.get() == 0 || over() || signed_out.get()
            >
                <Icon glyph=Glyph::Send />
            </button>
            <span
                class="composer__count"
                class=("composer__count--over", over)
                id="chat-count"
                hidden=move || counter().is_none()
            >
                {counter}
            </span>
        </form>
    }
}

/// A name to choose.
#[component]
fn Offer(name: Name, index: usize, picked: RwSignal<usize>, pick: Callback<Name>) -> impl IntoView {
    let chosen = name.clone();
    view! {
        <div
            class="complete__option"
            role="option"
            id=format!("chat-name-{index}")
            aria-selected=move || (picked.get() == index).to_string()
            // The field keeps the focus.
            on:pointerdown=move |event| event.prevent_default()
            on:click=move |_| pick.run(chosen.clone())
        >
            <Avatar user=name.id name=name.display_name.clone() size=Size::Small />
            <span>{name.display_name}</span>
            <span class="faint">{fill(t().at_name, &[("name", &name.username)])}</span>
        </div>
    }
}
