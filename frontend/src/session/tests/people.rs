//! People, their pointers and highlights, and what expires by itself.

#![cfg(not(target_arch = "wasm32"))]

use super::{server::user, simulation::Simulation};
use crate::{session::effect::Effect, store::backend::Var};
use shared::{
    canvas::Coord,
    ids::UserId,
    presence::Status,
    protocol::{
        ClientMessage, PresenceChange, ServerMessage, TileMentioned, UserCount, UserCursor,
        UserTyping,
    },
};

fn receive(simulation: &mut Simulation, message: ServerMessage) {
    simulation.tabs[0].to_tab.push_back(message);
    simulation.deliver(0);
}

fn zoe() -> UserCount {
    UserCount {
        user_id: UserId(7),
        username: "zoe".into(),
        display_name: "Zoe".into(),
        active_users: 2,
        timestamp: chrono::DateTime::UNIX_EPOCH.into(),
    }
}

fn cursor() -> ServerMessage {
    ServerMessage::UserCursor(UserCursor {
        user_id: UserId(7),
        x: 1.0,
        y: 2.0,
    })
}

#[test]
fn who_is_not_heard_of_types_no_more() {
    let mut simulation = Simulation::open(&[user(1)]);
    receive(&mut simulation, ServerMessage::UserJoined(zoe()));
    let typing = ServerMessage::UserTyping(UserTyping {
        user_id: UserId(7),
        username: "zoe".into(),
        is_typing: true,
    });
    receive(&mut simulation, typing);
    let types = |simulation: &Simulation| {
        let people = &simulation.tabs[0].state.store.people;
        people.peek(UserId(7)).unwrap().is_typing
    };
    simulation.pass(5);
    assert!(types(&simulation));
    simulation.pass(1);
    assert!(!types(&simulation));
}

#[test]
fn who_left_has_no_pointer_and_is_not_followed() {
    let mut simulation = Simulation::open(&[user(1)]);
    receive(&mut simulation, ServerMessage::UserJoined(zoe()));
    receive(&mut simulation, cursor());
    simulation.tabs[0]
        .state
        .store
        .following
        .set(Some(UserId(7)));
    receive(&mut simulation, ServerMessage::UserLeft(zoe()));
    let store = &simulation.tabs[0].state.store;
    assert_eq!(store.people.peek(UserId(7)), None);
    assert!(store.cursors.get().is_empty());
    assert_eq!(store.following.get(), None);
    assert_eq!(store.names.peek(UserId(7)).as_deref(), Some("Zoe"));
}

#[test]
fn pointers_and_highlights_expire() {
    let mut simulation = Simulation::open(&[user(1)]);
    receive(&mut simulation, ServerMessage::UserJoined(zoe()));
    receive(&mut simulation, cursor());
    let mention = ServerMessage::TileMention(TileMentioned {
        user_id: UserId(7),
        username: "zoe".into(),
        tile_x: 1,
        tile_y: 1,
        highlight_type: "mention".into(),
        message: String::new(),
        duration: 3_000,
        timestamp: chrono::DateTime::UNIX_EPOCH.into(),
    });
    receive(&mut simulation, mention);
    let highlights = simulation.tabs[0].state.store.highlights.get();
    assert_eq!(highlights[0].by, Some((UserId(7), "Zoe".into())));
    simulation.pass(3);
    assert!(simulation.tabs[0].state.store.highlights.get().is_empty());
    assert_eq!(simulation.tabs[0].state.store.cursors.get().len(), 1);
    simulation.pass(13);
    assert!(simulation.tabs[0].state.store.cursors.get().is_empty());
}

#[test]
fn typing_and_pointing_are_throttled() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    let tab = &mut simulation.tabs[0];
    tab.seen.clear();
    for ms in [0, 10, 49, 50, 60] {
        tab.input(now, |state| state.point(1.0, 1.0, now + ms));
    }
    assert_eq!(tab.seen.len(), 2);
    tab.seen.clear();
    for ms in [0, 1_000, 1_999, 2_000] {
        tab.input(now, |state| state.typing(true, now + ms));
    }
    tab.input(now, |state| state.typing(false, now + 2_001));
    tab.input(now, |state| state.typing(false, now + 2_002));
    let typing = |is_typing| {
        Effect::Send(ClientMessage::UserPresence(PresenceChange::Typing {
            is_typing,
        }))
    };
    assert_eq!(tab.seen, [typing(true), typing(true), typing(false)]);
}

#[test]
fn a_status_is_told_to_every_connection_and_not_for_somebody_else() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    let busy = Effect::Send(ClientMessage::UserPresence(PresenceChange::Status {
        status: Status::Busy,
        status_message: None,
    }));
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].input(now, |state| state.set_status(Status::Busy, None));
    assert!(!simulation.tabs[0].seen.contains(&busy));
    for _ in 0..2 {
        simulation.tabs[0].disconnect(now);
        simulation.settle();
        assert!(simulation.tabs[0].seen.contains(&busy));
        simulation.tabs[0].seen.clear();
    }
    simulation.tabs[0].user = user(2);
    simulation.tabs[0].disconnect(now);
    simulation.settle();
    assert!(!simulation.tabs[0].seen.contains(&busy));
}

#[test]
fn ones_own_open_tile_is_announced_and_taken_back() {
    let mut simulation = Simulation::open(&[user(1)]);
    let at = Coord { x: 1, y: 1 };
    let tab = &mut simulation.tabs[0];
    tab.seen.clear();
    tab.input(0, |state| state.open_tile(at));
    tab.input(0, |state| state.leave_tile());
    let editing = |is_editing| {
        Effect::Send(ClientMessage::UserPresence(PresenceChange::EditingTile {
            tile_x: 1,
            tile_y: 1,
            is_editing,
        }))
    };
    assert_eq!(tab.seen, [editing(true), editing(false)]);
}

#[test]
fn a_hidden_person_has_no_pointer_no_typing_and_no_mentions() {
    let mut simulation = Simulation::open(&[user(1)]);
    let typing = ServerMessage::UserTyping(UserTyping {
        user_id: UserId(7),
        username: "zoe".into(),
        is_typing: true,
    });
    let mention = ServerMessage::TileMention(TileMentioned {
        user_id: UserId(7),
        username: "zoe".into(),
        tile_x: 1,
        tile_y: 1,
        highlight_type: "mention".into(),
        message: String::new(),
        duration: 5_000,
        timestamp: chrono::DateTime::UNIX_EPOCH.into(),
    });
    let seen = |simulation: &Simulation| {
        let store = &simulation.tabs[0].state.store;
        (
            store.cursors.with(|cursors| cursors.len()),
            store.people.peek(UserId(7)).unwrap().is_typing,
            store.highlights.with(Vec::len),
            store.notices.with(Vec::len),
        )
    };
    let all = [cursor(), typing, mention];
    receive(&mut simulation, ServerMessage::UserJoined(zoe()));
    for message in &all {
        receive(&mut simulation, message.clone());
    }
    assert_eq!(seen(&simulation), (1, true, 1, 1));
    simulation.tabs[0].input(0, |state| state.hide(UserId(7), true));
    assert_eq!(seen(&simulation), (0, false, 0, 1));
    for message in &all {
        receive(&mut simulation, message.clone());
    }
    assert_eq!(seen(&simulation), (0, false, 0, 1));
    simulation.tabs[0].input(0, |state| state.hide(UserId(7), false));
    receive(&mut simulation, cursor());
    assert_eq!(seen(&simulation).0, 1);
}

#[test]
fn a_connection_tells_who_is_hidden() {
    let mut simulation = Simulation::new(&[user(1)]);
    simulation.server.blocked = vec![UserId(7)];
    let now = simulation.now;
    simulation.tabs[0].open(now);
    simulation.settle();
    receive(&mut simulation, ServerMessage::UserJoined(zoe()));
    receive(&mut simulation, cursor());
    let cursors = &simulation.tabs[0].state.store.cursors;
    assert_eq!(cursors.with(|cursors| cursors.len()), 0);
}
