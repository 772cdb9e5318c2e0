//! Which page is shown: the one that the address names, changed without
//! loading anything anew.
//!
//! `leptos_router` does far more than two pages need and would be a twelfth of
//! the download (docs/performance.md).

use crate::browser::{self, Listener};
use leptos::prelude::*;
use shared::ids::CanvasId;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlAnchorElement, MouseEvent};

/// What there is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `/`
    Start,
    /// `/canvas/{id}`
    Canvas(CanvasId),
    /// Anything else.
    NotFound,
}

impl Page {
    /// The page at a path.
    pub fn at(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "" => Self::Start,
            path => path
                .strip_prefix("/canvas/")
                .and_then(|id| id.parse().ok())
                .map_or(Self::NotFound, Self::Canvas),
        }
    }
}

/// Leads from page to page; in the context of the whole application. Plain
/// links (`<a href="/">`) are followed without it.
#[derive(Clone, Copy)]
pub struct Router {
    path: RwSignal<String>,
}

impl Router {
    /// Puts a router into the context. To be called once.
    pub fn provide() -> Self {
        let router = Self {
            path: RwSignal::new(path()),
        };
        provide_context(router);
        let window = browser::window();
        // Back and forward.
        let moved = Listener::new(&window, "popstate", move |_| router.path.set(path()));
        let clicked = Listener::new(&window, "click", move |event| router.follow(&event));
        StoredValue::new_local([moved, clicked]);
        router
    }

    /// The page of the address. Reactive.
    pub fn page(self) -> Page {
        self.path.with(|path| Page::at(path))
    }

    /// Goes to an address of this application.
    pub fn go(self, address: &str) {
        let window = browser::window();
        if let Ok(history) = window.history() {
            // Fails only for addresses of other sites.
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(address));
        }
        window.scroll_to_with_x_and_y(0.0, 0.0);
        self.path.set(path());
    }

    fn follow(self, event: &Event) {
        if let Some(address) = wanted(event) {
            event.prevent_default();
            self.go(&address);
        }
    }
}

/// The address that a click leads to, if it is a page of ours.
fn wanted(event: &Event) -> Option<String> {
    let click = event.dyn_ref::<MouseEvent>()?;
    let modified = click.meta_key() || click.ctrl_key() || click.shift_key() || click.alt_key();
    if event.default_prevented() || click.button() != 0 || modified {
        return None;
    }
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let link = target.closest("a[href]").ok()??;
    let link = link.dyn_into::<HtmlAnchorElement>().ok()?;
    let location = browser::window().location();
    let leaves = !link.target().is_empty()
        || link.has_attribute("download")
        || Page::at(&link.pathname()) == Page::NotFound
        || link.origin() != location.origin().ok()?;
    // To another place on this page the browser scrolls by itself.
    let is_place = !link.hash().is_empty() && link.pathname() == location.pathname().ok()?;
    (!leaves && !is_place).then(|| link.href())
}

fn path() -> String {
    browser::window().location().pathname().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn addresses_have_their_pages() {
        assert_eq!(Page::at("/"), Page::Start);
        assert_eq!(Page::at(""), Page::Start);
        for seven in ["/canvas/7", "/canvas/7/"] {
            assert_eq!(Page::at(seven), Page::Canvas(CanvasId(7)), "{seven}");
        }
        for other in [
            "/canvas",
            "/canvas/x",
            "/canvas/7/x",
            "/api/v1/openapi.json",
        ] {
            assert_eq!(Page::at(other), Page::NotFound, "{other}");
        }
    }
}
