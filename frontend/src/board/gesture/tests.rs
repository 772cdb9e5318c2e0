//! Tests of the gestures: sequences of pointer events and their actions.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn at(id: i32, x: f64, y: f64, kind: PointerKind) -> Pointer {
    Pointer {
        id,
        x,
        y,
        kind,
        button: 0,
        is_primary: false,
    }
}

#[test]
fn a_press_is_a_click_and_a_drag_pans() {
    let mut gestures = GestureRecognizer::default();
    gestures.pointer_down(at(1, 10.0, 10.0, PointerKind::Mouse), HitTarget::Board);
    assert_eq!(gestures.pointer_moved(1, 12.0, 11.0), None);
    assert_eq!(
        gestures.pointer_up(1, false),
        Some(GestureAction::Click { x: 10.0, y: 10.0 })
    );
    gestures.pointer_down(at(1, 10.0, 10.0, PointerKind::Mouse), HitTarget::Board);
    assert_eq!(
        gestures.pointer_moved(1, 30.0, 10.0),
        Some(GestureAction::Pan { dx: 20.0, dy: 0.0 })
    );
    assert_eq!(gestures.pointer_up(1, false), None);
}

#[test]
fn a_drag_in_the_open_tile_draws_unless_space_or_the_middle_button_pans() {
    let mut gestures = GestureRecognizer::default();
    let mut right = at(1, 5.0, 5.0, PointerKind::Mouse);
    right.button = 2;
    assert_eq!(
        gestures.pointer_down(right, HitTarget::Drawable),
        [GestureAction::Down {
            x: 5.0,
            y: 5.0,
            ink: Ink::Secondary
        }]
    );
    assert_eq!(
        gestures.pointer_moved(1, 6.0, 5.0),
        Some(GestureAction::Draw { x: 6.0, y: 5.0 })
    );
    assert_eq!(gestures.pointer_up(1, false), Some(GestureAction::Up));
    gestures.space = true;
    assert_eq!(
        gestures.pointer_down(at(1, 5.0, 5.0, PointerKind::Mouse), HitTarget::Drawable),
        []
    );
    assert!(gestures.is_panning());
}

#[test]
fn a_second_finger_pinches_and_cancels_the_short_stroke() {
    let mut gestures = GestureRecognizer::default();
    gestures.pointer_down(at(1, 0.0, 0.0, PointerKind::Touch), HitTarget::Drawable);
    gestures.pointer_moved(1, 1.0, 0.0);
    assert_eq!(
        gestures.pointer_down(at(2, 100.0, 0.0, PointerKind::Touch), HitTarget::Drawable),
        [GestureAction::Cancel]
    );
    let Some(GestureAction::Pinch { factor, dx, .. }) = gestures.pointer_moved(2, 199.0, 0.0)
    else {
        panic!("no pinch");
    };
    assert!((factor - 2.0).abs() < 1e-9 && (dx - 49.5).abs() < 1e-9);
    assert_eq!(gestures.pointer_up(2, false), None);
    assert!(gestures.is_panning());
    assert_eq!(gestures.pointer_up(1, false), None);
    assert!(!gestures.is_panning());
}

#[test]
fn after_a_pen_fingers_only_pan() {
    let mut gestures = GestureRecognizer::default();
    gestures.pointer_down(at(1, 0.0, 0.0, PointerKind::Pen), HitTarget::Drawable);
    assert!(gestures.is_drawing());
    gestures.pointer_up(1, false);
    assert_eq!(
        gestures.pointer_down(at(2, 0.0, 0.0, PointerKind::Touch), HitTarget::Drawable),
        []
    );
    assert!(!gestures.is_drawing());
    assert!(gestures.pointer_moved(2, 30.0, 0.0).is_some());
    gestures.pointer_up(2, false);
    // A touch of the palm beside the open tile selects no other tile.
    gestures.pointer_down(at(3, 0.0, 0.0, PointerKind::Touch), HitTarget::AroundTile);
    assert_eq!(gestures.pointer_up(3, false), None);
}

#[test]
fn a_palm_does_not_disturb_the_stroke_of_a_pen() {
    let mut gestures = GestureRecognizer::default();
    // The palm touched before the pen did, and moved.
    gestures.pointer_down(at(1, 90.0, 90.0, PointerKind::Touch), HitTarget::Drawable);
    let actions = gestures.pointer_down(at(2, 10.0, 10.0, PointerKind::Pen), HitTarget::Drawable);
    assert!(matches!(
        actions[..],
        [GestureAction::Cancel, GestureAction::Down { .. }]
    ));
    assert_eq!(gestures.pointer_moved(1, 80.0, 90.0), None);
    assert_eq!(
        gestures.pointer_down(at(3, 70.0, 90.0, PointerKind::Touch), HitTarget::Drawable),
        []
    );
    assert_eq!(gestures.pointer_up(1, false), None);
    assert_eq!(
        gestures.pointer_moved(2, 20.0, 10.0),
        Some(GestureAction::Draw { x: 20.0, y: 10.0 })
    );
    assert_eq!(gestures.pointer_up(2, false), Some(GestureAction::Up));
    assert_eq!(gestures.pointer_up(3, false), None);
}

/// A first finger, a mouse or a pen.
fn primary(id: i32, kind: PointerKind) -> Pointer {
    Pointer {
        is_primary: true,
        ..at(id, 10.0, 10.0, kind)
    }
}

#[test]
fn a_pointer_that_was_lost_does_not_disturb_the_next_one() {
    use PointerKind::{Mouse, Pen, Touch};
    for (lost, next) in [
        (Pen, Mouse),
        (Touch, Mouse),
        (Mouse, Pen),
        (Mouse, Touch),
        (Pen, Pen),
        (Touch, Touch),
    ] {
        let mut gestures = GestureRecognizer::default();
        gestures.pointer_down(primary(1, lost), HitTarget::Drawable);
        assert!(gestures.is_drawing());
        let actions = gestures.pointer_down(primary(2, next), HitTarget::Drawable);
        assert_eq!(
            actions.first(),
            Some(&GestureAction::Up),
            "{lost:?}, {next:?}"
        );
        assert!(matches!(actions.last(), Some(GestureAction::Down { .. })));
        assert_eq!(gestures.pointer_moved(1, 50.0, 50.0), None);
        assert_eq!(gestures.pointer_up(1, false), None);
        assert!(gestures.is_drawing());
    }
}

#[test]
fn all_pointers_end_when_the_page_is_hidden() {
    let mut gestures = GestureRecognizer::default();
    gestures.pointer_down(primary(1, PointerKind::Pen), HitTarget::Drawable);
    gestures.space = true;
    assert_eq!(gestures.release_all(), Some(GestureAction::Up));
    assert!(!gestures.is_panning() && !gestures.is_drawing());
    assert_eq!(gestures.release_all(), None);
}

#[test]
fn two_fingers_still_pinch_and_the_loss_of_one_pans() {
    let mut gestures = GestureRecognizer::default();
    gestures.pointer_down(primary(1, PointerKind::Touch), HitTarget::Board);
    gestures.pointer_down(at(2, 100.0, 0.0, PointerKind::Touch), HitTarget::Board);
    assert!(matches!(
        gestures.pointer_moved(2, 199.0, 0.0),
        Some(GestureAction::Pinch { .. })
    ));
    assert_eq!(gestures.pointer_up(2, true), None);
    assert!(matches!(
        gestures.pointer_moved(1, 50.0, 0.0),
        Some(GestureAction::Pan { .. })
    ));
}

#[test]
fn the_buttons_of_a_pen_and_a_mouse_have_their_ink() {
    for (button, ink) in [
        (0, Some(Ink::Primary)),
        (2, Some(Ink::Secondary)),
        (5, Some(Ink::Eraser)),
        // Back and forward.
        (3, None),
        (4, None),
    ] {
        let mut gestures = GestureRecognizer::default();
        let pointer = Pointer {
            button,
            ..primary(1, PointerKind::Pen)
        };
        let actions = gestures.pointer_down(pointer, HitTarget::Drawable);
        let drawn = actions.iter().find_map(|action| match action {
            GestureAction::Down { ink, .. } => Some(*ink),
            _ => None,
        });
        assert_eq!(drawn, ink, "{button}");
    }
}
