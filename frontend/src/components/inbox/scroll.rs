//! The scroll position of a conversation: at the end while the user is there,
//! else at the message that they read.

use leptos::{html, prelude::*};
use leptos_use_resize_observer::use_resize_observer;

/// Distance from the end in pixels that counts as the end.
const NEAR: i32 = 48;
/// Distance from the top in pixels at which older messages are read.
const EARLY: i32 = 240;

/// The scroll position.
#[derive(Clone, Copy)]
pub(super) struct ThreadScroll {
    pub(super) list: NodeRef<html::Div>,
    pub(super) at_end: RwSignal<bool>,
    /// Scroll position and height in pixels at the last look.
    seen: StoredValue<(i32, i32)>,
}

impl ThreadScroll {
    /// Follows rows, of which `ends` gives the first and the last. `load_older`
    /// is called near the beginning.
    pub(super) fn new<K: PartialEq + Copy + Send + Sync + 'static>(
        ends: Memo<Option<(K, K)>>,
        load_older: impl Fn() + Copy + 'static,
    ) -> Self {
        let scroll = Self {
            list: NodeRef::new(),
            at_end: RwSignal::new(true),
            seen: StoredValue::new((0, 0)),
        };
        let mut known = None;
        Effect::new(move || {
            let first = ends.get().map(|(first, _)| first);
            let before = std::mem::replace(&mut known, first);
            // The rows are mounted before the next frame.
            request_animation_frame(move || {
                let Some(list) = scroll.list.try_get_untracked().flatten() else {
                    return;
                };
                if scroll.at_end.get_untracked() {
                    scroll.to_end();
                } else if before != first {
                    // Older messages were added above.
                    let grown = list.scroll_height() - scroll.seen.with_value(|(_, h)| *h);
                    list.set_scroll_top(list.scroll_top() + grown);
                }
                scroll.look(load_older);
            });
        });
        let _ = use_resize_observer(scroll.list, move |_, _| {
            if scroll.at_end.get_untracked() {
                scroll.to_end();
            }
        });
        scroll
    }

    /// Scrolls to the newest message.
    pub(super) fn to_end(self) {
        if let Some(list) = self.list.get_untracked() {
            list.set_scroll_top(list.scroll_height());
        }
    }

    /// To be called when the list was scrolled.
    pub(super) fn look(self, load_older: impl Fn()) {
        let Some(list) = self.list.get_untracked() else {
            return;
        };
        let (top, height) = (list.scroll_top(), list.scroll_height());
        // Only scrolling up leaves the end; a list that grows does not.
        let is_upward = self.seen.with_value(|(before, _)| top < *before);
        self.seen.set_value((top, height));
        let shown = list.client_height();
        if height - top - shown < NEAR {
            if !self.at_end.get_untracked() {
                self.at_end.set(true);
            }
        } else if is_upward && self.at_end.get_untracked() {
            self.at_end.set(false);
        }
        if top < EARLY && shown > 0 {
            load_older();
        }
    }
}
