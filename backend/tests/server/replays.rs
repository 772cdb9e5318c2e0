//! Replays are bounded, and end soon when the connection has to end, however slowly
//! the client reads.

use crate::common::{
    TestServer, canvas,
    http::Client,
    socket::{TestClient, open, upgrade},
};
use futures_util::SinkExt;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{io::AsyncReadExt, time::sleep};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

/// The contract's limit for a kick, a logout and an expired token.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// A canvas with this many events of almost two kilobytes each, and its epoch.
async fn long_canvas(server: &TestServer, owner: &Client, events: i64) -> (i64, String) {
    let id = canvas(owner, &json!({ "tile_size": 32 })).await;
    let path = format!("/canvases/{id}");
    let tile = json!({ "x": 0, "y": 0 });
    owner
        .post(&format!("{path}/tiles"), &tile)
        .await
        .expect(201);
    let pool = server.database.pool().await;
    sqlx::query(
        r#"WITH more AS (
             INSERT INTO canvas_events (canvas_id, seq, kind, actor_id, body, created_at)
             SELECT canvas_id, n, kind, actor_id,
                    replace(body, '"seq":1,', '"seq":' || n || ','), created_at
             FROM canvas_events, generate_series(2, $2) AS n WHERE canvas_id = $1
         )
         UPDATE canvases SET last_seq = $2 WHERE id = $1"#,
    )
    .bind(id)
    .bind(events)
    .execute(&pool)
    .await
    .unwrap();
    let epoch = owner.get(&path).await.json(200)["epoch"].clone();
    (id, epoch.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_update_that_is_too_far_behind_is_refused() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let (id, _) = long_canvas(&server, &ann, 10_001).await;
    let mut tab = TestClient::join(&ann, id).await;
    for (last_seq, refused) in [(0, true), (1, false), (10_001, false), (20_000, false)] {
        let op_id = Uuid::new_v4();
        tab.seq = last_seq.clamp(0, 10_001);
        tab.events.clear();
        tab.send(&json!({ "type": "request_update", "last_seq": last_seq, "op_id": op_id }))
            .await;
        let answer = tab.until(|m| m["op_id"] == json!(op_id)).await;
        if refused {
            assert_eq!(answer["code"], "too_far_behind", "{last_seq}: {answer}");
            assert_eq!(tab.events.len(), 0, "something was replayed");
        } else {
            assert_eq!(answer["for"], "request_update", "{last_seq}: {answer}");
            assert_eq!(tab.seq, 10_001);
        }
    }
    // The connection goes on.
    tab.done(json!({ "type": "canvas_chat", "text": "hi" }))
        .await;
}

/// How the connection is ended.
#[derive(Clone, Copy, Debug)]
enum End {
    Kick,
    Logout,
    Expiry,
}

/// Lets a client of one megabyte a second be in the middle of a replay when the
/// connection has to end, and returns how long that takes.
async fn ended_in_a_replay(end: End, joining: bool) -> Duration {
    let lifetime = match end {
        End::Expiry => "9",
        End::Kick | End::Logout => "300",
    };
    let server = TestServer::start_with(&["--token-ttl", lifetime]).await;
    let root = server.admin("root").await;
    let (id, epoch) = long_canvas(&server, &root, 10_000).await;
    let ann = server.guest("Ann").await;
    let begun = Instant::now();
    let resume = if joining {
        format!("&last_seq=0&epoch={epoch}")
    } else {
        String::new()
    };
    let query = format!("token={}{resume}", ann.token());
    let mut socket = open(ann.addr, upgrade(ann.addr, id, &query, &[]))
        .await
        .unwrap();
    if !joining {
        let update = json!({ "type": "request_update", "last_seq": 0 });
        socket
            .send(Message::text(update.to_string()))
            .await
            .unwrap();
    }
    let stream = socket.get_mut();
    let mut buffer = vec![0; 50_000];
    let mut received = 0;
    let mut due = None;
    loop {
        // Twenty times a second: one megabyte.
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => received += count,
        }
        sleep(Duration::from_millis(50)).await;
        if due.is_some() || received < 2_000_000 {
            continue;
        }
        due = Some(match end {
            End::Kick => {
                let clients = root
                    .all(&format!("/admin/clients?user_id={}", ann.id()))
                    .await;
                let connection = clients[0]["connection_id"].as_str().unwrap();
                let path = format!("/admin/clients/{connection}");
                root.delete(&path).await.expect(204);
                Instant::now()
            }
            End::Logout => {
                ann.post("/auth/logout", &json!({})).await.expect(204);
                Instant::now()
            }
            End::Expiry => begun + Duration::from_secs(9),
        });
    }
    assert!(received < 14_000_000, "{end:?}: it was not ended");
    due.expect("it ended before").elapsed()
}

#[tokio::test]
async fn a_kick_ends_a_replay() {
    for joining in [true, false] {
        let waited = ended_in_a_replay(End::Kick, joining).await;
        assert!(waited < ENDS_WITHIN, "{waited:?}");
    }
}

#[tokio::test]
async fn a_logout_ends_a_replay() {
    for joining in [true, false] {
        let waited = ended_in_a_replay(End::Logout, joining).await;
        assert!(waited < ENDS_WITHIN, "{waited:?}");
    }
}

#[tokio::test]
async fn an_expired_token_ends_a_replay() {
    let (joining, asking) = tokio::join!(
        ended_in_a_replay(End::Expiry, true),
        ended_in_a_replay(End::Expiry, false)
    );
    for waited in [joining, asking] {
        assert!(waited < ENDS_WITHIN, "{waited:?}");
    }
}
