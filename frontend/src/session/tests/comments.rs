//! Comments on tiles: in every tab, offline, refused, and read while they change.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    server::{failure, user, user_ref},
    simulation::{Fault, Simulation},
};
use crate::{
    model::{
        chat::DeliveryStatus,
        comments::{CommentsLoad, Thread},
        notice::NoticeKind,
    },
    store::backend::Var,
};
use shared::{
    canvas::Coord,
    ids::{CommentId, OpId},
    protocol::{ClientMessage, ErrorCode, ServerMessage},
};

const AT: Coord = Coord { x: 1, y: 0 };

fn send(simulation: &mut Simulation, tab: usize, message: ClientMessage) -> Option<OpId> {
    let now = simulation.now;
    simulation.tabs[tab].input(now, |state| state.dispatch(message, now))
}

fn create(parent_id: Option<CommentId>, text: &str) -> ClientMessage {
    ClientMessage::CommentCreate {
        x: AT.x,
        y: AT.y,
        text: text.into(),
        parent_id,
    }
}

fn resolve(comment_id: CommentId, resolved: bool) -> ClientMessage {
    ClientMessage::CommentUpdate {
        comment_id,
        text: None,
        resolved: Some(resolved),
    }
}

fn edit(comment_id: CommentId, text: &str) -> ClientMessage {
    ClientMessage::CommentUpdate {
        comment_id,
        text: Some(text.into()),
        resolved: None,
    }
}

/// The comments of the cell are read in a tab.
fn read(simulation: &mut Simulation, tab: usize) {
    let now = simulation.now;
    simulation.tabs[tab].input(now, |state| state.read_comments(AT));
    simulation.settle();
}

fn threads(simulation: &Simulation, tab: usize) -> Vec<Thread> {
    let tab = &simulation.tabs[tab];
    let me = user_ref(&tab.user);
    let comments = &tab.state.store.comments;
    comments.with(|comments| comments.threads(AT, Some(&me)))
}

/// The texts of all comments, with whether they are stored.
fn texts(simulation: &Simulation, tab: usize) -> Vec<(String, bool)> {
    let threads = threads(simulation, tab).into_iter();
    let rows = threads.flat_map(|thread| std::iter::once(thread.first).chain(thread.answers));
    rows.map(|row| (row.text, row.delivery == DeliveryStatus::Stored))
        .collect()
}

fn stored(texts: &[&str]) -> Vec<(String, bool)> {
    texts
        .iter()
        .map(|text| ((*text).to_owned(), true))
        .collect()
}

fn open(simulation: &Simulation, tab: usize) -> i64 {
    let comments = &simulation.tabs[tab].state.store.comments;
    comments.with(|comments| comments.open_on(AT))
}

fn first_id(simulation: &Simulation, tab: usize) -> CommentId {
    threads(simulation, tab)[0].first.id().unwrap()
}

/// Every tab has what the server has.
fn assert_same(simulation: &Simulation) {
    simulation.assert_converged();
    for tab in 0..simulation.tabs.len() {
        assert_eq!(open(simulation, tab), simulation.server.open_comments(AT));
        assert_eq!(
            threads(simulation, tab),
            threads(simulation, 0),
            "tab {tab}"
        );
    }
}

#[test]
fn a_thread_is_the_same_in_every_tab() {
    let mut simulation = Simulation::open(&[user(1), user(1), user(2)]);
    for tab in 0..3 {
        read(&mut simulation, tab);
    }
    send(&mut simulation, 0, create(None, "why blue?"));
    assert_eq!(texts(&simulation, 0), [("why blue?".to_owned(), false)]);
    simulation.settle();
    let id = first_id(&simulation, 0);
    send(&mut simulation, 2, create(Some(id), "why not"));
    simulation.settle();
    assert_eq!(texts(&simulation, 1), stored(&["why blue?", "why not"]));
    assert_same(&simulation);
    send(&mut simulation, 0, edit(id, "why green?"));
    send(&mut simulation, 2, resolve(id, true));
    simulation.settle();
    assert_same(&simulation);
    assert!(threads(&simulation, 1)[0].first.resolved);
    assert!(threads(&simulation, 1)[0].first.edited);
    assert_eq!(open(&simulation, 1), 0);
    send(&mut simulation, 1, resolve(id, false));
    send(
        &mut simulation,
        1,
        ClientMessage::CommentRemove { comment_id: id },
    );
    simulation.settle();
    assert_same(&simulation);
    assert_eq!(texts(&simulation, 2), stored(&["", "why not"]));
    assert_eq!(open(&simulation, 2), 0);
}

#[test]
fn a_comment_is_shown_with_what_its_author_is_called_and_speaks_of_the_picture_before_it() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(3, 2)], now);
    simulation.settle();
    send(&mut simulation, 0, create(None, "look"));
    simulation.settle();
    simulation.tabs[0].paint(AT, &[(3, 1)], now);
    simulation.settle();
    for tab in 0..2 {
        read(&mut simulation, tab);
        let thread = threads(&simulation, tab).remove(0).first;
        assert_eq!(thread.author, user_ref(&user(1)));
        assert_eq!(thread.at_seq, Some(1));
        let comments = &simulation.tabs[tab].state.store.comments;
        let then = comments.with(|comments| comments.picture(thread.id().unwrap()).cloned());
        let then = then.expect("this page saw it").expect("a tile");
        assert_eq!(then.as_bytes()[3], 2, "tab {tab}");
    }
}

#[test]
fn what_is_written_offline_survives_a_reload_and_is_stored_once() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    send(&mut simulation, 1, create(None, "theirs"));
    simulation.settle();
    for tab in 0..2 {
        read(&mut simulation, tab);
    }
    let (id, now) = (first_id(&simulation, 0), simulation.now);
    simulation.tabs[0].disconnect(now);
    let op = send(&mut simulation, 0, create(Some(id), "mine")).unwrap();
    send(&mut simulation, 0, create(None, "another"));
    let shown = [("theirs", true), ("mine", false), ("another", false)];
    let shown = shown.map(|(text, stored)| (text.to_owned(), stored));
    assert_eq!(texts(&simulation, 0), shown);
    assert_eq!(open(&simulation, 0), 2);
    simulation.tabs[0].reload(true, now);
    simulation.pass(80);
    simulation.settle();
    for tab in 0..2 {
        read(&mut simulation, tab);
    }
    assert_eq!(simulation.server.applied[&(user(1).id, op)], 1);
    assert_eq!(
        texts(&simulation, 0),
        stored(&["theirs", "mine", "another"])
    );
    assert_same(&simulation);
}

#[test]
fn a_lost_answer_does_not_make_a_second_comment() {
    let mut simulation = Simulation::open(&[user(1)]);
    read(&mut simulation, 0);
    send(&mut simulation, 0, create(None, "once"));
    simulation.serve(0, Fault::LoseAnswer);
    assert_eq!(texts(&simulation, 0), [("once".to_owned(), false)]);
    simulation.tabs[0].wants_socket = true;
    simulation.settle();
    assert_eq!(simulation.server.comments.len(), 1);
    assert_eq!(texts(&simulation, 0), stored(&["once"]));
    assert_same(&simulation);
}

/// The server refuses the next request of a tab.
fn refuse(simulation: &mut Simulation, tab: usize, code: ErrorCode) {
    let request = simulation.tabs[tab].to_server.pop_front().unwrap();
    let error = ServerMessage::Error(failure(request.op_id.unwrap(), code));
    simulation.tabs[tab].to_tab.push_back(error);
    simulation.deliver(tab);
}

fn notices(simulation: &Simulation) -> Vec<NoticeKind> {
    let notices = simulation.tabs[0].state.store.notices.get().into_iter();
    notices.map(|notice| notice.kind).collect()
}

#[test]
fn a_refused_comment_can_be_sent_again_or_discarded() {
    let mut simulation = Simulation::open(&[user(1)]);
    read(&mut simulation, 0);
    let now = simulation.now;
    let failed = |simulation: &Simulation| threads(simulation, 0)[0].first.delivery;
    let op = send(&mut simulation, 0, create(None, "again")).unwrap();
    refuse(&mut simulation, 0, ErrorCode::Forbidden);
    let refused = DeliveryStatus::Failed(ErrorCode::Forbidden);
    assert_eq!(failed(&simulation), refused);
    assert!(notices(&simulation).is_empty(), "its row says it");
    assert!(simulation.tabs[0].input(now, |state| state.retry_comment(op, now)));
    simulation.settle();
    assert_eq!(texts(&simulation, 0), stored(&["again"]));
    let op = send(&mut simulation, 0, create(None, "never")).unwrap();
    refuse(&mut simulation, 0, ErrorCode::CommentNotFound);
    simulation.tabs[0].input(now, |state| state.discard_comment(op));
    assert_eq!(texts(&simulation, 0), stored(&["again"]));
    assert_eq!(simulation.storage(0).requests(), 0);
}

#[test]
fn a_refused_change_is_taken_back_and_says_why() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    send(&mut simulation, 1, create(None, "theirs"));
    simulation.settle();
    read(&mut simulation, 0);
    let id = first_id(&simulation, 0);
    send(&mut simulation, 0, edit(id, "not mine"));
    assert_eq!(texts(&simulation, 0), [("not mine".to_owned(), false)]);
    simulation.settle();
    assert_eq!(texts(&simulation, 0), stored(&["theirs"]));
    assert!(matches!(
        notices(&simulation)[..],
        [NoticeKind::Refused {
            code: ErrorCode::Forbidden,
            at: None,
            ..
        }]
    ));
}

#[test]
fn what_a_sanction_refuses_is_kept_as_a_draft_and_slow_mode_only_delays() {
    let mut simulation = Simulation::open(&[user(1)]);
    read(&mut simulation, 0);
    let now = simulation.now;
    send(&mut simulation, 0, create(None, "muted"));
    refuse(&mut simulation, 0, ErrorCode::Sanctioned);
    assert_eq!(notices(&simulation), [NoticeKind::Shelved]);
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 1);
    simulation.tabs[0].input(now, |state| state.send_draft(now));
    assert_eq!(texts(&simulation, 0), [("muted".to_owned(), false)]);
    refuse(&mut simulation, 0, ErrorCode::SlowMode);
    assert_eq!(texts(&simulation, 0), [("muted".to_owned(), false)]);
    simulation.tabs[0].say("the chat goes on", now);
    assert_eq!(simulation.tabs[0].to_server.len(), 1);
    simulation.settle();
    assert_eq!(texts(&simulation, 0), stored(&["muted"]));
    send(&mut simulation, 0, create(None, "banned"));
    simulation.tabs[0].input(now, |state| {
        state.ended("banned");
    });
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 1);
    let refused = DeliveryStatus::Failed(ErrorCode::Sanctioned);
    assert_eq!(threads(&simulation, 0)[1].first.delivery, refused);
}

#[test]
fn a_cell_is_read_page_by_page_while_it_changes() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    for n in 0..5 {
        send(&mut simulation, 1, create(None, &n.to_string()));
    }
    simulation.settle();
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| state.read_comments(AT));
    simulation.deliver_comments(0);
    let id = first_id(&simulation, 0);
    send(
        &mut simulation,
        1,
        ClientMessage::CommentRemove { comment_id: id },
    );
    send(&mut simulation, 1, create(None, "5"));
    while simulation.serve(1, Fault::None) || simulation.deliver(0) {}
    simulation.settle();
    assert_eq!(texts(&simulation, 0), stored(&["1", "2", "3", "4", "5"]));
    read(&mut simulation, 1);
    assert_same(&simulation);
}

#[test]
fn after_a_snapshot_the_numbers_are_new_and_the_comments_are_read_again() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    let now = simulation.now;
    simulation.tabs[1].paint(AT, &[(0, 1)], now);
    send(&mut simulation, 1, create(None, "one"));
    simulation.settle();
    read(&mut simulation, 0);
    simulation.tabs[0].disconnect(now);
    send(&mut simulation, 1, create(None, "two"));
    while simulation.serve(1, Fault::None) {}
    // History went back: the tab has to fetch a snapshot.
    simulation.server.epoch = shared::ids::Epoch(uuid::Uuid::from_u128(78));
    simulation.settle();
    assert_eq!(open(&simulation, 0), 2);
    let comments = &simulation.tabs[0].state.store.comments;
    assert_eq!(comments.with(|comments| comments.load_of(AT)), None);
    read(&mut simulation, 0);
    assert_eq!(texts(&simulation, 0), stored(&["one", "two"]));
}

#[test]
fn comments_that_cannot_be_read_can_be_asked_for_again() {
    let mut simulation = Simulation::open(&[user(1)]);
    send(&mut simulation, 0, create(None, "one"));
    simulation.settle();
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| state.read_comments(AT));
    simulation.tabs[0].wants_comments.clear();
    simulation.tabs[0].input(now, |state| state.comments_received(AT, None));
    let comments = &simulation.tabs[0].state.store.comments;
    let load = comments.with(|comments| comments.load_of(AT));
    assert_eq!(load, Some(CommentsLoad::Failed));
    read(&mut simulation, 0);
    assert_eq!(texts(&simulation, 0), stored(&["one"]));
}

#[test]
fn a_change_that_failed_does_not_overtake_a_newer_one() {
    let mut simulation = Simulation::open(&[user(1)]);
    send(&mut simulation, 0, create(None, "zero"));
    simulation.settle();
    read(&mut simulation, 0);
    let id = first_id(&simulation, 0);
    send(&mut simulation, 0, edit(id, "first"));
    send(&mut simulation, 0, edit(id, "second"));
    simulation.serve(0, Fault::Unavailable);
    simulation.settle();
    assert_eq!(texts(&simulation, 0), stored(&["second"]));
    assert_eq!(simulation.server.comments[0].text, "second");
    assert_same(&simulation);
}

#[test]
fn another_user_in_the_same_tab_does_not_see_what_waits() {
    let mut simulation = Simulation::open(&[user(1)]);
    read(&mut simulation, 0);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    send(&mut simulation, 0, create(None, "mine"));
    simulation.tabs[0].user = user(2);
    let other = crate::model::connection::SignIn::SignedIn(user(2));
    simulation.tabs[0].sign_in(other, now);
    assert!(texts(&simulation, 0).is_empty());
    assert_eq!(open(&simulation, 0), 0);
}
