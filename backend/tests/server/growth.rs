//! The rows that a request reads do not grow with the amount of stored data.

use crate::common::{TEST_TIMEOUT, TestServer, canvas, socket::TestClient};
use serde_json::json;
use sqlx::PgPool;
use std::collections::HashMap;
use tokio::time::timeout;
use uuid::Uuid;

/// Repetitions of each request.
const TIMES: i64 = 150;

#[tokio::test]
async fn a_commit_reads_only_what_it_needs_however_much_is_stored() {
    let server = TestServer::start().await;
    without_statistics(&server).await;
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
            // A connection reports its statistics when it runs the next statement.
            tab.send(&json!({ "type": "canvas_chat", "text": "and on" }))
                .await;
            tab.expect("ack").await;
            let tables = tables(&pool).await;
            if tables["canvas_events"].written >= 4 * TIMES - 1 {
                return tables;
            }
        }
    };
    let tables = timeout(TEST_TIMEOUT, counted).await.unwrap();
    for name in ["canvas_events", "canvas_idle_ops", "tiles", "tile_likes"] {
        tables[name].assert_few(name);
    }
}

#[tokio::test]
async fn a_join_reads_only_what_it_needs_however_many_users_exist() {
    let server = TestServer::start().await;
    without_statistics(&server).await;
    let ann = server.user("ann").await;
    let canvas = canvas(&ann, &json!({})).await;
    for number in 0..TIMES {
        let guest = server.guest(&format!("Guest {number}")).await;
        TestClient::join(&guest, canvas).await.close().await;
    }
    let pool = server.database.pool().await;
    let counted = async {
        loop {
            TestClient::join(&ann, canvas).await.close().await;
            let tables = tables(&pool).await;
            // Each join reads the canvas once.
            if tables["canvas_members"].scans >= TIMES {
                return tables;
            }
        }
    };
    let tables = timeout(TEST_TIMEOUT, counted).await.unwrap();
    for name in ["users", "canvases", "canvas_members"] {
        tables[name].assert_few(name);
    }
}

/// Lists and searches read about a page, whatever there is on the server.
#[tokio::test]
async fn lists_read_about_a_page_however_many_canvases_exist() {
    const CANVASES: i64 = 20_000;
    const EACH: i64 = 50;
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let mine = canvas(&bob, &json!({ "name": "Bob's own 100% wonder" })).await;
    let pool = server.database.pool().await;
    add_canvases(&pool, ann.id(), CANVASES).await;
    let before = tables(&pool).await["canvases"].read;
    for _ in 0..EACH {
        let found = bob.get("/canvases?mine=true").await.json(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        for text in ["100%25 wonder", "BOB'S OWN", "nowhere to be found"] {
            let found = bob.get(&format!("/canvases?q={text}")).await.json(200);
            for item in found["items"].as_array().unwrap() {
                assert_eq!(item["id"], mine);
            }
            let expected = usize::from(!text.contains("nowhere"));
            assert_eq!(found["items"].as_array().unwrap().len(), expected, "{text}");
        }
        let found = bob.get("/canvases?limit=10").await.json(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 10);
    }
    // `%` and `_` are nothing but themselves.
    for text in ["1__%25 wonder", "Bob%25wonder"] {
        let found = bob.get(&format!("/canvases?q={text}")).await.json(200);
        assert_eq!(found["items"], json!([]), "{text}");
    }
    let counted = async {
        loop {
            // A connection reports its statistics when it runs the next statement.
            bob.get("/canvases?limit=1").await.expect(200);
            let scans = tables(&pool).await["canvases"].scans;
            if scans >= 5 * EACH {
                return tables(&pool).await["canvases"].read;
            }
        }
    };
    let read = timeout(TEST_TIMEOUT, counted).await.unwrap() - before;
    // What the server does by itself looks at all canvases now and then; a list that did would
    // do it `EACH` times.
    let most = EACH / 4 * CANVASES;
    assert!(read < most, "{read} rows for {} lists", 5 * EACH);
    server.stop().await;
}

/// Anonymous searches that find no index and never pause.
#[tokio::test]
async fn searches_without_end_leave_chat_and_readiness_alone() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    let pool = server.database.pool().await;
    add_canvases(&pool, ann.id(), 20_000).await;
    sqlx::query("DROP INDEX IF EXISTS canvases_search_idx")
        .execute(&pool)
        .await
        .unwrap();
    let mut tab = TestClient::join(&ann, id).await;
    let searching: Vec<_> = (0..40)
        .map(|number| {
            let visitor = server.visitor();
            tokio::spawn(async move {
                loop {
                    let reply = visitor.get(&format!("/canvases?q=nobody{number}")).await;
                    assert!(reply.status == 200 || reply.status == 503);
                }
            })
        })
        .collect();
    for number in 0..30 {
        let reply = reqwest::get(server.url("/readyz")).await.unwrap();
        assert_eq!(reply.status(), 200);
        tab.done(json!({ "type": "canvas_chat", "text": number.to_string() }))
            .await;
        ann.get(&format!("/canvases/{id}")).await.expect(200);
    }
    for one in searching {
        assert!(!one.is_finished(), "a search failed");
        one.abort();
    }
    server.stop().await;
}

/// Public canvases of this user, beside which a list or a search has to find others.
async fn add_canvases(pool: &PgPool, owner: i64, count: i64) {
    sqlx::query(
        "INSERT INTO canvases (id, name, width, height, tile_size, palette, visibility,
                               edit_policy, owner_id, epoch)
         OVERRIDING SYSTEM VALUE
         SELECT n, md5(n::text), 8, 6, 8, '{}', 'public', 'open', $1, gen_random_uuid()
         FROM generate_series(1, $2) AS n",
    )
    .bind(owner)
    .bind(count)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("ANALYZE").execute(pool).await.unwrap();
}

/// Keeps PostgreSQL from analyzing the tables during the test. Reading all of a small table
/// is cheaper than its index, so that a plan made with statistics may do so while there are
/// few rows; whether autovacuum comes in that moment depends on the speed of the machine.
async fn without_statistics(server: &TestServer) {
    let pool = server.database.pool().await;
    for table in [
        "users",
        "canvases",
        "canvas_members",
        "canvas_events",
        "canvas_idle_ops",
        "tiles",
        "tile_likes",
    ] {
        let statement = format!("ALTER TABLE {table} SET (autovacuum_enabled = false)");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&pool)
            .await
            .unwrap();
    }
}

/// Statistics of a table.
struct Table {
    /// Inserted rows.
    written: i64,
    /// Rows read.
    read: i64,
    /// Scans.
    scans: i64,
}

impl Table {
    /// Each request reads a few rows; reading all of them would be a hundred times
    /// as many.
    fn assert_few(&self, name: &str) {
        let read = self.read;
        assert!(read <= 40 * TIMES, "{read} rows of {name}");
    }
}

async fn tables(pool: &PgPool) -> HashMap<String, Table> {
    let query = "SELECT relname::text, n_tup_ins, coalesce(idx_tup_fetch, 0) + seq_tup_read,
                        coalesce(idx_scan, 0) + seq_scan
                 FROM pg_stat_user_tables";
    let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(query).fetch_all(pool).await.unwrap();
    let tables = rows.into_iter().map(|(name, written, read, scans)| {
        let table = Table {
            written,
            read,
            scans,
        };
        (name, table)
    });
    tables.collect()
}
