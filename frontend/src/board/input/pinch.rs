//! Safari's own events for a pinch on the touchpad; other browsers send wheel
//! events with Control instead.

use super::InputController;
use js_sys::Reflect;
use web_sys::Event;

impl InputController {
    /// Handles `gesturestart` and `gesturechange`. On a touch screen they come
    /// beside the pointer events of the fingers, which zoom already; then only
    /// the page's own zoom is prevented.
    pub(super) fn pinched(&self, event: &Event) {
        event.prevent_default();
        let number = |name: &str| Reflect::get(event, &name.into()).ok()?.as_f64();
        let Some(scale) = number("scale").filter(|scale| *scale > 0.0) else {
            return;
        };
        let is_start = event.type_() == "gesturestart";
        let before = self.pinch_scale.replace(scale);
        if is_start || self.gestures.borrow().has_fingers() {
            return;
        }
        let (Some(grid), Some(x), Some(y)) = (self.grid(), number("clientX"), number("clientY"))
        else {
            return;
        };
        let rect = self.root.get_bounding_client_rect();
        self.update_viewport(|viewport| {
            viewport.zoom_at(x - rect.left(), y - rect.top(), scale / before, &grid);
        });
    }
}
