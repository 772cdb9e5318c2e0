//! The state of the connection (live, reconnecting, offline, signed out, ended)
//! and the number of changes that are not sent yet.

use crate::{
    browser::now_ms,
    i18n::{interpolate, t},
    session::Session,
    store::{Connection, End, Store},
};
use leptos::prelude::*;
use leptos_use_interval_fn::{Pausable, UseIntervalFnOptions, use_interval_fn_with_options};

/// Milliseconds between two updates of the seconds that are left.
const TICK_MS: u64 = 250;

/// The name of the state for style sheets and tests.
fn state_name(connection: Connection) -> &'static str {
    match connection {
        Connection::Live => "live",
        Connection::Connecting | Connection::Waiting { offline: false, .. } => "reconnecting",
        Connection::Waiting { offline: true, .. } => "offline",
        Connection::SignedOut => "signed_out",
        Connection::Ended(_) => "ended",
    }
}

/// Seconds until `retry_at`, rounded up; both times in milliseconds.
fn seconds_left(retry_at: i64, now: i64) -> i64 {
    (retry_at - now).max(0).div_euclid(1000) + i64::from((retry_at - now).max(0) % 1000 > 0)
}

/// The state, with a button to connect at once.
#[component]
pub fn ConnectionState() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let now = RwSignal::new(now_ms());
    let waits = move || match store.connection.get() {
        Connection::Waiting { .. } => true,
        Connection::Connecting
        | Connection::Live
        | Connection::SignedOut
        | Connection::Ended(_) => false,
    };
    let tick = move || now.set(now_ms());
    let options = UseIntervalFnOptions::default().immediate(false);
    let Pausable { pause, resume, .. } = use_interval_fn_with_options(tick, TICK_MS, options);
    Effect::new(move || {
        if waits() {
            tick();
            resume();
        } else {
            pause();
        }
    });
    let text = move || match store.connection.get() {
        Connection::Live => t().live.to_owned(),
        Connection::Connecting => t().connecting.to_owned(),
        Connection::Waiting { offline: true, .. } => t().offline.to_owned(),
        Connection::Waiting { retry_at, .. } => match seconds_left(retry_at, now.get()) {
            0 => t().connecting.to_owned(),
            n => interpolate(t().reconnecting, &[("n", &n)]),
        },
        Connection::SignedOut => t().signed_out.to_owned(),
        Connection::Ended(end) => ended(end).to_owned(),
    };
    let changes = move || {
        let n = store.waiting.get();
        let told = !matches!(store.connection.get(), Connection::Live);
        (told && n > 0).then(|| {
            view! { <span class="connection__waiting">{t().changes_waiting.of(n)}</span> }
        })
    };
    // A screen reader would read each second aloud, so it gets the state only.
    view! {
        <div
            class="connection"
            role="status"
            aria-label=t().connection
            data-state=move || state_name(store.connection.get())
        >
            <span class="connection__dot" aria-hidden="true"></span>
            <span class="connection__text" aria-hidden=move || waits().then_some("true")>
                {text}
            </span>
            <Show when=waits>
                <span class="sr-only">{t().connection_lost}</span>
            </Show>
            {changes}
            <Show when=waits>
                <button class="link" type="button" on:click=move |_| session.reconnect_now()>
                    {t().try_now}
                </button>
            </Show>
        </div>
    }
}

fn ended(end: End) -> &'static str {
    match end {
        End::CanvasDeleted => t().ended_deleted,
        End::NoAccess => t().ended_access,
        End::Kicked | End::Banned | End::RateLimited | End::Other => t().ended_other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn seconds_count_down_to_nothing() {
        assert_eq!(seconds_left(5000, 2000), 3);
        assert_eq!(seconds_left(5000, 1999), 4);
        assert_eq!(seconds_left(5000, 4999), 1);
        assert_eq!(seconds_left(5000, 5000), 0);
        assert_eq!(seconds_left(5000, 9000), 0);
    }

    #[test]
    fn every_state_has_one_of_five_names() {
        assert_eq!(state_name(Connection::Live), "live");
        assert_eq!(state_name(Connection::SignedOut), "signed_out");
        let waiting = |offline| Connection::Waiting {
            retry_at: 0,
            offline,
        };
        assert_eq!(state_name(waiting(false)), "reconnecting");
        assert_eq!(state_name(waiting(true)), "offline");
        assert_eq!(state_name(Connection::Ended(End::Kicked)), "ended");
    }
}
