//! Many clients draw, chat, vanish and come back at random, and all end equal
//! to the log. Seeds that once failed stay in the list.

mod common;

use common::{
    TestServer, canvas,
    http::Client,
    socket::{Board, TestClient, board},
};
use futures_util::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

const CLIENTS: u64 = 8;
const STEPS: usize = 40;
const SEEDS: [u64; 4] = [1, 2, 3, 20_261_121];

/// A random request; some are refused.
fn request(random: &mut StdRng) -> Value {
    let (x, y) = (random.random_range(0..3), random.random_range(0..2));
    let dot = |random: &mut StdRng| json!([random.random_range(0..64), random.random_range(0..4)]);
    match random.random_range(0..12) {
        0 => json!({ "type": "tile_delete", "x": x, "y": y }),
        1 => json!({ "type": "tile_create", "x": x, "y": y, "title": "made" }),
        2 => json!({ "type": "tile_update", "x": x, "y": y, "title": "named" }),
        3 => json!({ "type": "tile_like", "x": x, "y": y, "liked": random.random_bool(0.5) }),
        4 | 5 => json!({ "type": "canvas_chat", "text": random.random::<u64>().to_string() }),
        _ => {
            let count = random.random_range(1..20);
            let dots: Vec<Value> = (0..count).map(|_| dot(random)).collect();
            json!({ "type": "tile_paint", "x": x, "y": y, "pixels": dots })
        }
    }
}

/// One client's life: acts without waiting, reads now and then, sometimes
/// vanishes with requests unanswered and comes back with the same `op_id`s.
async fn live(client: Client, canvas: i64, mut tab: TestClient, seed: u64) -> TestClient {
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..STEPS {
        match random.random_range(0..10) {
            0 => {
                let unanswered = tab.unanswered();
                tab = TestClient::resume(&client, canvas, &tab).await;
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

#[tokio::test]
async fn everybody_ends_equal_to_the_log() {
    let server = TestServer::start().await;
    for seed in SEEDS {
        let owner = server.guest("Owner").await;
        let canvas = canvas(&owner, &json!({})).await;
        let mut lives = Vec::new();
        for n in 0..CLIENTS {
            // Two tabs of each user.
            let client = if n % 2 == 0 {
                server.guest("Painter").await
            } else {
                owner.clone()
            };
            // All begin with the empty canvas.
            let tab = TestClient::join(&client, canvas).await;
            lives.push(live(client, canvas, tab, seed * 1000 + n));
        }
        let mut tabs = join_all(lives).await;
        let path = format!("/canvases/{canvas}");
        let log = owner.all(&format!("{path}/events")).await;
        let head = i64::try_from(log.len()).unwrap();
        let seqs: Vec<i64> = log.iter().map(|e| e["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, (1..=head).collect::<Vec<_>>(), "seed {seed}");
        let snapshot = owner.get(&format!("{path}/snapshot")).await.json(200);
        let drawn: Board = board(&snapshot["tiles"]);
        // The log alone tells the same as the tables.
        let epoch = snapshot["epoch"].as_str().unwrap();
        let query = format!("token={}&last_seq=0&epoch={epoch}", owner.token());
        let mut replayed = TestClient::connect(owner.addr, canvas, &query).await;
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
    }
}

/// How many like the tile after all events.
fn likers(log: &[Value], tile: i64) -> usize {
    let mut likers = std::collections::HashSet::new();
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
