//! A person as a coloured disc with initials, and the colour itself, which is
//! the same wherever that person appears.

use leptos::prelude::*;
use shared::ids::UserId;

/// The colours of people, as in the tokens `--person-0` to `--person-11`;
/// the board's drawing code needs them as values.
pub const COLOURS: [&str; 12] = [
    "#ff8f87", "#ffab66", "#e8c94f", "#b5d957", "#7ddb83", "#4fd0b0", "#5bc8e8", "#7fb2ff",
    "#a99fff", "#cf93f5", "#f58fd0", "#d3b08c",
];

/// Which of [`COLOURS`] a person has. Ids that follow one another get colours
/// far apart.
pub fn colour_index(user: UserId) -> usize {
    // 5 and 12 have no common divisor: twelve people in a row, twelve colours.
    usize::try_from(user.0.wrapping_mul(5).rem_euclid(12)).unwrap_or_default()
}

/// A person's colour.
pub fn colour(user: UserId) -> &'static str {
    COLOURS[colour_index(user)]
}

/// At most two letters that stand for a name.
pub fn initials(name: &str) -> String {
    let mut letters: Vec<char> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.chars().next())
        .collect();
    if letters.len() > 2 {
        letters.drain(1..letters.len() - 1);
    }
    let letters: String = letters.into_iter().collect();
    letters.to_uppercase().chars().take(2).collect()
}

/// How large an avatar is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Beside a line of text.
    Small,
    /// In lists.
    #[default]
    Normal,
    /// On its own.
    Large,
}

/// A person's disc. Decoration: the name stands beside it or in a label.
#[component]
#[expect(
    clippy::needless_pass_by_value,
    reason = "properties belong to their component"
)]
pub fn Avatar(
    /// Whose.
    user: UserId,
    /// Their name to show.
    #[prop(into)]
    name: String,
    /// How large.
    #[prop(optional)]
    size: Size,
    /// What sits on its edge, such as a status.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let class = format!(
        "avatar person-{}{}",
        colour_index(user),
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
    fn twelve_people_in_a_row_have_twelve_colours() {
        let mut seen: Vec<usize> = (100..112).map(|id| colour_index(UserId(id))).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..12).collect::<Vec<_>>());
    }

    #[test]
    fn a_person_always_has_the_same_colour() {
        assert_eq!(colour(UserId(7)), colour(UserId(7)));
        assert!(COLOURS.contains(&colour(UserId(-3))));
        assert!(COLOURS.contains(&colour(UserId(i64::MIN))));
    }

    #[test]
    fn initials_come_from_the_first_and_last_word() {
        assert_eq!(initials("ann"), "A");
        assert_eq!(initials("Ann van der Berg"), "AB");
        assert_eq!(initials("bo_b-9"), "B9");
        assert_eq!(initials("straße ßen"), "SS");
        assert_eq!(initials("🌟"), "");
    }
}
