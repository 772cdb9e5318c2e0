//! What a request costs the database does not grow with what is there already.

mod common;

use common::{PATIENCE, TestServer, canvas, socket::TestClient};
use serde_json::json;
use std::collections::HashMap;
use tokio::time::timeout;
use uuid::Uuid;

/// Times that each thing is done.
const TIMES: i64 = 150;

#[tokio::test]
async fn a_commit_reads_only_what_it_needs_however_much_there_is() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let settings = json!({ "width": TIMES, "height": 1, "tile_size": 8 });
    let canvas = canvas(&ann, &settings).await;
    let mut tab = TestClient::join(&ann, canvas).await;
    for x in 0..TIMES {
        for request in [
            json!({ "type": "canvas_chat", "text": "and on" }),
            json!({ "type": "tile_paint", "x": x, "y": 0, "pixels": [[0, 1]] }),
            json!({ "type": "tile_like", "x": x, "y": 0, "liked": true }),
            json!({ "type": "tile_like", "x": 0, "y": 0, "liked": x % 2 == 0 }),
        ] {
            let mut request = request;
            request["op_id"] = json!(Uuid::new_v4());
            tab.send(&request).await;
            tab.expect("ack").await;
        }
    }
    let pool = server.database.pool().await;
    let counted = async {
        loop {
            // A connection that does something tells what it did before.
            tab.send(&json!({ "type": "canvas_chat", "text": "and on" }))
                .await;
            tab.expect("ack").await;
            let query = "SELECT relname::text, n_tup_ins,
                                coalesce(idx_tup_fetch, 0) + seq_tup_read
                         FROM pg_stat_user_tables";
            let rows: Vec<(String, i64, i64)> =
                sqlx::query_as(query).fetch_all(&pool).await.unwrap();
            let tables: HashMap<String, (i64, i64)> = rows
                .into_iter()
                .map(|(name, written, read)| (name, (written, read)))
                .collect();
            if tables["canvas_events"].0 >= 4 * TIMES - 1 {
                return tables;
            }
        }
    };
    let tables = timeout(PATIENCE, counted).await.unwrap();
    for name in ["canvas_events", "canvas_idle_ops", "tiles", "tile_likes"] {
        let read = tables[name].1;
        // Each request looks at a few rows; at all of them it would be a hundred times as many.
        assert!(read <= 40 * TIMES, "{read} rows of {name}");
    }
}
