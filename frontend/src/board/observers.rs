//! Watches what changes outside the board and makes the renderer react: the
//! size of the canvas, the device pixel ratio and the colour theme.

use super::renderer::BoardRenderer;
use crate::browser::{self, Listener};
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};

/// The browser's observers for one board; disconnected when dropped.
pub struct Observers {
    size: Option<web_sys::ResizeObserver>,
    theme: Option<web_sys::MutationObserver>,
    _system: Option<Listener>,
    _resized: Closure<dyn FnMut(js_sys::Array)>,
    _themed: Closure<dyn FnMut()>,
}

impl Observers {
    /// Watches `canvas` for size changes, and the page for theme changes.
    pub fn new(renderer: &Rc<BoardRenderer>, canvas: &web_sys::HtmlCanvasElement) -> Self {
        let resized = {
            let renderer = Rc::downgrade(renderer);
            Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
                if let Some(renderer) = renderer.upgrade() {
                    renderer.resize(device_size(&entries));
                }
            })
        };
        let retheme = {
            let renderer = Rc::downgrade(renderer);
            move || {
                if let Some(renderer) = renderer.upgrade() {
                    renderer.retheme();
                }
            }
        };
        let themed = Closure::<dyn FnMut()>::new(retheme.clone());
        let size = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let Some(size) = &size {
            let exact = web_sys::ResizeObserverOptions::new();
            exact.set_box(web_sys::ResizeObserverBoxOptions::DevicePixelContentBox);
            let is_supported = js_sys::Reflect::has(
                &js_sys::Reflect::get(&browser::window(), &"ResizeObserverEntry".into())
                    .and_then(|class| js_sys::Reflect::get(&class, &"prototype".into()))
                    .unwrap_or_default(),
                &"devicePixelContentBoxSize".into(),
            );
            if is_supported == Ok(true) {
                size.observe_with_options(canvas, &exact);
            } else {
                size.observe(canvas);
            }
        }
        let theme = web_sys::MutationObserver::new(themed.as_ref().unchecked_ref()).ok();
        let window = browser::window();
        let html = window
            .document()
            .and_then(|document| document.document_element());
        if let (Some(theme), Some(html)) = (&theme, html) {
            let options = web_sys::MutationObserverInit::new();
            options.set_attributes(true);
            // Fails only for options that observe nothing.
            let _ = theme.observe_with_options(&html, &options);
        }
        let system = window
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
            .map(|query| Listener::new(&query, "change", move |_| retheme()));
        Self {
            size,
            theme,
            _system: system,
            _resized: resized,
            _themed: themed,
        }
    }
}

/// Width and height of the canvas in device pixels, where the browser reports
/// them. Sizes computed from CSS pixels can be off by one, which blurs the
/// picture.
fn device_size(entries: &js_sys::Array) -> Option<(u32, u32)> {
    let entry: web_sys::ResizeObserverEntry = entries.get(entries.length() - 1).unchecked_into();
    let name = "devicePixelContentBoxSize".into();
    if js_sys::Reflect::has(&entry, &name) != Ok(true) {
        return None;
    }
    let sizes = entry.device_pixel_content_box_size();
    let size: web_sys::ResizeObserverSize = sizes.get(0).unchecked_into();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers, far from the end of the range"
    )]
    Some((size.inline_size() as u32, size.block_size() as u32))
}

impl Drop for Observers {
    fn drop(&mut self) {
        if let Some(size) = &self.size {
            size.disconnect();
        }
        if let Some(theme) = &self.theme {
            theme.disconnect();
        }
    }
}
