//! Notices on the desktop, for whoever asked for them in the settings: shown
//! while the page is hidden, and only then.

use crate::{browser, i18n::inbox::sentence, model::inbox::target_path, tasks::Tasks};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::{RwSignal, Set};
use shared::api::notifications::Notification as InboxNotification;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

/// Whether the user wants them in this browser.
const WANTED: &str = "stellar.desktop_notices";
/// The id of the newest notification that a visible page of this browser showed.
const SHOWN: &str = "stellar.notice_shown";
/// Milliseconds that a hidden page leaves to the visible ones.
const OTHER_PAGES_MS: u32 = 400;

/// Whether this browser may show notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It has none.
    Unsupported,
    /// The browser asks when the user wants them.
    NotAsked,
    /// The user forbids it, in the browser's own settings.
    Denied,
    /// It may, and the user wants them or not.
    Granted {
        /// Whether they do.
        is_wanted: bool,
    },
}

/// Whether this browser may show notices now.
pub fn permission() -> Permission {
    let is_there = js_sys::Reflect::has(&browser::window(), &"Notification".into());
    if !matches!(is_there, Ok(true)) {
        return Permission::Unsupported;
    }
    match Notification::permission() {
        NotificationPermission::Granted => Permission::Granted {
            is_wanted: browser::load(WANTED).is_some(),
        },
        NotificationPermission::Denied => Permission::Denied,
        _ => Permission::NotAsked,
    }
}

/// The user wants notices: has the browser ask, unless it did. To be called for
/// a click only.
pub async fn want() -> Permission {
    browser::save(WANTED, "1");
    if permission() == Permission::NotAsked
        && let Ok(answer) = Notification::request_permission()
    {
        // Rejected never; the answer is read below.
        let _ = JsFuture::from(answer).await;
    }
    permission()
}

/// The user wants no more notices.
pub fn refuse() -> Permission {
    browser::remove(WANTED);
    permission()
}

/// Shows a notification on the desktop if all of this browser's pages are
/// hidden and the user wants that.
pub(super) fn alert(
    tasks: Tasks,
    go_to: RwSignal<Option<String>>,
    notification: InboxNotification,
) {
    if browser::is_visible() {
        browser::save(SHOWN, &notification.id.to_string());
        return;
    }
    if permission() != (Permission::Granted { is_wanted: true }) {
        return;
    }
    tasks.spawn(async move {
        TimeoutFuture::new(OTHER_PAGES_MS).await;
        let is_shown = browser::load(SHOWN).is_some_and(|id| id == notification.id.to_string());
        if !is_shown {
            show(&notification, go_to);
        }
    });
}

fn show(notification: &InboxNotification, go_to: RwSignal<Option<String>>) {
    let options = NotificationOptions::new();
    options.set_body(&notification.text);
    // One that grew takes the place of its former form, and so does that of
    // another hidden page.
    options.set_tag(&format!("stellar-{}", notification.id));
    // Fails on phones, which show them for service workers only.
    let Ok(notice) = Notification::new_with_options(&sentence(notification), &options) else {
        return;
    };
    let (shown, address) = (notice.clone(), target_path(notification));
    let open = Closure::<dyn FnMut()>::new(move || {
        // Refused where the browser does not allow it.
        let _ = browser::window().focus();
        go_to.set(Some(address.clone()));
        shown.close();
    });
    notice.set_onclick(Some(open.as_ref().unchecked_ref()));
    // Lives as long as the notice may be clicked.
    open.forget();
}
