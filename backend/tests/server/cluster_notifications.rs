//! Notifications reach every connection of a user on every node: at once through Redis, and
//! without it through the database.

use crate::common::{canvas, cluster::Cluster, http::Client, socket::TestClient};
use serde_json::{Value, json};

const LIST: &str = "/users/me/notifications";
const READ: &str = "/users/me/notifications/read";

fn say(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text })
}

async fn user(cluster: &Cluster, node: usize, username: &str) -> Client {
    let mut client = Client::new(cluster.nodes[node].addr);
    let body = json!({ "username": username, "password": "password" });
    client.sign_in(&client.post("/auth/register", &body).await.json(201));
    client
}

#[tokio::test]
async fn every_connection_on_every_node_is_told() {
    let cluster = Cluster::start(2).await;
    let [here, there] = &cluster.nodes[..] else {
        panic!("two nodes")
    };
    let ann = user(&cluster, 0, "ann").await;
    let bob = user(&cluster, 1, "bob").await;
    let id = canvas(&ann, &json!({})).await;
    let elsewhere = canvas(&bob, &json!({})).await;
    let mut anns = TestClient::join(&ann, id).await;
    let mut tabs = Vec::new();
    for node in [here, there] {
        for _ in 0..2 {
            tabs.push(TestClient::join(&node.at(&bob), elsewhere).await);
        }
    }
    anns.done(say("@bob while away")).await;
    let mut first = Value::Null;
    for tab in &mut tabs {
        first = tab.expect("notification").await;
        assert_eq!(first["notification"]["read"], false);
        assert_eq!(first["unread_count"], 1);
    }
    // Bob is on the canvas, at the other node.
    let mut bobs = TestClient::join(&there.at(&bob), id).await;
    anns.until(|message| message["type"] == "user_joined" && message["username"] == "bob")
        .await;
    anns.done(say("@bob while here")).await;
    let seen = bobs.expect("notification").await;
    assert_eq!(seen["notification"]["read"], true);
    assert_eq!(seen["unread_count"], 1);
    for tab in &mut tabs {
        assert_eq!(tab.expect("notification").await, seen);
    }
    // Read at one node, told at both.
    let up_to = json!({ "up_to_id": first["notification"]["id"] });
    here.at(&bob).post(READ, &up_to).await.expect(204);
    for tab in &mut tabs {
        assert_eq!(tab.expect("notifications_read").await["unread_count"], 0);
    }
}

#[tokio::test]
async fn notifications_arrive_without_redis() {
    let mut cluster = Cluster::start(2).await;
    let ann = user(&cluster, 0, "ann").await;
    let bob = user(&cluster, 1, "bob").await;
    let id = canvas(&ann, &json!({})).await;
    let elsewhere = canvas(&bob, &json!({})).await;
    let mut bobs = TestClient::join(&bob, elsewhere).await;
    let mut anns = TestClient::join(&ann, id).await;
    cluster.redis.kill().await;
    for number in 1..=3 {
        anns.done(say(&format!("@bob {number}"))).await;
        let message = bobs.expect("notification").await;
        assert_eq!(message["notification"]["text"], format!("@bob {number}"));
        assert_eq!(message["unread_count"], number);
    }
    let page = bob.get(LIST).await.json(200);
    let here = cluster.nodes[0].at(&bob);
    let read = json!({ "ids": [page["items"][0]["id"]] });
    here.post(READ, &read).await.expect(204);
    assert_eq!(bobs.expect("notifications_read").await["unread_count"], 2);
    // Its own node tells at once, and the poll does not repeat it.
    let mut own = TestClient::join(&cluster.nodes[1].at(&ann), elsewhere).await;
    own.done(json!({ "type": "tile_create", "x": 0, "y": 0 }))
        .await;
    bobs.done(json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }))
        .await;
    own.expect("notification").await;
    anns.done(say("@ann @bob the last")).await;
    let last = bobs.expect("notification").await;
    assert_eq!(last["notification"]["text"], "@ann @bob the last");
    assert_eq!(last["unread_count"], 3);
    let repeated = own.drain().await;
    let mut repeated = repeated.iter();
    assert!(repeated.all(|message| message["type"] != "notification"));
}
