//! The list of shortcuts, in English. Keys have the names on the keyboard;
//! several keys for one action are separated by a space.

/// A group of shortcuts.
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// Whether the drawing tools come first; their names are in `board`.
    pub tools: bool,
    /// Keys, and what they do.
    pub keys: &'static [(&'static str, &'static str)],
}

/// All groups.
pub static GROUPS: &[Group] = &[
    Group {
        title: "Drawing",
        tools: true,
        keys: &[
            ("1–9", "Choose a colour"),
            ("X", "Swap the two colours"),
            ("Ctrl+Z", "Undo"),
            ("Ctrl+Y Ctrl+Shift+Z", "Redo"),
            ("Esc", "Leave the tile"),
        ],
    },
    Group {
        title: "While drawing, with the pointer",
        tools: false,
        keys: &[
            ("Shift", "Straight lines, squares, circles"),
            ("Alt", "Pick a colour"),
            ("Right-click", "Draw with the second colour"),
            ("Space+drag", "Move the board"),
        ],
    },
    Group {
        title: "Board",
        tools: false,
        keys: &[
            ("← ↑ → ↓", "Move, or go from tile to tile"),
            ("W A S D", "Move"),
            ("+ −", "Zoom"),
            ("0", "Show the whole board, or the open tile"),
            ("Enter", "Open the tile"),
            ("Shift+click", "Name the tile in the chat"),
        ],
    },
    Group {
        title: "With the keyboard in a tile",
        tools: false,
        keys: &[("← ↑ → ↓", "Move the pen"), ("Space Enter", "Paint")],
    },
    Group {
        title: "Chat",
        tools: false,
        keys: &[
            ("Enter", "Send"),
            ("Shift+Enter", "New line"),
            ("@", "Name a person"),
            ("@12,7", "Name a tile"),
        ],
    },
    Group {
        title: "Everywhere",
        tools: false,
        keys: &[("?", "Show these keys"), ("Esc", "Close")],
    },
];
