//! The menu of a person: the button that opens it, its place, and the keys that
//! move in it.

pub mod items;

use super::{OrderState, Subject};
use crate::{
    browser,
    components::icons::{Glyph, Icon},
    i18n::{comments::comment_texts, is_right_to_left, order::order_texts},
    store::Store,
};
use items::Items;
use leptos::{ev, html, prelude::*};
use leptos_use_event_listener::use_event_listener;
use shared::ids::UserId;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The button that opens a person's menu. Nothing is shown for whom there is
/// nothing to do: who is not signed in, and for oneself unless it is about a
/// message.
#[component]
pub fn PersonButton(
    /// The person, and what it is about.
    #[prop(into)]
    subject: Signal<Subject>,
    /// Whether it is in the order of the Tab key.
    #[prop(default = true.into(), into)]
    in_tab_order: Signal<bool>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let order = expect_context::<OrderState>();
    let element = NodeRef::<html::Button>::new();
    let is_offered = Memo::new(move |_| {
        let (user, has_words) = subject.with(|subject| {
            let has_words = subject.message.is_some() || subject.comment.is_some();
            (subject.person.user_id, has_words)
        });
        store.role().is_some() && (has_words || !is_me(store, user))
    });
    let label = move || {
        subject.with(|subject| {
            let name = &subject.person.display_name;
            if subject.message.is_some() {
                order_texts().acts_on_message(name)
            } else if subject.comment.is_some() {
                comment_texts().acts_on(name)
            } else {
                order_texts().acts_on(name)
            }
        })
    };
    let open = move |_| {
        order
            .opener
            .set(element.get_untracked().map(|button| (*button).clone()));
        order.menu.set(Some(subject.get_untracked()));
    };
    view! {
        <Show when=move || is_offered.get()>
            <button
                class="btn btn--quiet btn--icon btn--small person-button"
                type="button"
                aria-label=label
                title=label
                aria-haspopup="true"
                tabindex=move || if in_tab_order.get() { "0" } else { "-1" }
                node_ref=element
                on:click=open
            >
                <Icon glyph=Glyph::More small=true />
            </button>
        </Show>
    }
}

/// Whether this is the user of this tab. Reactive.
fn is_me(store: Store, user: UserId) -> bool {
    store
        .me
        .with(|me| me.as_ref().is_some_and(|me| me.user_id == user))
}

/// Shows the open menu beside its button; on a phone at the lower edge.
#[component]
pub fn PersonMenuHost() -> impl IntoView {
    let order = expect_context::<OrderState>();
    let root = NodeRef::<html::Div>::new();
    let close = move || {
        if order.menu.with_untracked(Option::is_none) {
            return;
        }
        order.menu.set(None);
        if let Some(opener) = order.opener.try_update(Option::take).flatten() {
            // Fails only for a button that is gone.
            let _ = opener.focus();
        }
    };
    let _ = use_event_listener(window(), ev::pointerdown, move |event| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let is_inside = root
            .get_untracked()
            .is_some_and(|root| root.contains(target.as_ref()));
        if !is_inside {
            close();
        }
    });
    Effect::new(move || {
        if let (Some(menu), Some(opener)) = (root.get(), order.opener.get_untracked()) {
            place(&menu, &opener);
            focus_item(&menu, 0);
        }
    });
    let key = move |event: ev::KeyboardEvent| {
        let Some(menu) = root.get_untracked() else {
            return;
        };
        match event.key().as_str() {
            "Escape" => close(),
            "Tab" => {
                close();
                return;
            }
            "ArrowDown" => focus_item(&menu, 1),
            "ArrowUp" => focus_item(&menu, -1),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let menu = move || {
        order.menu.get().map(|subject| {
            let name = order_texts().acts_on(&subject.person.display_name);
            view! {
                <div
                    class="menu__list person-menu"
                    role="group"
                    aria-label=name
                    node_ref=root
                    on:keydown=key
                >
                    <Items subject close=Callback::new(move |()| close()) />
                </div>
            }
        })
    };
    view! { {menu} }
}

/// Places the menu below its button, or above it in the lower half of the
/// window. The style sheet overrides this on phones.
fn place(menu: &HtmlElement, button: &HtmlElement) {
    let rect = button.get_bounding_client_rect();
    let window = browser::window();
    let size = |value: Result<wasm_bindgen::JsValue, _>| {
        value
            .ok()
            .and_then(|size| size.as_f64())
            .unwrap_or_default()
    };
    let (width, height) = (size(window.inner_width()), size(window.inner_height()));
    let style = menu.style();
    let (edge, distance) = if rect.top() < height / 2.0 {
        ("top", rect.bottom() + 4.0)
    } else {
        ("bottom", height - rect.top() + 4.0)
    };
    // Setting a property of a mounted element cannot fail.
    let _ = style.set_property(edge, &format!("{distance}px"));
    let (side, distance) = if is_right_to_left() {
        ("left", rect.left())
    } else {
        ("right", width - rect.right())
    };
    let _ = style.set_property(side, &format!("{}px", distance.max(8.0)));
}

/// Moves the focus by so many items; with 0 to the first.
fn focus_item(menu: &HtmlElement, by: i32) {
    let Ok(items) = menu.query_selector_all("button") else {
        return;
    };
    let active = document().active_element();
    let count = items.length().cast_signed();
    let now = (0..count).find(|&index| {
        items.item(index.cast_unsigned()).is_some_and(|item| {
            active
                .as_ref()
                .is_some_and(|active| active.is_same_node(Some(&item)))
        })
    });
    let next = now.map_or(0, |now| (now + by).rem_euclid(count.max(1)));
    let item = items
        .item(next.cast_unsigned())
        .and_then(|item| item.dyn_into::<HtmlElement>().ok());
    if let Some(item) = item {
        // Cannot fail for a mounted button.
        let _ = item.focus();
    }
}
