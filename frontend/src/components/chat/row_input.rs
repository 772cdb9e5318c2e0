//! Keys and fingers on the messages of the list.

use super::{rows::ChatLine, swipe::Swipe};
use crate::{browser, model::chat::ComposeCommand, store::Store};
use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    html,
    prelude::*,
};
use shared::{api::sanctions::Activity, ids::MessageId};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// All messages would be too many for the Tab key: it reaches the newest one, and
/// arrow keys move on from there. The buttons of a message are reached from it.
const ROWS: &str = ".message[tabindex]";

/// Does so whenever the lines change.
pub(super) fn keep_in_tab_order(lines: Memo<Vec<ChatLine>>, list: NodeRef<html::Div>) {
    Effect::new(move || {
        lines.track();
        // The rows are mounted before the next frame.
        request_animation_frame(move || {
            if let Some(list) = list.try_get_untracked().flatten() {
                put_in_tab_order(&list);
            }
        });
    });
}

fn put_in_tab_order(list: &web_sys::Element) {
    if let Ok(Some(before)) = list.query_selector(".message[tabindex='0']") {
        // Cannot fail for this name, here and below.
        let _ = before.set_attribute("tabindex", "-1");
    }
    let rows = list.query_selector_all(ROWS).ok();
    let newest = rows.and_then(|all| all.item(all.length().checked_sub(1)?));
    if let Some(newest) = newest {
        let _ = newest
            .unchecked_into::<web_sys::Element>()
            .set_attribute("tabindex", "0");
    }
}

/// Keys on a message: arrows move the focus to the next one, R answers it.
pub(super) fn row_key(store: Store, event: &KeyboardEvent) {
    let is_field = browser::target_element(event).is_some_and(|e| browser::takes_text(&e));
    let Some(row) = row_of(event).filter(|_| !is_field) else {
        return;
    };
    let with_others = event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key();
    let forwards = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        key => {
            // By position, as other single keys are. Keyboards on the screen have none.
            let is_reply = event.code() == "KeyR" || (event.code().is_empty() && key == "r");
            let message = (is_reply && !with_others)
                .then(|| message_of(&row))
                .flatten();
            if let Some(id) = message.filter(|_| may_speak(store)) {
                event.prevent_default();
                // R is a drawing tool elsewhere.
                event.stop_propagation();
                store.compose.set(Some(ComposeCommand::Reply(id)));
            }
            return;
        }
    };
    let mut row = Some(row);
    while let Some(here) = row {
        row = if forwards {
            here.next_element_sibling()
        } else {
            here.previous_element_sibling()
        };
        if let Some(row) = row
            .as_ref()
            .filter(|row| matches!(row.matches(ROWS), Ok(true)))
        {
            event.prevent_default();
            // Cannot fail for a mounted row.
            let _ = row.unchecked_ref::<HtmlElement>().focus();
            return;
        }
    }
}

/// The row that an event happened in.
fn row_of(event: &web_sys::Event) -> Option<web_sys::Element> {
    browser::target_element(event)?.closest(ROWS).ok().flatten()
}

/// The message that a row shows; none if it is not stored, or was removed.
fn message_of(row: &web_sys::Element) -> Option<MessageId> {
    row.get_attribute("data-message")?.parse().ok()
}

/// Whether this user may write here, as far as this client can tell. Not reactive.
fn may_speak(store: Store) -> bool {
    let is_here = untrack(|| store.role().is_some());
    is_here && store.kept_from(Activity::Speaking).is_none()
}

/// A finger that moves a message to the side, to answer it.
#[derive(Clone, Copy)]
pub(super) struct RowSwipe {
    store: Store,
    swipe: StoredValue<Option<(Swipe, HtmlElement)>, LocalStorage>,
}

impl RowSwipe {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            swipe: StoredValue::new_local(None),
        }
    }

    pub(super) fn begin(self, event: &PointerEvent) {
        self.cancel();
        let row = row_of(event).filter(|row| message_of(row).is_some());
        if let Some(row) = row.filter(|_| event.pointer_type() == "touch" && may_speak(self.store))
        {
            let swipe = Swipe::begin(event.pointer_id(), event.x().into(), event.y().into());
            self.swipe.set_value(Some((swipe, row.unchecked_into())));
        }
    }

    pub(super) fn moved(self, event: &PointerEvent) {
        self.swipe.update_value(|swipe| {
            let Some((swipe, row)) = swipe
                .as_mut()
                .filter(|(s, _)| s.pointer == event.pointer_id())
            else {
                return;
            };
            if let Some(by) = swipe.moved(event.x().into(), event.y().into()) {
                let style = HtmlElement::style(row);
                // Setting a property of a mounted element cannot fail.
                let _ = style.set_property("translate", &format!("{by}px"));
                let _ = row.class_list().add_1("message--swiped");
            }
        });
    }

    pub(super) fn ended(self, event: &PointerEvent) {
        let swipe = self.swipe.with_value(Clone::clone);
        self.cancel();
        if let Some((swipe, row)) = swipe.filter(|(s, _)| s.pointer == event.pointer_id())
            && swipe.ended(event.x().into(), event.y().into())
            && let Some(id) = message_of(&row)
        {
            self.store.compose.set(Some(ComposeCommand::Reply(id)));
        }
    }

    /// Puts the row back.
    pub(super) fn cancel(self) {
        let swiped = self.swipe.try_update_value(Option::take).flatten();
        if let Some((_, row)) = swiped {
            // Neither fails for these names.
            let _ = HtmlElement::style(&row).remove_property("translate");
            let _ = row.class_list().remove_1("message--swiped");
        }
    }
}
