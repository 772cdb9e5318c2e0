//! Completion of user names in a text field: what is offered for the name that is
//! being typed after an `@`, which of it is selected, and the list that shows it.

use super::{
    complete::{self, MentionQuery},
    names::{Name, names},
};
use crate::{
    components::avatar::{Avatar, Size},
    i18n::t,
    store::Store,
};
use leptos::{html, prelude::*};

/// The completions of a text field.
#[derive(Clone, Copy)]
pub struct Completion {
    field: NodeRef<html::Textarea>,
    text: RwSignal<String>,
    /// The name that is being typed after an `@`.
    query: RwSignal<Option<MentionQuery>>,
    names: Memo<Vec<Name>>,
    /// The index of the selected completion.
    picked: RwSignal<usize>,
    list_id: StoredValue<String>,
}

impl Completion {
    /// Nothing is offered yet. `text` is what the field shows, `list_id` the id that
    /// the list gets, which no other list of the page has.
    pub fn new(
        field: NodeRef<html::Textarea>,
        text: RwSignal<String>,
        list_id: impl Into<String>,
    ) -> Self {
        let store = expect_context::<Store>();
        let query = RwSignal::new(None::<MentionQuery>);
        Self {
            field,
            text,
            query,
            names: Memo::new(move |_| {
                query.with(|query| {
                    let prefix = query.as_ref().map(|query| query.prefix.as_str());
                    prefix
                        .map(|prefix| names(&store, prefix))
                        .unwrap_or_default()
                })
            }),
            picked: RwSignal::new(0),
            list_id: StoredValue::new(list_id.into()),
        }
    }

    /// The id of the list, for `aria-controls`; none while nothing is offered. Reactive.
    pub fn list(self) -> Option<String> {
        self.offers().then(|| self.list_id.get_value())
    }

    /// The id of the selected completion, for `aria-activedescendant`; none while nothing
    /// is offered. Reactive.
    pub fn selected(self) -> Option<String> {
        self.offers().then(|| self.option_id(self.picked.get()))
    }

    fn offers(self) -> bool {
        !self.names.with(Vec::is_empty)
    }

    fn option_id(self, index: usize) -> String {
        self.list_id.with_value(|list| format!("{list}-{index}"))
    }

    /// Looks for the name that is being typed at the cursor. Called after each input
    /// and when the cursor was moved with the pointer.
    pub fn look(self) {
        let found = self.cursor().and_then(|at| {
            self.text
                .with_untracked(|text| complete::mention_query(text, at))
        });
        if found != self.query.get_untracked() {
            self.picked.set(0);
            self.query.set(found);
        }
    }

    /// Offers nothing until the next input.
    pub fn close(self) {
        self.query.set(None);
    }

    /// Handles a key for the completions; true if it was one.
    pub fn choose(self, key: &str) -> bool {
        let count = self.names.with_untracked(Vec::len);
        if count == 0 {
            return false;
        }
        let at = self.picked.get_untracked();
        match key {
            "ArrowDown" => self.picked.set((at + 1) % count),
            "ArrowUp" => self.picked.set((at + count - 1) % count),
            "Escape" => self.close(),
            "Enter" | "Tab" => {
                let name = self.names.with_untracked(|names| names.get(at).cloned());
                if let Some(name) = name {
                    self.pick(&name);
                }
            }
            _ => return false,
        }
        true
    }

    /// Replaces the typed part of a name by a completion.
    fn pick(self, name: &Name) {
        if let Some(query) = self.query.get_untracked() {
            let (text, cursor) = self
                .text
                .with_untracked(|text| complete::complete(text, &query, &name.user));
            self.write(text, cursor);
        }
    }

    /// Sets the text. Writes it to the field at once, so that the cursor can be set.
    pub fn write(self, text: String, cursor: usize) {
        if let Some(field) = self.field.get_untracked() {
            field.set_value(&text);
            let cursor = u32::try_from(cursor).unwrap_or(u32::MAX);
            // Both fail only for fields without text.
            let _ = field.set_selection_range(cursor, cursor);
            let _ = field.focus();
        }
        self.text.set(text);
        self.close();
    }

    /// The position of the cursor in UTF-16 units.
    pub fn cursor(self) -> Option<usize> {
        let cursor = self.field.get_untracked()?.selection_start().ok()??;
        usize::try_from(cursor).ok()
    }
}

/// The list of what is offered, over the text field; its parent is positioned.
#[component]
pub fn Offers(
    /// Those of the text field.
    completion: Completion,
) -> impl IntoView {
    let options = move || {
        let names = completion.names.get().into_iter().enumerate();
        names
            .map(|(index, name)| view! { <Offer completion name index /> })
            .collect_view()
    };
    view! {
        <Show when=move || completion.offers()>
            <div
                class="complete"
                role="listbox"
                id=completion.list_id.get_value()
                aria-label=t().people()
            >
                {options}
            </div>
        </Show>
        // A text field has no state that tells of a list.
        <span class="sr-only" role="status">
            {move || {
                let count = completion.names.with(Vec::len);
                (count > 0).then(|| t().names_offered(count))
            }}
        </span>
    }
}

/// One completion.
#[component]
fn Offer(completion: Completion, name: Name, index: usize) -> impl IntoView {
    let chosen = name.clone();
    view! {
        <div
            class="complete__option"
            role="option"
            id=completion.option_id(index)
            aria-selected=move || (completion.picked.get() == index).to_string()
            // The text field keeps the focus.
            on:pointerdown=move |event| event.prevent_default()
            on:click=move |_| completion.pick(&chosen)
        >
            <Avatar user=name.id name=name.display.clone() size=Size::Small />
            <span dir="auto">{name.display}</span>
            <span class="faint">{t().at_name(&name.user)}</span>
        </div>
    }
}
