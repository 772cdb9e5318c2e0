//! The pictures of canvases on the start page, in about the size in which they
//! are shown. The server has them in full size only; a large one is scaled down
//! once, so that the page does not keep megabytes of pixels for each card.

use crate::{
    api, browser,
    components::picture::{self, Side},
    tasks::Tasks,
};
use gloo_timers::callback::Timeout;
use leptos::{html, prelude::*};
use shared::{api::Canvas, ids::CanvasId};
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, IntersectionObserver, IntersectionObserverEntry, Response, Url};

/// Least milliseconds between two pictures of a card.
const PACE_MS: f64 = 30_000.0;
/// A picture that would be scaled by more than this is taken as it is.
const MIN_SHRINK: f64 = 0.8;

/// The address of a picture. One made in this page is given up when this value
/// is dropped.
pub struct Address(String);

impl Address {
    /// For `<img src>`.
    pub fn text(&self) -> String {
        self.0.clone()
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        if self.0.starts_with("blob:") {
            // Fails only for what is no address.
            let _ = Url::revoke_object_url(&self.0);
        }
    }
}

/// What a picture shows. The address in full size changes with every change of
/// the canvas, so that browsers fetch the picture again then and not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    canvas: CanvasId,
    last_seq: i64,
    /// Size of the board in pixels.
    width: i32,
    height: i32,
}

impl From<&Canvas> for Subject {
    fn from(canvas: &Canvas) -> Self {
        Self {
            canvas: canvas.id,
            last_seq: canvas.last_seq,
            width: canvas.width * canvas.tile_size,
            height: canvas.height * canvas.tile_size,
        }
    }
}

impl Subject {
    /// The picture that still covers a frame of `width` × `height` pixels. None
    /// if it cannot be had.
    pub async fn picture(self, width: f64, height: f64) -> Option<Address> {
        let full = format!("{}&v={}", api::image_url(self.canvas, 1), self.last_seq);
        let (own_width, own_height) = (f64::from(self.width), f64::from(self.height));
        let scale = (width / own_width).max(height / own_height);
        if scale > MIN_SHRINK || !is_readable() {
            return Some(Address(full));
        }
        let file = fetch(&full).await?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most the side of a board"
        )]
        let side = Side::Width((own_width * scale).ceil() as u32);
        let small = picture::bitmap(&file, Some(side)).await?.to_png().await?;
        Url::create_object_url_with_blob(&small).ok().map(Address)
    }
}

async fn fetch(address: &str) -> Option<Blob> {
    let answer = JsFuture::from(browser::window().fetch_with_str(address)).await;
    let answer: Response = answer.ok()?.dyn_into().ok()?;
    if !answer.ok() {
        return None;
    }
    let blob = JsFuture::from(answer.blob().ok()?).await;
    blob.ok()?.dyn_into().ok()
}

/// See [`picture::can_read_pixels`]; asked once.
fn is_readable() -> bool {
    thread_local! {
        static IS_READABLE: bool = picture::can_read_pixels();
    }
    IS_READABLE.with(|readable| *readable)
}

/// The picture of a card, for a frame of `width` × `height` pixels. It is
/// fetched once the card is near the window, and again when the canvas has
/// changed, but not more often than every 30 s.
pub fn thumbnail(
    frame: NodeRef<html::Div>,
    subject: Memo<Option<Subject>>,
    width: f64,
    height: f64,
) -> RwSignal<Option<Rc<Address>>, LocalStorage> {
    let shown = RwSignal::new_local(None);
    let tasks = Tasks::new();
    let is_near = when_near(frame);
    let timer = StoredValue::new_local(None::<Timeout>);
    let fetched_at = StoredValue::new(None::<f64>);
    Effect::new(move || {
        let (Some(subject), true) = (subject.get(), is_near.get()) else {
            return;
        };
        let fetch = move || {
            fetched_at.set_value(Some(browser::monotonic_ms()));
            tasks.spawn(async move {
                if let Some(address) = subject.picture(width, height).await {
                    shown.set(Some(Rc::new(address)));
                }
            });
        };
        let rest = fetched_at
            .get_value()
            .map_or(0.0, |at| at + PACE_MS - browser::monotonic_ms());
        if rest <= 0.0 {
            fetch();
            return;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 30,000"
        )]
        timer.set_value(Some(Timeout::new(rest as u32, fetch)));
    });
    shown
}

/// Whether an element has been in the window, or near it.
fn when_near(frame: NodeRef<html::Div>) -> RwSignal<bool> {
    type Callback = Closure<dyn FnMut(js_sys::Array, IntersectionObserver)>;
    let is_near = RwSignal::new(false);
    let kept = StoredValue::new_local(None::<(IntersectionObserver, Callback)>);
    Effect::new(move || {
        let Some(frame) = frame.get() else { return };
        let seen = move |entries: js_sys::Array, observer: IntersectionObserver| {
            let is_seen = entries.iter().any(|entry| {
                entry
                    .unchecked_into::<IntersectionObserverEntry>()
                    .is_intersecting()
            });
            if is_seen {
                observer.disconnect();
                is_near.try_set(true);
            }
        };
        let seen = Callback::new(seen);
        match IntersectionObserver::new(seen.as_ref().unchecked_ref()) {
            Ok(observer) => {
                observer.observe(&frame);
                kept.set_value(Some((observer, seen)));
            }
            Err(_) => is_near.set(true),
        }
    });
    on_cleanup(move || {
        kept.try_update_value(|kept| {
            if let Some((observer, _)) = kept {
                observer.disconnect();
            }
        });
    });
    is_near
}
