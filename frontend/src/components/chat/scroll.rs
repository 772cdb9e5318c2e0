//! The scroll position of the messages: at the end while the user is there, else
//! at the message that they read.

use super::rows::{ChatLine, ChatLineKey};
use leptos::{html, prelude::*};
use leptos_use_resize_observer::use_resize_observer;

/// Distance from the end in pixels that counts as the end.
const NEAR: i32 = 48;
/// Distance from the top in pixels at which older messages are fetched.
const EARLY: i32 = 240;

/// The scroll position.
#[derive(Clone, Copy)]
pub struct Scroll {
    /// The element that scrolls.
    pub list: NodeRef<html::Div>,
    at_end: RwSignal<bool>,
    /// Scroll position and height in pixels at the last check.
    seen: StoredValue<(i32, i32)>,
}

impl Scroll {
    /// Follows the list and its lines; sets `at_end` to whether the list is at its
    /// end. Calls `load_older` near the beginning.
    pub fn new(
        lines: Memo<Vec<ChatLine>>,
        at_end: RwSignal<bool>,
        load_older: impl Fn() + Copy + 'static,
    ) -> Self {
        let scroll = Self {
            list: NodeRef::new(),
            at_end,
            seen: StoredValue::new((0, 0)),
        };
        scroll.follow(lines, load_older);
        scroll.hold();
        scroll
    }

    /// Scrolls to the newest message.
    pub fn to_end(self) {
        if let Some(list) = self.list.get_untracked() {
            list.set_scroll_top(list.scroll_height());
        }
    }

    /// Called when the list was scrolled; returns whether it is near its
    /// beginning.
    pub fn scrolled(self) -> bool {
        let Some(list) = self.list.get_untracked() else {
            return false;
        };
        let (top, height) = (list.scroll_top(), list.scroll_height());
        // Only scrolling up leaves the end; a list that grows does not.
        let upward = self.seen.with_value(|(before, _)| top < *before);
        self.seen.set_value((top, height));
        let shown = list.client_height();
        if height - top - shown < NEAR {
            self.at_end.set(true);
        } else if upward {
            self.at_end.set(false);
        }
        top < EARLY && shown > 0
    }

    /// Keeps the visible messages in place while lines are added.
    fn follow(self, lines: Memo<Vec<ChatLine>>, load_older: impl Fn() + Copy + 'static) {
        let mut known = None;
        Effect::new(move || {
            let first = lines.with(|lines| first_message(lines));
            let before = known.replace(first);
            request_animation_frame(move || {
                let Some(list) = self.list.get_untracked() else {
                    return;
                };
                if self.at_end.get_untracked() {
                    self.to_end();
                } else if before != Some(first) {
                    // Older messages were added above.
                    let grown = list.scroll_height() - self.seen.with_value(|(_, h)| *h);
                    list.set_scroll_top(list.scroll_top() + grown);
                }
                if self.scrolled() {
                    load_older();
                }
            });
        });
    }

    /// Keeps the end visible when the list gets smaller: when the text field
    /// grows, or the dock opens on a phone.
    fn hold(self) {
        let _ = use_resize_observer(self.list, move |_, _| {
            if self.at_end.get_untracked() {
                self.to_end();
            }
        });
    }
}

fn first_message(lines: &[ChatLine]) -> Option<ChatLineKey> {
    lines.iter().find_map(|line| match line {
        ChatLine::Message { row, .. } => Some(ChatLineKey::Message(row.key)),
        ChatLine::Day { .. } | ChatLine::New => None,
    })
}
