//! A user as a coloured disc with initials. A user has the same colour
//! everywhere.

use crate::{browser, model::people::person_color_index};
use js_sys::{Array, JsString, RegExp};
use leptos::prelude::*;
use shared::ids::UserId;

/// At most two letters that stand for a name.
pub fn initials(name: &str) -> String {
    // As `char::is_alphanumeric`, whose tables are 2 KB of the download.
    let word = RegExp::new(r"[\p{Alphabetic}\p{N}]+", "gu");
    let words = JsString::from(name).match_(&word);
    let words = words.map_or_else(Array::new, |words| Array::from(&words));
    let mut letters: Vec<char> = words
        .iter()
        .filter_map(|word| word.as_string()?.chars().next())
        .collect();
    if letters.len() > 2 {
        letters.drain(1..letters.len() - 1);
    }
    let letters: String = letters.into_iter().collect();
    browser::uppercase(&letters).chars().take(2).collect()
}

/// How large an avatar is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Beside a line of text.
    Small,
    /// In lists.
    #[default]
    Normal,
    /// Alone.
    Large,
}

/// A user's disc. Hidden from screen readers: the name stands beside it or in a
/// label.
#[component]
#[expect(
    clippy::needless_pass_by_value,
    reason = "properties belong to their component"
)]
pub fn Avatar(
    /// The user.
    user: UserId,
    /// Their display name.
    #[prop(into)]
    name: String,
    /// The size.
    #[prop(optional)]
    size: Size,
    /// Shown on the edge of the disc, such as a status.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let class = format!(
        "avatar person-{}{}",
        person_color_index(user),
        match size {
            Size::Small => " avatar--small",
            Size::Normal => "",
            Size::Large => " avatar--large",
        }
    );
    view! {
        <span class=class aria-hidden="true">
            {initials(name.as_str())}
            {children.map(|children| children())}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn initials_come_from_the_first_and_last_word() {
        assert_eq!(initials("ann"), "A");
        assert_eq!(initials("Ann van der Berg"), "AB");
        assert_eq!(initials("bo_b-9"), "B9");
        assert_eq!(initials("straße ßen"), "SS");
        assert_eq!(initials("🌟"), "");
    }
}
