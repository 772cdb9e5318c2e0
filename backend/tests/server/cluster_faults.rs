//! Faults between nodes: Redis, the connection to it, crashed nodes, clocks that
//! differ. In each case nothing is lost or duplicated, and delivery goes on.

use crate::common::{
    canvas,
    cluster::{Cluster, Node},
    redis::{RedisServer, TcpProxy},
    socket::TestClient,
};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::process::Command;
use uuid::Uuid;

/// The contract's limit is 2 s; the rest is for a busy machine.
const WITHIN: Duration = Duration::from_secs(5);
/// How long Redis is unreachable.
const OUTAGE: Duration = Duration::from_secs(10);

fn chat(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text, "op_id": Uuid::new_v4() })
}

/// Two users at two nodes who send chat messages in turn.
struct Talk {
    tabs: [TestClient; 2],
    said: i64,
    longest: Duration,
}

impl Talk {
    async fn begin(nodes: &[Node]) -> Self {
        let ann = nodes[0].guest("Ann").await;
        let id = canvas(&ann, &json!({})).await;
        let tabs = [
            TestClient::join(&ann, id).await,
            TestClient::join(&nodes[1].at(&ann), id).await,
        ];
        Self {
            tabs,
            said: 0,
            longest: Duration::ZERO,
        }
    }

    /// One sends a message, and the other receives it.
    async fn turn(&mut self) {
        let [first, second] = &mut self.tabs;
        let (speaker, listener) = if self.said % 2 == 0 {
            (first, second)
        } else {
            (second, first)
        };
        self.said += 1;
        let ack = speaker.done(chat(&self.said.to_string())).await;
        assert_eq!(ack["seq"], self.said);
        let acked = Instant::now();
        listener.reach(self.said).await;
        self.longest = self.longest.max(acked.elapsed());
    }

    /// A number of turns in which the bus brings the events. Only a poll of the log
    /// that happens in between may find some of them first.
    async fn is_fast(&mut self, nodes: &[Node]) {
        let before = backfilled(nodes).await;
        for _ in 0..40 {
            self.turn().await;
        }
        let late = backfilled(nodes).await - before;
        assert!(late < 10.0, "{late} of 40 were read from the log");
    }

    fn check(&self, what: &str) {
        println!(
            "{what}: {} said, the longest took {:?}",
            self.said, self.longest
        );
        assert!(self.longest < WITHIN, "{:?}", self.longest);
        assert_eq!(self.tabs[0].events, self.tabs[1].events);
        assert_eq!(self.tabs[0].seq, self.said);
    }
}

async fn backfilled(nodes: &[Node]) -> f64 {
    let mut sum = 0.0;
    for node in nodes {
        sum += node.metric("stellar_backfilled_events_total").await;
    }
    sum
}

async fn all_are(nodes: &[Node], up: f64) {
    for node in nodes {
        let is = |value: f64| (value - up).abs() < 0.5;
        node.metric_is("stellar_bus_up", is).await;
    }
}

#[tokio::test]
async fn redis_killed_and_started_again_ten_seconds_later() {
    let mut cluster = Cluster::start(2).await;
    let mut talk = Talk::begin(&cluster.nodes).await;
    talk.is_fast(&cluster.nodes).await;
    cluster.redis.kill().await;
    let begun = Instant::now();
    while begun.elapsed() < OUTAGE {
        talk.turn().await;
    }
    all_are(&cluster.nodes, 0.0).await;
    cluster.redis.restart().await;
    all_are(&cluster.nodes, 1.0).await;
    talk.is_fast(&cluster.nodes).await;
    talk.check("killed");
}

#[tokio::test]
async fn redis_frozen_for_ten_seconds() {
    let cluster = Cluster::start(2).await;
    let mut talk = Talk::begin(&cluster.nodes).await;
    talk.turn().await;
    let frozen = cluster.redis.freeze();
    let begun = Instant::now();
    while begun.elapsed() < OUTAGE {
        talk.turn().await;
    }
    all_are(&cluster.nodes, 0.0).await;
    drop(frozen);
    all_are(&cluster.nodes, 1.0).await;
    talk.is_fast(&cluster.nodes).await;
    talk.check("frozen");
}

#[tokio::test]
async fn redis_over_tls_needs_a_trusted_certificate() {
    let (redis, url, certificate) = RedisServer::start_with_tls().await;
    let mut cluster = Cluster::on(redis).await;
    let known = certificate.to_str().unwrap();
    for _ in 0..2 {
        cluster
            .add(&[("REDIS_URL", &url), ("SSL_CERT_FILE", known)])
            .await;
    }
    let mut talk = Talk::begin(&cluster.nodes).await;
    talk.is_fast(&cluster.nodes).await;
    talk.check("over TLS");
    // A node that does not trust it continues without Redis.
    let command = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"));
    let wary = cluster.spawn(command, &[("REDIS_URL", &url)]).await;
    cluster.nodes.insert(1, wary);
    let mut talk = Talk::begin(&cluster.nodes).await;
    for _ in 0..8 {
        talk.turn().await;
    }
    talk.check("without trust");
    assert!(cluster.nodes[1].metric("stellar_bus_up").await < 0.5);
}

#[tokio::test]
async fn a_node_that_starts_without_redis_connects_later() {
    let mut cluster = Cluster::start(1).await;
    cluster.redis.kill().await;
    let command = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"));
    let node = cluster.spawn(command, &[]).await;
    cluster.nodes.push(node);
    let mut talk = Talk::begin(&cluster.nodes).await;
    for _ in 0..4 {
        talk.turn().await;
    }
    cluster.redis.restart().await;
    all_are(&cluster.nodes, 1.0).await;
    talk.is_fast(&cluster.nodes).await;
    talk.check("late");
}

#[tokio::test]
async fn a_node_that_dies_between_commit_and_publish_loses_nothing() {
    let mut cluster = Cluster::start(1).await;
    let proxy = TcpProxy::to(cluster.redis.addr).await;
    let cut_off = cluster
        .add(&[("REDIS_URL", &format!("redis://{}/", proxy.addr))])
        .await;
    let ann = cluster.nodes[0].guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut near = TestClient::join(&ann, id).await;
    let mut far = TestClient::join(&cluster.nodes[cut_off].at(&ann), id).await;
    far.done(chat("told")).await;
    near.reach(1).await;
    // Committed and acknowledged, but not published: the node dies at that point.
    proxy.cut();
    far.done(chat("not told")).await;
    let acked = Instant::now();
    cluster.nodes[cut_off].kill().await;
    near.reach(2).await;
    println!("heard {:?} after the ack", acked.elapsed());
    assert!(acked.elapsed() < WITHIN);
    assert_eq!(near.chat[&2], "not told");
    near.done(chat("afterwards")).await;
    assert_eq!(near.seq, 3);
}

#[tokio::test]
async fn a_node_that_missed_many_events_delivers_them_without_disconnecting_anybody() {
    const STROKES: u64 = 150;
    let mut cluster = Cluster::start(1).await;
    let proxy = TcpProxy::to(cluster.redis.addr).await;
    let url = format!("redis://{}/", proxy.addr);
    let behind = cluster.add(&[("REDIS_URL", &url)]).await;
    let ann = cluster.nodes[0].guest("Ann").await;
    let id = canvas(&ann, &json!({ "tile_size": 32 })).await;
    let mut near = TestClient::join(&ann, id).await;
    let snapshot = ann.get(&format!("/canvases/{id}/snapshot")).await;
    near.start_from(&snapshot.json(200));
    let away = cluster.nodes[behind].at(&ann);
    let mut healthy = Vec::new();
    for _ in 0..3 {
        healthy.push(TestClient::join(&away, id).await);
    }
    // The frozen node receives and polls nothing. In the end it has missed much
    // more than fits into one connection's outbox.
    proxy.cut();
    let is_away = |up: f64| up < 0.5;
    let node = &cluster.nodes[behind];
    node.metric_is("stellar_bus_up", is_away).await;
    let frozen = node.freeze();
    for n in 0..STROKES {
        let edits: Vec<[u64; 2]> = (0..1024).map(|index| [index, (n + n / 48) % 4]).collect();
        let (x, y) = (n % 8, n / 8 % 6);
        near.operate(json!({ "type": "tile_paint", "x": x, "y": y, "pixels": edits }))
            .await;
    }
    while !near.unanswered().is_empty() {
        near.next().await;
    }
    drop(frozen);
    // All members read, and one writes: its answer comes after the missed events.
    let head = i64::try_from(STROKES).unwrap() + 1;
    let reading = healthy.iter_mut().enumerate().map(async |(number, tab)| {
        if number == 0 {
            assert_eq!(tab.done(chat("Here")).await["seq"], head);
        }
        tab.reach(head).await;
    });
    join_all(reading).await;
    near.reach(head).await;
    for tab in &healthy {
        assert_eq!((&tab.board, &tab.chat), (&near.board, &near.chat));
    }
}

#[tokio::test]
async fn a_client_of_a_node_that_is_ahead_resumes() {
    let mut cluster = Cluster::start(1).await;
    let proxy = TcpProxy::to(cluster.redis.addr).await;
    let url = format!("redis://{}/", proxy.addr);
    let behind = cluster.add(&[("REDIS_URL", &url)]).await;
    let ann = cluster.nodes[0].guest("Ann").await;
    let away = cluster.nodes[behind].at(&ann);
    let id = canvas(&ann, &json!({})).await;
    let mut near = TestClient::join(&ann, id).await;
    // Its room is open and from now on gets events only by polling the log.
    let mut there = TestClient::join(&away, id).await;
    proxy.cut();
    for n in 1..=10 {
        near.done(chat(&n.to_string())).await;
        let back = TestClient::resume(&away, id, &near).await;
        assert_eq!(back.connected["resume"], "resumed");
        assert_eq!(back.connected["seq"], n);
        back.close().await;
    }
    there.reach(10).await;
    // A `last_seq` that no node has is still answered with a resync.
    near.seq = 11;
    let lost = TestClient::resume(&away, id, &near).await;
    assert_eq!(lost.connected["resume"], "resync");
}

/// Debian's libfaketime, which gives a process another clock.
fn faketime() -> String {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let library = folders
        .map(|folder| folder.path().join("faketime/libfaketime.so.1"))
        .find(|library| library.exists());
    let library = library.expect("faketime is not installed");
    library.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn clocks_that_differ_by_minutes_change_nothing() {
    let mut cluster = Cluster::start(0).await;
    let library = faketime();
    for shift in ["+7m", "-8m"] {
        let shifted = [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME", shift),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            // Shorter than the difference between the clocks.
            ("TOKEN_TTL", "300"),
        ];
        cluster.add(&shifted).await;
    }
    let [ahead, behind] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    for (here, there) in [(ahead, behind), (behind, ahead)] {
        let ann = here.guest("Ann").await;
        let away = there.at(&ann);
        let id = canvas(&ann, &json!({ "edit_policy": "exclusive" })).await;
        // The other node accepts the token, and a ticket.
        let ticket = ann.post("/ws/ticket", &json!({})).await.json(201);
        let query = format!("token={}", ticket["ticket"].as_str().unwrap());
        let mut far = TestClient::connect(there.addr, id, &query).await;
        let mut near = TestClient::join(&ann, id).await;
        near.send(&json!({ "type": "tile_lock", "x": 0, "y": 0 }))
            .await;
        near.expect("ack").await;
        let locked = far.expect("tile_locked").await;
        // Times shown to clients also come from one clock.
        let server_time = far.connected["server_time"].as_str().unwrap().to_owned();
        let left = seconds(locked["expires_at"].as_str().unwrap()) - seconds(&server_time);
        assert!((0..60).contains(&left), "{left} s");
        let bob = there.guest("Bob").await;
        let mut bobs = TestClient::join(&here.at(&bob), id).await;
        bobs.send(&json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] }))
            .await;
        bobs.refused("tile_locked").await;
        far.done(chat("one")).await;
        near.done(chat("two")).await;
        far.reach(2).await;
        // Tokens issued "in the future" do not end a connection.
        let again = away.post("/auth/refresh", &json!({})).await.json(200);
        near.send(&json!({ "type": "auth_refresh", "token": again["token"] }))
            .await;
        near.expect("ack").await;
        // Several polls of the sessions have passed.
        let waited = tokio::time::timeout(Duration::from_secs(4), near.closed()).await;
        assert!(waited.is_err(), "{waited:?}");
        far.drain().await;
    }
}

/// Seconds since 1970.
fn seconds(time: &str) -> i64 {
    let time: DateTime<Utc> = time.parse().unwrap();
    time.timestamp()
}
