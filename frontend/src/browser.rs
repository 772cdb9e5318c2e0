//! Small functions over the browser's API that several modules use: time,
//! window, media queries, event listeners and local storage.

use js_sys::{Array, Reflect};
use shared::time::Timestamp;
use wasm_bindgen::{JsCast, closure::Closure};

/// The time of this computer's clock, in milliseconds since 1970. It may be wrong and may be set
/// at any moment; see [`uptime_ms`] for durations.
pub fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// Milliseconds since the page was opened, by a clock that is never set. For durations and
/// timers; stands still while some systems sleep.
pub fn uptime_ms() -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole milliseconds of the age of a page"
    )]
    window()
        .performance()
        .map_or_else(now_ms, |performance| performance.now() as i64)
}

/// A time as it is written on the wire, by the browser: chrono's writer is large in the download.
/// Tests on the host, without a browser, use chrono's.
pub fn iso_time(time: Timestamp) -> String {
    #[expect(clippy::cast_precision_loss, reason = "exact for any date")]
    let millis = time.millis() as f64;
    if cfg!(target_arch = "wasm32") {
        js_sys::Date::new(&millis.into()).to_iso_string().into()
    } else {
        time.to_string()
    }
}

/// A random number from 0 to 1, for delays.
pub fn random() -> f64 {
    js_sys::Math::random()
}

/// As [`uptime_ms`], with fractions of a millisecond; for what is shorter than a frame.
pub fn monotonic_ms() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// The text in lower case, by the browser's tables: those of `str::to_lowercase` are 8 KB of
/// the download. Tests on the host, without a browser, use them.
pub fn lowercase(text: &str) -> String {
    if cfg!(target_arch = "wasm32") {
        js_sys::JsString::from(text).to_lower_case().into()
    } else {
        text.to_lowercase()
    }
}

/// The text in capitals, by the browser's tables.
pub fn uppercase(text: &str) -> String {
    js_sys::JsString::from(text).to_upper_case().into()
}

/// The texts that `page.js` fetched, in the page's language; none if it was not there.
pub fn fetched_texts() -> Vec<String> {
    let texts = Reflect::get(&js_sys::global(), &"stellarTexts".into());
    let texts = texts.ok().and_then(|texts| texts.dyn_into::<Array>().ok());
    let texts = texts.unwrap_or_default();
    texts.iter().filter_map(|text| text.as_string()).collect()
}

/// The browser window.
///
/// # Panics
/// Outside a browser page.
pub fn window() -> web_sys::Window {
    leptos::prelude::window()
}

/// Whether the browser reports a network connection.
pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// Whether the tab is visible.
pub fn is_visible() -> bool {
    window()
        .document()
        .is_some_and(|document| document.visibility_state() == web_sys::VisibilityState::Visible)
}

/// Whether the user has asked the system for less motion. Queried at each call;
/// the hook of leptos-use would know it only after the first effect.
pub fn prefers_reduced_motion() -> bool {
    matches("(prefers-reduced-motion: reduce)")
}

/// The key code of key events that belong to an input method.
const INPUT_METHOD_KEY_CODE: u32 = 229;

/// Whether a key press belongs to an input method, which composes text, and so is no command.
/// Safari ends the composition before the `keydown` of the key that confirms it; then only the key
/// code tells (`WebKit` bug 165004).
pub fn is_composing(event: &web_sys::KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == INPUT_METHOD_KEY_CODE
}

/// Whether this is a Mac (or an `iPad` or `iPhone`), by the browser's word.
pub fn is_apple() -> bool {
    let platform = window().navigator().platform().unwrap_or_default();
    ["Mac", "iPhone", "iPad"]
        .iter()
        .any(|start| platform.starts_with(start))
}

/// Whether an element takes text: a text field, or editable content. Others, such as checkboxes
/// and sliders, do not.
pub fn takes_text(element: &web_sys::Element) -> bool {
    element
        .closest(
            "textarea, [contenteditable], input:not([type=checkbox], [type=radio], \
             [type=range], [type=file], [type=button], [type=submit], [type=color])",
        )
        .ok()
        .flatten()
        .is_some()
}

/// The element that an event was sent to; none for the document or the window.
pub fn target_element(event: &web_sys::Event) -> Option<web_sys::Element> {
    event.target()?.dyn_into().ok()
}

/// Whether the page has its phone layout; the same sizes as in the style
/// sheets. Queried at each call, for the same reason.
pub fn is_phone() -> bool {
    matches("(max-width: 36rem), ((max-width: 48rem) and (height > 30rem))")
}

/// Whether the window is low, as on a phone held sideways; the same height as
/// in the style sheets.
pub fn is_low() -> bool {
    matches("(height <= 30rem)")
}

/// Moves the focus without scrolling.
pub fn focus_in_place(element: &web_sys::HtmlElement) {
    let options = js_sys::Object::new();
    // Neither fails for a plain object and a mounted element.
    let _ = js_sys::Reflect::set(&options, &"preventScroll".into(), &true.into());
    let focus = js_sys::Reflect::get(element, &"focus".into());
    let focus = focus.map(js_sys::Function::from);
    if let Ok(focus) = focus {
        let _ = focus.call1(element, &options);
    }
}

/// The text size of the page in CSS pixels: 16 unless the user wants another.
pub fn text_size() -> f64 {
    let window = window();
    let root = window
        .document()
        .and_then(|document| document.document_element());
    root.and_then(|root| window.get_computed_style(&root).ok()?)
        .and_then(|style| style.get_property_value("font-size").ok())
        // `str::parse` would bring its 10 KB of tables for numbers; serde_json is there already.
        .and_then(|size| serde_json::from_str(size.trim_end_matches("px")).ok())
        .unwrap_or(16.0)
}

fn matches(query: &str) -> bool {
    window()
        .match_media(query)
        .ok()
        .flatten()
        .is_some_and(|query| query.matches())
}

/// An event listener outside of components, removed when this value is dropped.
/// Components use `use_event_listener` of leptos-use.
pub struct Listener {
    target: web_sys::EventTarget,
    event: &'static str,
    closure: Closure<dyn FnMut(web_sys::Event)>,
}

impl Listener {
    /// Calls `handler` for every `event` of `target`.
    pub fn new(
        target: &web_sys::EventTarget,
        event: &'static str,
        handler: impl FnMut(web_sys::Event) + 'static,
    ) -> Self {
        Self::with_options(target, event, false, handler)
    }

    /// As [`Listener::new`], for handlers that call `prevent_default` on
    /// events that browsers treat as passive otherwise (wheel, touch).
    pub fn active(
        target: &web_sys::EventTarget,
        event: &'static str,
        handler: impl FnMut(web_sys::Event) + 'static,
    ) -> Self {
        Self::with_options(target, event, true, handler)
    }

    fn with_options(
        target: &web_sys::EventTarget,
        event: &'static str,
        active: bool,
        handler: impl FnMut(web_sys::Event) + 'static,
    ) -> Self {
        let closure = Closure::<dyn FnMut(web_sys::Event)>::new(handler);
        let options = web_sys::AddEventListenerOptions::new();
        if active {
            options.set_passive(false);
        }
        // Fails only if `target` is not an event target.
        let _ = target.add_event_listener_with_callback_and_add_event_listener_options(
            event,
            closure.as_ref().unchecked_ref(),
            &options,
        );
        Self {
            target: target.clone(),
            event,
            closure,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self
            .target
            .remove_event_listener_with_callback(self.event, self.closure.as_ref().unchecked_ref());
    }
}

/// Reads a value from local storage; none if it is missing or storage is
/// disabled.
pub fn load(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Writes a value to local storage; false if storage is full or disabled.
pub fn save(key: &str, value: &str) -> bool {
    window()
        .local_storage()
        .ok()
        .flatten()
        .is_some_and(|storage| storage.set_item(key, value).is_ok())
}

/// Removes a value from local storage.
pub fn remove(key: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.remove_item(key);
    }
}

/// Reads a value from this tab's storage, which survives a reload; none if it is
/// missing or storage is disabled.
pub fn load_of_tab(key: &str) -> Option<String> {
    window().session_storage().ok()??.get_item(key).ok()?
}

/// Writes a value to this tab's storage; without effect if it is full or disabled.
pub fn save_of_tab(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().session_storage() {
        let _ = storage.set_item(key, value);
    }
}

/// The keys in local storage that begin with `prefix`.
pub fn keys(prefix: &str) -> Vec<String> {
    let Ok(Some(storage)) = window().local_storage() else {
        return Vec::new();
    };
    let count = storage.length().unwrap_or_default();
    (0..count)
        .filter_map(|index| storage.key(index).ok()?)
        .filter(|key| key.starts_with(prefix))
        .collect()
}

/// Removes what `index.html` shows while the client is loaded.
pub fn remove_placeholder() {
    let placeholder = window()
        .document()
        .and_then(|document| document.get_element_by_id("loading"));
    if let Some(placeholder) = placeholder {
        placeholder.remove();
    }
}

/// Writes a panic to the console; without this the console shows only
/// `unreachable`.
pub fn report_panic(info: &std::panic::PanicHookInfo<'_>) {
    web_sys::console::error_1(&info.to_string().into());
}
