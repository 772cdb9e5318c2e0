//! The keyboard shortcuts of the canvas page. Pure. Single letters are matched
//! by their physical position (`code`), so that they are in the same place on
//! every layout; `+`, `−` and digits are matched by the written character too.
//! Combinations with Control or Command follow the letter on the key, as in
//! every other program.

use crate::model::{
    player::{Direction, TimeCommand},
    tools::Tool,
};
use std::borrow::Cow;

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
    /// Whether Alt or `AltGr` is held.
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
    /// Shows or hides what the open tile was yesterday.
    ToggleGhost,
    /// Writes a comment on the selected tile.
    Comment,
    /// Opens or closes the time bar.
    ToggleTime,
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

/// The command of a key press while the time bar is open; none if the key has
/// none of its own then. The arrows are for the bar only where the board does not
/// have the focus.
pub fn time_command(press: KeyPress<'_>) -> Option<TimeCommand> {
    if press.alt || press.ctrl {
        return None;
    }
    let step = |direction| {
        Some(TimeCommand::Step {
            direction,
            by_person: press.shift,
        })
    };
    match press.key {
        "ArrowLeft" => return step(Direction::Back),
        "ArrowRight" => return step(Direction::Forward),
        "Home" => return Some(TimeCommand::First),
        "End" => return Some(TimeCommand::Now),
        _ => {}
    }
    match position(press).as_ref() {
        "KeyJ" => Some(TimeCommand::Play(Direction::Back)),
        "KeyK" => Some(TimeCommand::Pause),
        "KeyL" => Some(TimeCommand::Play(Direction::Forward)),
        _ => None,
    }
}

/// The physical key. Keyboards on the screen have no positions; there it is the
/// key that has the letter on an English keyboard, or empty.
fn position(press: KeyPress<'_>) -> Cow<'_, str> {
    if matches!(press.code, "" | "Unidentified") {
        letter(press).map_or(Cow::Borrowed(""), |letter| format!("Key{letter}").into())
    } else {
        press.code.into()
    }
}

/// Zoom factor of one press of `+`.
const ZOOM_STEP: f64 = 1.5;

/// The command of a key press; none if the key has none.
pub fn command(press: KeyPress<'_>) -> Option<KeyCommand> {
    // AltGr writes characters; Windows reports it as Control and Alt.
    if press.alt {
        return None;
    }
    if press.ctrl {
        return match (letter(press)?, press.shift) {
            ('Z', false) => Some(KeyCommand::Undo),
            ('Z', true) | ('Y', false) => Some(KeyCommand::Redo),
            _ => None,
        };
    }
    match digit(press) {
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
    match position(press).as_ref() {
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
        "KeyG" => Some(KeyCommand::ToggleGhost),
        "KeyX" => Some(KeyCommand::SwapColors),
        "KeyN" => Some(KeyCommand::Comment),
        "KeyT" => Some(KeyCommand::ToggleTime),
        _ => None,
    }
}

/// The digit of a key: by its position, since some layouts write digits with Shift only. Keys of
/// the numeric pad are arrows while `NumLock` is off.
fn digit(press: KeyPress<'_>) -> Option<u8> {
    let text = press.code.strip_prefix("Digit").unwrap_or(press.key);
    text.parse().ok().filter(|digit| *digit <= 9)
}

/// The letter on a key, as a capital; for layouts without Latin letters, the one at this position
/// on an English keyboard. None for keys without a letter.
fn letter(press: KeyPress<'_>) -> Option<char> {
    match key_character(press.key)? {
        KeyCharacter::AsciiLetter(letter) => Some(letter),
        KeyCharacter::OtherLatin => None,
        KeyCharacter::OtherScript => press.code.strip_prefix("Key")?.chars().next(),
    }
}

/// The character that a key writes, as far as shortcuts depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCharacter {
    /// One of A to Z, as a capital.
    AsciiLetter(char),
    /// Another character of a layout with Latin letters.
    OtherLatin,
    /// A letter of another script: the layout has no Latin letters.
    OtherScript,
}

/// Classifies `KeyboardEvent.key`; none for named keys, such as `Enter`.
pub fn key_character(key: &str) -> Option<KeyCharacter> {
    let mut chars = key.chars();
    let (Some(written), None) = (chars.next(), chars.next()) else {
        return None;
    };
    Some(match written {
        'a'..='z' | 'A'..='Z' => KeyCharacter::AsciiLetter(written.to_ascii_uppercase()),
        // Latin-1 and Latin Extended-A and -B, and Latin Extended Additional (Vietnamese).
        '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => KeyCharacter::OtherLatin,
        _ => KeyCharacter::OtherScript,
    })
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
    fn the_numeric_pad_writes_digits_or_moves() {
        assert_eq!(
            command(key("Numpad4", "4")),
            Some(KeyCommand::SelectColor(3))
        );
        assert_eq!(
            command(key("Numpad4", "ArrowLeft")),
            Some(KeyCommand::Step(-1, 0))
        );
    }

    #[test]
    fn keyboards_without_positions_are_matched_by_letter() {
        assert_eq!(
            command(key("", "e")),
            Some(KeyCommand::SelectTool(Tool::Eraser))
        );
        assert_eq!(command(key("", "é")), None);
    }

    fn with_control(code: &'static str, key: &'static str, shift: bool) -> Option<KeyCommand> {
        command(KeyPress {
            code,
            key,
            ctrl: true,
            shift,
            alt: false,
        })
    }

    #[test]
    fn only_undo_and_redo_use_control() {
        assert_eq!(with_control("KeyZ", "z", false), Some(KeyCommand::Undo));
        assert_eq!(with_control("KeyZ", "Z", true), Some(KeyCommand::Redo));
        assert_eq!(with_control("KeyY", "y", false), Some(KeyCommand::Redo));
        assert_eq!(with_control("KeyC", "c", false), None);
        assert_eq!(with_control("Equal", "=", false), None);
    }

    #[test]
    fn control_follows_the_letter_on_the_key() {
        // German, French, Dvorak.
        for code in ["KeyY", "KeyW", "Slash"] {
            assert_eq!(with_control(code, "z", false), Some(KeyCommand::Undo));
            assert_eq!(with_control(code, "Z", true), Some(KeyCommand::Redo));
        }
        assert_eq!(with_control("KeyZ", "y", false), Some(KeyCommand::Redo));
        // What these layouts have at the place of the English Z.
        for written in ["w", ";", "à", "ż"] {
            assert_eq!(with_control("KeyZ", written, false), None, "{written}");
        }
    }

    #[test]
    fn layouts_without_latin_letters_are_matched_by_position() {
        // Russian, Greek, Hebrew, Korean.
        for written in ["я", "Я", "ζ", "ז", "ㅋ"] {
            assert_eq!(
                with_control("KeyZ", written, false),
                Some(KeyCommand::Undo),
                "{written}"
            );
        }
        assert_eq!(with_control("KeyY", "н", false), Some(KeyCommand::Redo));
    }

    #[test]
    fn the_time_bar_has_keys_of_its_own() {
        let step = |direction, by_person| {
            Some(TimeCommand::Step {
                direction,
                by_person,
            })
        };
        let shift = KeyPress {
            shift: true,
            ..key("ArrowLeft", "ArrowLeft")
        };
        for (press, command) in [
            (
                key("ArrowRight", "ArrowRight"),
                step(Direction::Forward, false),
            ),
            (shift, step(Direction::Back, true)),
            (key("Home", "Home"), Some(TimeCommand::First)),
            (key("End", "End"), Some(TimeCommand::Now)),
            // By position: Dvorak writes "h" there.
            (key("KeyJ", "h"), Some(TimeCommand::Play(Direction::Back))),
            (key("", "l"), Some(TimeCommand::Play(Direction::Forward))),
            (key("KeyK", "k"), Some(TimeCommand::Pause)),
            (key("KeyM", "m"), None),
        ] {
            assert_eq!(time_command(press), command, "{press:?}");
        }
        let ctrl = KeyPress {
            ctrl: true,
            ..key("KeyL", "l")
        };
        assert_eq!(time_command(ctrl), None);
        assert_eq!(command(key("KeyT", "t")), Some(KeyCommand::ToggleTime));
    }

    #[test]
    fn alt_gr_writes_characters() {
        for ctrl in [true, false] {
            let press = KeyPress {
                code: "KeyE",
                key: "€",
                ctrl,
                shift: false,
                alt: true,
            };
            assert_eq!(command(press), None);
        }
    }
}
