//! The query of a URL of a film or picture.

use shared::api::rewrites::Area;

/// A query that is being written.
pub(super) struct Query(String);

impl Query {
    pub(super) fn of_area(area: Option<Area>) -> Self {
        let mut query = Self(String::new());
        if let Some(area) = area {
            for (name, edge) in [
                ("x0", area.x0),
                ("y0", area.y0),
                ("x1", area.x1),
                ("y1", area.y1),
            ] {
                query.add(name, Some(i64::from(edge)));
            }
        }
        query
    }

    pub(super) fn add(&mut self, name: &str, value: Option<i64>) {
        self.add_text(name, value.map(|n| n.to_string()).as_deref());
    }

    /// Adds a time or a user name; what is neither is left out.
    pub(super) fn add_text(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(value.chars().filter(|c| is_plain(*c)));
    }

    pub(super) fn after(self, path: &str) -> String {
        format!("{path}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn values_are_plain() {
        let mut query = Query(String::new());
        query.add_text("actor", Some("a&b=c#d/é"));
        assert_eq!(query.after("/p"), "/p?actor=abcd");
    }
}
