//! The scroll position of the messages: at the end while the user is there, else
//! at the message that they read.

use super::window::ChatWindow;
use crate::browser;
use leptos::{html, prelude::*};
use leptos_use_resize_observer::use_resize_observer;
use shared::ids::MessageId;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Distance from the end in pixels that counts as the end.
const NEAR: i32 = 48;
/// Distance from the top in pixels at which older messages are fetched.
const EARLY: i32 = 240;
/// Distance in pixels from the first and the last row that is laid out at which
/// more are.
const NEARBY: i32 = 800;
/// The attribute of the rows that are messages.
const MESSAGE: &str = "data-message-id";
/// How long a message that was looked for is highlighted.
const FOUND: Duration = Duration::from_secs(2);

/// The scroll position.
#[derive(Clone, Copy)]
pub struct Scroll {
    /// The element that scrolls.
    pub list: NodeRef<html::Div>,
    /// The list of the messages in it.
    pub messages: NodeRef<html::Ul>,
    window: ChatWindow,
    at_end: RwSignal<bool>,
    /// The scroll position in pixels at the last check.
    top: StoredValue<i32>,
    /// The first visible row, and the position of its upper edge on the screen.
    anchor: StoredValue<Option<(Element, f64)>, LocalStorage>,
}

impl Scroll {
    /// Follows the lines; sets `at_end` to whether the list is at its end.
    pub(super) fn new(window: ChatWindow, at_end: RwSignal<bool>) -> Self {
        Self {
            list: NodeRef::new(),
            messages: NodeRef::new(),
            window,
            at_end,
            top: StoredValue::new(0),
            anchor: StoredValue::new_local(None),
        }
    }

    /// Scrolls to the newest message.
    pub fn to_end(self) {
        self.at_end.set(true);
        // Other rows may be laid out for it.
        request_animation_frame(move || self.jump_to_end());
    }

    fn jump_to_end(self) {
        if let Some(list) = self.list.try_get_untracked().flatten() {
            list.set_scroll_top(list.scroll_height());
        }
    }

    /// Scrolls to a message that is laid out in the next frame, and gives it the
    /// focus.
    pub fn to_message(self, id: MessageId) {
        request_animation_frame(move || {
            let Some(messages) = self.messages.try_get_untracked().flatten() else {
                return;
            };
            let found = messages.query_selector(&format!("[data-message='{id}']"));
            let Some(row) = found.ok().flatten() else {
                return;
            };
            let Ok(row) = row.dyn_into::<HtmlElement>() else {
                return;
            };
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Center);
            row.scroll_into_view_with_scroll_into_view_options(&options);
            browser::focus_in_place(&row);
            self.note_anchor();
            // Neither fails for a valid name.
            let _ = row.class_list().add_1("message--found");
            set_timeout(
                move || {
                    let _ = row.class_list().remove_1("message--found");
                },
                FOUND,
            );
        });
    }

    /// Called when the list was scrolled; calls `load_older` near the first message.
    pub fn scrolled(self, load_older: impl Fn()) {
        let Some(list) = self.list.get_untracked() else {
            return;
        };
        let (top, shown) = (list.scroll_top(), list.client_height());
        if shown == 0 {
            return;
        }
        let below = list.scroll_height() - top - shown;
        // Only scrolling up leaves the end; a list that grows does not.
        let upward = top < self.top.get_value();
        self.top.set_value(top);
        self.note_anchor();
        if below < NEAR && !(self.at_end.get_untracked() || self.window.is_short_below()) {
            self.at_end.set(true);
        } else if upward && below >= NEAR {
            self.at_end.set(false);
        }
        if below < NEARBY && !self.at_end.get_untracked() {
            self.window.down();
        }
        let is_moved = top < NEARBY && self.window.up();
        if top < EARLY && !is_moved {
            load_older();
        }
    }

    /// Keeps the visible messages in place while lines are added and removed.
    pub fn follow(self, lines: impl Fn() + 'static, load_older: impl Fn() + Copy + 'static) {
        Effect::new(move || {
            lines();
            request_animation_frame(move || {
                if self.at_end.try_get_untracked() == Some(true) {
                    self.jump_to_end();
                } else {
                    self.restore_anchor();
                }
                if self.list.try_get_untracked().flatten().is_some() {
                    self.scrolled(load_older);
                }
            });
        });
        // Keeps the end visible when the list gets smaller: when the text field
        // grows, or the dock opens on a phone.
        let _ = use_resize_observer(self.list, move |_, _| {
            if self.at_end.get_untracked() {
                self.jump_to_end();
            }
        });
    }

    /// Remembers which row is at the upper edge.
    fn note_anchor(self) {
        let (Some(list), Some(messages)) =
            (self.list.get_untracked(), self.messages.get_untracked())
        else {
            return;
        };
        let edge = list.get_bounding_client_rect().top();
        let rows = messages.children();
        // The first row whose lower edge is visible, by bisection.
        let (mut from, mut to) = (0, rows.length());
        while from < to {
            let middle = from.midpoint(to);
            let is_above = rows
                .item(middle)
                .is_some_and(|row| row.get_bounding_client_rect().bottom() <= edge);
            if is_above {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        // The line of a day stays above the day's messages, also above older ones that come.
        let is_message = |row: &Element| row.has_attribute(MESSAGE);
        let anchor = (from..rows.length())
            .filter_map(|index| rows.item(index))
            .find(is_message)
            .map(|row| (row.clone(), row.get_bounding_client_rect().top()));
        self.anchor.set_value(anchor);
    }

    /// Scrolls so that the row is where it was.
    fn restore_anchor(self) {
        let (Some(list), Some(Some((row, top)))) = (
            self.list.try_get_untracked().flatten(),
            self.anchor.try_get_value(),
        ) else {
            return;
        };
        if !row.is_connected() {
            return;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "pixels of a list of a few hundred rows"
        )]
        let moved = (row.get_bounding_client_rect().top() - top).round() as i32;
        if moved != 0 {
            list.set_scroll_top(list.scroll_top() + moved);
        }
    }
}
