//! A list of the moderation panel: read when it is shown, and again when
//! something changed.

use crate::{
    api::{ApiError, ApiResult},
    components::{
        icons::{Glyph, Icon},
        order::OrderState,
    },
    i18n::{api_problem, t},
    model::connection::ConnectionStatus,
    store::Store,
    tasks::{Task, Tasks},
};
use leptos::prelude::*;
use std::pin::Pin;

/// A request for the items of a list, and the cursor of the next page.
pub type Items<T> = Pin<Box<dyn Future<Output = ApiResult<(Vec<T>, Option<String>)>>>>;

/// A list that is read from the server.
pub struct Loaded<T: Send + Sync + 'static> {
    /// The items; none until they came.
    pub items: RwSignal<Option<Vec<T>>>,
    /// Why the last act failed; empty if it did not.
    pub problem: RwSignal<String>,
    /// The cursor of the next page.
    pub next: RwSignal<Option<String>>,
    tasks: Tasks,
}

impl<T: Send + Sync + 'static> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Loaded<T> {}

impl<T: Send + Sync + 'static> Loaded<T> {
    /// Reads the list, and reads it again when a case, sanction or appeal
    /// changed, here or on the server. What `read` reads reactively counts too.
    pub fn new(read: impl Fn() -> Items<T> + 'static) -> Self {
        let loaded = Self {
            items: RwSignal::new(None),
            problem: RwSignal::new(String::new()),
            next: RwSignal::new(None),
            tasks: Tasks::new(),
        };
        // None on a page without a canvas.
        let store = use_context::<Store>();
        let order = expect_context::<OrderState>();
        let is_live = Memo::new(move |_| {
            store.is_none_or(|store| store.connection.get() == ConnectionStatus::Live)
        });
        // An answer that comes after a newer question is of no use.
        let asking = StoredValue::new(Task::default());
        Effect::new(move || {
            if let Some(store) = store {
                store.case_changes.track();
            }
            order.changes.track();
            // What happened meanwhile was not told.
            is_live.track();
            let answer = read();
            let task = loaded.tasks.start(async move {
                match answer.await {
                    Ok((items, next)) => {
                        loaded.items.set(Some(items));
                        loaded.next.set(next);
                    }
                    Err(error) => loaded.fail(&error),
                }
            });
            asking.set_value(task);
        });
        loaded
    }

    /// Adds a page to the list.
    pub fn more(self, read: Items<T>) {
        self.tasks.spawn(async move {
            match read.await {
                Ok((more, next)) => {
                    self.items.update(|items| {
                        items.get_or_insert_default().extend(more);
                    });
                    self.next.set(next);
                }
                Err(error) => self.fail(&error),
            }
        });
    }

    /// Does something about an item, and reads the lists again. `forbidden` says
    /// why the server may forbid it.
    pub fn act<A: 'static>(
        self,
        order: OrderState,
        forbidden: &'static str,
        request: impl Future<Output = ApiResult<A>> + 'static,
    ) {
        self.problem.set(String::new());
        self.tasks.spawn(async move {
            match request.await {
                Ok(_) => order.changed(),
                Err(error) if error.code() == "forbidden" => {
                    self.problem.set(forbidden.to_owned());
                }
                Err(error) => self.fail(&error),
            }
        });
    }

    fn fail(self, error: &ApiError) {
        self.problem.set(api_problem(error));
    }

    /// Whether the list was read and has nothing. Reactive.
    pub fn is_empty(self) -> bool {
        self.items
            .with(|items| items.as_ref().is_some_and(Vec::is_empty))
    }
}

/// What stands below a list: that it is empty, is being read, or why an act
/// failed.
#[component]
pub fn ListState(
    /// Whether it was read and has nothing.
    #[prop(into)]
    is_empty: Signal<bool>,
    /// Whether it is being read for the first time.
    #[prop(into)]
    is_loading: Signal<bool>,
    /// What to say of an empty list.
    empty: &'static str,
    /// Why the last act failed.
    problem: RwSignal<String>,
) -> impl IntoView {
    view! {
        <p class="field__error order__problem" role="alert">{move || problem.get()}</p>
        <Show when=move || is_loading.get() && problem.with(String::is_empty)>
            <div class="order__waiting" aria-hidden="true">
                <span class="skeleton skeleton--line skeleton--long"></span>
                <span class="skeleton skeleton--line skeleton--short"></span>
            </div>
        </Show>
        <Show when=move || is_empty.get()>
            <div class="empty">
                <span class="empty__icon">
                    <Icon glyph=Glyph::Shield />
                </span>
                <p>{empty}</p>
            </div>
        </Show>
    }
}

/// The button that reads the next page.
#[component]
pub fn More(
    /// Whether there is one.
    #[prop(into)]
    has_more: Signal<bool>,
    /// Reads it.
    #[prop(into)]
    more: Callback<()>,
) -> impl IntoView {
    view! {
        <Show when=move || has_more.get()>
            <button class="btn btn--wide" type="button" on:click=move |_| more.run(())>
                {t().show_more()}
            </button>
        </Show>
    }
}
