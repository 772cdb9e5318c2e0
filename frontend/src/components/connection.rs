//! The state of the connection (live, reconnecting, offline, signed out, ended)
//! and the number of changes that are not sent yet.

use crate::{
    browser::{self, uptime_ms},
    i18n::t,
    model::connection::{ConnectionStatus, EndReason},
    session::Session,
    store::Store,
};
use leptos::{ev, prelude::*};
use leptos_use_event_listener::use_event_listener;
use leptos_use_interval_fn::{Pausable, UseIntervalFnOptions, use_interval_fn_with_options};

/// Milliseconds between two updates of the seconds that are left.
const TICK_MS: u64 = 250;

/// The name of the state for style sheets and tests.
fn state_name(connection: ConnectionStatus) -> &'static str {
    match connection {
        ConnectionStatus::Live => "live",
        ConnectionStatus::Connecting | ConnectionStatus::Waiting { offline: false, .. } => {
            "reconnecting"
        }
        ConnectionStatus::Waiting { offline: true, .. } => "offline",
        ConnectionStatus::SignedOut => "signed_out",
        ConnectionStatus::Ended(_) => "ended",
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
    let now = RwSignal::new(uptime_ms());
    let is_online = online();
    // The connection itself notices only later that nothing comes through.
    let status = Memo::new(move |_| match store.connection.get() {
        ConnectionStatus::Live | ConnectionStatus::Connecting if !is_online.get() => {
            ConnectionStatus::Waiting {
                retry_at: 0,
                offline: true,
            }
        }
        status => status,
    });
    let waits = move || match status.get() {
        ConnectionStatus::Waiting { .. } => true,
        ConnectionStatus::Connecting
        | ConnectionStatus::Live
        | ConnectionStatus::SignedOut
        | ConnectionStatus::Ended(_) => false,
    };
    let tick = move || now.set(uptime_ms());
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
    let text = move || match status.get() {
        ConnectionStatus::Live => t().live().to_owned(),
        ConnectionStatus::Connecting => t().connecting().to_owned(),
        ConnectionStatus::Waiting { offline: true, .. } => t().offline().to_owned(),
        ConnectionStatus::Waiting { retry_at, .. } => match seconds_left(retry_at, now.get()) {
            0 => t().connecting().to_owned(),
            n => t().reconnecting(n),
        },
        ConnectionStatus::SignedOut => t().signed_out().to_owned(),
        ConnectionStatus::Ended(end) => ended(end).to_owned(),
    };
    let changes = move || {
        let n = store.waiting.get();
        let told = !matches!(status.get(), ConnectionStatus::Live);
        (told && n > 0).then(|| {
            view! { <span class="connection__waiting">{t().changes_waiting(n)}</span> }
        })
    };
    // A screen reader would read each second aloud, so it gets the state only.
    view! {
        <div
            class="connection"
            role="status"
            aria-label=t().connection()
            data-state=move || state_name(status.get())
        >
            <span class="connection__dot" aria-hidden="true"></span>
            <span class="connection__text" aria-hidden=move || waits().then_some("true")>
                {text}
            </span>
            <Show when=waits>
                <span class="sr-only">{t().connection_lost()}</span>
            </Show>
            {changes}
            <Show when=waits>
                <button class="link" type="button" on:click=move |_| session.reconnect_now()>
                    {t().try_now()}
                </button>
            </Show>
        </div>
    }
}

/// Whether the browser reports a network.
fn online() -> RwSignal<bool> {
    let is_online = RwSignal::new(browser::is_online());
    let look = move || is_online.set(browser::is_online());
    let _ = use_event_listener(window(), ev::online, move |_| look());
    let _ = use_event_listener(window(), ev::offline, move |_| look());
    is_online
}

fn ended(end: EndReason) -> &'static str {
    match end {
        EndReason::CanvasDeleted => t().ended_deleted(),
        EndReason::NoAccess => t().ended_access(),
        EndReason::Kicked
        | EndReason::Banned
        | EndReason::NoGuests
        | EndReason::MustRegister
        | EndReason::RateLimited
        | EndReason::Other => t().ended_other(),
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
        assert_eq!(state_name(ConnectionStatus::Live), "live");
        assert_eq!(state_name(ConnectionStatus::SignedOut), "signed_out");
        let waiting = |offline| ConnectionStatus::Waiting {
            retry_at: 0,
            offline,
        };
        assert_eq!(state_name(waiting(false)), "reconnecting");
        assert_eq!(state_name(waiting(true)), "offline");
        assert_eq!(
            state_name(ConnectionStatus::Ended(EndReason::Kicked)),
            "ended"
        );
    }
}
