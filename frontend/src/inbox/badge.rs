//! The number of what is unread on the page's icon, and on the icon of the
//! installed application where the browser has such a thing.

use super::Inbox;
use crate::browser;
use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The icon of `icon.svg` with a red disc.
const MARKED: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
    viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%230b1020'/%3E\
    %3Cpath fill='%23ffd166' d='M7 2h2v3h2v2h3v2h-3v2h-2v3H7v-3H5V9H2V7h3V5h2z'/%3E\
    %3Ccircle cx='12' cy='4' r='4' fill='%23e5484d'/%3E%3C/svg%3E";

/// Shows it from now on, as long as the application lives.
pub(super) fn follow(inbox: Inbox) {
    let count = Memo::new(move |_| inbox.all_unread());
    // The link's address without a dot; trunk gives it a name with a hash.
    let plain = StoredValue::new(None::<String>);
    Effect::new(move || {
        let count = count.get();
        mark_icon(count > 0, plain);
        mark_application(inbox, count);
    });
}

fn mark_icon(is_marked: bool, plain: StoredValue<Option<String>>) {
    let document = browser::window().document();
    let link = document.and_then(|d| d.query_selector("link[rel='icon']").ok()?);
    let Some(link) = link else { return };
    if plain.with_value(Option::is_none) {
        plain.set_value(link.get_attribute("href"));
    }
    let wanted = if is_marked {
        Some(MARKED.to_owned())
    } else {
        plain.get_value()
    };
    if let Some(wanted) =
        wanted.filter(|wanted| link.get_attribute("href").as_ref() != Some(wanted))
    {
        // Cannot fail for this name.
        let _ = link.set_attribute("href", &wanted);
    }
}

/// The Badging API, which few browsers have; web-sys has it only as unstable.
fn mark_application(inbox: Inbox, count: usize) {
    let navigator = browser::window().navigator();
    let (name, arguments) = if count > 0 {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        ("setAppBadge", js_sys::Array::of1(&count.into()))
    } else {
        ("clearAppBadge", js_sys::Array::new())
    };
    let function = Reflect::get(&navigator, &JsValue::from_str(name));
    if let Some(function) = function.ok().and_then(|f| f.dyn_into::<Function>().ok()) {
        // Its promise is rejected where the application is not installed.
        if let Ok(promise) = function.apply(&navigator, &arguments) {
            inbox.tasks.spawn(async move {
                let _ = JsFuture::from(promise.unchecked_into::<Promise>()).await;
            });
        }
    }
}
