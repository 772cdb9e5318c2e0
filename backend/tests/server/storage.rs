//! What the events of the canvases take, as admins see it.

use crate::common::{
    TestServer,
    archive::{NEVER, archived, archiving, at},
    canvas,
    http::Client,
    socket::TestClient,
};
use serde_json::{Value, json};

async fn talk(client: &Client, canvas: i64, text: &str, times: usize) {
    let mut tab = TestClient::join(client, canvas).await;
    for _ in 0..times {
        tab.done(json!({ "type": "canvas_chat", "text": text }))
            .await;
    }
    tab.close().await;
}

#[tokio::test]
async fn admins_see_what_the_events_take_the_largest_canvas_first() {
    let server = TestServer::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let storage = async || root.get("/admin/storage").await.json(200);
    let empty = storage().await;
    assert_eq!(
        empty,
        json!({ "hot_events": 0, "hot_bytes": 0, "archived_events": 0, "archived_bytes": 0,
                "canvases": [] })
    );
    let few = canvas(&ann, &json!({ "name": "Few" })).await;
    let many = canvas(&ann, &json!({ "name": "Many" })).await;
    canvas(&ann, &json!({ "name": "None" })).await;
    talk(&ann, few, "hello", 3).await;
    talk(&ann, many, &"long ".repeat(100), 9).await;
    let found = storage().await;
    assert_eq!(found["hot_events"], 12);
    let listed = found["canvases"].as_array().unwrap();
    let names: Vec<&Value> = listed.iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Many", "Few", "None"]);
    let events: Vec<&Value> = listed.iter().map(|it| &it["hot_events"]).collect();
    assert_eq!(events, [9, 3, 0]);
    assert_eq!(listed[0]["canvas_id"], many);
    let bytes = |it: &Value| it["hot_bytes"].as_i64().unwrap();
    // Each message has 500 characters, besides what every message has.
    assert!((9 * 800..9 * 1_500).contains(&bytes(&listed[0])), "{found}");
    assert!((3 * 300..3 * 1_000).contains(&bytes(&listed[1])), "{found}");
    assert_eq!(bytes(&listed[2]), 0);
    assert_eq!(bytes(&found), listed.iter().map(bytes).sum::<i64>());

    // No more than fifty are listed, and all are counted.
    for _ in 0..50 {
        canvas(&ann, &json!({ "name": "More" })).await;
    }
    let found = storage().await;
    let listed = found["canvases"].as_array().unwrap();
    assert_eq!((listed.len(), &found["hot_events"]), (50, &json!(12)));
    assert_eq!(
        (&listed[0]["name"], &listed[1]["name"]),
        (&json!("Many"), &json!("Few"))
    );

    ann.get("/admin/storage").await.problem(403, "forbidden");
    let visitor = server.visitor();
    visitor
        .get("/admin/storage")
        .await
        .problem(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test]
async fn archived_events_are_counted_with_their_pieces() {
    let server = TestServer::start_with(&NEVER).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let id = canvas(&ann, &json!({ "name": "Old" })).await;
    let other = canvas(&ann, &json!({ "name": "New" })).await;
    talk(&ann, other, "hello", 3).await;
    talk(&ann, id, &"long ".repeat(100), 60).await;
    let server = archiving(server).await;
    let root = at(&server, &root);
    let pool = server.database.pool().await;
    archived(&pool, id).await;
    let found = root.get("/admin/storage").await.json(200);
    assert_eq!(
        (&found["hot_events"], &found["archived_events"]),
        (&json!(8), &json!(55))
    );
    let listed = &found["canvases"];
    assert_eq!(
        (&listed[0]["name"], &listed[1]["name"]),
        (&json!("Old"), &json!("New"))
    );
    assert_eq!(
        (&listed[0]["hot_events"], &listed[0]["archived_events"]),
        (&json!(5), &json!(55))
    );
    let bytes = listed[0]["archived_bytes"].as_i64().unwrap();
    // All say the same.
    assert!((500..20_000).contains(&bytes), "{found}");
    assert_eq!(found["archived_bytes"], bytes);
    assert_eq!(listed[1]["archived_bytes"], 0);
    pool.close().await;
    server.stop().await;
}
