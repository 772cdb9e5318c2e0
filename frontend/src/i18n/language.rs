//! The languages that the client has, and which one is shown. `page.js` chooses it and fetches its
//! catalog; another choice is remembered and takes effect when the page is loaded again.

use super::catalog;
use crate::browser;
use wasm_bindgen::JsCast;

/// Where the choice is remembered. `page.js` reads it.
const STORAGE_KEY: &str = "language";

/// A language of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its tag, as in HTML's `lang`.
    pub tag: String,
    /// Its name in itself.
    pub name: String,
}

/// All languages, in the order of `index.html`, which lists their catalogs.
pub fn languages() -> Vec<Language> {
    let document = leptos::prelude::document();
    let Ok(found) = document.query_selector_all("script[lang]") else {
        return Vec::new();
    };
    let attribute = |index: u32, name: &str| {
        let element: web_sys::Element = found.get(index)?.dyn_into().ok()?;
        element.get_attribute(name)
    };
    (0..found.length())
        .filter_map(|index| {
            Some(Language {
                tag: attribute(index, "lang")?,
                name: attribute(index, "title")?,
            })
        })
        .collect()
}

/// The tag of the language that is shown.
pub fn shown() -> String {
    root_attribute("lang").unwrap_or_default()
}

/// Whether it is written from right to left. Not so on the host, where no page is.
pub(super) fn is_right_to_left() -> bool {
    cfg!(target_arch = "wasm32") && root_attribute("dir").is_some_and(|dir| dir == "rtl")
}

/// The arrow key that means the same where texts are written from left to right: there
/// `ArrowRight` moves to the next item of a row. Other keys stay as they are.
pub fn in_reading_order(key: &str) -> &str {
    match key {
        "ArrowLeft" if catalog::is_right_to_left() => "ArrowRight",
        "ArrowRight" if catalog::is_right_to_left() => "ArrowLeft",
        other => other,
    }
}

/// Remembers a language and loads the page again in it.
pub fn choose(tag: &str) {
    browser::save(STORAGE_KEY, tag);
    // Fails only for pages in a sandbox.
    let _ = browser::window().location().reload();
}

fn root_attribute(name: &str) -> Option<String> {
    let document = browser::window().document()?;
    document.document_element()?.get_attribute(name)
}
