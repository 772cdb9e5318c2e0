//! Which pages of this browser are open, by Web Locks: a page holds a lock with
//! its id as long as it lives, asleep or not, and no clock is involved. Browsers
//! have them on secure origins only; elsewhere [`find`] gives none, and the
//! heartbeats in the storage decide.

use js_sys::{Array, Function, Promise, Reflect};
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

/// What the names of the locks begin with.
const PREFIX: &str = "stellar.page.";

// web-sys has these only as unstable.
#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, granted: &Function) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;
}

fn manager() -> Option<LockManager> {
    let navigator = crate::browser::window().navigator();
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}

/// A page's lock, until it is dropped.
pub(super) struct PageLock {
    /// Resolves the promise for whose time the browser keeps the lock.
    release: Option<Function>,
}

impl PageLock {
    /// Asks for the lock of a page. Nobody else asks for it, so that it is held
    /// a moment later.
    pub(super) fn hold(page: Uuid) -> Self {
        let mut release = None;
        if let Some(manager) = manager() {
            let held = Promise::new(&mut |resolve, _| release = Some(resolve));
            let granted = Closure::once_into_js(move || held);
            // Refused for origins without storage, which share nothing either.
            if let Ok(over) = manager.request(&format!("{PREFIX}{page}"), granted.unchecked_ref()) {
                let ignore = Closure::once_into_js(|_: JsValue| {});
                drop(
                    Reflect::get(&over, &"catch".into())
                        .ok()
                        .and_then(|catch| catch.dyn_ref::<Function>()?.call1(&over, &ignore).ok()),
                );
            }
        }
        Self { release }
    }
}

impl Drop for PageLock {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            // Fails never.
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// The ids of the pages that are open; none where the browser cannot tell.
pub(super) async fn find() -> Option<Vec<Uuid>> {
    let state = JsFuture::from(manager()?.query().ok()?).await.ok()?;
    let held: Array = Reflect::get(&state, &"held".into()).ok()?.dyn_into().ok()?;
    let name = |lock: JsValue| Reflect::get(&lock, &"name".into()).ok()?.as_string();
    let names = held.iter().filter_map(name);
    Some(
        names
            .filter_map(|name| name.strip_prefix(PREFIX)?.parse().ok())
            .collect(),
    )
}
