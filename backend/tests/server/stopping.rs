//! Shutdown: new connections are refused first, and nothing that hangs delays the
//! exit.

use crate::common::{
    TEST_TIMEOUT, TestServer, canvas,
    http::{Client, Reply},
    ports::free_address,
    process::{ServerProcess, signal, spawn_as},
    socket::{Closed, TestClient, open, upgrade},
    temporary_folder,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, UnixDatagram},
    process::Command,
    sync::Notify,
    time::timeout,
};
use tokio_tungstenite::tungstenite::Error;
use uuid::Uuid;

async fn readiness(server: &TestServer) -> Reply {
    Reply::of(reqwest::Client::new().get(server.url("/readyz"))).await
}

/// The status, `Retry-After` and problem with which an upgrade is refused.
async fn refused(client: &Client, canvas: i64) -> (u16, String, Value) {
    let query = format!("token={}", client.token());
    let request = upgrade(client.addr, canvas, &query, &[]);
    let Err(Error::Http(response)) = open(client.addr, request).await else {
        panic!("it was not refused");
    };
    let wait = response.headers()["retry-after"].to_str().unwrap();
    let problem = serde_json::from_slice(response.body().as_deref().unwrap()).unwrap();
    (response.status().as_u16(), wait.to_owned(), problem)
}

#[tokio::test]
async fn new_connections_are_refused_while_open_sockets_continue() {
    let mut server = TestServer::start().await;
    let ann = server.user("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    readiness(&server).await.json(200);
    server.begin_stop();
    // It notices at once, at the latest with the next request.
    let not_ready = timeout(TEST_TIMEOUT, async {
        loop {
            let reply = readiness(&server).await;
            if reply.status != 200 {
                return reply;
            }
        }
    });
    let not_ready = not_ready.await.unwrap();
    not_ready.problem(503, "draining");
    assert!(not_ready.headers.contains_key("retry-after"));
    let (status, wait, problem) = refused(&ann, canvas).await;
    assert_eq!(status, 503);
    assert_eq!(problem["code"], "draining");
    assert!(wait.parse::<u64>().unwrap() > 0);
    // Open connections may still finish their requests.
    tab.done(json!({ "type": "canvas_chat", "text": "one more" }))
        .await;
    let url = server.url("/healthz");
    Reply::of(reqwest::Client::new().get(url)).await.json(200);
    assert_eq!(tab.closed().await.code, 1012);
    server.stop().await;
}

/// Sends `text` as the beginning of a request.
async fn begin_request(server: &ServerProcess, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn nothing_that_hangs_delays_the_exit() {
    let mut server = ServerProcess::start().await;
    let ann = server.guest("Ann").await;
    let canvas = canvas(&ann, &json!({ "tile_size": 64 })).await;
    let mut acked = Vec::new();
    let mut writer = TestClient::join(&ann, canvas).await;
    // They answer nothing and read nothing.
    let mut deaf = Vec::new();
    for _ in 0..5 {
        deaf.push(TestClient::join(&ann, canvas).await);
    }
    let pixels = "AQEB".repeat(64 * 64 / 3) + "AA==";
    for n in 0..48 {
        let tile = json!({ "type": "tile_create", "x": n % 8, "y": n / 8, "pixels": pixels });
        acked.push(writer.done(tile).await["seq"].as_i64().unwrap());
    }
    let half_a_header = begin_request(&server, "GET /healthz HTTP/1.1\r\nHost").await;
    let half_a_body = format!(
        "PATCH /api/v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
        ann.token()
    );
    let half_a_body = begin_request(&server, &half_a_body).await;
    let frozen = server.freeze_postgres();
    let late = json!({ "type": "canvas_chat", "text": "late", "op_id": uuid::Uuid::new_v4() });
    writer.send(&late).await;
    let reading = format!(
        "GET /api/v1/canvases/{canvas}/snapshot HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        ann.token()
    );
    let waiting = begin_request(&server, &reading).await;
    // It exits within 30 s with code 0.
    server.terminate().await;
    drop((half_a_header, half_a_body, waiting, deaf));
    // Nothing of its PostgreSQL is left that would block the next start.
    drop(frozen);
    server.restart().await;
    let log = ann.all(&format!("/canvases/{canvas}/events")).await;
    assert!(log.len() >= acked.len());
    let mut tab = TestClient::join(&ann, canvas).await;
    tab.done(late).await;
    server.stop().await;
}

/// Chats until the server closes the socket. Returns the acknowledged `op_id`s, and how it
/// was closed. Counts the acknowledgements in `acked`.
async fn chat(tab: &mut TestClient, acked: &AtomicUsize, some: &Notify) -> (Vec<Value>, Closed) {
    let mut confirmed = Vec::new();
    loop {
        let op_id = json!(Uuid::new_v4());
        let text = confirmed.len().to_string();
        let message = json!({ "type": "canvas_chat", "text": text, "op_id": op_id });
        // A socket that is closed meanwhile is seen below.
        let _ = tab.try_send(&message).await;
        let answered = tab
            .try_until(|m| m["op_id"] == op_id && m["type"] != "canvas_chat_message")
            .await;
        match answered {
            Ok(answer) => {
                assert_eq!(answer["type"], "ack", "{answer}");
                confirmed.push(op_id);
                acked.fetch_add(1, Ordering::Relaxed);
                some.notify_one();
            }
            Err(closed) => return (confirmed, closed),
        }
    }
}

#[tokio::test]
async fn a_signal_to_the_whole_control_group_loses_nothing() {
    let mut server = ServerProcess::start().await;
    let ann = server.guest("Ann").await;
    let (mut canvases, mut tabs) = (Vec::new(), Vec::new());
    for n in 0..6 {
        if n % 2 == 0 {
            canvases.push(canvas(&ann, &json!({})).await);
        }
        tabs.push(TestClient::join(&ann, canvases[n / 2]).await);
    }
    let (acked, some) = (AtomicUsize::new(0), Notify::new());
    let chatting = join_all(tabs.iter_mut().map(|tab| chat(tab, &acked, &some)));
    let stopping = async {
        while acked.load(Ordering::Relaxed) < 60 {
            some.notified().await;
        }
        server.terminate_group();
    };
    let (chats, ()) = tokio::join!(chatting, stopping);
    server.ended().await;
    server.restart().await;
    let mut confirmed = 0;
    for (n, (op_ids, closed)) in chats.into_iter().enumerate() {
        assert_eq!(closed.code, 1012);
        confirmed += op_ids.len();
        let path = format!("/canvases/{}/events", canvases[n / 2]);
        let log = ann.all(&path).await;
        for op_id in op_ids {
            let times = log.iter().filter(|event| event["op_id"] == op_id).count();
            assert_eq!(times, 1, "{op_id}");
        }
    }
    assert!(confirmed >= 60);
    server.stop().await;
}

#[tokio::test]
async fn the_service_manager_is_told() {
    let folder = temporary_folder();
    let path = folder.join(format!("notify-{}", Uuid::new_v4()));
    let manager = UnixDatagram::bind(&path).unwrap();
    let heard = async || {
        let mut buffer = [0; 256];
        let read = timeout(TEST_TIMEOUT, manager.recv(&mut buffer));
        let length = read.await.expect("it says nothing").unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let database = crate::common::TestDatabase::create().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"));
    command
        .env("DATABASE_URL", &database.url)
        .env("NOTIFY_SOCKET", &path);
    let (mut child, _) = spawn_as(command, &folder, free_address()).await;
    assert_eq!(heard().await.trim(), "READY=1");
    signal("TERM", &[child.id().unwrap()]);
    assert_eq!(heard().await.trim(), "STOPPING=1");
    assert!(child.wait().await.unwrap().success());
}
