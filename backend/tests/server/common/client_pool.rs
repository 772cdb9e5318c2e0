//! Many random clients at once, for short tests and the long soak run. Everything
//! panics with its seed when a promise of the server is broken.

use super::{
    http::Client,
    socket::{Board, TestClient, board},
};
use futures_util::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
};

const CLIENTS: u64 = 8;
const STEPS: usize = 40;
/// Concurrent joins.
const LANES: usize = 20;
/// Concurrent writers.
const WRITERS: u64 = 2;

/// A random request; some are invalid and are refused.
pub(crate) fn request(random: &mut StdRng) -> Value {
    let (x, y) = (random.random_range(0..3), random.random_range(0..2));
    let edit = |random: &mut StdRng| json!([random.random_range(0..64), random.random_range(0..4)]);
    match random.random_range(0..12) {
        0 => json!({ "type": "tile_delete", "x": x, "y": y }),
        1 => json!({ "type": "tile_create", "x": x, "y": y, "title": "made" }),
        // Where a test has the database refuse events with this text, the whole batch.
        2 if random.random_bool(0.3) => {
            json!({ "type": "tile_update", "x": x, "y": y, "title": "poison" })
        }
        2 => {
            let title = random.random_range(0..3).to_string();
            json!({ "type": "tile_update", "x": x, "y": y, "title": title })
        }
        3 => json!({ "type": "tile_like", "x": x, "y": y, "liked": random.random_bool(0.5) }),
        4 | 5 => json!({ "type": "canvas_chat", "text": random.random::<u64>().to_string() }),
        _ => {
            let count = random.random_range(1..20);
            let edits: Vec<Value> = (0..count).map(|_| edit(random)).collect();
            json!({ "type": "tile_paint", "x": x, "y": y, "pixels": edits })
        }
    }
}

/// Runs one client: sends without waiting, reads now and then, sometimes
/// disconnects with unanswered requests and reconnects with the same `op_id`s, at
/// any of the addresses.
async fn live(places: Vec<Client>, canvas: i64, mut tab: TestClient, seed: u64) -> TestClient {
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..STEPS {
        match random.random_range(0..10) {
            0 => {
                let unanswered = tab.unanswered();
                let place = &places[random.random_range(0..places.len())];
                tab = TestClient::resume(place, canvas, &tab).await;
                for request in unanswered {
                    tab.repeat(request).await;
                }
            }
            1..=3 => {
                tab.drain().await;
            }
            _ => {
                tab.operate(request(&mut random)).await;
            }
        }
    }
    while !tab.unanswered().is_empty() {
        tab.next().await;
    }
    tab
}

/// Runs clients on a new canvas and checks that all end equal to the log. Returns
/// the number of its events.
pub(crate) async fn converge(addr: SocketAddr, seed: u64) -> i64 {
    converge_over(&[addr], seed).await
}

/// [`converge`], over several nodes.
pub(crate) async fn converge_over(nodes: &[SocketAddr], seed: u64) -> i64 {
    let addr = nodes[0];
    let owner = Client::guest(addr, "Owner").await;
    let canvas = owner.canvas(&json!({})).await;
    let mut lives = Vec::new();
    for n in 0..CLIENTS {
        // Two tabs of each user.
        let client = if n % 2 == 0 {
            Client::guest(addr, "Painter").await
        } else {
            owner.clone()
        };
        let at = |node: &SocketAddr| Client {
            addr: *node,
            ..client.clone()
        };
        let places: Vec<Client> = nodes.iter().map(at).collect();
        // All start with the empty canvas.
        let first = usize::try_from(n).unwrap() % places.len();
        let tab = TestClient::join(&places[first], canvas).await;
        let seed = seed.wrapping_mul(1000).wrapping_add(n);
        lives.push(live(places, canvas, tab, seed));
    }
    let mut tabs = join_all(lives).await;
    let path = format!("/canvases/{canvas}");
    let log = owner.all(&format!("{path}/events")).await;
    let head = i64::try_from(log.len()).unwrap();
    let seqs: Vec<i64> = log.iter().map(|e| e["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=head).collect::<Vec<_>>(), "seed {seed}");
    let snapshot = owner.get(&format!("{path}/snapshot")).await.json(200);
    let drawn: Board = board(&snapshot["tiles"]);
    // The log alone gives the same state as the tables.
    let epoch = snapshot["epoch"].as_str().unwrap();
    let query = format!("token={}&last_seq=0&epoch={epoch}", owner.token());
    let mut replayed = TestClient::connect(addr, canvas, &query).await;
    replayed.reach(head).await;
    assert_eq!(replayed.board, drawn, "seed {seed}");
    for tab in &mut tabs {
        tab.reach(head).await;
        assert_eq!(tab.board, drawn, "seed {seed}");
    }
    let count = snapshot["canvas"]["tile_count"].as_u64().unwrap();
    assert_eq!(usize::try_from(count).unwrap(), drawn.len(), "seed {seed}");
    for tile in snapshot["tiles"].as_array().unwrap() {
        let likers = likers(&log, tile["id"].as_i64().unwrap());
        assert_eq!(tile["like_count"], likers, "seed {seed}");
    }
    head
}

/// The number of likes of the tile after all events.
fn likers(log: &[Value], tile: i64) -> usize {
    let mut likers = HashSet::new();
    for event in log {
        if event["type"] == "tile_liked" && event["tile_id"] == tile {
            let liker = event["liker_id"].as_i64().unwrap();
            if event["liked"] == true {
                assert!(likers.insert(liker), "liked twice");
            } else {
                assert!(likers.remove(&liker), "taken back twice");
            }
        }
    }
    likers.len()
}

/// Lets `joins` connections join while a canvas is written to, half of them with a
/// snapshot and half with a resume, and checks that none has a gap or a repeat
/// between snapshot or replay and live events. Returns the number of events.
pub(crate) async fn join_while_written(addr: SocketAddr, joins: usize) -> i64 {
    let owner = Client::guest(addr, "Owner").await;
    let canvas = owner.canvas(&json!({})).await;
    let first = TestClient::join(&owner, canvas).await;
    let epoch = first.connected["epoch"].as_str().unwrap().to_owned();
    first.close().await;
    let done = AtomicBool::new(false);
    let writing = async {
        let writers = (0..WRITERS).map(|number| write_until(&done, &owner, canvas, number));
        join_all(writers).await;
        let mut last = TestClient::join(&owner, canvas).await;
        last.done(json!({ "type": "canvas_chat", "text": "end" }))
            .await;
        last.seq
    };
    let joining = async {
        let lanes = (0..LANES).map(async |lane| {
            let mut watching = Vec::new();
            // Each loop is another user.
            let user = Client::guest(addr, "Somebody").await;
            for n in (lane..joins).step_by(LANES) {
                let last_seq = if n % 2 == 0 { "" } else { "0" };
                let tab = come_in(&user, canvas, last_seq, &epoch).await;
                watching.push(tokio::spawn(until_the_end(user.clone(), canvas, tab)));
            }
            watching
        });
        let watching = join_all(lanes).await;
        done.store(true, Ordering::Relaxed);
        watching
    };
    let (head, watching) = tokio::join!(writing, joining);
    let path = format!("/canvases/{canvas}/snapshot");
    let drawn = board(&owner.get(&path).await.json(200)["tiles"]);
    for tab in join_all(watching.into_iter().flatten()).await {
        let tab = tab.unwrap();
        assert_eq!((tab.seq, &tab.board), (head, &drawn));
    }
    head
}

/// Paints one stroke after the other, at least a hundred.
async fn write_until(done: &AtomicBool, owner: &Client, canvas: i64, number: u64) {
    let mut tab = TestClient::join(owner, canvas).await;
    let mut n = number;
    while !done.load(Ordering::Relaxed) || n < 100 * WRITERS {
        // Each pass uses another colour, so that each stroke changes a pixel.
        let edits = [[n % 64, n / 192 % 4]];
        let paint = json!({ "type": "tile_paint", "x": n % 8, "y": n % 6, "pixels": edits });
        tab.done(paint).await;
        n += WRITERS;
    }
}

/// Joins, and fetches the snapshot if the server does not replay. Events up to the
/// snapshot's `seq` are dropped, later ones are applied to it.
async fn come_in(user: &Client, canvas: i64, last_seq: &str, epoch: &str) -> TestClient {
    let query = format!("token={}&last_seq={last_seq}&epoch={epoch}", user.token());
    let mut tab = TestClient::connect(user.addr, canvas, &query).await;
    if tab.connected["resume"] != "resumed" {
        let snapshot = user.get(&format!("/canvases/{canvas}/snapshot")).await;
        let snapshot = snapshot.json(200);
        let seq = snapshot["seq"].as_i64().unwrap();
        assert!(seq >= tab.connected["seq"].as_i64().unwrap());
        tab.reach(seq).await;
        tab.board = board(&snapshot["tiles"]);
    }
    tab
}

/// Reads to the end, and reconnects when it was too slow for the server.
async fn until_the_end(user: Client, canvas: i64, mut tab: TestClient) -> TestClient {
    while !tab.chat.values().any(|text| text == "end") {
        let is_event = |message: &Value| message["seq"].is_i64();
        if let Err(closed) = tab.try_until(is_event).await {
            assert!(matches!(closed.code, 1013 | 1006), "{closed:?}");
            tab = TestClient::resume(&user, canvas, &tab).await;
            assert_eq!(tab.connected["resume"], "resumed");
        }
    }
    tab
}
