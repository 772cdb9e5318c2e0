//! A tab never goes on as somebody else: whose connection it is, is compared
//! with whose queue it is, and each person's unsent work is kept for them.

#![cfg(not(target_arch = "wasm32"))]

use super::{server::user, simulation::Simulation};
use crate::{
    model::connection::{ConnectionStatus, EndReason, SignIn},
    session::effect::{Effect, MeAnswer},
    store::backend::Var,
};
use shared::{
    api::Auth,
    canvas::Coord,
    ids::UserId,
    protocol::{ClientMessage, PresenceChange},
};

const AT: Coord = Coord { x: 1, y: 0 };

/// Another page of the browser signs in as this user: the cookie changes, and
/// this page is not told.
fn change_cookie(simulation: &mut Simulation, id: i64) {
    simulation.tabs[0].user = user(id);
    simulation.tabs[0].disconnect(simulation.now);
}

fn me(simulation: &Simulation) -> UserId {
    simulation.tabs[0].state.store.me.get().unwrap().user_id
}

fn authors(simulation: &Simulation) -> Vec<(UserId, String)> {
    let messages = simulation.server.messages.iter();
    messages
        .map(|message| (message.sender_id, message.message_text.clone()))
        .collect()
}

#[test]
fn a_connection_as_somebody_else_makes_the_page_theirs() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| state.open_tile(AT));
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    simulation.settle();
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].say("from one", now);
    simulation.tabs[0].paint(AT, &[(1, 1)], now);
    change_cookie(&mut simulation, 2);

    assert!(simulation.connect(0));
    simulation.deliver(0);
    assert!(simulation.tabs[0].to_server.is_empty(), "nothing is sent");
    assert!(!simulation.tabs[0].connected);
    simulation.settle();
    assert_eq!(me(&simulation), user(2).id);
    let tab = &simulation.tabs[0];
    assert_eq!(tab.waiting(), 0);
    assert_eq!(tab.state.store.undoable.get(), (false, false));
    assert_eq!(
        tab.shown(AT, 1),
        Some(255),
        "the other's stroke is off the board"
    );
    assert!(tab.state.store.chat.with(Vec::is_empty));
    assert_eq!(simulation.server.head(), 1, "nothing was stored as Two");
    assert_eq!(simulation.storage(0).requests(), 2, "it is kept for One");
    simulation.tabs[0].say("from two", simulation.now);
    simulation.settle();
    simulation.assert_converged();

    change_cookie(&mut simulation, 1);
    simulation.settle();
    assert_eq!(me(&simulation), user(1).id);
    assert_eq!(
        authors(&simulation),
        [
            (user(2).id, "from two".into()),
            (user(1).id, "from one".into())
        ]
    );
    assert_eq!(simulation.tabs[0].shown(AT, 1), Some(1));
    assert_eq!(simulation.storage(0).requests(), 0);
    simulation.assert_converged();
}

#[test]
fn a_live_connection_of_a_former_user_is_closed() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    // The application hears it first, such as from the storage.
    simulation.tabs[0].user = user(2);
    simulation.tabs[0].sign_in(SignIn::SignedIn(user(2)), now);
    assert!(!simulation.tabs[0].connected);
    simulation.tabs[0].say("from two", now);
    simulation.settle();
    assert_eq!(authors(&simulation), [(user(2).id, "from two".into())]);
    simulation.assert_converged();
}

#[test]
fn a_renewed_token_of_somebody_else_is_not_used() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    let auth = |id| Auth {
        token: "token".into(),
        token_type: "Bearer".into(),
        expires_at: chrono::DateTime::UNIX_EPOCH.into(),
        user: user(id),
    };
    let tab = &mut simulation.tabs[0];
    let refresh = Effect::Send(ClientMessage::AuthRefresh {
        token: "token".into(),
    });
    tab.input(now, |state| state.token_received(auth(1), now));
    assert!(tab.seen.contains(&refresh));
    tab.seen.clear();
    tab.user = user(2);
    tab.input(now, |state| state.token_received(auth(2), now));
    assert!(!tab.seen.contains(&refresh));
    simulation.settle();
    assert_eq!(me(&simulation), user(2).id);
    simulation.assert_converged();
}

#[test]
fn a_tab_whose_connections_are_always_somebody_elses_gives_up() {
    let mut simulation = Simulation::open(&[user(1)]);
    change_cookie(&mut simulation, 2);
    // The questions over HTTP are answered for the first user all the same.
    for _ in 0..20 {
        if simulation.connect(0) {
            simulation.deliver(0);
        }
        let now = simulation.now;
        let tab = &mut simulation.tabs[0];
        if std::mem::take(&mut tab.wants_me) {
            tab.input(now, |state| state.me_received(MeAnswer::User(user(1))));
        }
    }
    let tab = &simulation.tabs[0];
    let ended = ConnectionStatus::Ended(EndReason::Other);
    assert_eq!(tab.state.store.connection.get(), ended);
    assert!(!tab.wants_socket);
}

#[test]
fn what_the_storage_had_no_room_for_waits_in_the_tab() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.storage(0).full.set(true);
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].say("from one", now);
    change_cookie(&mut simulation, 2);
    simulation.settle();
    assert_eq!(me(&simulation), user(2).id);
    assert_eq!(simulation.server.head(), 0);
    assert!(simulation.tabs[0].state.would_lose());
    change_cookie(&mut simulation, 1);
    simulation.settle();
    assert_eq!(authors(&simulation), [(user(1).id, "from one".into())]);
    assert!(!simulation.tabs[0].state.would_lose());
}

#[test]
fn the_new_user_announces_the_open_tile_only_where_they_may_draw() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| state.open_tile(AT));
    simulation.tabs[0].seen.clear();
    change_cookie(&mut simulation, 2);
    simulation.connect(0);
    simulation.deliver(0);
    let announces = |effect: &Effect| {
        matches!(
            effect,
            Effect::Send(ClientMessage::UserPresence(
                PresenceChange::EditingTile { .. }
            ))
        )
    };
    assert!(!simulation.tabs[0].seen.iter().any(announces));
    simulation.settle();
    assert!(simulation.tabs[0].seen.iter().any(announces));
}
