//! Who is signed in, as far as this browser knows. Scripts cannot read the
//! session cookie, so an entry in local storage records who signed in last.
//! Without that entry nothing is asked: the first answer to another request
//! shows whether the server knows the user. A first visit therefore makes no
//! request that is refused.
//!
//! All pages of a browser share the cookie. Each compares the entry with whom
//! it shows, when the entry changes and when it becomes visible, and asks the
//! server where they differ.
//!
//! Without an answer of the server, the page shows who signed in last, whom local
//! storage has too: what they left unsent is theirs, and waits for the server.
//!
//! Signing out takes effect here at once. Another entry keeps the wish until
//! the server has ended the session, over reloads too; until then nothing that
//! the server answers signs the user in again.

use crate::{
    api, browser, model::connection::SignIn, socket::backoff::Backoff, store::Account, tasks::Task,
};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*};
use leptos_use_event_listener::use_event_listener;
use shared::api::User;

/// The id of the user who signed in last.
const SIGNED_IN: &str = "stellar.signed_in";
/// That user as JSON.
const USER: &str = "stellar.user";
/// Somebody signed out, and the server has not ended the session yet.
const SIGNING_OUT: &str = "stellar.signing_out";
/// Milliseconds that a sign-in waits for the end of the session before it.
const SIGN_OUT_GRACE_MS: u32 = 3_000;
const SIGN_OUT_POLL_MS: u32 = 50;
/// Milliseconds that other pages leave to the one where somebody signed out.
const OTHER_PAGE_MS: u32 = 2_000;

/// Asks the server who is signed in if there was a sign-in, ends a session that
/// is still to be ended, and keeps the entries in local storage up to date from
/// now on. Called once, by the application.
pub fn recall(account: Account) {
    if is_signing_out(account) {
        account.sign_in.set(SignIn::SignedOut);
        end_session(account, 0);
    } else if browser::load(SIGNED_IN).is_some() {
        ask(account);
    }
    Effect::new(move || match account.sign_in.get() {
        SignIn::Unknown => {}
        SignIn::SignedOut => {
            browser::remove(SIGNED_IN);
            browser::remove(USER);
        }
        SignIn::SignedIn(user) => {
            browser::save(SIGNED_IN, &user.id.to_string());
            if let Ok(user) = serde_json::to_string(&user) {
                browser::save(USER, &user);
            }
        }
    });
    let _ = use_event_listener(window(), ev::storage, move |event| {
        // None: everything was removed.
        let is_ours = |key: String| key == SIGNED_IN || key == SIGNING_OUT;
        if event.key().is_none_or(is_ours) {
            compare(account);
        }
    });
    let _ = use_event_listener(document(), ev::visibilitychange, move |_| {
        if browser::is_visible() {
            compare(account);
        }
    });
}

/// Compares whom this page shows with what the browser's other pages know.
fn compare(account: Account) {
    if browser::load(SIGNING_OUT).is_some() {
        if !account.signing_out.get_value() {
            account.sign_in.set(SignIn::SignedOut);
            end_session(account, OTHER_PAGE_MS);
        }
        return;
    }
    if account.signing_out.get_value() {
        // Another page has ended the session, or somebody signed in there.
        session_ended(account);
    }
    let entry = browser::load(SIGNED_IN);
    let is_known = match account.sign_in.get_untracked() {
        SignIn::Unknown | SignIn::SignedOut => entry.is_none(),
        SignIn::SignedIn(user) => entry.is_some_and(|entry| entry == user.id.to_string()),
    };
    if !is_known {
        ask(account);
    }
}

/// Called with each answer of the server. `knows` is true if the answer shows
/// that the server knows the user: it contains a role, or it is a refusal of
/// something that is public.
pub fn heard(account: Account, knows: bool) {
    if account.asking.with_value(Task::is_running) {
        return;
    }
    let is_signing_out = is_signing_out(account);
    match account.sign_in.get_untracked() {
        SignIn::Unknown | SignIn::SignedOut if knows && !is_signing_out => ask(account),
        SignIn::Unknown => account.sign_in.set(SignIn::SignedOut),
        SignIn::SignedOut | SignIn::SignedIn(_) => {}
    }
}

/// The server said who is signed in, or changed the user's names. Has no effect
/// after somebody signed out here.
pub fn learned(account: Account, user: User) {
    if is_signing_out(account) {
        return;
    }
    let sign_in = SignIn::SignedIn(user);
    if account.sign_in.get_untracked() != sign_in {
        account.sign_in.set(sign_in);
    }
}

/// The server said that nobody is signed in.
pub fn signed_out(account: Account) {
    account.sign_in.set(SignIn::SignedOut);
}

/// Somebody signed in here.
pub fn entered(account: Account, user: User) {
    session_ended(account);
    account.asking.update_value(Task::cancel);
    account.sign_in.set(SignIn::SignedIn(user));
}

/// To be awaited before a sign-in is sent: ends the session before it, if that
/// is still to be done and the server answers soon. Its late answer would
/// remove the new cookie.
pub async fn before_entering(account: Account) {
    if account.signing_out.get_value() {
        end_session(account, 0);
    }
    for _ in 0..SIGN_OUT_GRACE_MS / SIGN_OUT_POLL_MS {
        if !account.signing_out.get_value() {
            return;
        }
        TimeoutFuture::new(SIGN_OUT_POLL_MS).await;
    }
    account.ending.update_value(Task::cancel);
}

/// To be called after a sign-in that was refused.
pub fn not_entered(account: Account) {
    if account.signing_out.get_value() {
        end_session(account, 0);
    }
}

/// Signs out here at once, and on the server as soon as it answers.
pub fn sign_out(account: Account) {
    browser::save(SIGNING_OUT, "1");
    account.asking.update_value(Task::cancel);
    account.sign_in.set(SignIn::SignedOut);
    end_session(account, 0);
}

fn is_signing_out(account: Account) -> bool {
    account.signing_out.get_value() || browser::load(SIGNING_OUT).is_some()
}

/// Ends the session on the server, however long that takes. `after_ms`
/// milliseconds later, if it was not ended by another page until then.
fn end_session(account: Account, after_ms: u32) {
    account.signing_out.set_value(true);
    let task = account.tasks.start(async move {
        TimeoutFuture::new(after_ms).await;
        let mut backoff = Backoff::default();
        loop {
            match api::logout().await {
                Ok(()) => break,
                Err(error) if error.is_signed_out() => break,
                Err(error) => {
                    account.sign_out_waits.set(true);
                    pause(&mut backoff, &error).await;
                }
            }
        }
        session_ended(account);
    });
    account.ending.set_value(task);
}

/// There is no session left to be ended.
fn session_ended(account: Account) {
    account.ending.update_value(Task::cancel);
    account.signing_out.set_value(false);
    account.sign_out_waits.set(false);
    browser::remove(SIGNING_OUT);
}

/// Asks the server who is signed in, however long that takes. A question that
/// is under way is asked anew: the cookie may have changed since.
fn ask(account: Account) {
    let task = account.tasks.start(async move {
        let mut backoff = Backoff::default();
        let sign_in = loop {
            match api::me().await {
                Ok(user) => break SignIn::SignedIn(user),
                Err(error) if error.is_signed_out() => break SignIn::SignedOut,
                // No answer: who is signed in stays as it was.
                Err(error) => {
                    assume_last(account);
                    pause(&mut backoff, &error).await;
                }
            }
        };
        account.asking.update_value(Task::finish);
        if account.sign_in.get_untracked() != sign_in {
            account.sign_in.set(sign_in);
        }
    });
    account.asking.set_value(task);
}

/// Shows who signed in last, until the server says who is signed in.
fn assume_last(account: Account) {
    let last = || serde_json::from_str(&browser::load(USER)?).ok();
    if account.sign_in.get_untracked() == SignIn::Unknown
        && let Some(user) = last()
    {
        account.sign_in.set(SignIn::SignedIn(user));
    }
}

/// Waits before the next attempt: with full jitter, and at least as long as
/// the server asks.
async fn pause(backoff: &mut Backoff, error: &api::ApiError) {
    let delay = backoff.next_delay(browser::random());
    TimeoutFuture::new(delay.max(error.retry_after_ms().unwrap_or(0))).await;
}
