//! What one request, one connection and one address may take: bodies, headers,
//! connections, password hashes.

use crate::common::{TEST_TIMEOUT, TestServer, http::Reply};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

/// Sends bytes and returns all that comes back.
async fn raw(addr: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    // The server may refuse before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = timeout(TEST_TIMEOUT, stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_sign_in_is_short_and_other_bodies_have_a_mebibyte() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let visitor = server.visitor();
    let long = |bytes: usize| {
        let mut body = json!({ "username": "ann", "password": "password", "more": "" });
        let missing = bytes - body.to_string().len();
        body["more"] = json!("x".repeat(missing));
        body
    };
    visitor.post("/auth/login", &long(4096)).await.expect(200);
    for path in ["/auth/login", "/auth/register", "/auth/guest"] {
        for bytes in [4097, 1024 * 1024, 1024 * 1024 + 1] {
            let reply = visitor.post(path, &long(bytes)).await;
            reply.problem(413, "body_too_large");
        }
        // A body whose length is not told in advance.
        let body = long(100_000).to_string();
        let chunked = format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
             content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
             {:x}\r\n{body}\r\n0\r\n\r\n",
            server.addr,
            body.len()
        );
        let answer = raw(server.addr, chunked.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    let mut body = crate::common::http::small_canvas("A canvas");
    body["more"] = json!("x".repeat(1_000_000));
    ann.post("/canvases", &body).await.expect(201);
    server.stop().await;
}

/// Bodies that are being received take at most 64 MiB together.
#[tokio::test]
async fn large_bodies_share_a_bounded_memory() {
    let server = TestServer::start().await;
    let ann = server.guest("Ann").await;
    let mut body = crate::common::http::small_canvas("A canvas");
    body["more"] = json!("x".repeat(1_000_000));
    let large = body.to_string();
    let begun = (0..70).map(async |_| {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        let head = format!(
            "POST /api/v1/canvases HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            server.addr,
            ann.token(),
            large.len()
        );
        // All but its end, which the server waits for unless it has refused.
        let bytes = [head.as_bytes(), &large.as_bytes()[..large.len() - 1]].concat();
        stream.write_all(&bytes).await.unwrap();
        stream
    });
    let begun = join_all(begun).await;
    let refused = async {
        loop {
            let reply = ann.post("/canvases", &body).await;
            if reply.status != 201 {
                return reply;
            }
        }
    };
    let reply = timeout(TEST_TIMEOUT, refused).await.unwrap();
    reply.problem(503, "overloaded");
    assert_eq!(reply.header("retry-after"), "2");
    // Others' bodies are small, and one that is too large is told so.
    ann.canvas(&json!({})).await;
    let too_large = json!({ "name": "x".repeat(1024 * 1024) });
    let reply = ann.post("/canvases", &too_large).await;
    reply.problem(413, "body_too_large");
    drop(begun);
    let taken = async { while ann.post("/canvases", &body).await.status != 201 {} };
    timeout(TEST_TIMEOUT, taken).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_header_has_16_kib() {
    let server = TestServer::start().await;
    let request = |bytes: usize| {
        let start = format!(
            "GET /healthz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nx-filler: ",
            server.addr
        );
        let end = "\r\n\r\n";
        let filler = "x".repeat(bytes - start.len() - end.len());
        format!("{start}{filler}{end}")
    };
    let answer = raw(server.addr, request(16 * 1024).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    for bytes in [16 * 1024 + 1, 20_000, 100_000, 380_000] {
        let answer = raw(server.addr, request(bytes).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{bytes}: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_of_one_address_are_counted() {
    let server = TestServer::start_with(&["--http-max-connections-per-ip", "8"]).await;
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", server.addr);
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        open.push(stream);
    }
    let answer = raw(server.addr, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    assert!(answer.contains("retry-after: 5\r\n"), "{answer}");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["code"], "too_many_connections");
    // One that ends makes room.
    open.pop();
    let last = request.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    let admitted = async {
        while !raw(server.addr, last.as_bytes())
            .await
            .starts_with("HTTP/1.1 200 ")
        {}
    };
    timeout(TEST_TIMEOUT, admitted).await.unwrap();
    drop(open);
    server.stop().await;
}

#[tokio::test]
async fn connections_are_counted_in_total() {
    let arguments = ["--http-max-connections", "4"];
    let server = TestServer::start_with(&arguments).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(TcpStream::connect(server.addr).await.unwrap());
    }
    let answer = raw(server.addr, b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: 5\r\n"), "{answer}");
    assert!(answer.contains("\"overloaded\""), "{answer}");
    server.stop().await;
}

/// A connection that became a WebSocket has its own limits.
#[tokio::test]
async fn sockets_do_not_count_as_http_connections() {
    let server = TestServer::start_with(&["--http-max-connections-per-ip", "4"]).await;
    let ann = server.guest("Ann").await;
    let canvas = ann.canvas(&json!({})).await;
    let mut tabs = Vec::new();
    for _ in 0..12 {
        tabs.push(crate::common::socket::TestClient::join(&ann, canvas).await);
    }
    ann.get("/users/me").await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn a_request_id_of_a_client_is_short() {
    let server = TestServer::start().await;
    let ask = async |id: &str| {
        let request = server.visitor().request(Method::GET, "/canvases");
        Reply::of(request.header("x-request-id", id)).await
    };
    let reply = ask("from-a-proxy").await;
    assert_eq!(reply.header("x-request-id"), "from-a-proxy");
    let reply = ask(&"x".repeat(8000)).await;
    assert!(reply.header("x-request-id").len() <= 128);
    server.stop().await;
}

#[tokio::test]
async fn lists_of_a_visitor_are_limited_and_those_of_others_are_not() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let ann = server.guest("Ann").await;
    let visitor = server.visitor();
    let limited = async {
        loop {
            let reply = visitor.get("/canvases?q=anything").await;
            if reply.status != 200 {
                return reply;
            }
        }
    };
    let reply = timeout(TEST_TIMEOUT, limited).await.unwrap();
    reply.problem(429, "rate_limited");
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    ann.get("/canvases?q=anything").await.expect(200);
    server.stop().await;
}

/// Clients that hang up at once do not make the others wait for their hashes.
#[tokio::test]
async fn sign_ins_that_hang_up_hold_nobody_up() {
    let server = TestServer::start().await;
    server.user("ann").await;
    let body = json!({ "username": "ann", "password": "not this one" }).to_string();
    let request = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        server.addr,
        body.len()
    );
    let gone = (0..290).map(|_| async {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
    });
    join_all(gone).await;
    let begun = Instant::now();
    let signed_in = async {
        loop {
            let body = json!({ "username": "ann", "password": "password" });
            let reply = server.visitor().post("/auth/login", &body).await;
            if reply.status == 200 {
                return;
            }
            reply.problem(503, "overloaded");
            let wait: u64 = reply.header("retry-after").parse().unwrap();
            tokio::time::sleep(Duration::from_secs(wait)).await;
        }
    };
    timeout(TEST_TIMEOUT, signed_in).await.unwrap();
    println!("signed in after {:?}", begun.elapsed());
    server.stop().await;
}
