//! Many clients draw, chat, disconnect and reconnect at random, and all end equal
//! to the log. Seeds that once failed stay in the list; `cargo xtask soak`
//! tries fresh ones.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas,
    client_pool::{converge, converge_over, request},
    cluster::Cluster,
    http::Client,
    own_postgres::{Keeper, Restore},
    redis::RedisServer,
    socket::{TestClient, board, open, upgrade},
};
use futures_util::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;
use uuid::Uuid;

const SEEDS: [u64; 4] = [1, 2, 3, 20_261_121];

#[tokio::test]
async fn all_clients_converge_to_the_log() {
    let server = TestServer::start().await;
    for seed in SEEDS {
        converge(server.addr, seed).await;
    }
}

/// The database refuses some of the events, and with them whole batches, on three nodes
/// that all write.
#[tokio::test(flavor = "multi_thread")]
async fn all_clients_converge_beside_refused_batches() {
    let cluster = Cluster::start(3).await;
    cluster.database.refuse_poison().await;
    let nodes: Vec<_> = cluster.nodes.iter().map(|node| node.addr).collect();
    for seed in SEEDS {
        converge_over(&nodes, seed).await;
    }
}

/// One client that writes at random until it is told to stop, reconnects when it is
/// disconnected, and takes the snapshot when it is told to.
async fn live(places: Vec<Client>, canvas: i64, seed: u64, stop: Arc<AtomicBool>) -> TestClient {
    let mut random = StdRng::seed_from_u64(seed);
    let mut tab = TestClient::join(&places[0], canvas).await;
    while !stop.load(Ordering::Relaxed) {
        let message = request(&mut random);
        let op_id = json!(Uuid::new_v4());
        let mut message = message;
        message["op_id"] = op_id.clone();
        tab.try_repeat(message).await;
        let answered = |m: &Value| m["op_id"] == op_id && m["type"] != "canvas_chat_message";
        if tab.try_until(answered).await.is_ok() {
            continue;
        }
        tab = loop {
            let place = &places[random.random_range(0..places.len())];
            if let Some(back) = come_back(place, canvas, &tab).await {
                break back;
            }
            sleep(Duration::from_millis(20)).await;
        };
    }
    tab
}

/// Reconnects; `None` where that has to be tried again.
async fn come_back(place: &Client, canvas: i64, before: &TestClient) -> Option<TestClient> {
    let request = upgrade(place.addr, canvas, &before.query(place), &[]);
    let mut back = TestClient::over(open(place.addr, request).await.ok()?);
    back.begin(before).await.ok()?;
    if back.connected["resume"] == "resync" {
        let path = format!("/canvases/{canvas}/snapshot");
        let reply = place.get(&path).await;
        if reply.status != 200 {
            return None;
        }
        let snapshot = reply.json(200);
        if snapshot["epoch"] != back.connected["epoch"] {
            return None;
        }
        let seq = snapshot["seq"].as_i64().unwrap();
        while back.seq < seq {
            back.try_until(|m| m["seq"].is_i64()).await.ok()?;
        }
        back.board = board(&snapshot["tiles"]);
    }
    Some(back)
}

/// Seeds that once failed stay in the list.
const RESTORE_SEEDS: [u64; 1] = [20_261_128];

#[tokio::test(flavor = "multi_thread")]
async fn all_clients_converge_though_history_goes_back() {
    for seed in RESTORE_SEEDS {
        converge_over_restores(seed).await;
    }
}

async fn converge_over_restores(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut keeper = Keeper::new(Restore::ColdCopy).await;
    let mut cluster = Cluster {
        redis: RedisServer::start().await,
        database: keeper.postgres.database(),
        nodes: Vec::new(),
    };
    cluster.add(&[]).await;
    cluster.add(&[]).await;
    let ann = cluster.nodes[0].guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut lives = Vec::new();
    for n in 0..6 {
        let mut places: Vec<Client> = cluster.nodes.iter().map(|node| node.at(&ann)).collect();
        places.rotate_left(n % 2);
        let seed = seed
            .wrapping_mul(1000)
            .wrapping_add(u64::try_from(n).unwrap());
        lives.push(tokio::spawn(live(places, id, seed, stop.clone())));
    }
    for _ in 0..2 {
        sleep(Duration::from_millis(random.random_range(100..500))).await;
        keeper.keep().await;
        sleep(Duration::from_millis(random.random_range(100..900))).await;
        // Another way to keep the next state.
        keeper.restore().await;
        let copied = keeper.how;
        keeper.how = match copied {
            Restore::ColdCopy => Restore::Dump,
            Restore::Dump => Restore::ColdCopy,
        };
    }
    sleep(Duration::from_millis(1500)).await;
    stop.store(true, Ordering::Relaxed);
    let mut tabs = Vec::new();
    for tab in join_all(lives).await {
        tabs.push(tab.unwrap());
    }
    // Somebody may still have to be told.
    let mut last = TestClient::join(&ann, id).await;
    last.done(json!({ "type": "canvas_chat", "text": "end" }))
        .await;
    let snapshot = ann.get(&format!("/canvases/{id}/snapshot")).await.json(200);
    let (drawn, head) = (board(&snapshot["tiles"]), snapshot["seq"].as_i64().unwrap());
    for mut tab in tabs {
        while tab.chat.values().all(|text| text != "end") {
            if tab.try_until(|m| m["seq"].is_i64()).await.is_err() {
                let begun = Instant::now();
                tab = loop {
                    if let Some(back) = come_back(&ann, id, &tab).await {
                        break back;
                    }
                    assert!(begun.elapsed() < TEST_TIMEOUT, "seed {seed}");
                };
                if tab.seq >= head {
                    break;
                }
            }
        }
        assert_eq!((tab.seq, &tab.board), (head, &drawn), "seed {seed}");
    }
    let events = ann.all(&format!("/canvases/{id}/events")).await;
    assert_eq!(i64::try_from(events.len()).unwrap(), head);
}
