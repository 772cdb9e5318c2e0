//! What a key means on the canvas page. Pure. Keys go by their place on the
//! keyboard (`code`), so that they lie the same way on every layout; `+`, `−`
//! and digits also where they are written elsewhere.

use crate::model::tools::Tool;

/// A key with what is held beside it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Press<'a> {
    /// The place of the key, as browsers name it.
    pub code: &'a str,
    /// What it writes.
    pub key: &'a str,
    /// Control, or Command on a Mac.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Moves the selection, the pen or the view: columns and rows.
    Step(i32, i32),
    /// Moves the view: columns and rows of a fixed part of it.
    Pan(i32, i32),
    /// Closer (above 1) or farther.
    Zoom(f64),
    /// The whole board, or the whole open tile.
    Fit,
    /// Takes a tool.
    Take(Tool),
    /// Takes the n-th colour, from 0.
    Color(u8),
    /// Swaps the two colours.
    Swap,
    /// Mirror on or off.
    Mirror,
    /// Takes back.
    Undo,
    /// Draws again.
    Redo,
    /// Opens the selected tile; in an open one, puts the tool down.
    Enter,
    /// Leaves the open tile, or gives up the selection.
    Escape,
}

/// How much one press of `+` zooms.
const ZOOM_STEP: f64 = 1.5;

/// What a key asks for, if anything.
pub fn command(press: Press<'_>) -> Option<Command> {
    if press.ctrl {
        return match (press.code, press.shift) {
            ("KeyZ", false) => Some(Command::Undo),
            ("KeyZ", true) | ("KeyY", false) => Some(Command::Redo),
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
        Some(0) => return Some(Command::Fit),
        Some(digit @ 1..=9) => return Some(Command::Color(digit - 1)),
        Some(_) | None => {}
    }
    match press.key {
        // The sheet of shortcuts, wherever it is written.
        "?" => return None,
        "+" | "=" => return Some(Command::Zoom(ZOOM_STEP)),
        "-" | "−" | "_" => return Some(Command::Zoom(1.0 / ZOOM_STEP)),
        "Enter" => return Some(Command::Enter),
        "Escape" => return Some(Command::Escape),
        "ArrowLeft" => return Some(Command::Step(-1, 0)),
        "ArrowRight" => return Some(Command::Step(1, 0)),
        "ArrowUp" => return Some(Command::Step(0, -1)),
        "ArrowDown" => return Some(Command::Step(0, 1)),
        _ => {}
    }
    match press.code {
        "Equal" => Some(Command::Zoom(ZOOM_STEP)),
        "Minus" => Some(Command::Zoom(1.0 / ZOOM_STEP)),
        "KeyW" => Some(Command::Pan(0, -1)),
        "KeyA" => Some(Command::Pan(-1, 0)),
        "KeyS" => Some(Command::Pan(0, 1)),
        "KeyD" => Some(Command::Pan(1, 0)),
        "KeyP" => Some(Command::Take(Tool::Pencil)),
        "KeyE" => Some(Command::Take(Tool::Eraser)),
        "KeyF" => Some(Command::Take(Tool::Fill)),
        "KeyL" => Some(Command::Take(Tool::Line)),
        "KeyR" => Some(Command::Take(Tool::Rectangle)),
        "KeyC" => Some(Command::Take(Tool::Circle)),
        "KeyI" => Some(Command::Take(Tool::Picker)),
        "KeyM" => Some(Command::Mirror),
        "KeyX" => Some(Command::Swap),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn key(code: &'static str, key: &'static str) -> Press<'static> {
        Press {
            code,
            key,
            ..Press::default()
        }
    }

    #[test]
    fn keys_go_by_place_and_signs_by_what_they_write_too() {
        // A French keyboard writes "z" where others have "w".
        assert_eq!(command(key("KeyW", "z")), Some(Command::Pan(0, -1)));
        assert_eq!(command(key("Equal", "+")), Some(Command::Zoom(ZOOM_STEP)));
        assert_eq!(
            command(key("Slash", "-")),
            Some(Command::Zoom(1.0 / ZOOM_STEP))
        );
        // It writes its digits with Shift.
        assert_eq!(command(key("Digit3", "\"")), Some(Command::Color(2)));
        assert_eq!(command(key("Digit6", "-")), Some(Command::Color(5)));
        assert_eq!(command(key("Numpad9", "9")), Some(Command::Color(8)));
        // A German one writes "?" beside the digits.
        assert_eq!(command(key("Minus", "?")), None);
        assert_eq!(command(key("Digit0", "0")), Some(Command::Fit));
        assert_eq!(command(key("KeyQ", "q")), None);
    }

    #[test]
    fn undo_and_redo_need_control_and_nothing_else_takes_it() {
        let with = |code, shift| Press {
            code,
            key: "",
            ctrl: true,
            shift,
            alt: false,
        };
        assert_eq!(command(with("KeyZ", false)), Some(Command::Undo));
        assert_eq!(command(with("KeyZ", true)), Some(Command::Redo));
        assert_eq!(command(with("KeyY", false)), Some(Command::Redo));
        assert_eq!(command(with("KeyC", false)), None);
    }
}
