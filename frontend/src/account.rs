//! Who is signed in, as far as this browser knows. The cookie that says so is
//! hidden from scripts, so a mark in local storage remembers that there was a
//! sign-in. Without the mark the first answer of the server tells whether it
//! knows who asks; so nobody's first visit begins with a refused question.

use crate::{
    api, browser,
    store::{Account, SignIn},
};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_use_event_listener::use_event_listener;

const KEY: &str = "stellar.signed_in";
/// Milliseconds until a server that did not answer is asked again.
const RETRY_MS: u32 = 2_000;

/// Finds out who is signed in, and keeps the mark from now on.
pub fn recall(account: Account) {
    if browser::load(KEY).is_some() {
        ask(account);
    }
    Effect::new(move || match account.sign_in.get() {
        SignIn::Unknown => {}
        SignIn::SignedOut => browser::forget(KEY),
        SignIn::SignedIn(_) => {
            browser::save(KEY, "1");
        }
    });
    // Another tab signed in; one that signs out ends this one's connection.
    let _ = use_event_listener(window(), ev::storage, move |_| {
        if browser::load(KEY).is_some() {
            heard(account, true);
        }
    });
}

/// The server answered: `knows` whether it seems to know who asks, since it
/// told of a role or refused what others may see.
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
                // Away: nothing is known, and saying otherwise would be a lie.
                Err(_) => TimeoutFuture::new(RETRY_MS).await,
            }
        };
        account.asking.set_value(false);
        if account.sign_in.get_untracked() != sign_in {
            account.sign_in.set(sign_in);
        }
    });
}
