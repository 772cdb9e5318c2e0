//! The keyboard shortcuts of the canvas page. Pure. Letters are matched by
//! their physical position (`code`), so that they are in the same place on
//! every layout; `+`, `−` and digits are matched by the written character too.

use crate::model::tools::Tool;

/// A key press with its modifiers.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyPress<'a> {
    /// The physical key, as in `KeyboardEvent.code`.
    pub code: &'a str,
    /// The written character or named key, as in `KeyboardEvent.key`.
    pub key: &'a str,
    /// Whether Control is held, or Command on a Mac.
    pub ctrl: bool,
    /// Whether Shift is held.
    pub shift: bool,
    /// Whether Alt is held.
    pub alt: bool,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeyCommand {
    /// Moves the selection, the keyboard pen or the viewport by columns and
    /// rows.
    Step(i32, i32),
    /// Pans the viewport by steps to the right and downwards.
    Pan(i32, i32),
    /// Zooms by this factor.
    Zoom(f64),
    /// Shows the whole board, or the whole open tile.
    Fit,
    /// Selects a tool.
    SelectTool(Tool),
    /// Selects a colour by its palette index.
    SelectColor(u8),
    /// Swaps the primary and the secondary colour.
    SwapColors,
    /// Switches mirroring on or off.
    ToggleMirror,
    /// Undoes the last stroke.
    Undo,
    /// Redoes the stroke that was undone last.
    Redo,
    /// Opens the selected tile; in an open tile, starts or ends a stroke.
    Enter,
    /// Cancels the shape being drawn, else closes the open tile, else removes
    /// the selection.
    Escape,
}

/// Zoom factor of one press of `+`.
const ZOOM_STEP: f64 = 1.5;

/// The command of a key press; none if the key has none.
pub fn command(press: KeyPress<'_>) -> Option<KeyCommand> {
    if press.ctrl {
        return match (press.code, press.shift) {
            ("KeyZ", false) => Some(KeyCommand::Undo),
            ("KeyZ", true) | ("KeyY", false) => Some(KeyCommand::Redo),
            _ => None,
        };
    }
    if press.alt {
        return None;
    }
    let digit = press
        .code
        .strip_prefix("Digit")
        .or_else(|| press.code.strip_prefix("Numpad"))
        .unwrap_or(press.key)
        .parse::<u8>()
        .ok();
    match digit {
        Some(0) => return Some(KeyCommand::Fit),
        Some(digit @ 1..=9) => return Some(KeyCommand::SelectColor(digit - 1)),
        Some(_) | None => {}
    }
    match press.key {
        // Opens the dialog of shortcuts, which handles this key itself.
        "?" => return None,
        "+" | "=" => return Some(KeyCommand::Zoom(ZOOM_STEP)),
        "-" | "−" | "_" => return Some(KeyCommand::Zoom(1.0 / ZOOM_STEP)),
        "Enter" => return Some(KeyCommand::Enter),
        "Escape" => return Some(KeyCommand::Escape),
        "ArrowLeft" => return Some(KeyCommand::Step(-1, 0)),
        "ArrowRight" => return Some(KeyCommand::Step(1, 0)),
        "ArrowUp" => return Some(KeyCommand::Step(0, -1)),
        "ArrowDown" => return Some(KeyCommand::Step(0, 1)),
        _ => {}
    }
    match press.code {
        "Equal" => Some(KeyCommand::Zoom(ZOOM_STEP)),
        "Minus" => Some(KeyCommand::Zoom(1.0 / ZOOM_STEP)),
        "KeyW" => Some(KeyCommand::Pan(0, -1)),
        "KeyA" => Some(KeyCommand::Pan(-1, 0)),
        "KeyS" => Some(KeyCommand::Pan(0, 1)),
        "KeyD" => Some(KeyCommand::Pan(1, 0)),
        "KeyP" => Some(KeyCommand::SelectTool(Tool::Pencil)),
        "KeyE" => Some(KeyCommand::SelectTool(Tool::Eraser)),
        "KeyF" => Some(KeyCommand::SelectTool(Tool::Fill)),
        "KeyL" => Some(KeyCommand::SelectTool(Tool::Line)),
        "KeyR" => Some(KeyCommand::SelectTool(Tool::Rectangle)),
        "KeyC" => Some(KeyCommand::SelectTool(Tool::Circle)),
        "KeyI" => Some(KeyCommand::SelectTool(Tool::Picker)),
        "KeyM" => Some(KeyCommand::ToggleMirror),
        "KeyX" => Some(KeyCommand::SwapColors),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn key(code: &'static str, key: &'static str) -> KeyPress<'static> {
        KeyPress {
            code,
            key,
            ..KeyPress::default()
        }
    }

    #[test]
    fn letters_are_matched_by_position_and_signs_by_character_too() {
        // The physical key W writes "z" on a French keyboard.
        assert_eq!(command(key("KeyW", "z")), Some(KeyCommand::Pan(0, -1)));
        assert_eq!(
            command(key("Equal", "+")),
            Some(KeyCommand::Zoom(ZOOM_STEP))
        );
        assert_eq!(
            command(key("Slash", "-")),
            Some(KeyCommand::Zoom(1.0 / ZOOM_STEP))
        );
        // A French keyboard writes digits with Shift.
        assert_eq!(
            command(key("Digit3", "\"")),
            Some(KeyCommand::SelectColor(2))
        );
        assert_eq!(
            command(key("Digit6", "-")),
            Some(KeyCommand::SelectColor(5))
        );
        assert_eq!(
            command(key("Numpad9", "9")),
            Some(KeyCommand::SelectColor(8))
        );
        // A German keyboard writes "?" beside the digits.
        assert_eq!(command(key("Minus", "?")), None);
        assert_eq!(command(key("Digit0", "0")), Some(KeyCommand::Fit));
        assert_eq!(command(key("KeyQ", "q")), None);
    }

    #[test]
    fn only_undo_and_redo_use_control() {
        let with = |code, shift| KeyPress {
            code,
            key: "",
            ctrl: true,
            shift,
            alt: false,
        };
        assert_eq!(command(with("KeyZ", false)), Some(KeyCommand::Undo));
        assert_eq!(command(with("KeyZ", true)), Some(KeyCommand::Redo));
        assert_eq!(command(with("KeyY", false)), Some(KeyCommand::Redo));
        assert_eq!(command(with("KeyC", false)), None);
    }
}
