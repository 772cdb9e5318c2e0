//! Rewrites over several nodes: everybody sees the same board, and a rewrite outlives neither
//! its node nor the rights of whoever asked for it.

use crate::common::{
    canvas,
    cluster::{Cluster, Node},
    http::Client,
    socket::{TestClient, board},
};
use serde_json::{Value, json};

const SIDE: i64 = 16;
const TILES: i64 = SIDE * SIDE;

fn stroke(tile: i64, pixels: &Value) -> Value {
    json!({ "type": "tile_paint", "x": tile % SIDE, "y": tile / SIDE, "pixels": pixels })
}

/// A canvas of `owner` in each tile of which the vandal painted, and the vandal.
async fn raided(owner: &Client, vandal_at: &Node) -> (i64, Client) {
    let size = json!({ "width": SIDE, "height": SIDE, "newcomers": "free" });
    let id = canvas(owner, &size).await;
    let vandal = vandal_at.guest("Vandal").await;
    let mut spoils = TestClient::join(&vandal, id).await;
    let everywhere: Vec<Value> = (0..64).map(|pixel| json!([pixel, 2])).collect();
    for first in (0..TILES).step_by(64) {
        for tile in first..first + 64 {
            spoils.operate(stroke(tile, &json!(everywhere))).await;
        }
        for _ in 0..64 {
            assert_eq!(spoils.answer().await["type"], "ack");
        }
    }
    (id, vandal)
}

async fn revert(moderator: &Client, canvas: i64, vandal: &Client) -> Value {
    let path = format!("/canvases/{canvas}/rewrites");
    let ask = json!({ "kind": "revert", "usernames": [vandal.username()] });
    moderator.post(&path, &ask).await.json(202)
}

/// Waits until it ends.
async fn ended(client: &Client, rewrite: &Value) -> Value {
    loop {
        let path = format!("/rewrites/{}", rewrite["id"]);
        let found = client.get(&path).await.json(200);
        if found["state"] != "running" {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

/// How many events the rewrite made, and the `seq` of the newest event of the canvas.
async fn made(client: &Client, canvas: i64, rewrite: &Value) -> (usize, i64) {
    let events = client.all(&format!("/canvases/{canvas}/events")).await;
    let own = events
        .iter()
        .filter(|event| event["cause"]["rewrite_id"] == rewrite["id"]);
    let head = events
        .last()
        .map_or(0, |event| event["seq"].as_i64().unwrap());
    (own.count(), head)
}

#[tokio::test]
async fn a_raid_is_taken_back_while_people_paint_at_another_node() {
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let owner = here.guest("Owner").await;
    let (id, vandal) = raided(&owner, there).await;
    let painter = there.guest("Painter").await;
    let mut paints = TestClient::join(&painter, id).await;
    let mut near = TestClient::join(&owner, id).await;
    let path = format!("/canvases/{id}/snapshot");
    paints.start_from(&painter.get(&path).await.json(200));
    near.start_from(&owner.get(&path).await.json(200));
    let begun = revert(&owner, id, &vandal).await;
    // Nobody paints in the first tile.
    for tile in (1..TILES).rev() {
        paints.done(stroke(tile, &json!([[tile % 64, 1]]))).await;
    }
    let done = ended(&there.at(&owner), &begun).await;
    assert_eq!(done["state"], "done", "{done}");
    let (_, head) = made(&owner, id, &done).await;
    paints.reach(head).await;
    near.reach(head).await;
    assert_eq!(paints.board, near.board);
    let tiles = json!(painter.all(&format!("/canvases/{id}/tiles")).await);
    assert_eq!(board(&tiles), near.board);
    assert_eq!(near.board.get(&(0, 0)), None);
    for tile in 1..TILES {
        let mut expected = vec![255; 64];
        expected[usize::try_from(tile % 64).unwrap()] = 1;
        assert_eq!(near.board[&(tile % SIDE, tile / SIDE)], expected);
    }
    // Both nodes undo it, once.
    let undo = format!("/rewrites/{}/undo", done["id"]);
    let undone = there.at(&owner).post(&undo, &Value::Null).await.json(202);
    assert_eq!(ended(&owner, &undone).await["state"], "done");
    let again = owner.post(&undo, &Value::Null).await;
    again.problem(409, "already_undone");
    let (_, head) = made(&owner, id, &undone).await;
    paints.reach(head).await;
    near.reach(head).await;
    assert_eq!(paints.board, near.board);
    assert_eq!(near.board[&(0, 0)], [2; 64]);
    assert_eq!(near.board[&(1, 0)][1], 1);
}

#[tokio::test]
async fn a_rewrite_whose_node_is_killed_is_stopped_and_can_be_undone() {
    let mut cluster = Cluster::start(2).await;
    let owner = cluster.nodes[0].guest("Owner").await;
    let (id, vandal) = raided(&owner, &cluster.nodes[0]).await;
    let mut near = TestClient::join(&owner, id).await;
    let begun = revert(&cluster.nodes[1].at(&owner), id, &vandal).await;
    near.until(|message| message["cause"]["rewrite_id"] == begun["id"])
        .await;
    cluster.nodes[1].kill().await;
    let stopped = ended(&owner, &begun).await;
    assert_eq!(stopped["state"], "stopped", "{stopped}");
    // The counts are those of what it did.
    let (events, _) = made(&owner, id, &begun).await;
    assert_eq!(json!(events), stopped["tiles"]);
    let undo = format!("/rewrites/{}/undo", begun["id"]);
    let undone = owner.post(&undo, &Value::Null).await.json(202);
    assert_eq!(ended(&owner, &undone).await["state"], "done");
    let tiles = owner.all(&format!("/canvases/{id}/tiles")).await;
    assert_eq!(i64::try_from(tiles.len()).unwrap(), TILES);
}
