//! Pages of other origins, proxies that change the `Host`, and who may read `/metrics`.

use crate::common::{
    SECRET, TEST_TIMEOUT, TestDatabase, TestServer,
    http::{Client, Reply},
    temporary_folder,
};
use reqwest::Method;
use serde_json::json;
use std::{
    fs::{self, File},
    net::{IpAddr, SocketAddr, UdpSocket},
    path::Path,
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time,
};
use uuid::Uuid;

const FRIEND: &str = "https://friend.example";

/// Sends a request with the cookie of a client, and these headers.
async fn with_cookie(client: &Client, path: &str, headers: &[(&str, &str)]) -> Reply {
    let anonymous = Client {
        token: None,
        ..client.clone()
    };
    let mut request = anonymous
        .request(Method::PATCH, path)
        .header("cookie", format!("auth_token={}", client.token()))
        .json(&json!({}));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Reply::of(request).await
}

/// Whether a cache keeps answers to different pages apart.
fn varies_by_origin(reply: &Reply) -> bool {
    let values = reply.headers.get_all("vary").iter();
    values
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.to_lowercase().contains("origin"))
}

#[tokio::test]
async fn pages_of_allowed_origins_may_act_and_read() {
    let allowed = "https://Friend.example/, http://localhost:3000";
    let server = TestServer::start_with(&["--allowed-origins", allowed]).await;
    let ann = server.guest("Ann").await;
    let preflight = async |origin: &str, path: &str| {
        let request = server.visitor().request(Method::OPTIONS, path);
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "content-type,x-any");
        Reply::of(request).await
    };
    for origin in [FRIEND, "http://localhost:3000"] {
        for path in ["/users/me", "/canvases/1/members/ann"] {
            let reply = preflight(origin, path).await;
            reply.expect(200);
            assert_eq!(reply.header("access-control-allow-origin"), origin);
            assert_eq!(reply.header("access-control-allow-credentials"), "true");
            let methods = reply.header("access-control-allow-methods");
            assert!(methods.contains("PATCH"), "{methods}");
            let headers = reply.header("access-control-allow-headers");
            assert_eq!(headers, "content-type,x-any");
            assert!(varies_by_origin(&reply));
        }
        let reply = with_cookie(&ann, "/users/me", &[("origin", origin)]).await;
        reply.expect(200);
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        assert!(
            reply
                .header("access-control-expose-headers")
                .contains("retry-after")
        );
    }
    // Refusals may be read too.
    let origin = [("origin", FRIEND)];
    let large = server.visitor().request(Method::POST, "/auth/guest");
    let large = large.header("origin", FRIEND).body("x".repeat(1_100_000));
    for (reply, status) in [
        (with_cookie(&ann, "/canvases/1", &origin).await, 404),
        (Reply::of(large).await, 413),
    ] {
        reply.expect(status);
        assert_eq!(reply.header("access-control-allow-origin"), FRIEND);
    }
    // Everybody else may not.
    for origin in ["https://evil.example", "http://friend.example", "null"] {
        let reply = preflight(origin, "/users/me").await;
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
        let reply = with_cookie(&ann, "/users/me", &[("origin", origin)]).await;
        reply.problem(403, "origin_not_allowed");
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
        // A cache must not give this answer to a page of another origin.
        assert!(varies_by_origin(&reply));
    }
    server.stop().await;
}

#[tokio::test]
async fn the_public_url_settles_a_changed_host() {
    let public = "https://canvas.example:8443/";
    let server = TestServer::start_with(&["--public-url", public]).await;
    let guest = Reply::of(server.visitor().request(Method::POST, "/auth/guest")).await;
    guest.expect(201);
    assert!(guest.header("set-cookie").contains("; Secure"));
    let mut ann = server.visitor();
    ann.sign_in(&guest.json(201));
    let reply = with_cookie(
        &ann,
        "/users/me",
        &[
            ("host", "canvas.example"),
            ("origin", "https://canvas.example:8443"),
        ],
    )
    .await;
    reply.expect(200);
    assert!(
        reply
            .header("strict-transport-security")
            .starts_with("max-age=")
    );
    let http = reqwest::Client::new();
    for path in ["/", "/healthz", "/api/v1/nothing"] {
        let reply = Reply::of(http.get(server.url(path))).await;
        assert!(
            reply.headers.contains_key("strict-transport-security"),
            "{path}"
        );
    }
    let evil = [
        ("host", "canvas.example"),
        ("origin", "https://evil.example"),
    ];
    let reply = with_cookie(&ann, "/users/me", &evil).await;
    reply.problem(403, "origin_not_allowed");
    server.stop().await;

    let server = TestServer::start().await;
    let guest = Reply::of(server.visitor().request(Method::POST, "/auth/guest")).await;
    assert!(!guest.header("set-cookie").contains("Secure"));
    assert!(!guest.headers.contains_key("strict-transport-security"));
    server.stop().await;
}

/// Starts a server that logs into a file.
async fn start(
    database: &TestDatabase,
    log: &Path,
    settings: &[(&str, &str)],
) -> (Child, SocketAddr) {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let mut child = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"))
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .env("JWT_SECRET", SECRET)
        .env("STELLAR_DATA", folder)
        .env("DIST", folder)
        .env("BIND", "127.0.0.1:0")
        .env("LOG_FORMAT", "json")
        .envs(settings.iter().copied())
        .stdout(Stdio::piped())
        .stderr(File::create(log).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = time::timeout(TEST_TIMEOUT, lines.next_line()).await;
    let line = line.expect("it did not start").unwrap().unwrap();
    let addr = line.strip_prefix("listening on http://").unwrap();
    (child, addr.parse().unwrap())
}

#[tokio::test]
async fn a_refused_origin_is_logged_with_what_it_was_compared_to() {
    let database = TestDatabase::create().await;
    let log = temporary_folder().join(format!("log-{}", Uuid::new_v4()));
    let (_child, addr) = start(&database, &log, &[]).await;
    let ann = Client::guest(addr, "Ann").await;
    let headers = [
        ("host", "canvas.example"),
        ("origin", "https://canvas.example:8443"),
    ];
    let reply = with_cookie(&ann, "/users/me", &headers).await;
    reply.problem(403, "origin_not_allowed");
    let log = fs::read_to_string(log).unwrap();
    let line = log.lines().find(|line| line.contains("PUBLIC_URL"));
    let line = line.unwrap_or_else(|| panic!("no line in {log}"));
    assert!(line.contains("https://canvas.example:8443"), "{line}");
    assert!(line.contains("\\\"canvas.example\\\""), "{line}");
}

/// An address of this machine that is not its loopback's, where it has one. Nothing is
/// sent to find it.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_proxies_but_not_through_them() {
    let server = TestServer::start_with(&["--bind", "0.0.0.0:0"]).await;
    let http = reqwest::Client::new();
    let port = server.addr.port();
    let inside = format!("http://127.0.0.1:{port}/metrics");
    Reply::of(http.get(&inside)).await.expect(200);
    for header in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
        let reply = Reply::of(http.get(&inside).header(header, "192.0.2.7")).await;
        reply.problem(403, "forbidden");
    }
    if let Some(address) = own_address() {
        let outside = format!("http://{address}:{port}/metrics");
        let reply = Reply::of(http.get(&outside)).await;
        reply.problem(403, "forbidden");
        let proxy = address.to_string();
        let trusting = ["--bind", "0.0.0.0:0", "--trusted-proxies", &proxy];
        let trusting = TestServer::start_with(&trusting).await;
        let outside = format!("http://{address}:{}/metrics", trusting.addr.port());
        Reply::of(http.get(&outside)).await.expect(200);
        let through = http.get(&outside).header("x-forwarded-for", "127.0.0.1");
        Reply::of(through).await.problem(403, "forbidden");
        trusting.stop().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own_where_it_is_asked_for() {
    let database = TestDatabase::create().await;
    let log = temporary_folder().join(format!("log-{}", Uuid::new_v4()));
    let settings = [("METRICS_BIND", "127.0.0.1:0")];
    let (_child, addr) = start(&database, &log, &settings).await;
    let text = fs::read_to_string(log).unwrap();
    let (_, url) = text.split_once("metrics on ").unwrap();
    let url = url.split('"').next().unwrap();
    let http = reqwest::Client::new();
    let reply = Reply::of(http.get(url).header("x-forwarded-for", "192.0.2.7")).await;
    reply.expect(200);
    assert!(reply.text().contains("stellar_connections"));
    let other = url.replace("/metrics", "/api/v1/canvases");
    Reply::of(http.get(other)).await.expect(404);
    let public = Reply::of(http.get(format!("http://{addr}/metrics"))).await;
    public.problem(404, "not_found");
}
