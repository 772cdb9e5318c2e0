//! All errors have the same form, and every response has the security headers.

use crate::common::{TestServer, canvas, http::Reply};
use reqwest::Method;
use serde_json::json;
use std::{collections::HashSet, fs, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{self, Instant},
};

#[tokio::test]
async fn unknown_paths_are_problems_too() {
    let server = TestServer::start().await;
    let visitor = server.visitor();
    for path in ["/nothing", "", "/canvases/1/nothing", "/tiles"] {
        visitor.get(path).await.problem(404, "not_found");
    }
    let reply = visitor.put("/canvases", &json!({})).await;
    reply.problem(405, "method_not_allowed");
    let reply = visitor.delete("/auth/login").await;
    reply.problem(405, "method_not_allowed");
    server.stop().await;
}

#[tokio::test]
async fn unreadable_bodies_are_refused() {
    let server = TestServer::start().await;
    let visitor = server.visitor();
    let register = |kind: &'static str, body: Vec<u8>| {
        let request = visitor.request(Method::POST, "/auth/register");
        Reply::of(request.header("content-type", kind).body(body))
    };
    let good = br#"{"username":"ann","password":"password"}"#;
    for (kind, body) in [
        ("application/json", b"{".to_vec()),
        ("application/json", b"".to_vec()),
        ("application/json", b"[]".to_vec()),
        ("application/json", b"null".to_vec()),
        ("application/json", br#"["ann","password"]"#.to_vec()),
        ("application/json", vec![0xff, 0xfe]),
        ("application/json", [&good[..], b" x"].concat()),
        ("application/json", vec![b'['; 4_000]),
        ("text/plain", good.to_vec()),
        (
            "application/x-www-form-urlencoded",
            b"username=ann".to_vec(),
        ),
    ] {
        let reply = register(kind, body).await;
        let problem = reply.problem(422, "validation_failed");
        assert!(!problem["errors"].as_array().unwrap().is_empty());
    }
    register("application/json; charset=utf-8", good.to_vec())
        .await
        .expect(201);
    server.stop().await;
}

#[tokio::test]
async fn bodies_over_a_mebibyte_are_refused() {
    let server = TestServer::start().await;
    let visitor = server.visitor();
    let body = json!({ "username": "ann", "password": "x".repeat(2 * 1024 * 1024) });
    let reply = visitor.post("/auth/login", &body).await;
    reply.problem(413, "body_too_large");
    // Also for routes that expect no body.
    let request = visitor.request(Method::GET, "/ws/canvas/1");
    let reply = Reply::of(request.body(vec![b' '; 2 * 1024 * 1024])).await;
    reply.problem(413, "body_too_large");
    // The same without a Content-Length.
    let chunks = (0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 32 * 1024]));
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let request = visitor.request(Method::POST, "/auth/login");
    let request = request.header("content-type", "application/json");
    let reply = Reply::of(request.body(stream)).await;
    reply.problem(413, "body_too_large");
    server.stop().await;
}

#[tokio::test]
async fn without_its_database_the_server_is_unavailable_and_recovers() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let id = canvas(&ann, &json!({})).await;
    let ready = async || Reply::of(ann.http.get(server.url("/readyz"))).await;
    ready().await.expect(200);
    server.database.allow_connections(false).await;
    let reply = ann.get(&format!("/canvases/{id}")).await;
    reply.problem(503, "unavailable");
    ready().await.problem(503, "unavailable");
    Reply::of(ann.http.get(server.url("/healthz")))
        .await
        .expect(200);
    server.database.allow_connections(true).await;
    let since = Instant::now();
    while ready().await.status != 200 {
        assert!(since.elapsed() < Duration::from_secs(5));
    }
    ann.get(&format!("/canvases/{id}")).await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn pages_and_files_have_security_and_cache_headers() {
    let server = TestServer::start().await;
    let none = Reply::of(reqwest::Client::new().get(server.url("/"))).await;
    let problem = none.problem(404, "not_found");
    assert!(problem["detail"].as_str().unwrap().contains("DIST"));
    fs::write(server.dist("index.html"), "<!doctype html><title>x</title>").unwrap();
    fs::write(server.dist("app-0123456789abcdef.js"), "let x = 1;").unwrap();
    fs::write(server.dist("app-0123456789abcdef.js.br"), "packed").unwrap();
    let http = reqwest::Client::new();
    let get = async |path: &str| Reply::of(http.get(server.url(path))).await;
    for path in ["/", "/canvas/1", "/sign-in", "/index.html"] {
        let reply = get(path).await;
        reply.expect(200);
        assert_eq!(reply.header("cache-control"), "no-cache");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe-inline"));
        assert!(reply.header("permissions-policy").contains("camera=()"));
        assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin");
    }
    let script = get("/app-0123456789abcdef.js").await;
    assert!(script.header("cache-control").ends_with("immutable"));
    let packed = http.get(server.url("/app-0123456789abcdef.js"));
    let packed = Reply::of(packed.header("accept-encoding", "gzip, br")).await;
    assert_eq!(packed.header("content-encoding"), "br");
    assert_eq!(packed.text(), "packed");
    for path in [
        "/missing.js",
        "/..%2fCargo.toml",
        "/..%2f..%2fjwt_secret.x",
        "/api",
        "/api/v2/x",
    ] {
        get(path).await.problem(404, "not_found");
    }
    server.stop().await;
}

#[tokio::test]
async fn long_responses_are_compressed() {
    let server = TestServer::start().await;
    let request = server.visitor().request(Method::GET, "/openapi.json");
    let reply = Reply::of(request.header("accept-encoding", "gzip")).await;
    assert_eq!(reply.header("content-encoding"), "gzip");
    let description = server.visitor().get("/openapi.json").await.json(200);
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, method) in [
        ("/api/v1/auth/register", "post"),
        ("/api/v1/canvases/{canvas_id}", "patch"),
        ("/api/v1/tiles/{tile_id}/like", "delete"),
        ("/api/v1/canvases/{canvas_id}/image.png", "get"),
    ] {
        assert!(description["paths"][path][method].is_object(), "{path}");
    }
    let mut names = HashSet::new();
    for methods in description["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name}");
            // `Client::send` checks each response against the description.
            assert!(operation["responses"].get("default").is_none(), "{name}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_served_for_prometheus() {
    let server = TestServer::start().await;
    server.guest("Gus").await;
    let reply = Reply::of(reqwest::Client::new().get(server.url("/metrics"))).await;
    reply.expect(200);
    assert!(reply.header("content-type").starts_with("text/plain"));
    let counter =
        "stellar_http_requests_total{method=\"POST\",route=\"/api/v1/auth/guest\",status=\"201\"}";
    assert!(reply.text().contains(counter), "{}", reply.text());
    server.stop().await;
}

/// How long the server keeps a connection on which it receives only `sent`.
async fn kept(server: &TestServer, sent: &[u8]) -> Duration {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let since = Instant::now();
    stream.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    // A reset also counts as closed.
    let _ = time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer))
        .await
        .expect("the connection was kept");
    since.elapsed()
}

#[tokio::test]
async fn a_request_header_must_arrive_within_five_seconds() {
    let server = TestServer::start().await;
    let (silent, slow) = tokio::join!(
        kept(&server, b""),
        kept(&server, b"GET /healthz HTTP/1.1\r\nhost: x\r\n")
    );
    for kept in [silent, slow] {
        assert!((4..7).contains(&kept.as_secs()), "{kept:?}");
    }
    server.stop().await;
}
