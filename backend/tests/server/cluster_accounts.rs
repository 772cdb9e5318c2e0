//! What people do with their accounts reaches every node: at once through Redis, and without
//! it through the database.

use crate::common::{
    TEST_TIMEOUT, canvas,
    cluster::{Cluster, Node},
    http::{Client, Reply},
    socket::{Closed, TestClient},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::time;

/// The contract's limit is 5 s; the rest is for a busy machine.
const SOON: Duration = Duration::from_secs(10);

async fn sign_in(node: &Node, path: &str, status: u16) -> Client {
    let mut client = Client::new(node.addr);
    let body = json!({ "username": "ann", "password": "password" });
    client.sign_in(&client.post(path, &body).await.json(status));
    client
}

fn revoked() -> Closed {
    Closed {
        code: 1008,
        reason: "revoked".to_owned(),
    }
}

async fn accounts_change(cluster: &Cluster) {
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let ann = sign_in(here, "/auth/register", 201).await;
    let mut phones = Vec::new();
    let id = canvas(&ann, &json!({})).await;
    let mut tabs = Vec::new();
    for _ in 0..3 {
        let phone = sign_in(there, "/auth/login", 200).await;
        tabs.push(TestClient::join(&phone, id).await);
        phones.push(phone);
    }
    let mut home = TestClient::join(&there.at(&ann), id).await;

    // One session, all others, and those that a new password ends.
    let listed = phones[0].all("/users/me/sessions").await;
    let current = listed.iter().find(|session| session["current"] == true);
    let path = format!(
        "/users/me/sessions/{}",
        current.unwrap()["id"].as_str().unwrap()
    );
    let begun = Instant::now();
    ann.delete(&path).await.expect(204);
    assert_eq!(tabs[0].closed().await, revoked());
    assert!(begun.elapsed() < SOON);
    let begun = Instant::now();
    ann.delete("/users/me/sessions").await.expect(204);
    for tab in &mut tabs[1..] {
        assert_eq!(tab.closed().await, revoked());
    }
    assert!(begun.elapsed() < SOON);
    for phone in &phones {
        refused_soon(phone).await;
    }
    let phone = sign_in(there, "/auth/login", 200).await;
    let mut tab = TestClient::join(&phone, id).await;
    let begun = Instant::now();
    let change = json!({ "old_password": "password", "new_password": "password" });
    ann.post("/users/me/password", &change).await.expect(204);
    assert_eq!(tab.closed().await, revoked());
    assert!(begun.elapsed() < SOON);
    home.done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;

    // A guest's new name is that of their connection at the other node.
    let guest = here.guest("Quiet Nova").await;
    let mut open = TestClient::join(&there.at(&guest), id).await;
    let account = json!({ "username": "Nova", "password": "password" });
    let begun = Instant::now();
    guest.post("/users/me/account", &account).await.expect(200);
    home.until(|message| {
        message["type"] == "user_presence_update" && message["username"] == "Nova"
    })
    .await;
    assert!(begun.elapsed() < SOON);
    open.done(json!({ "type": "canvas_chat", "text": "with a name" }))
        .await;
    let said = home.expect("canvas_chat_message").await;
    assert_eq!(said["sender_username"], "Nova");

    // A deleted account is gone there, and its names leave the other node's memory.
    let before = TestClient::join(&there.at(&ann), id).await;
    open.done(json!({ "type": "canvas_chat", "text": "bye" }))
        .await;
    home.reach(3).await;
    let begun = Instant::now();
    let body = json!({ "password": "password" });
    let request = guest.request(Method::DELETE, "/users/me").json(&body);
    Reply::of(request).await.expect(204);
    assert_eq!(open.closed().await, revoked());
    assert!(begun.elapsed() < SOON);
    refused_soon(&there.at(&guest)).await;
    let names_gone = async {
        loop {
            let mut resumed = TestClient::resume(&there.at(&ann), id, &before).await;
            assert_eq!(resumed.connected["resume"], "resumed");
            assert_eq!(resumed.connected["epoch"], before.connected["epoch"]);
            resumed.reach(3).await;
            let names = |event: &Value| event["sender_display_name"] == "Deleted account";
            if resumed.events.iter().all(names) {
                return;
            }
        }
    };
    time::timeout(TEST_TIMEOUT, names_gone)
        .await
        .expect("the names are still in memory");
}

/// Waits until a node refuses the token.
async fn refused_soon(client: &Client) {
    let refused = async { while client.get("/users/me").await.status != 401 {} };
    time::timeout(SOON, refused)
        .await
        .expect("the token is still good");
}

#[tokio::test]
async fn accounts_change_on_every_node() {
    let cluster = Cluster::start(2).await;
    accounts_change(&cluster).await;
}

#[tokio::test]
async fn accounts_change_on_every_node_without_redis() {
    let mut cluster = Cluster::start(2).await;
    cluster.redis.kill().await;
    accounts_change(&cluster).await;
}
