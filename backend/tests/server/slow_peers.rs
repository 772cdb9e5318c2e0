//! Peers that do not read: they are disconnected, and nobody else is affected.

use crate::common::{
    TestDatabase, TestServer, canvas,
    http::Client,
    socket::{TestClient, upgrade},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::{net::TcpSocket, time::sleep};
use tokio_tungstenite::client_async;

/// Joins with a receive buffer of a few kilobytes, so that the kernel buffers
/// little of what is not read.
async fn join_narrow(client: &Client, canvas: i64) -> TestClient {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(client.addr).await.unwrap();
    let query = format!("token={}", client.token());
    let request = upgrade(client.addr, canvas, &query, &[]);
    let (socket, _) = client_async(request, stream).await.unwrap();
    let mut tab = TestClient::over(socket);
    tab.connected = tab.next().await;
    tab
}

/// Pixels of a tile of 64 × 64, all black or all white: 5.5 KB.
fn pixels(white: bool) -> String {
    let four = if white { "AQEB" } else { "AAAA" };
    four.repeat(64 * 64 / 3) + "AA=="
}

async fn connections(admin: &Client) -> Vec<Value> {
    admin.all("/admin/clients").await
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_disconnected_and_affects_nobody() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({ "tile_size": 64 })).await;
    let mut slow = TestClient::join(&ann, canvas).await;
    let mut reader = TestClient::join(&ann, canvas).await;
    let mut writer = TestClient::join(&ann, canvas).await;
    // Far more than the outbox and the kernel's buffers hold.
    let total = 2_000;
    let writing = async {
        for n in 0..total {
            let (x, y) = (n % 8, n % 6);
            let message = if n < 24 {
                json!({ "type": "tile_paint", "x": x, "y": y, "pixels": [[0, 0]] })
            } else {
                json!({ "type": "tile_update", "x": x, "y": y, "pixels": pixels(n / 24 % 2 == 0) })
            };
            writer.done(message).await;
        }
    };
    tokio::join!(writing, reader.reach(total));
    // Now it reads: first what was queued, then the end of the connection.
    let before = slow.connected["seq"].as_i64().unwrap();
    let end = slow.closed().await;
    assert!(
        slow.seq > before && slow.seq < total,
        "{} of {total}",
        slow.seq
    );
    assert!(matches!(end.code, 1013 | 1006), "{end:?}");
    let mut back = TestClient::resume(&ann, canvas, &slow).await;
    assert_eq!(back.connected["resume"], "resumed");
    back.reach(total).await;
    assert_eq!(back.board, reader.board);
}

/// The events of one transaction must fit into an outbox: a peer is not slow only
/// because they all come at once.
#[tokio::test]
async fn many_large_strokes_at_once_disconnect_nobody() {
    const EACH: i64 = 60;
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({ "tile_size": 64 })).await;
    let path = format!("/canvases/{canvas}/snapshot");
    let empty = ann.get(&path).await.json(200);
    let mut reader = TestClient::join(&ann, canvas).await;
    reader.start_from(&empty);
    let mut tabs = Vec::new();
    for _ in 0..4 {
        let mut tab = TestClient::join(&ann, canvas).await;
        tab.start_from(&empty);
        tabs.push(tab);
    }
    // Each tab has its own pixels, whose colours change when it comes to a tile again.
    let edits = |tab: i64, n: i64| -> Vec<[i64; 2]> {
        let pixels = (0..1024).map(|index| [tab * 1024 + index, (index + n / 48) % 4]);
        pixels.collect()
    };
    for n in 0..EACH {
        for (number, tab) in (0..).zip(&mut tabs) {
            let edits = edits(number, n);
            let paint =
                json!({ "type": "tile_paint", "x": n % 8, "y": n / 8 % 6, "pixels": edits });
            tab.operate(paint).await;
        }
    }
    let head = 4 * EACH;
    let all = tabs.iter_mut().map(|tab| tab.reach(head));
    tokio::join!(join_all(all), reader.reach(head));
    assert_eq!(reader.board, tabs[0].board);
}

/// Less is queued than the outbox holds: only the unfinished flush shows that the
/// peer does not read.
#[tokio::test]
async fn a_stalled_flush_closes_the_connection() {
    let server = TestServer::start_alone(TestDatabase::migrated().await, &[]).await;
    let ann = server.admin("ann").await;
    let canvas = canvas(&ann, &json!({ "tile_size": 64 })).await;
    let mut stuck = join_narrow(&ann, canvas).await;
    let mut reader = TestClient::join(&ann, canvas).await;
    let mut writer = TestClient::join(&ann, canvas).await;
    let mut head = 0;
    for n in 0..40 {
        let message =
            json!({ "type": "tile_create", "x": n % 8, "y": n / 8, "pixels": pixels(n % 2 == 0) });
        head = writer.done(message).await["seq"].as_i64().unwrap();
    }
    reader.reach(head).await;
    // The others are served for the whole time.
    while connections(&ann).await.len() == 3 {
        let chat = json!({ "type": "canvas_chat", "text": "Do you hear me?" });
        head = writer.done(chat).await["seq"].as_i64().unwrap();
        reader.reach(head).await;
        // Both have answered; the stalled peer needs no further messages.
        sleep(Duration::from_millis(100)).await;
    }
    let left: Vec<Value> = connections(&ann).await;
    assert!(
        left.iter()
            .all(|c| c["connection_id"] != stuck.connected["connection_id"])
    );
    let metrics = reqwest::get(server.url("/metrics")).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let closes: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("stellar_closes_total"))
        .collect();
    let stuck_once = "stellar_closes_total{reason=\"stuck\"} 1";
    assert!(closes.contains(&stuck_once), "{closes:?}");
    assert_eq!(stuck.closed().await.code, 1006);
    assert!(stuck.seq < head);
    let mut back = TestClient::resume(&ann, canvas, &stuck).await;
    back.reach(head).await;
}

/// A canvas on which a peer has stopped reading, so that what is sent to it waits.
struct Stalled {
    server: TestServer,
    admin: Client,
    stuck: TestClient,
    writer: TestClient,
}

impl Stalled {
    /// The stalled peer is another user than the administrator `ann`.
    async fn start(arguments: &[&str]) -> (Self, Client) {
        let database = TestDatabase::migrated().await;
        let server = TestServer::start_alone(database, arguments).await;
        let admin = server.admin("ann").await;
        let bob = server.user("bob").await;
        let canvas = canvas(&admin, &json!({ "tile_size": 64 })).await;
        let stuck = join_narrow(&bob, canvas).await;
        let mut writer = TestClient::join(&admin, canvas).await;
        for n in 0..40 {
            let pixels = pixels(n % 2 == 0);
            let create = json!({ "type": "tile_create", "x": n % 8, "y": n / 8, "pixels": pixels });
            writer.done(create).await;
        }
        let stalled = Self {
            server,
            admin,
            stuck,
            writer,
        };
        (stalled, bob)
    }

    /// Waits until only the writer is connected.
    async fn is_closed(&mut self) {
        while connections(&self.admin).await.len() > 1 {
            self.writer.drain().await;
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn closes(&self, reason: &str) -> bool {
        let metrics = reqwest::get(self.server.url("/metrics")).await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let line = format!("stellar_closes_total{{reason=\"{reason}\"}} ");
        metrics.lines().any(|it| it.starts_with(&line))
    }
}

#[tokio::test]
async fn a_kicked_peer_that_does_not_read_is_disconnected_within_five_seconds() {
    let (mut stalled, _bob) = Stalled::start(&[]).await;
    let id = stalled.stuck.connected["connection_id"].clone();
    let path = format!("/admin/clients/{}", id.as_str().unwrap());
    stalled.admin.delete(&path).await.expect(204);
    let kicked = Instant::now();
    stalled.is_closed().await;
    assert!(kicked.elapsed() < Duration::from_secs(5));
    assert!(stalled.closes("kicked").await);
}

#[tokio::test]
async fn a_signed_out_peer_that_does_not_read_is_disconnected_within_five_seconds() {
    let (mut stalled, bob) = Stalled::start(&[]).await;
    bob.post("/auth/logout", &json!({})).await.expect(204);
    let left = Instant::now();
    stalled.is_closed().await;
    assert!(left.elapsed() < Duration::from_secs(5));
    assert!(stalled.closes("revoked").await);
}

#[tokio::test]
async fn an_expired_token_ends_a_peer_that_does_not_read() {
    let started = Instant::now();
    let (mut stalled, _bob) = Stalled::start(&["--token-ttl", "8"]).await;
    let auth = stalled.admin.post("/auth/refresh", &json!({})).await;
    let auth = auth.json(200);
    stalled.admin.sign_in(&auth);
    let refresh = json!({ "type": "auth_refresh", "token": auth["token"] });
    stalled.writer.send(&refresh).await;
    stalled.writer.expect("ack").await;
    // The narrow peer's own token expires first: before a stalled write is given up.
    while connections(&stalled.admin).await.len() > 1 {
        assert!(started.elapsed() < Duration::from_secs(30));
        sleep(Duration::from_millis(10)).await;
    }
    assert!(stalled.closes("token_expired").await);
}
