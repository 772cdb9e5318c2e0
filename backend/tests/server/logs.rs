//! Even at the most verbose level the log contains no token, ticket, password or
//! text that users write.

use crate::common::{
    SECRET, TEST_TIMEOUT, TestDatabase, canvas,
    http::Client,
    socket::{TestClient, open, refusal, upgrade},
};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    path::Path,
    process::{Command as SystemCommand, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time,
};
use uuid::Uuid;

/// Starts a server that logs into a file.
async fn start(database: &TestDatabase, log: &Path) -> (Child, Client) {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let mut child = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"))
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .env("JWT_SECRET", SECRET)
        .env("STELLAR_DATA", folder)
        .env("DIST", folder)
        .env("BIND", "127.0.0.1:0")
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", "debug")
        .stdout(Stdio::piped())
        .stderr(File::create(log).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = time::timeout(TEST_TIMEOUT, lines.next_line()).await;
    let line = line.expect("it did not start").unwrap().unwrap();
    let addr = line.strip_prefix("listening on http://").unwrap();
    (child, Client::new(addr.parse().unwrap()))
}

async fn stop(mut child: Child) {
    let pid = child.id().unwrap().to_string();
    let sent = SystemCommand::new("kill").args(["-TERM", &pid]).status();
    assert!(sent.unwrap().success());
    let status = time::timeout(TEST_TIMEOUT, child.wait()).await;
    assert!(status.expect("it did not stop").unwrap().success());
}

#[tokio::test]
async fn logs_contain_no_secret_and_no_user_text() {
    let database = TestDatabase::create().await;
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("log-{}", Uuid::new_v4()));
    let (child, mut ann) = start(&database, &log).await;
    let addr = ann.addr;
    let password = "a-password-that-nobody-logs";
    let body = json!({ "username": "ann", "password": password });
    ann.sign_in(&ann.post("/auth/register", &body).await.json(201));
    ann.post("/auth/login", &body).await.expect(200);
    let wrong = json!({ "username": "ann", "password": "a-wrong-one-nobody-logs" });
    ann.post("/auth/login", &wrong).await.expect(401);
    let id = canvas(&ann, &json!({ "name": "secretname" })).await;
    ann.get("/canvases?q=secretsearch").await.expect(200);

    let mut tab = TestClient::join(&ann, id).await;
    tab.done(json!({ "type": "canvas_chat", "text": "secretwords" }))
        .await;
    tab.send(&json!({ "type": "tile_mention", "tile_x": 0, "tile_y": 0,
        "highlight_type": "mention", "message": "secretmention" }))
        .await;
    tab.send(&json!({ "type": "user_presence", "presence_type": "status",
        "status": "away", "status_message": "secretstatus" }))
        .await;
    tab.send_text("{\"type\": \"secretnonsense").await;
    tab.refused("invalid_json").await;
    let newer = ann.post("/auth/refresh", &json!({})).await.json(200);
    tab.send(&json!({ "type": "auth_refresh", "token": newer["token"] }))
        .await;
    tab.expect("ack").await;

    let ticket = ann.post("/ws/ticket", &json!({})).await.json(201);
    let ticket = ticket["ticket"].as_str().unwrap().to_owned();
    let query = format!("token={ticket}");
    let by_ticket = TestClient::connect(addr, id, &query).await;
    let used = upgrade(addr, id, &query, &[]);
    assert_eq!(refusal(addr, used).await.0, 401);
    let cookie = format!("auth_token={}", ann.token());
    let origin = format!("http://{addr}");
    let headers = [("cookie", cookie.as_str()), ("origin", origin.as_str())];
    drop(open(addr, upgrade(addr, id, "", &headers)).await.unwrap());
    let connection = tab.connected["connection_id"].clone();
    tab.close().await;
    by_ticket.close().await;
    stop(child).await;

    let lines = fs::read_to_string(&log).unwrap();
    for secret in [
        ann.token(),
        ann.token().rsplit('.').next().unwrap(),
        newer["token"].as_str().unwrap(),
        &ticket,
        password,
        "a-wrong-one-nobody-logs",
        SECRET,
        "token=",
        "secretname",
        "secretsearch",
        "secretwords",
        "secretmention",
        "secretstatus",
        "secretnonsense",
    ] {
        let found = lines.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret}");
    }
    let entries: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for said in ["opened", "closed"] {
        let of_tab = |entry: &&Value| {
            entry["fields"]["message"] == said && entry["span"]["connection_id"] == connection
        };
        let entry = entries.iter().find(of_tab);
        let entry = entry.unwrap_or_else(|| panic!("no {said} in {lines}"));
        assert_eq!(entry["span"]["user_id"], ann.id().to_string());
        assert_eq!(entry["span"]["canvas_id"], id.to_string());
        assert_eq!(entry["span"]["client_type"], "browser");
        if said == "closed" {
            let fields = &entry["fields"];
            assert_eq!(fields["reason"], "client");
            assert!(fields["seconds"].as_f64().unwrap() > 0.0);
            assert_eq!(fields["messages_in"], 5);
            assert!(fields["messages_out"].as_u64().unwrap() >= 5);
        }
    }
    fs::remove_file(log).unwrap();
}
