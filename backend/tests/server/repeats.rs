//! Operations that are sent again, among others and after what they depend on has changed. The
//! server looks operations up only where one is expected that was carried out before, so each
//! case has a canvas of its own.

use crate::common::{TestServer, canvas, cluster::Cluster, http::Client, socket::TestClient};
use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// What happens between the first time and the second.
#[derive(Clone, Copy, Debug)]
enum Change {
    TileDeleted,
    LockedDown,
    GuestsMayOnlyLook,
    MayNotPaint,
    OthersMayNotEdit,
}

const CHANGES: [Change; 5] = [
    Change::TileDeleted,
    Change::LockedDown,
    Change::GuestsMayOnlyLook,
    Change::MayNotPaint,
    Change::OthersMayNotEdit,
];

impl Change {
    async fn make(self, owner: &Client, id: i64, target: &Client) {
        let settings = match self {
            Self::TileDeleted => {
                let mut tab = TestClient::join(owner, id).await;
                tab.done(json!({ "type": "tile_delete", "x": 0, "y": 0 }))
                    .await;
                return;
            }
            Self::MayNotPaint => {
                let body = json!({
                    "username": target.username(), "kind": "no_paint", "reason": "spam",
                    "duration_s": 3600,
                });
                let path = format!("/canvases/{id}/sanctions");
                owner.post(&path, &body).await.expect(201);
                return;
            }
            Self::LockedDown => {
                json!({ "lockdown_until": Utc::now() + TimeDelta::hours(1) })
            }
            Self::GuestsMayOnlyLook => json!({ "guests": "look" }),
            Self::OthersMayNotEdit => json!({ "edit_policy": "own" }),
        };
        let path = format!("/canvases/{id}");
        owner.patch(&path, &settings).await.expect(200);
    }
}

/// Sends the request and returns the answer.
async fn answer(tab: &mut TestClient, request: &Value) -> Value {
    tab.send(request).await;
    tab.until(|message| message["op_id"] == request["op_id"])
        .await
}

/// Reads up to the next `ack`; no request is refused.
async fn ack(tab: &mut TestClient) -> Value {
    let is_answer = |message: &Value| matches!(message["type"].as_str(), Some("ack" | "error"));
    let answer = tab.until(is_answer).await;
    assert_eq!(answer["type"], "ack", "{answer}");
    answer
}

fn with_op_id(mut request: Value) -> Value {
    request["op_id"] = json!(Uuid::new_v4());
    request
}

#[tokio::test]
async fn what_would_be_refused_now_gets_the_first_answer() {
    let server = TestServer::start().await;
    let owner = server.user("owner").await;
    let bob = server.guest("Bob").await;
    let requests = [
        json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }),
        json!({ "type": "tile_update", "x": 0, "y": 0, "title": "Bob's" }),
        json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[1, 1]] }),
    ];
    for change in CHANGES {
        for (place, request) in requests.iter().enumerate() {
            let id = canvas(&owner, &json!({})).await;
            let mut chief = TestClient::join(&owner, id).await;
            chief
                .done(json!({ "type": "tile_create", "x": 0, "y": 0 }))
                .await;
            let mut tab = TestClient::join(&bob, id).await;
            let request = with_op_id(request.clone());
            let first = answer(&mut tab, &request).await;
            assert_eq!((&first["type"], &first["seq"]), (&json!("ack"), &json!(2)));
            change.make(&owner, id, &bob).await;
            // Liking needs no right to change the tile, and a stroke begins a new one.
            let is_refused = match change {
                Change::TileDeleted => place < 2,
                Change::MayNotPaint | Change::OthersMayNotEdit => place > 0,
                Change::LockedDown | Change::GuestsMayOnlyLook => true,
            };
            if is_refused {
                let mut other = request.clone();
                other["op_id"] = json!(Uuid::new_v4());
                let answer = answer(&mut tab, &other).await;
                assert_eq!(answer["type"], "error", "{change:?}: {request}");
            }
            let again = answer(&mut tab, &request).await;
            assert_eq!(again, first, "{change:?}");
        }
    }
}

#[tokio::test]
async fn among_new_strokes_each_is_carried_out_once() {
    const STROKES: i64 = 20;
    let server = TestServer::start().await;
    let people = [server.guest("Ann").await, server.guest("Bob").await];
    let stroke = |tab: usize, n: i64| {
        with_op_id(json!({ "type": "tile_paint", "x": tab, "y": 0, "pixels": [[n, tab]] }))
    };
    for _ in 0..6 {
        let id = canvas(&people[0], &json!({})).await;
        let mut tabs = Vec::new();
        for person in [0, 0, 1, 1] {
            tabs.push(TestClient::join(&people[person], id).await);
        }
        let mut before: Vec<Vec<Value>> = vec![Vec::new(); people.len()];
        for n in 0..STROKES {
            let tab = usize::try_from(n % 4).unwrap();
            let request = stroke(tab, n);
            tabs[tab].repeat(request.clone()).await;
            before[tab / 2].push(request);
        }
        let mut first: HashMap<Value, Value> = HashMap::new();
        for (place, tab) in tabs.iter_mut().enumerate() {
            for _ in 0..STROKES / 4 {
                let ack = ack(tab).await;
                assert!(first.insert(ack["op_id"].clone(), ack).is_none(), "{place}");
            }
        }
        // All at once, without waiting: each tab sends new strokes, and those that both tabs of
        // the same person sent before.
        let writing = tabs.iter_mut().enumerate().map(async |(place, tab)| {
            for (n, old) in (STROKES..).zip(&before[place / 2]) {
                tab.repeat(stroke(place, n)).await;
                tab.repeat(old.clone()).await;
            }
            let mut acks = Vec::new();
            for _ in 0..before[place / 2].len() * 2 {
                acks.push(ack(tab).await);
            }
            acks
        });
        let mut total = STROKES;
        for ack in join_all(writing).await.into_iter().flatten() {
            match first.get(&ack["op_id"]) {
                Some(first) => assert_eq!(&ack, first),
                None => total += 1,
            }
        }
        assert_eq!(total, STROKES + 4 * STROKES / 2);
        let log = people[0].all(&format!("/canvases/{id}/events")).await;
        let seqs: Vec<i64> = log.iter().map(|e| e["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, (1..=total).collect::<Vec<_>>());
        let snapshot = people[0].get(&format!("/canvases/{id}/snapshot")).await;
        let board = crate::common::socket::board(&snapshot.json(200)["tiles"]);
        for tab in &mut tabs {
            tab.reach(total).await;
            assert_eq!(tab.board, board);
        }
    }
}

#[tokio::test]
async fn what_changed_nothing_changes_nothing_later() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let paint = |colour: u8, and: u8| {
        with_op_id(
            json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, colour], [1, and]] }),
        )
    };
    // Alone, and behind a stroke that changes something.
    for is_behind in [false, true] {
        let id = canvas(&ann, &json!({})).await;
        let mut tab = TestClient::join(&ann, id).await;
        answer(&mut tab, &paint(1, 1)).await;
        let idle = paint(1, 1);
        let first = answer(&mut tab, &idle).await;
        assert!(first.get("seq").is_none(), "{first}");
        answer(&mut tab, &paint(2, 1)).await;
        if is_behind {
            tab.send(&paint(3, 2)).await;
        }
        let again = answer(&mut tab, &idle).await;
        assert_eq!(again["type"], "ack", "{again}");
        assert!(again.get("seq").is_none(), "{again}");
        let log = ann.all(&format!("/canvases/{id}/events")).await;
        assert_eq!(log.len(), if is_behind { 3 } else { 2 });
    }
}

#[tokio::test]
async fn a_stroke_sent_to_two_nodes_at_once_is_carried_out_once() {
    let cluster = Cluster::start(2).await;
    let owner = cluster.nodes[0].guest("Owner").await;
    let elsewhere = cluster.nodes[1].at(&owner);
    for round in 0..20_u8 {
        let id = canvas(&owner, &json!({})).await;
        let mut here = TestClient::join(&owner, id).await;
        let mut there = TestClient::join(&elsewhere, id).await;
        let strokes: Vec<Value> = (0..8)
            .map(|n| {
                with_op_id(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[n, 1]] }))
            })
            .collect();
        // In the opposite order at the other node in every second round.
        let mut opposite = strokes.clone();
        if round % 2 == 1 {
            opposite.reverse();
        }
        let answers = async |tab: &mut TestClient, strokes: &[Value]| {
            for stroke in strokes {
                tab.send(stroke).await;
            }
            let mut acks = HashMap::new();
            for _ in strokes {
                let ack = ack(tab).await;
                acks.insert(ack["op_id"].as_str().unwrap().to_owned(), ack);
            }
            acks
        };
        let (first, second) =
            tokio::join!(answers(&mut here, &strokes), answers(&mut there, &opposite));
        assert_eq!(first, second);
        let seqs: BTreeSet<i64> = first.values().map(|a| a["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, (1..=8).collect());
        let log = owner.all(&format!("/canvases/{id}/events")).await;
        assert_eq!(log.len(), 8);
    }
}
