//! The names of exported files.

use shared::api::exports::ExportKind;

/// The name of a file: what of the canvas's name every system takes in a file's
/// name, and its ending.
pub fn file_name(canvas: &str, kind: ExportKind) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let name: String = canvas.chars().filter(is_kept).collect();
    let name = match name.trim() {
        "" => "canvas",
        name => name,
    };
    format!("{name}.{}", ending(kind))
}

/// The ending of a file's name, without its dot.
pub fn ending(kind: ExportKind) -> &'static str {
    match kind {
        ExportKind::Gif => "gif",
        ExportKind::Apng | ExportKind::Png => "png",
        ExportKind::Log => "jsonl.gz",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_of_files_are_harmless() {
        assert_eq!(file_name("Nébula / 2", ExportKind::Gif), "Nébula  2.gif");
        assert_eq!(file_name("../..", ExportKind::Log), "canvas.jsonl.gz");
        assert_eq!(file_name("☆", ExportKind::Apng), "canvas.png");
    }
}
