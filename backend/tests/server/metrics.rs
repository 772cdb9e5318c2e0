//! `/metrics` prints exactly the metrics that `docs/metrics.md` documents.

use crate::common::{TestDatabase, TestServer, canvas, http::Reply, socket::TestClient};
use serde_json::json;
use std::{collections::BTreeSet, fs, path::Path};

async fn text(server: &TestServer) -> String {
    let reply = Reply::of(reqwest::Client::new().get(server.url("/metrics"))).await;
    reply.expect(200);
    reply.text()
}

/// Names with their types, from Prometheus's text.
fn printed(text: &str) -> BTreeSet<(String, String)> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect()
}

fn named() -> BTreeSet<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let page = fs::read_to_string(page).unwrap();
    page.lines()
        .filter_map(|line| line.strip_prefix("| `stellar_"))
        .map(|line| {
            let mut cells = line.split('|').map(str::trim);
            let name = cells.next().unwrap().trim_end_matches('`');
            (format!("stellar_{name}"), cells.next().unwrap().to_owned())
        })
        .collect()
}

/// The value of the line that starts with `line`.
fn value(text: &str, line: &str) -> f64 {
    let found = text.lines().find_map(|found| found.strip_prefix(line));
    found
        .unwrap_or_else(|| panic!("no {line} in {text}"))
        .trim()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn metrics_and_documentation_agree() {
    let server = TestServer::start_alone(TestDatabase::migrated().await, &[]).await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let mut tab = TestClient::join(&ann, id).await;
    let mut other = TestClient::join(&server.guest("Bob").await, id).await;
    for n in 0..5 {
        tab.done(json!({ "type": "canvas_chat", "text": format!("{n}") }))
            .await;
    }
    other.reach(5).await;
    tab.send_text("no JSON").await;
    tab.refused("invalid_json").await;
    other.close().await;
    let text = text(&server).await;
    assert_eq!(printed(&text), named());

    assert!(value(&text, "stellar_messages_in_total{type=\"canvas_chat\"}") >= 5.0);
    assert!(value(&text, "stellar_messages_in_total{type=\"invalid\"}") >= 1.0);
    let told = "stellar_messages_out_total{type=\"canvas_chat_message\"}";
    assert!(value(&text, told) >= 10.0);
    assert!(value(&text, "stellar_deliveries_total") >= 10.0);
    assert!(value(&text, "stellar_delivery_lag_seconds_count") >= 10.0);
    assert!(value(&text, "stellar_delivery_lag_seconds_sum") > 0.0);
    assert!(value(&text, "stellar_commit_batch_size_count") >= 1.0);
    assert!(value(&text, "stellar_commit_seconds_count") >= 1.0);
    assert!(value(&text, "stellar_closes_total{reason=\"client\"}") >= 1.0);
    assert!(value(&text, "stellar_connections") >= 1.0);
    assert!(value(&text, "stellar_rooms") >= 1.0);
    assert!((value(&text, "stellar_database_connections_max") - 16.0).abs() < 0.1);
    server.stop().await;
}
