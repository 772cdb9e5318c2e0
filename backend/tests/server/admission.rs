//! Admission to the WebSocket: which credential counts, who may connect, and how
//! others are refused.

use crate::common::{
    TestServer, canvas,
    http::Client,
    socket::{TestClient, open, refusal, upgrade},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

/// The refusal of a user's upgrade, with `Retry-After` if there is one.
async fn refused(client: &Client, canvas: i64) -> (u16, String, Option<u64>) {
    try_connect(client, canvas).await.expect("is not let in")
}

/// The same, or `None` if the user is admitted (and disconnects at once).
async fn try_connect(client: &Client, canvas: i64) -> Option<(u16, String, Option<u64>)> {
    let query = format!("token={}", client.token());
    let request = upgrade(client.addr, canvas, &query, &[]);
    let response = match open(client.addr, request).await {
        Ok(_) => return None,
        Err(Error::Http(response)) => response,
        Err(error) => panic!("{error}"),
    };
    let kind = &response.headers()["content-type"];
    assert_eq!(kind, "application/problem+json");
    let problem: Value = serde_json::from_slice(response.body().as_deref().unwrap()).unwrap();
    assert_eq!(problem["status"], response.status().as_u16());
    let wait = response.headers().get("retry-after");
    let wait = wait.map(|wait| wait.to_str().unwrap().parse().unwrap());
    let code = problem["code"].as_str().unwrap().to_owned();
    Some((response.status().as_u16(), code, wait))
}

#[tokio::test]
async fn refused_upgrades_say_why() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let private = canvas(&ann, &json!({ "visibility": "private" })).await;
    let unlisted = canvas(&ann, &json!({ "visibility": "unlisted" })).await;
    let away = refused(&bob, private).await;
    assert_eq!((away.0, away.1.as_str()), (403, "forbidden"));
    let away = refused(&bob, 999_999).await;
    assert_eq!((away.0, away.1.as_str()), (404, "canvas_not_found"));
    let tab = TestClient::join(&bob, unlisted).await;
    assert_eq!(tab.connected["role"], "editor");
    let member = format!("/canvases/{private}/members/bob");
    let viewer = json!({ "role": "viewer" });
    ann.put(&member, &viewer).await.expect(200);
    let mut tab = TestClient::join(&bob, private).await;
    assert_eq!(tab.connected["role"], "viewer");
    // Viewers may read, chat and like.
    let mut owner = TestClient::join(&ann, private).await;
    owner
        .done(json!({ "type": "tile_create", "x": 0, "y": 0 }))
        .await;
    tab.expect("tile_created").await;
    tab.done(json!({ "type": "canvas_chat", "text": "hi" }))
        .await;
    tab.done(json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }))
        .await;
    for kind in ["tile_create", "tile_delete"] {
        tab.operate(json!({ "type": kind, "x": 1, "y": 0 })).await;
    }
    tab.refused("forbidden").await;
    for query in ["last_seq=x", "last_seq=-1", "client_type=robot"] {
        let query = format!("token={}&{query}", bob.token());
        let request = upgrade(bob.addr, unlisted, &query, &[]);
        let refused = refusal(bob.addr, request).await;
        assert_eq!(refused, (422, "validation_failed".to_owned()), "{query}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_first_credential_present_counts() {
    let server = TestServer::start().await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let bearer = |token: &str| format!("Bearer {token}");
    let cookie = |token: &str| format!("auth_token={token}");
    let query = |token: &str| format!("token={token}");
    let own = format!("http://{}", server.addr);
    let joined = async |query: &str, headers: &[(&'static str, &str)]| {
        let request = upgrade(server.addr, id, query, headers);
        let socket = open(server.addr, request).await.unwrap();
        TestClient::over(socket).next().await["user_id"].clone()
    };
    let (a, b) = (ann.token(), bob.token());
    let with_bearer = [("authorization", &*bearer(a)), ("cookie", &*cookie(b))];
    assert_eq!(joined(&query(b), &with_bearer).await, ann.id());
    let with_cookie = [("cookie", &*cookie(a)), ("origin", &*own)];
    assert_eq!(joined(&query(b), &with_cookie).await, ann.id());
    assert_eq!(joined("", &with_cookie).await, ann.id());
    assert_eq!(joined(&query(b), &[]).await, bob.id());
    // An invalid one is not skipped.
    for headers in [
        vec![
            ("authorization", "Bearer x"),
            ("cookie", &*cookie(a)),
            ("origin", &*own),
        ],
        vec![("cookie", "auth_token=x"), ("origin", &*own)],
    ] {
        let request = upgrade(server.addr, id, &query(b), &headers);
        let refused = refusal(server.addr, request).await;
        assert_eq!(refused, (401, "unauthenticated".to_owned()));
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_are_limited_per_user_per_address_and_in_total() {
    for (limit, one_user, status, code) in [
        (
            "--websocket-max-connections-per-user",
            true,
            429,
            "too_many_connections",
        ),
        (
            "--websocket-max-connections-per-ip",
            false,
            429,
            "too_many_connections",
        ),
        ("--websocket-max-connections", false, 503, "overloaded"),
    ] {
        let server = TestServer::start_with(&[limit, "2"]).await;
        let ann = server.user("ann").await;
        let bob = if one_user {
            ann.clone()
        } else {
            server.user("bob").await
        };
        let id = canvas(&ann, &json!({})).await;
        let first = TestClient::join(&ann, id).await;
        let mut second = TestClient::join(&bob, id).await;
        let (refused, why, wait) = refused(&ann, id).await;
        assert_eq!((refused, why.as_str()), (status, code), "{limit}");
        assert!(wait.unwrap() > 0, "{limit}");
        // Open connections are not affected, and a closed one frees its permit.
        second
            .done(json!({ "type": "canvas_chat", "text": "still here" }))
            .await;
        first.close().await;
        TestClient::join(&ann, id).await;
        server.stop().await;
    }
}

/// Whether a user is let in through a proxy that says this about the client's address.
async fn joins_through_proxy(client: &Client, canvas: i64, forwarded: &str) -> Option<TestClient> {
    let query = format!("token={}", client.token());
    let headers = [("x-forwarded-for", forwarded)];
    let request = upgrade(client.addr, canvas, &query, &headers);
    match open(client.addr, request).await {
        Ok(socket) => {
            let mut tab = TestClient::over(socket);
            assert_eq!(tab.next().await["type"], "connected");
            Some(tab)
        }
        Err(Error::Http(response)) => {
            assert_eq!(response.status(), 429, "{forwarded}");
            let wait = response.headers()["retry-after"].to_str().unwrap();
            assert!(wait.parse::<u64>().unwrap() >= 1);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn an_address_is_counted_however_it_is_written_and_a_network_as_one() {
    let server = TestServer::start_with(&[
        "--websocket-max-connections-per-ip",
        "3",
        "--trusted-proxies",
        "127.0.0.1,10.0.0.0/8",
    ])
    .await;
    let ann = server.guest("Ann").await;
    let id = canvas(&ann, &json!({})).await;
    for (same, other) in [
        (
            // One /64 of a host that has all of its addresses.
            [
                "2001:db8:1:2::1",
                "2001:db8:1:2::2",
                "[2001:db8:1:2:ffff:ffff:ffff:ffff]:4711",
                "2001:db8:1:2:3:4:5:6, 10.1.1.1",
            ],
            "2001:db8:1:3::1",
        ),
        (
            [
                "203.0.113.7",
                "203.0.113.7:4711",
                "::ffff:203.0.113.7",
                "1.2.3.4, 203.0.113.7:4712, 10.0.0.9:80",
            ],
            "203.0.113.8:4711",
        ),
    ] {
        let mut open = Vec::new();
        for forwarded in &same[..3] {
            let tab = joins_through_proxy(&ann, id, forwarded).await;
            open.push(tab.unwrap_or_else(|| panic!("{forwarded} is refused")));
        }
        let fourth = joins_through_proxy(&ann, id, same[3]).await;
        assert!(fourth.is_none(), "{} is another address", same[3]);
        assert!(
            joins_through_proxy(&ann, id, other).await.is_some(),
            "{other}"
        );
        // A permit that becomes free can be taken from another address of the network.
        open.pop().unwrap().close().await;
        let again = joins_through_proxy(&ann, id, same[3]).await;
        assert!(again.is_some(), "{} is refused", same[3]);
    }
    server.stop().await;
}

#[tokio::test]
async fn joins_are_rate_limited_per_user() {
    let server = TestServer::start_with(&[
        "--rate-limits",
        "on",
        // Closed connections may count for a moment longer.
        "--websocket-max-connections-per-user",
        "1000",
    ])
    .await;
    let ann = server.user("ann").await;
    let bob = server.user("bob").await;
    let id = canvas(&ann, &json!({})).await;
    let mut joined = 0;
    // Sixteen at a time until one is refused; a moment later one more is admitted.
    let (status, code, wait) = loop {
        let round = join_all((0..16).map(|_| try_connect(&ann, id))).await;
        joined += round.iter().filter(|refused| refused.is_none()).count();
        if let Some(refused) = round.into_iter().flatten().next() {
            break refused;
        }
    };
    assert!(joined >= 300, "{joined}");
    assert_eq!((status, code.as_str()), (429, "too_many_connections"));
    assert!(wait.unwrap() > 0);
    TestClient::join(&bob, id).await;
    server.stop().await;
}
