//! Asks for exports and loads their files.

use super::{
    eventually,
    http::{Client, Reply},
};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};

/// Asks for an export, and waits until it is over.
pub(crate) async fn export(client: &Client, canvas: i64, body: &Value) -> Value {
    let path = format!("/canvases/{canvas}/exports");
    let asked = client.post(&path, body).await.json(202);
    assert_eq!(asked["canvas_id"], canvas);
    assert_eq!(asked["kind"], body["kind"]);
    assert_eq!(
        (&asked["state"], &asked["bytes"]),
        (&json!("waiting"), &json!(0))
    );
    assert!(asked["url"].is_null());
    ended(client, &asked).await
}

/// The export once it is neither waiting nor running.
pub(crate) async fn ended(client: &Client, asked: &Value) -> Value {
    let path = format!("/exports/{}", asked["id"]);
    eventually("the export ends", async || {
        let export = client.get(&path).await.json(200);
        let progress = export["progress"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&progress), "{export}");
        if matches!(export["state"].as_str(), Some("waiting" | "running")) {
            assert_eq!(export["bytes"], 0);
            return None;
        }
        Some(export)
    })
    .await
}

/// The file of an export that is done.
pub(crate) async fn load(client: &Client, export: &Value) -> Reply {
    assert_eq!(export["state"], "done");
    assert_eq!(export["progress"], 1.0);
    let url = export["url"].as_str().unwrap();
    let reply = client.get(url.strip_prefix("/api/v1").unwrap()).await;
    reply.expect(200);
    assert_eq!(json!(reply.body.len()), export["bytes"]);
    assert_eq!(reply.header("content-length"), reply.body.len().to_string());
    reply
}

/// The lines of a log.
pub(crate) fn lines(gzip: &[u8]) -> Vec<Value> {
    let lines = BufReader::new(GzDecoder::new(gzip)).lines();
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}
