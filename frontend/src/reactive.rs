//! Effects and lists that are compiled once, instead of once for every place
//! where they are used (docs/performance.md).

use leptos::prelude::*;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// Runs `act` soon and again whenever something that it read has changed.
pub fn effect(act: impl FnMut() + 'static) {
    run(Box::new(act));
}

fn run(mut act: Box<dyn FnMut()>) {
    Effect::new(move |_| act());
}

/// Makes the view of one row.
type Row = Box<dyn FnOnce() -> AnyView + Send>;

/// A list whose rows stay while their keys stay; used as [`For`].
#[component]
pub fn Rows<E, I, T, K, N, C, V>(
    /// The items. Reactive.
    each: E,
    /// What tells an item from the others, and when it must be shown anew.
    key: K,
    /// The view of an item.
    children: C,
) -> impl IntoView
where
    E: Fn() -> I + Send + 'static,
    I: IntoIterator<Item = T>,
    T: Send + 'static,
    K: Fn(&T) -> N + Send + 'static,
    N: Hash,
    C: Fn(T) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let children = Arc::new(children);
    rows(Box::new(move || {
        each()
            .into_iter()
            .map(|item| {
                let mut hasher = DefaultHasher::new();
                key(&item).hash(&mut hasher);
                let children = Arc::clone(&children);
                let row: Row = Box::new(move || children(item).into_any());
                (hasher.finish(), row)
            })
            .collect()
    }))
}

fn rows(each: Box<dyn Fn() -> Vec<(u64, Row)> + Send>) -> AnyView {
    view! { <For each key=|(key, _)| *key children=|(_, row)| row() /> }.into_any()
}
