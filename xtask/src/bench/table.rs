//! Measured rows as tables in Markdown.

use std::fmt::Write as _;

use serde_json::Value;

/// One line a row: what was measured, its target, and whether it is met.
pub(super) fn rows(rows: &[Value]) -> String {
    let mut table =
        "| figure | target | measured | ratio | met |\n|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let value = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
        let met = if row["met"] == true { "yes" } else { "**no**" };
        let lost = match row["lost"].as_u64() {
            Some(0) | None => String::new(),
            Some(lost) => format!(", {lost} lost"),
        };
        // Writing into a String never fails.
        let _ = writeln!(
            table,
            "| {} | {} {unit} | {} {unit}{lost} | {} | {met} |",
            text(row, "figure"),
            short(value("target")),
            short(value("measured")),
            short(value("measured") / value("target")),
            unit = text(row, "unit"),
        );
    }
    table
}

/// A text field of a row; empty where it is absent.
pub(super) fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

/// A number with as many digits as a person reads.
pub(super) fn short(number: f64) -> String {
    if number.abs() >= 100.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_says_what_was_lost() {
        let row = json!({
            "figure": "joins", "unit": "joins", "target": 20000.0, "measured": 1234.5,
            "met": false, "lost": 3
        });
        let table = rows(&[row]);
        assert!(table.ends_with("| joins | 20000 joins | 1234 joins, 3 lost | 0.06 | **no** |\n"));
    }
}
