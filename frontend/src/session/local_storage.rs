//! Tests of the queued requests in the browser's local storage, in a browser.

#![cfg(target_arch = "wasm32")]

use super::pending_storage::PendingStorage;
use crate::{browser, storage::LocalStorageOfPage};
use shared::{
    ids::{CanvasId, OpId, UserId},
    protocol::{ClientMessage, ClientRequest},
};
use std::rc::Rc;
use uuid::Uuid;
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Each test has a canvas of its own, since they share the storage.
fn storage(canvas: i64) -> PendingStorage {
    pending(canvas, 1)
}

fn pending(canvas: i64, user: i64) -> PendingStorage {
    PendingStorage::new(
        Rc::new(LocalStorageOfPage),
        CanvasId(canvas),
        UserId(user),
        Uuid::new_v4(),
    )
}

fn recover(heir: &PendingStorage) -> Vec<ClientRequest> {
    heir.recover_orphaned(None, usize::MAX, |_| false)
}

fn like(x: i32) -> ClientRequest {
    ClientRequest {
        op_id: Some(OpId::from(Uuid::now_v7())),
        message: ClientMessage::TileLike {
            x,
            y: 0,
            liked: true,
        },
    }
}

fn ids(requests: &[ClientRequest]) -> Vec<Option<OpId>> {
    requests.iter().map(|request| request.op_id).collect()
}

#[test]
fn only_what_a_dead_page_left_is_taken_over_and_once() {
    let (closed, living, heir) = (storage(901), storage(901), storage(901));
    let (first, second, other) = (like(1), like(2), like(3));
    assert!(closed.put(&second) && closed.put(&first) && living.put(&other));
    assert!(recover(&heir).is_empty());
    closed.leave();
    let recovered = recover(&heir);
    assert_eq!(ids(&recovered), [first.op_id, second.op_id]);
    assert!(recover(&heir).is_empty());
    // Should the heir close too, the next one has them.
    heir.leave();
    assert_eq!(recover(&living).len(), 2);
    for id in [first.op_id, second.op_id, other.op_id]
        .into_iter()
        .flatten()
    {
        living.remove(id);
    }
}

#[test]
fn nobody_takes_over_what_another_person_said_or_meant_for_another_canvas() {
    let closed = storage(902);
    let request = like(1);
    assert!(closed.put(&request));
    closed.leave();
    assert!(recover(&storage(903)).is_empty());
    assert!(recover(&pending(902, 2)).is_empty());
    let heir = storage(902);
    assert_eq!(recover(&heir).len(), 1);
    request.op_id.into_iter().for_each(|id| heir.remove(id));
}

#[test]
fn a_full_storage_is_noticed() {
    let storage = storage(905);
    // More than any browser gives one site.
    let most = "x".repeat(4 * 1024 * 1024);
    let mut full = 0;
    while full < 16 && browser::save(&format!("filler.{full}"), &most) {
        full += 1;
    }
    let rest = "x".repeat(256 * 1024);
    let mut more = full;
    while more < 128 && browser::save(&format!("filler.{more}"), &rest) {
        more += 1;
    }
    let last = "x".repeat(64);
    while browser::save(&format!("filler.{more}"), &last) && more < 100_000 {
        more += 1;
    }
    let kept = storage.put(&like(1));
    for index in 0..=more {
        browser::remove(&format!("filler.{index}"));
    }
    assert!(!kept);
}
