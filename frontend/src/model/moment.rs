//! The moment of the past in a page's address: `?t=`. Pure.

/// The moment in a query such as `?t=4711` or `?t=2026-05-12T20:14:00Z`, as it is
/// written there; none for a query without one.
pub fn moment(query: &str) -> Option<String> {
    let mut pairs = query.trim_start_matches('?').split('&');
    let text = pairs.find_map(|pair| pair.strip_prefix("t="))?;
    let text = [("%3A", ":"), ("%3a", ":"), ("%2B", "+"), ("%2b", "+")]
        .iter()
        .fold(text.to_owned(), |text, (code, sign)| {
            text.replace(code, sign)
        });
    (!text.is_empty()).then_some(text)
}

/// The query with another moment, or without one.
pub fn with_moment(query: &str, seq: Option<i64>) -> String {
    let pairs = query.trim_start_matches('?').split('&');
    let others = pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("t="));
    let moment = seq.map(|seq| format!("t={seq}"));
    let all: Vec<String> = others.map(str::to_owned).chain(moment).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!("?{}", all.join("&"))
    }
}

/// The query with nothing but its moment.
pub fn only_moment(query: &str) -> String {
    let mut pairs = query.trim_start_matches('?').split('&');
    let moment = pairs.find(|pair| pair.starts_with("t="));
    moment.map_or_else(String::new, |moment| format!("?{moment}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_moment_is_found_in_the_query_and_written_to_it() {
        assert_eq!(moment("?t=4711").as_deref(), Some("4711"));
        let time = "2026-05-12T20:14:00+02:00";
        let escaped = "?tile=1,2&t=2026-05-12T20%3A14%3A00%2B02%3A00";
        assert_eq!(moment(escaped).as_deref(), Some(time));
        assert_eq!(moment("?title=4"), None);
        assert_eq!(moment("?t="), None);
        assert_eq!(with_moment("", Some(5)), "?t=5");
        assert_eq!(with_moment("?tile=1,2&t=4", Some(5)), "?tile=1,2&t=5");
        assert_eq!(with_moment("?t=4&tile=1,2", None), "?tile=1,2");
        assert_eq!(with_moment("?t=4", None), "");
        assert_eq!(only_moment("?tile=1,2&t=4"), "?t=4");
        assert_eq!(only_moment("?tile=1,2"), "");
    }
}
