//! The moderation panel over the dock; on phones it is a page. For who may not
//! moderate it has the log alone.

use super::{
    OrderState, Section, appeals::Appeals, cases::Cases, log::ModerationLog, sanctions::Sanctions,
    switches::Switches,
};
use crate::{
    components::icons::{Glyph, Icon},
    i18n::{language::in_reading_order, order::order_texts, t},
    store::Store,
};
use leptos::{ev::KeyboardEvent, html, prelude::*};

const SECTIONS: [Section; 4] = [
    Section::Cases,
    Section::Sanctions,
    Section::Appeals,
    Section::Log,
];

/// The name of a section.
pub fn label(section: Section) -> &'static str {
    match section {
        Section::Cases => order_texts().cases(),
        Section::Sanctions => order_texts().sanctions(),
        Section::Appeals => order_texts().appeals(),
        Section::Log => order_texts().log(),
    }
}

/// The panel, while it is open.
#[component]
pub fn ModerationPanel() -> impl IntoView {
    let order = expect_context::<OrderState>();
    view! {
        <Show when=move || order.is_open.get()>
            <Panel />
        </Show>
    }
}

#[component]
fn Panel() -> impl IntoView {
    let store = expect_context::<Store>();
    let order = expect_context::<OrderState>();
    let may_moderate = Memo::new(move |_| store.may_moderate());
    let heading = NodeRef::<html::H2>::new();
    let came_from = StoredValue::new_local(
        document()
            .active_element()
            .map(wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>),
    );
    Effect::new(move || {
        if let Some(heading) = heading.get() {
            // Cannot fail for a mounted element.
            let _ = heading.focus();
        }
    });
    let close = move || {
        order.is_open.set(false);
        if let Some(Some(element)) = came_from.try_get_value() {
            // Fails only for an element that is gone.
            let _ = element.focus();
        }
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            close();
        } else if let Some(keys) = order.keys.get_untracked() {
            keys.run(event);
        }
    };
    let title = move || {
        if may_moderate.get() {
            order_texts().moderation()
        } else {
            order_texts().moderation_log()
        }
    };
    let section = Memo::new(move |_| {
        if may_moderate.get() {
            order.section.get()
        } else {
            Section::Log
        }
    });
    let inside = move || match section.get() {
        Section::Cases => view! { <Cases /> }.into_any(),
        Section::Sanctions => view! { <Sanctions /> }.into_any(),
        Section::Appeals => view! { <Appeals /> }.into_any(),
        Section::Log => view! { <ModerationLog /> }.into_any(),
    };
    view! {
        <section class="moderation" aria-labelledby="moderation-title" on:keydown=escape>
            <header class="moderation__head">
                <h2 id="moderation-title" tabindex="-1" node_ref=heading>{title}</h2>
                <button
                    class="btn btn--quiet btn--icon"
                    type="button"
                    aria-label=t().close()
                    on:click=move |_| close()
                >
                    <Icon glyph=Glyph::Close />
                </button>
            </header>
            <Show when=move || may_moderate.get()>
                <Switches />
                <SectionTabs sections=&SECTIONS />
            </Show>
            <div
                class="moderation__body"
                id="moderation-section"
                role=move || may_moderate.get().then_some("tabpanel")
                aria-label=move || may_moderate.get().then(|| label(section.get()))
                tabindex="0"
            >
                {inside}
            </div>
        </section>
    }
}

/// Moves between the sections.
#[component]
pub fn SectionTabs(
    /// In their order.
    sections: &'static [Section],
) -> impl IntoView {
    let order = expect_context::<OrderState>();
    let keys = move |event: KeyboardEvent| {
        let now = order.section.get_untracked();
        let at = sections.iter().position(|section| *section == now);
        let count = sections.len();
        let next = match (in_reading_order(&event.key()), at) {
            ("ArrowRight", Some(at)) => (at + 1) % count,
            ("ArrowLeft", Some(at)) => (at + count - 1) % count,
            ("Home", _) => 0,
            ("End", _) => count - 1,
            _ => return,
        };
        event.prevent_default();
        order.section.set(sections[next]);
        if let Some(tab) = document().get_element_by_id(&tab_id(sections[next])) {
            use wasm_bindgen::JsCast;
            // Cannot fail for a mounted button.
            let _ = tab.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    };
    let tabs = sections.iter().map(|&section| {
        let is_chosen = move || order.section.get() == section;
        view! {
            <button
                class="tab"
                type="button"
                role="tab"
                id=tab_id(section)
                aria-selected=move || is_chosen().to_string()
                aria-controls="moderation-section"
                tabindex=move || if is_chosen() { "0" } else { "-1" }
                on:click=move |_| order.section.set(section)
            >
                {label(section)}
            </button>
        }
    });
    view! {
        <div class="tabs" role="tablist" aria-label=order_texts().moderation() on:keydown=keys>
            {tabs.collect_view()}
        </div>
    }
}

fn tab_id(section: Section) -> String {
    format!("order-tab-{section:?}")
}
