//! Pointers on the board: a mouse, fingers, a pen. What they do together is
//! recognized by `gesture`.

use super::InputController;
use crate::{
    board::gesture::{GestureAction, HitTarget, Pointer, PointerKind},
    browser,
    model::camera::floor,
};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, PointerEvent};

/// Milliseconds after the last move until the position of the pointer is sent, if
/// the last move was not: longer than the pause between two of these messages.
const REST_MS: u32 = 80;

impl InputController {
    /// Converts an event, and remembers its modifier keys for what follows.
    fn pointer(&self, event: &PointerEvent) -> Pointer {
        let rect = self.root.get_bounding_client_rect();
        self.shift.set(event.shift_key());
        self.alt.set(event.alt_key());
        let is_mouse = event.pointer_type() == "mouse";
        // On a Mac, Control with the only button stands for the right one.
        let is_right_click =
            is_mouse && event.button() == 0 && event.ctrl_key() && browser::is_apple();
        Pointer {
            id: event.pointer_id(),
            x: f64::from(event.client_x()) - rect.left(),
            y: f64::from(event.client_y()) - rect.top(),
            kind: match event.pointer_type().as_str() {
                "touch" => PointerKind::Touch,
                "pen" => PointerKind::Pen,
                _ => PointerKind::Mouse,
            },
            button: if is_right_click { 2 } else { event.button() },
            is_primary: event.is_primary(),
        }
    }

    /// Handles `pointerdown`.
    pub(super) fn pointer_down(&self, event: &Event) {
        let Some(event) = event.dyn_ref::<PointerEvent>() else {
            return;
        };
        if event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|target| target.closest("button").ok().flatten().is_some())
        {
            return;
        }
        let pointer = self.pointer(event);
        self.pressed_with.set(pointer.kind);
        if let Some(element) = self.root.dyn_ref::<web_sys::HtmlElement>() {
            self.is_pressing.set(true);
            let _ = element.focus();
            self.is_pressing.set(false);
        }
        // Fails only if the pointer does not exist any more.
        let _ = self.root.set_pointer_capture(pointer.id);
        event.prevent_default();
        let at = self.cell(pointer.x, pointer.y);
        let editing = self.store.editing.get_untracked();
        let target = match (editing, at) {
            _ if self.draws_area() => HitTarget::Drawable,
            (None, _) => HitTarget::Board,
            (Some(editing), Some(at)) if at == editing || self.is_picking() => HitTarget::Drawable,
            (Some(_), _) => HitTarget::AroundTile,
        };
        let actions = self.gestures.borrow_mut().pointer_down(pointer, target);
        for action in actions {
            self.apply(action, &[]);
        }
        self.show_cursor();
    }

    /// Handles `pointermove`.
    pub(super) fn pointer_moved(&self, event: &Event) {
        let Some(event) = event.dyn_ref::<PointerEvent>() else {
            return;
        };
        let pointer = self.pointer(event);
        // Without a pressed button, the release was not reported.
        if event.buttons() == 0 && pointer.kind != PointerKind::Touch {
            self.end_pointer(pointer.id, true);
        }
        self.hover(pointer.x, pointer.y);
        let action = self
            .gestures
            .borrow_mut()
            .pointer_moved(pointer.id, pointer.x, pointer.y);
        if let Some(action) = action {
            let drawing = matches!(action, GestureAction::Draw { .. });
            self.apply(
                action,
                &if drawing {
                    self.coalesced(event)
                } else {
                    Vec::new()
                },
            );
        }
    }

    /// The positions of the pointer since the last event, so that a fast stroke
    /// stays smooth. Empty where the browser does not provide them.
    fn coalesced(&self, event: &PointerEvent) -> Vec<(f64, f64)> {
        // Browsers have `getCoalescedEvents` on secure pages only.
        let is_supported = js_sys::Reflect::has(event, &"getCoalescedEvents".into());
        if is_supported != Ok(true) {
            return Vec::new();
        }
        let rect = self.root.get_bounding_client_rect();
        let position = |event: PointerEvent| {
            let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            (x - rect.left(), y - rect.top())
        };
        let events = event.get_coalesced_events();
        events
            .iter()
            .map(|event| position(event.unchecked_into()))
            .collect()
    }

    /// Handles `pointerup` and `pointercancel`.
    pub(super) fn pointer_up(&self, event: &Event, cancelled: bool) {
        let Some(event) = event.dyn_ref::<PointerEvent>() else {
            return;
        };
        self.pointer(event);
        self.end_pointer(event.pointer_id(), cancelled);
    }

    /// Handles the end of a pointer; does nothing if it is not down.
    fn end_pointer(&self, id: i32, cancelled: bool) {
        if !self.gestures.borrow().is_down(id) {
            return;
        }
        let action = self.gestures.borrow_mut().pointer_up(id, cancelled);
        if let Some(action) = action {
            self.apply(action, &[]);
        }
        self.show_cursor();
    }

    /// Handles `pointerleave`.
    pub(super) fn pointer_left(&self, event: &Event) {
        self.hovered.set(None);
        self.store.pointer.set(None);
        // Where the browser could not capture it, nothing more is heard of it.
        if let Some(event) = event.dyn_ref::<PointerEvent>()
            && !self.root.has_pointer_capture(event.pointer_id())
        {
            self.end_pointer(event.pointer_id(), true);
        }
    }

    /// Stores the board pixel under the pointer, and sends the position to the
    /// other users.
    fn hover(&self, x: f64, y: f64) {
        self.hovered.set(Some((x, y)));
        let (bx, by) = self.point_at(x, y);
        // At most one message in a while is sent; the last one must not be missing.
        let rest = if self.session.point(bx, by) {
            None
        } else {
            let session = self.session;
            Some(Timeout::new(REST_MS, move || {
                session.point(bx, by);
            }))
        };
        self.rest.replace(rest);
    }

    /// Stores the board pixel under the resting pointer again.
    pub(super) fn hover_again(&self) {
        if let (Some((x, y)), Some(_)) = (self.hovered.get(), self.store.pointer.get_untracked()) {
            self.point_at(x, y);
        }
    }

    /// Stores the board pixel at a position in CSS pixels as the one under the
    /// pointer. Returns the position on the board.
    fn point_at(&self, x: f64, y: f64) -> (f64, f64) {
        let (bx, by) = self
            .store
            .viewport
            .with_untracked(|viewport| viewport.to_board(x, y));
        let pixel = (floor(bx), floor(by));
        if self.store.pointer.get_untracked() != Some(pixel) {
            if self.store.pen.get_untracked().is_some() {
                self.store.pen.set(None);
            }
            self.store.pointer.set(Some(pixel));
            self.show_cursor();
        }
        (bx, by)
    }
}
