//! Servers that are killed while they archive, several that archive at once, and pieces that are
//! damaged.

use crate::common::{
    TEST_TIMEOUT, TestServer,
    archive::{AT_ONCE, KEPT, answers, archived, archiving, at, check_same, scene},
    cluster::Cluster,
    http::Client,
    socket::TestClient,
};
use serde_json::json;
use sqlx::{PgPool, raw_sql};
use std::time::Duration;
use tokio::time::{sleep, timeout};

const NEVER: [(&str, &str); 1] = [("ARCHIVE_AFTER_DAYS", "never")];
const ARCHIVES: [(&str, &str); 2] = [("ARCHIVE_AFTER_DAYS", "0"), ("ARCHIVE_KEEP_EVENTS", "5")];
/// The lock at which a node is held up.
const HALT: i64 = 4711;

async fn user(cluster: &Cluster, name: &str) -> Client {
    let mut client = Client::new(cluster.nodes[0].addr);
    let body = json!({ "username": name, "password": "password" });
    let auth = client.post("/auth/register", &body).await.json(201);
    client.sign_in(&auth);
    client
}

/// Waits until somebody waits for [`HALT`].
async fn halted(pool: &PgPool) {
    let waits = async {
        loop {
            let waits: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                     AND objid = $1::bigint::oid
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            )
            .bind(HALT)
            .fetch_one(pool)
            .await
            .unwrap();
            if waits {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(2 * TEST_TIMEOUT, waits).await.unwrap();
}

#[tokio::test]
async fn a_server_is_killed_while_it_archives() {
    let mut cluster = Cluster::start_with(1, &NEVER).await;
    let (ann, bob) = (user(&cluster, "ann").await, user(&cluster, "bob").await);
    let (id, by_ann, _) = scene(&ann, &bob).await;
    let before = answers(&ann, id).await;
    let pool = cluster.database.pool().await;
    raw_sql(
        "CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM pg_advisory_xact_lock(4711);
             RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
         END $$",
    )
    .execute(&pool)
    .await
    .unwrap();
    for (place, step, is_declared) in [
        ("archive_pieces", "BEFORE INSERT ON archive_pieces", false),
        (
            "canvases",
            "BEFORE UPDATE OF archived_seq ON canvases",
            false,
        ),
        ("canvas_events", "BEFORE DELETE ON canvas_events", true),
    ] {
        let trigger = format!("CREATE TRIGGER halt {step} FOR EACH ROW EXECUTE FUNCTION halt()");
        raw_sql(sqlx::AssertSqlSafe(trigger))
            .execute(&pool)
            .await
            .unwrap();
        let mut holder = pool.acquire().await.unwrap();
        let lock = format!("SELECT pg_advisory_lock({HALT})");
        raw_sql(sqlx::AssertSqlSafe(lock))
            .execute(&mut *holder)
            .await
            .unwrap();
        let number = cluster.add(&ARCHIVES).await;
        halted(&pool).await;
        cluster.nodes[number].kill().await;
        let drop = format!("DROP TRIGGER halt ON {place}");
        let unlock = format!("SELECT pg_advisory_unlock({HALT})");
        raw_sql(sqlx::AssertSqlSafe(unlock))
            .execute(&mut *holder)
            .await
            .unwrap();
        raw_sql(sqlx::AssertSqlSafe(drop))
            .execute(&pool)
            .await
            .unwrap();
        let pieces: i64 = sqlx::query_scalar("SELECT count(*) FROM archive_pieces")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(pieces, i64::from(is_declared), "{step}");
        check_same(&ann, id, &before).await;
    }
    // The next one does what is left.
    let number = cluster.add(&ARCHIVES).await;
    assert_eq!(archived(&pool, id).await, 1);
    for node in [0, number] {
        check_same(&cluster.nodes[node].at(&ann), id, &before).await;
    }
    let mut tab = TestClient::join(&ann, id).await;
    for (request, seq) in &by_ann {
        tab.send(request).await;
        assert_eq!(tab.expect("ack").await["seq"], *seq);
    }
}

#[tokio::test]
async fn two_nodes_archive_at_once() {
    const CANVASES: usize = 4;
    let mut cluster = Cluster::start_with(1, &NEVER).await;
    let (ann, bob) = (user(&cluster, "ann").await, user(&cluster, "bob").await);
    let mut canvases = Vec::new();
    for _ in 0..CANVASES {
        let (id, ..) = scene(&ann, &bob).await;
        let before = answers(&ann, id).await;
        canvases.push((id, before));
    }
    let pool = cluster.database.pool().await;
    let first = cluster.add(&ARCHIVES).await;
    let second = cluster.add(&ARCHIVES).await;
    for (id, before) in &canvases {
        archived(&pool, *id).await;
        for node in [0, first, second] {
            check_same(&cluster.nodes[node].at(&ann), *id, before).await;
        }
    }
    // While both go on.
    for (id, _) in &canvases {
        let mut tab = TestClient::join(&ann, *id).await;
        for n in 0..3 * KEPT {
            tab.done(json!({ "type": "canvas_chat", "text": format!("more{n}") }))
                .await;
        }
    }
    for (id, _) in &canvases {
        archived(&pool, *id).await;
        let gaps: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (
                 SELECT first_seq - lag(last_seq, 1, 0::bigint) OVER (ORDER BY first_seq) AS step
                 FROM archive_pieces WHERE canvas_id = $1) AS steps WHERE step <> 1",
        )
        .bind(id)
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(gaps, 0);
        let log = ann.all(&format!("/canvases/{id}/events")).await;
        let seqs: Vec<i64> = log
            .iter()
            .map(|event| event["seq"].as_i64().unwrap())
            .collect();
        assert_eq!(
            seqs,
            (1..=i64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn a_damaged_piece_is_noticed_and_nothing_wrong_is_told() {
    let server = TestServer::start_with(&crate::common::archive::NEVER).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (id, ..) = scene(&ann, &bob).await;
    let server = archiving(server).await;
    let pool = server.database.pool().await;
    archived(&pool, id).await;
    let database = server.stop().await;
    sqlx::query(
        "UPDATE archive_pieces SET others = set_byte(others, 99, get_byte(others, 99) # 1)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let server = TestServer::start_alone(database, &AT_ONCE).await;
    let ann = at(&server, &ann);
    let path = format!("/canvases/{id}");
    ann.get(&format!("{path}/messages?before_seq=20"))
        .await
        .problem(500, "internal");
    ann.get(&format!("{path}/events?after_seq=3&limit=5"))
        .await
        .problem(500, "internal");
    // What is not in it goes on.
    let mut tab = TestClient::join(&ann, id).await;
    tab.done(json!({ "type": "canvas_chat", "text": "still here" }))
        .await;
    let metrics = reqwest::get(server.url("/metrics"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let damaged = metrics
        .lines()
        .find_map(|line| line.strip_prefix("stellar_archive_damaged_total "));
    assert!(damaged.unwrap().parse::<f64>().unwrap() >= 2.0);
    server.stop().await;
}
