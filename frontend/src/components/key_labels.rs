//! The letters on the keys of this keyboard, where the browser tells them
//! (`navigator.keyboard`, Chromium on secure pages). Shortcuts are defined by
//! the position of a key on an English keyboard, so elsewhere the key has
//! another letter.

use crate::{
    board::keys::{KeyCharacter, key_character},
    browser,
    tasks::Tasks,
};
use js_sys::{Function, Promise, Reflect};
use leptos::{ev, prelude::*};
use leptos_use_event_listener::use_event_listener;
use std::collections::HashMap;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The labels of the keys; a context of the canvas page.
#[derive(Clone, Copy)]
pub struct KeyLabels {
    /// What the key of a letter writes, where that is something else.
    written: RwSignal<HashMap<char, String>>,
    tasks: Tasks,
}

impl KeyLabels {
    /// Provides the labels, and asks for them whenever the page gets the focus,
    /// since the layout may have been changed elsewhere.
    pub fn provide() {
        let labels = Self {
            written: RwSignal::default(),
            tasks: Tasks::new(),
        };
        provide_context(labels);
        labels.ask();
        let _ = use_event_listener(window(), ev::focus, move |_| labels.ask());
    }

    fn ask(self) {
        self.tasks.spawn(async move {
            let written = layout().await.unwrap_or_default();
            if self.written.with_untracked(|known| *known != written) {
                self.written.set(written);
            }
        });
    }

    /// The label of a shortcut, such as `P`, `Ctrl+Z` or `Esc`: for a single
    /// letter what this keyboard has at its position; with Control the letter
    /// itself, unless the keyboard has no Latin letters. Reactive.
    pub fn label(self, shortcut: &str) -> String {
        let (modifiers, key) = shortcut
            .rsplit_once('+')
            .filter(|(_, key)| !key.is_empty())
            .map_or(("", shortcut), |(modifiers, key)| (modifiers, key));
        let Some(KeyCharacter::AsciiLetter(letter)) = key_character(key) else {
            return shortcut.to_owned();
        };
        self.written.with(|written| {
            let found = written.get(&letter).filter(|found| {
                modifiers.is_empty() || key_character(found) == Some(KeyCharacter::OtherScript)
            });
            match (found, modifiers) {
                (None, _) => shortcut.to_owned(),
                (Some(found), "") => found.clone(),
                (Some(found), modifiers) => format!("{modifiers}+{found}"),
            }
        })
    }
}

/// What the keys A to Z write in capitals; none where the browser does not tell.
async fn layout() -> Option<HashMap<char, String>> {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok();
    let keyboard = get(&browser::window().navigator(), "keyboard")?;
    let ask: Function = get(&keyboard, "getLayoutMap")?.dyn_into().ok()?;
    let asked: Promise = ask.call0(&keyboard).ok()?.dyn_into().ok()?;
    let map = JsFuture::from(asked).await.ok()?;
    let find: Function = get(&map, "get")?.dyn_into().ok()?;
    let written = ('A'..='Z').filter_map(|letter| {
        let code = format!("Key{letter}");
        let written = find.call1(&map, &code.into()).ok()?.as_string()?;
        let written = browser::uppercase(&written);
        (!written.is_empty() && written != letter.to_string()).then_some((letter, written))
    });
    Some(written.collect())
}
