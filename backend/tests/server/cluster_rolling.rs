//! A rolling deployment: one node after the other is replaced while users paint
//! and chat. Clients of a stopping node reconnect to another one; nothing is lost
//! or duplicated, and everybody sees the same order.

use crate::common::{
    TEST_TIMEOUT,
    balancer::Balancer,
    canvas,
    cluster::Cluster,
    http::Client,
    socket::{Closed, TestClient, board},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

const NODES: usize = 3;
const WRITERS: usize = 6;
/// Unanswered requests of one writer at most.
const IN_FLIGHT: usize = 3;
/// Events between two steps of the deployment.
const BETWEEN: i64 = 100;
/// The text of the last message.
const END: &str = "end";

/// A client that reconnects whenever its node stops.
struct RollingClient {
    /// The addresses to reconnect to, in turn.
    places: Vec<Client>,
    at: usize,
    canvas: i64,
    tab: TestClient,
    /// The events received on earlier connections.
    events: Vec<Value>,
    moves: usize,
}

impl RollingClient {
    async fn connect(places: Vec<Client>, at: usize, canvas: i64) -> Self {
        let at = at % places.len();
        Self {
            tab: TestClient::join(&places[at], canvas).await,
            places,
            at,
            canvas,
            events: Vec::new(),
            moves: 0,
        }
    }

    /// The next message, over reconnects.
    async fn next(&mut self) -> Value {
        loop {
            match self.tab.try_until(|_| true).await {
                Ok(message) => return message,
                Err(closed) => self.reconnect(&closed).await,
            }
        }
    }

    /// Reconnects after a random part of `retry_after_ms`, resumes, and sends again
    /// what was not answered.
    async fn reconnect(&mut self, closed: &Closed) {
        assert_eq!(closed.code, 1012, "{closed:?}");
        let told = closed.reason.strip_prefix("retry_after_ms=").unwrap();
        let mut wait = rand::random_range(0..=told.parse().unwrap());
        let back = loop {
            sleep(Duration::from_millis(wait)).await;
            self.at = (self.at + 1) % self.places.len();
            let place = &self.places[self.at];
            match TestClient::try_resume(place, self.canvas, &self.tab).await {
                Some(back) => break back,
                None => wait = rand::random_range(20..=200),
            }
        };
        let unanswered = self.tab.unanswered();
        self.events.append(&mut self.tab.events);
        self.tab = back;
        for request in unanswered {
            self.tab.try_repeat(request).await;
        }
        self.moves += 1;
    }

    async fn reach(&mut self, seq: i64) {
        while self.tab.seq < seq {
            self.next().await;
        }
    }
}

/// The writer's request number `n`.
fn request(writer: usize, n: usize) -> Value {
    let mut request = if n.is_multiple_of(2) {
        json!({ "type": "canvas_chat", "text": format!("{writer} {n}") })
    } else {
        let edits = [[writer * 8 + n / 2 % 8, n / 16 % 4]];
        json!({ "type": "tile_paint", "x": n / 2 % 8, "y": n / 16 % 6, "pixels": edits })
    };
    request["op_id"] = json!(Uuid::new_v4());
    request
}

/// Whether an event is the result of a request.
fn is_result_of(event: &Value, request: &Value, user: i64) -> bool {
    match event["type"].as_str().unwrap() {
        "canvas_chat_message" => {
            event["op_id"] == request["op_id"] && event["message_text"] == request["text"]
        }
        kind => {
            let is_there = event["x"] == request["x"] && event["y"] == request["y"];
            let is_theirs = if kind == "tile_created" {
                event["creator_id"] == user
            } else {
                event["updater_id"] == user && event["delta"] == request["pixels"]
            };
            is_there && is_theirs
        }
    }
}

/// Writes until the deployment is over. Returns the acknowledged requests with their `seq`.
async fn write(who: &mut RollingClient, writer: usize, done: &AtomicBool) -> Vec<(i64, Value)> {
    let mut confirmed = Vec::new();
    let mut waiting: HashMap<String, Value> = HashMap::new();
    let mut n = 0;
    loop {
        while waiting.len() < IN_FLIGHT && !done.load(Ordering::Relaxed) {
            let request = request(writer, n);
            n += 1;
            who.tab.try_repeat(request.clone()).await;
            waiting.insert(request["op_id"].as_str().unwrap().to_owned(), request);
        }
        if waiting.is_empty() {
            return confirmed;
        }
        let message = who.next().await;
        assert_ne!(message["type"], "error", "{message}");
        if message["type"] == "ack" {
            let request = waiting.remove(message["op_id"].as_str().unwrap());
            let request = request.expect("it was confirmed before");
            confirmed.push((message["seq"].as_i64().unwrap(), request));
        }
    }
}

/// Reads to the last message and reports each `seq` through `seen`.
async fn observe(who: &mut RollingClient, seen: &watch::Sender<i64>) {
    loop {
        let message = who.next().await;
        seen.send_replace(who.tab.seq);
        if message["message_text"] == END {
            return;
        }
    }
}

/// Replaces one node after the other, with a number of events in between.
async fn deploy(cluster: &mut Cluster, mut seen: watch::Receiver<i64>) {
    for number in 0..NODES {
        let from = *seen.borrow();
        seen.wait_for(|seq| *seq >= from + BETWEEN).await.unwrap();
        cluster.nodes[number].terminate();
        cluster.nodes[number].is_unready().await;
        cluster.nodes[number].ended().await;
        cluster.replace(number).await;
    }
    let from = *seen.borrow();
    seen.wait_for(|seq| *seq >= from + BETWEEN).await.unwrap();
}

/// Waits until a node has exactly `expected` connections.
async fn are_there(client: &Client, canvas: i64, expected: u64) {
    let count = async || {
        let users = client.get(&format!("/canvases/{canvas}/users")).await;
        let users = users.json(200);
        let counts = users["items"].as_array().unwrap().iter();
        let counts = counts.map(|user| user["connections"].as_u64().unwrap());
        counts.sum::<u64>()
    };
    let reached = async {
        while count().await != expected {
            sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = timeout(TEST_TIMEOUT, reached).await;
    assert!(in_time.is_ok(), "{} of {expected} are there", count().await);
}

/// Runs writers and observers at these addresses while all nodes are replaced.
async fn replace_all(mut cluster: Cluster, addresses: &[SocketAddr]) {
    let owner = cluster.nodes[0].guest("Owner").await;
    let id = canvas(&owner, &json!({})).await;
    let places = |client: &Client| {
        let at = addresses.iter().map(|addr| Client {
            addr: *addr,
            ..client.clone()
        });
        at.collect::<Vec<Client>>()
    };
    let mut observers = Vec::new();
    for number in 0..NODES {
        observers.push(RollingClient::connect(places(&owner), number, id).await);
    }
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let client = Client::guest(addresses[0], "Writer").await;
        writers.push(RollingClient::connect(places(&client), number, id).await);
    }

    let done = AtomicBool::new(false);
    let (seen, progress) = watch::channel(0);
    let (confirmed, ()) = {
        let observing = join_all(observers.iter_mut().map(|who| observe(who, &seen)));
        let writing = async {
            let all = writers.iter_mut().enumerate();
            let confirmed = join_all(all.map(|(n, who)| write(who, n, &done))).await;
            let mut last = TestClient::join(&places(&owner)[0], id).await;
            last.done(json!({ "type": "canvas_chat", "text": END }))
                .await;
            last.close().await;
            confirmed
        };
        let deploying = async {
            deploy(&mut cluster, progress).await;
            done.store(true, Ordering::Relaxed);
        };
        let (confirmed, _, ()) = tokio::join!(writing, observing, deploying);
        (confirmed, ())
    };

    let log = owner.all(&format!("/canvases/{id}/events")).await;
    let head = i64::try_from(log.len()).unwrap();
    let snapshot = owner.get(&format!("/canvases/{id}/snapshot")).await;
    let drawn = board(&snapshot.json(200)["tiles"]);
    for (who, confirmed) in writers.iter_mut().zip(&confirmed) {
        who.reach(head).await;
        for (seq, request) in confirmed {
            let event = &log[usize::try_from(seq - 1).unwrap()];
            let user = who.places[0].id();
            assert!(is_result_of(event, request, user), "{event} {request}");
        }
    }
    let mut seqs: Vec<i64> = confirmed.iter().flatten().map(|(seq, _)| *seq).collect();
    seqs.sort_unstable();
    assert_eq!(
        seqs,
        (1..head).collect::<Vec<_>>(),
        "each once, and no other"
    );
    for who in &mut observers {
        who.events.append(&mut who.tab.events);
        assert_eq!(who.events, log);
    }
    let mut moves = 0;
    for who in observers.iter().chain(&writers) {
        assert_eq!((who.tab.seq, &who.tab.board), (head, &drawn));
        assert_eq!(who.tab.chat, observers[0].tab.chat);
        assert!(who.moves > 0, "they were on a node that was replaced");
        moves += who.moves;
    }
    println!("{head} events while {NODES} nodes were replaced, {moves} moves");
    for node in &cluster.nodes {
        let all = (observers.len() + writers.len()) as u64;
        are_there(&node.at(&owner), id, all).await;
    }
}

#[tokio::test]
async fn nodes_are_replaced_one_by_one_under_load() {
    let cluster = Cluster::start(NODES).await;
    let addresses: Vec<SocketAddr> = cluster.nodes.iter().map(|node| node.addr).collect();
    replace_all(cluster, &addresses).await;
}

#[tokio::test]
async fn nodes_behind_the_load_balancer_are_replaced_one_by_one_under_load() {
    let cluster = Cluster::start(NODES).await;
    let balancer = Balancer::before(&cluster.nodes).await;
    replace_all(cluster, &[balancer.addr]).await;
}
