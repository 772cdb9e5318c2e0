//! Who is signed in, as far as this browser knows. Scripts cannot read the
//! session cookie, so an entry in local storage records that there was a
//! sign-in. Without that entry nothing is asked: the first answer to another
//! request shows whether the server knows the user. A first visit therefore
//! makes no request that is refused.

use crate::{api, browser, model::connection::SignIn, store::Account};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_use_event_listener::use_event_listener;

const KEY: &str = "stellar.signed_in";
/// Milliseconds until the request is repeated when the server does not answer.
const RETRY_MS: u32 = 2_000;

/// Asks the server who is signed in if there was a sign-in, and keeps the entry
/// in local storage up to date from now on. Called once, by the application.
pub fn recall(account: Account) {
    if browser::load(KEY).is_some() {
        ask(account);
    }
    Effect::new(move || match account.sign_in.get() {
        SignIn::Unknown => {}
        SignIn::SignedOut => browser::remove(KEY),
        SignIn::SignedIn(_) => {
            browser::save(KEY, "1");
        }
    });
    // Another tab signed in. When another tab signs out, the server closes this
    // tab's connection, which is handled there.
    let _ = use_event_listener(window(), ev::storage, move |_| {
        if browser::load(KEY).is_some() {
            heard(account, true);
        }
    });
}

/// Called with each answer of the server. `knows` is true if the answer shows
/// that the server knows the user: it contains a role, or it is a refusal of
/// something that is public.
pub fn heard(account: Account, knows: bool) {
    match account.sign_in.get_untracked() {
        SignIn::Unknown | SignIn::SignedOut if knows => ask(account),
        SignIn::Unknown if !account.asking.get_value() => {
            account.sign_in.set(SignIn::SignedOut);
        }
        SignIn::Unknown | SignIn::SignedOut | SignIn::SignedIn(_) => {}
    }
}

fn ask(account: Account) {
    if account.asking.get_value() {
        return;
    }
    account.asking.set_value(true);
    // Uses only signals that live as long as the application.
    spawn_local(async move {
        let sign_in = loop {
            match api::me().await {
                Ok(user) => break SignIn::SignedIn(user),
                Err(error) if error.status() == Some(401) => break SignIn::SignedOut,
                // No answer: whether somebody is signed in stays unknown.
                Err(_) => TimeoutFuture::new(RETRY_MS).await,
            }
        };
        account.asking.set_value(false);
        if account.sign_in.get_untracked() != sign_in {
            account.sign_in.set(sign_in);
        }
    });
}
