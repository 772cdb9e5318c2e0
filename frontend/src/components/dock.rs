//! The panels beside the board (below it on a phone): chat, people, activity,
//! tile. Hidden panels stay mounted, so that the chat keeps its draft.

use crate::{
    browser,
    components::{
        chat::reading::ChatReading,
        icons::{Glyph, Icon},
    },
    i18n::{language::in_reading_order, number, t},
    inbox::Inbox,
    lazy::{Lazy, LazyView},
    store::Store,
};
use leptos::{ev::KeyboardEvent, prelude::*};
use leptos_meta::Title;
use wasm_bindgen::JsCast;

/// A panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// The chat.
    Chat,
    /// The users on the canvas.
    People,
    /// The latest events.
    Activity,
    /// The selected tile.
    Tile,
}

impl Tab {
    const ALL: [Self; 4] = [Self::Chat, Self::People, Self::Activity, Self::Tile];

    fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::People => "people",
            Self::Activity => "activity",
            Self::Tile => "tile",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Chat => t().chat(),
            Self::People => t().people(),
            Self::Activity => t().activity(),
            Self::Tile => t().tile(),
        }
    }

    fn glyph(self) -> Glyph {
        match self {
            Self::Chat => Glyph::Chat,
            Self::People => Glyph::People,
            Self::Activity => Glyph::Activity,
            Self::Tile => Glyph::Tile,
        }
    }

    /// The tab that an arrow key, Home or End moves to.
    fn after(self, key: &str) -> Option<Self> {
        let at = Self::ALL.iter().position(|tab| *tab == self)?;
        let last = Self::ALL.len() - 1;
        let to = match key {
            "ArrowRight" => (at + 1) % Self::ALL.len(),
            "ArrowLeft" => at.checked_sub(1).unwrap_or(last),
            "Home" => 0,
            "End" => last,
            _ => return None,
        };
        Some(Self::ALL[to])
    }
}

/// Which panel is shown; a context of the canvas page.
#[derive(Clone, Copy)]
pub struct DockState {
    /// The chosen panel.
    pub tab: RwSignal<Tab>,
    /// Whether the dock is open.
    pub open: RwSignal<bool>,
}

impl DockState {
    /// Open beside the board, closed on a phone.
    pub fn new() -> Self {
        Self {
            tab: RwSignal::new(Tab::Chat),
            open: RwSignal::new(!browser::is_phone()),
        }
    }

    /// Shows a panel.
    pub fn show(self, tab: Tab) {
        self.tab.set(tab);
        self.open.set(true);
    }

    /// Whether this panel is visible. Reactive.
    pub fn shows(self, tab: Tab) -> bool {
        self.open.get() && self.tab.get() == tab
    }
}

impl Default for DockState {
    fn default() -> Self {
        Self::new()
    }
}

/// The panels beside the board: chat, people, activity, tile.
#[allow(clippy::too_many_lines, reason = "the markup of one component")]
#[component]
pub fn Dock() -> impl IntoView {
    let dock = expect_context::<DockState>();
    let store = expect_context::<Store>();
    let reading = ChatReading::new(&store);
    provide_context(reading);
    let inbox = expect_context::<Inbox>();
    Effect::new(move || inbox.page_unread.set(reading.unread.get()));
    on_cleanup(move || inbox.page_unread.set(0));

    // On a phone the drawing tools take the place of the dock.
    Effect::new(move || {
        if store.editing.get().is_some() && browser::is_phone() {
            dock.open.set(false);
        }
    });
    let choose = move |tab: Tab| {
        let again = dock.tab.get_untracked() == tab;
        if again && dock.open.get_untracked() && browser::is_phone() {
            dock.open.set(false);
        } else {
            dock.show(tab);
        }
    };
    let keys = move |event: KeyboardEvent| {
        if let Some(tab) = dock
            .tab
            .get_untracked()
            .after(in_reading_order(&event.key()))
        {
            event.prevent_default();
            dock.show(tab);
            focus_tab(tab);
        }
    };
    let mark = move |tab: Tab| {
        move || match tab {
            Tab::Chat => {
                let unread = reading.unread.get();
                (unread > 0).then(|| {
                    view! {
                        <span class="badge" aria-hidden="true">
                            {number(unread)}
                        </span>
                    }
                    .into_any()
                })
            }
            Tab::People => {
                let here = store.people.len();
                (here > 0).then(|| {
                    view! {
                        <span class="tab__count" aria-hidden="true">
                            {number(here)}
                        </span>
                    }
                    .into_any()
                })
            }
            Tab::Tile => {
                let at = store.editing.get().or_else(|| store.selected.get())?;
                let open = store.comments.with(|comments| comments.open_on(at));
                let open = usize::try_from(open).ok().filter(|open| *open > 0)?;
                Some(
                    view! {
                        <span class="tab__count" aria-hidden="true">
                            {number(open)}
                        </span>
                    }
                    .into_any(),
                )
            }
            Tab::Activity => None,
        }
    };
    let tabs = Tab::ALL.map(|tab| {
        let selected = move || dock.tab.get() == tab;
        view! {
            <button
                class="tab"
                type="button"
                role="tab"
                id=format!("tab-{}", tab.name())
                aria-label=tab.label()
                aria-selected=move || selected().to_string()
                aria-controls=format!("panel-{}", tab.name())
                aria-describedby=(tab == Tab::Chat).then_some("chat-unread")
                tabindex=move || if selected() { "0" } else { "-1" }
                on:click=move |_| choose(tab)
            >
                <Icon glyph=tab.glyph() small=true />
                {tab.label()}
                {mark(tab)}
            </button>
        }
    });
    let unread = move || {
        let unread = reading.unread.get();
        (unread > 0).then(|| t().unread(unread))
    };
    view! {
        <Title text=move || reading.title(&store) />
        <aside
            class="dock"
            aria-label=t().panels()
            data-open=move || dock.open.get().to_string()
        >
            <div class="tabs" role="tablist" aria-label=t().panels() on:keydown=keys>
                {tabs.collect_view()}
            </div>
            <span class="sr-only" id="chat-unread">{unread}</span>
            {Tab::ALL.map(|tab| view! { <Panel tab /> }).collect_view()}
        </aside>
    }
}

#[component]
fn Panel(tab: Tab) -> impl IntoView {
    let dock = expect_context::<DockState>();
    view! {
        <div
            class="panel"
            role="tabpanel"
            id=format!("panel-{}", tab.name())
            aria-labelledby=format!("tab-{}", tab.name())
            hidden=move || !dock.shows(tab)
        >
            <Lazy view=move || LazyView::Panel(tab) />
        </div>
    }
}

fn focus_tab(tab: Tab) {
    let element = document()
        .get_element_by_id(&format!("tab-{}", tab.name()))
        .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(element) = element {
        // Cannot fail for a mounted button.
        let _ = element.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn arrow_keys_go_round() {
        assert_eq!(Tab::Chat.after("ArrowRight"), Some(Tab::People));
        assert_eq!(Tab::Tile.after("ArrowRight"), Some(Tab::Chat));
        assert_eq!(Tab::Chat.after("ArrowLeft"), Some(Tab::Tile));
        assert_eq!(Tab::Activity.after("Home"), Some(Tab::Chat));
        assert_eq!(Tab::People.after("End"), Some(Tab::Tile));
        assert_eq!(Tab::People.after("x"), None);
    }
}
