//! Answers of any size: sent piece by piece, a few at once, in turns, and only to peers
//! that take them in.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas,
    http::{Client, Reply},
    socket::TestClient,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// A canvas of so many tiles along a side, all of them with random pixels.
async fn full_canvas(server: &TestServer, owner: &Client, side: i64, tile_size: i64) -> i64 {
    let settings = json!({ "width": side, "height": side, "tile_size": tile_size });
    let id = canvas(owner, &settings).await;
    let pool = server.database.pool().await;
    sqlx::query(
        "INSERT INTO tiles (canvas_id, x, y, creator_id, pixels, version, created_at, updated_at)
         SELECT $1, x, y, $2,
                (SELECT string_agg(decode(md5(x || '.' || y || '.' || part), 'hex'), '')
                 FROM generate_series(1, $4::int * $4::int / 16) AS part),
                1, now(), now()
         FROM generate_series(0, $3::int - 1) AS x, generate_series(0, $3::int - 1) AS y",
    )
    .bind(id)
    .bind(owner.id())
    .bind(i32::try_from(side).unwrap())
    .bind(i32::try_from(tile_size).unwrap())
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("UPDATE canvases SET tile_count = $2 WHERE id = $1")
        .bind(id)
        .bind(side * side)
        .execute(&pool)
        .await
        .unwrap();
    id
}

/// Asks for a path and reads the first bytes of the answer. The receive buffer is small,
/// so that the kernel buffers little.
async fn begin(addr: SocketAddr, path: &str, token: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(addr).await.unwrap();
    let request = format!(
        "GET /api/v1{path} HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stream
}

async fn again(client: &Client, path: &str, etag: &str) -> Reply {
    let request = client.request(Method::GET, path);
    Reply::of(request.header("if-none-match", etag)).await
}

#[tokio::test]
async fn a_place_is_held_until_the_peer_has_all_and_the_others_are_told() {
    let server = TestServer::start_with(&["--bulk-reads", "1"]).await;
    let ann = server.user("ann").await;
    let id = full_canvas(&server, &ann, 40, 64).await;
    let small = canvas(&ann, &json!({ "visibility": "private" })).await;
    let etag = |path: &str| {
        let (ann, path) = (ann.clone(), path.to_owned());
        async move { ann.get(&path).await.header("etag").to_owned() }
    };
    let snapshot = format!("/canvases/{id}/snapshot");
    let tag = etag(&snapshot).await;
    let stuck = begin(server.addr, &snapshot, ann.token()).await;
    let began = Instant::now();

    // A client that has it already, or may not have it, needs no permit.
    again(&ann, &snapshot, &tag).await.expect(304);
    let bob = server.user("bob").await;
    let path = format!("/canvases/{small}/snapshot");
    bob.get(&path).await.problem(403, "forbidden");
    ann.get("/canvases/1000000/snapshot")
        .await
        .problem(404, "canvas_not_found");
    // All others soon get the answer that there is no permit, whatever they ask for.
    let lists = [
        "snapshot", "tiles", "events", "messages", "comments", "timeline",
    ];
    let pictures = ["image.png", "timelapse.gif?x0=0&y0=0&x1=0&y1=0"];
    let of_the_past = ["snapshot?at=0", "image.png?at=0", "authors?x=0&y=0"];
    let filtered = ["events?kind=tile_created", "comments?x=0&y=0"];
    let paths = lists.iter().chain(&pictures).chain(&of_the_past);
    let paths = paths.chain(&filtered).map(|path| (Method::GET, *path));
    let all = paths.chain([(Method::POST, "rewrites")]);
    let asked = all.map(async |(method, path)| {
        let asked = Instant::now();
        let path = format!("/canvases/{small}/{path}");
        let preview = json!({ "kind": "revert", "usernames": ["ann"], "dry_run": true });
        let reply = match method {
            Method::POST => ann.post(&path, &preview).await,
            _ => ann.get(&path).await,
        };
        (path, reply, asked.elapsed())
    });
    for (path, reply, waited) in futures_util::future::join_all(asked).await {
        assert_eq!(reply.status, 503, "{path}");
        reply.problem(503, "overloaded");
        let wait: u64 = reply.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert!(waited > Duration::from_millis(1500), "{path}: {waited:?}");
    }
    // The peer was not cut before.
    assert!(began.elapsed() < Duration::from_secs(9));
    // The peer is disconnected, and the permit is free.
    let freed = async { while ann.get(&snapshot).await.status != 200 {} };
    timeout(TEST_TIMEOUT, freed).await.unwrap();
    let mut rest = Vec::new();
    let mut stuck = stuck;
    let read = timeout(TEST_TIMEOUT, stuck.read_to_end(&mut rest))
        .await
        .unwrap();
    let whole = ann.get(&snapshot).await.body.len();
    assert!(
        rest.len() < whole / 2,
        "{} of {whole}, {read:?}",
        rest.len()
    );
    server.stop().await;
}

#[tokio::test]
async fn a_peer_that_reads_slowly_gets_everything() {
    let server = TestServer::start_with(&["--bulk-reads", "1"]).await;
    let ann = server.user("ann").await;
    // About 700 KB.
    let id = full_canvas(&server, &ann, 11, 64).await;
    let path = format!("/canvases/{id}/snapshot");
    let mut stream = begin(server.addr, &path, ann.token()).await;
    let mut body = Vec::new();
    let mut piece = [0; 2048];
    let began = Instant::now();
    // Longer than the time after which a peer that reads nothing is cut.
    while began.elapsed() < Duration::from_secs(14) {
        let read = stream.read(&mut piece).await.unwrap();
        body.extend_from_slice(&piece[..read]);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let end = b"]}\r\n0\r\n\r\n";
    while !body.ends_with(end) {
        let read = stream.read(&mut piece).await.unwrap();
        assert!(read > 0, "it was cut after {} bytes", body.len());
        body.extend_from_slice(&piece[..read]);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_snapshot_in_many_pieces_is_one_consistent_read() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = full_canvas(&server, &ann, 20, 32).await;
    let mut tab = TestClient::join(&ann, id).await;
    let path = format!("/canvases/{id}/snapshot");
    let writing = async {
        for n in 0..120 {
            // The first tile and the last one take turns, so that they are in other pieces.
            let at = if n % 2 == 0 { 0 } else { 19 };
            let pixels = json!([[0, n / 2 % 2]]);
            tab.done(json!({ "type": "tile_paint", "x": at, "y": at, "pixels": pixels }))
                .await;
        }
    };
    let reading = async {
        let mut seen = Vec::new();
        for _ in 0..20 {
            let snapshot = ann.get(&path).await.json(200);
            let tiles = snapshot["tiles"].as_array().unwrap();
            assert_eq!(tiles.len(), 400);
            let version = |tile: &Value| tile["version"].as_i64().unwrap();
            let painted = version(&tiles[0]) + version(&tiles[399]) - 2;
            assert_eq!(painted, snapshot["seq"].as_i64().unwrap());
            seen.push(painted);
        }
        seen
    };
    let ((), seen) = tokio::join!(writing, reading);
    assert!(seen.windows(2).all(|pair| pair[0] <= pair[1]), "{seen:?}");
    server.stop().await;
}

#[tokio::test]
async fn pages_in_several_pieces_are_as_before() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = full_canvas(&server, &ann, 20, 64).await;
    let mut tab = TestClient::join(&ann, id).await;
    for n in 0..60 {
        tab.done(json!({ "type": "canvas_chat", "text": format!("{n}") }))
            .await;
    }
    for (list, total) in [("tiles", 400), ("events", 60), ("messages", 60)] {
        for limit in [1, 7, 50, 200] {
            let items = ann
                .all(&format!("/canvases/{id}/{list}?limit={limit}"))
                .await;
            assert_eq!(items.len(), total, "{list}?limit={limit}");
            let first = ann
                .get(&format!("/canvases/{id}/{list}?limit={limit}"))
                .await
                .json(200);
            let page = first["items"].as_array().unwrap();
            assert_eq!(page.len(), limit.min(total));
            assert_eq!(page[..], items[..page.len()]);
        }
    }
    let texts = ann.all(&format!("/canvases/{id}/messages?limit=60")).await;
    let texts: Vec<&str> = texts
        .iter()
        .map(|message| message["message_text"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = (0..60).rev().map(|n: i32| n.to_string()).collect();
    assert_eq!(texts, expected);
    let box_of = format!("/canvases/{id}/tiles?x0=3&y0=4&x1=6&y1=5&limit=200");
    let tiles = ann.all(&box_of).await;
    assert_eq!(tiles.len(), 8);
    server.stop().await;
}

#[tokio::test]
async fn large_answers_are_compressed_piece_by_piece() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = full_canvas(&server, &ann, 10, 64).await;
    let path = format!("/canvases/{id}/snapshot");
    let plain = ann.get(&path).await;
    assert!(!plain.headers.contains_key("content-encoding"));
    let request = ann.request(Method::GET, &path);
    let packed = Reply::of(request.header("accept-encoding", "gzip, br, zstd")).await;
    packed.expect(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(packed.header("etag"), plain.header("etag"));
    assert!(packed.body.len() < plain.body.len());
    server.stop().await;
}

/// Whoever asks for many pictures at once gets each of them made once.
#[tokio::test]
async fn a_picture_is_made_once_for_all_who_wait() {
    let server = TestServer::start_with(&["--bulk-reads", "2"]).await;
    let ann = server.user("ann").await;
    let id = full_canvas(&server, &ann, 16, 64).await;
    let path = format!("/canvases/{id}/image.png");
    let asked = (0..12).map(|_| ann.get(&path));
    let pictures = futures_util::future::join_all(asked).await;
    for picture in &pictures {
        picture.expect(200);
        assert_eq!(picture.body, pictures[0].body);
    }
    let pool = server.database.pool().await;
    let reads: i64 = sqlx::query_scalar(
        "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables
         WHERE relname = 'tiles'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(reads <= 2 * 256, "{reads} tiles were read");
    server.stop().await;
}
