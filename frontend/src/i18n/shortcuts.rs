//! The list of shortcuts. Keys have the names on an English keyboard, which [`key_name`]
//! translates; several keys for one action are separated by a space.

pub use super::texts::shortcuts_texts;

use super::{comments::comment_texts, export_texts, texts::time_texts};
use crate::browser;

/// A group of shortcuts.
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// Whether the drawing tools come first; their names are in `board`.
    pub tools: bool,
    /// Keys, and what they do.
    pub keys: Vec<(&'static str, &'static str)>,
}

/// All groups.
pub fn groups() -> [Group; 7] {
    let texts = shortcuts_texts();
    [
        Group {
            title: texts.drawing(),
            tools: true,
            keys: vec![
                ("1–9", texts.choose_color()),
                ("X", texts.swap()),
                ("G", export_texts().ghost()),
                ("Ctrl+Z", texts.undo()),
                ("Ctrl+Y Ctrl+Shift+Z", texts.redo()),
                ("Esc", texts.leave()),
            ],
        },
        Group {
            title: texts.pointer(),
            tools: false,
            keys: vec![
                ("Shift", texts.straight()),
                ("Alt", texts.pick()),
                ("Right-click", texts.second_color()),
                ("Space+drag", texts.move_board()),
            ],
        },
        Group {
            title: texts.board(),
            tools: false,
            keys: vec![
                ("← ↑ → ↓", texts.move_or_go()),
                ("W A S D", texts.go()),
                ("+ −", texts.zoom()),
                ("0", texts.whole()),
                ("Enter", texts.open_tile()),
                ("Shift+click", texts.name_tile_in_chat()),
                ("N", comment_texts().shortcut()),
            ],
        },
        Group {
            title: time_texts().keys(),
            tools: false,
            keys: vec![
                ("T", time_texts().key_open()),
                ("J K L", time_texts().key_play()),
                ("← →", time_texts().key_step()),
                ("Shift+← Shift+→", time_texts().key_person()),
                ("Home End", time_texts().key_ends()),
            ],
        },
        Group {
            title: texts.keyboard(),
            tools: false,
            keys: vec![
                ("← ↑ → ↓", texts.move_pen()),
                ("Space Enter", texts.paint()),
            ],
        },
        Group {
            title: texts.chat(),
            tools: false,
            keys: vec![
                ("Enter", texts.send()),
                ("Shift+Enter", texts.new_line()),
                ("↑", texts.edit_newest()),
                ("R", texts.reply()),
                ("@", texts.name_person()),
                ("@12,7", texts.name_tile()),
                ("@12,7~4711", export_texts().name_tile_then()),
            ],
        },
        Group {
            title: texts.everywhere(),
            tools: false,
            keys: vec![("?", texts.show_keys()), ("Esc", texts.close())],
        },
    ]
}

/// The name of a key or of keys pressed together, such as `Ctrl+Z`, as keyboards in the page's
/// language have it.
pub fn key_name(keys: &str) -> String {
    let texts = shortcuts_texts();
    // A lone plus is a key.
    if keys == "+" {
        return keys.to_owned();
    }
    let names = keys.split('+').map(|key| match key {
        "Ctrl" if browser::is_apple() => "⌘",
        "Ctrl" => texts.ctrl(),
        "Alt" => texts.alt(),
        "Shift" => texts.shift(),
        "Esc" => texts.escape(),
        "Enter" => texts.enter(),
        "Space" => texts.space(),
        "Right-click" => texts.right_click(),
        "drag" => texts.drag(),
        "click" => texts.click(),
        other => other,
    });
    names.collect::<Vec<_>>().join("+")
}
