//! Which people a text mentions: `@` and a username.

use crate::limits;

/// The usernames that a text may mention, in lower case, each once and in the order of the
/// text, at most [`limits::MENTIONS`]. Whether they are somebody's is not known here.
///
/// A mention is an `@` that does not follow a letter or a digit, and then the longest run of
/// the characters of usernames.
pub fn mentioned(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let rest = &text[at + 1..];
        let end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        if limits::USERNAME.contains(&name.len()) && !names.contains(&name) {
            names.push(name);
            if names.len() == limits::MENTIONS {
                break;
            }
        }
    }
    names
}

/// Whether a character may stand in a username.
fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_an_at_sign_and_the_longest_run_of_name_characters() {
        for (text, names) in [
            ("@ann", &["ann"][..]),
            ("hello @Ann, and (@bob_7)!", &["ann", "bob_7"]),
            ("@ann @ANN @ann", &["ann"]),
            // The longest run, whoever it is.
            ("@ann-", &["ann-"]),
            ("@ann.", &["ann"]),
            ("@annä", &["ann"]),
            // After a letter or a digit it is something else.
            ("me@ann", &[]),
            ("7@ann ä@ann", &[]),
            ("_@ann -@bob", &["ann", "bob"]),
            ("@@ann", &["ann"]),
            ("@ann@bob", &["ann"]),
            // No username is so short or so long.
            ("@ab @ @", &[]),
            ("@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &[]),
            ("😀@ann\n@bob", &["ann", "bob"]),
            ("no one", &[]),
        ] {
            assert_eq!(mentioned(text), names, "{text}");
        }
        let many: Vec<String> = (0..100).map(|n| format!("@user{n}")).collect();
        assert_eq!(mentioned(&many.join(" ")).len(), limits::MENTIONS);
    }
}
