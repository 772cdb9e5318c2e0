//! Registration, sign-in, sign-out, tokens, cookies and tickets.

use crate::common::{
    SECRET, TestServer, canvas,
    http::{Client, Reply},
    socket::{TestClient, refusal, upgrade},
};
use futures_util::future::{self, join_all};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Mutex};

/// The claims of a token.
fn claims(token: &str) -> Value {
    let mut validation = Validation::default();
    validation.set_audience(&["stellar-canvas"]);
    validation.set_issuer(&["stellar-canvas"]);
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let data = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
    assert_eq!(data.header.typ.as_deref(), Some("JWT"));
    data.claims
}

fn forge(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key).unwrap()
}

fn with_token(client: &Client, token: &str) -> Client {
    let mut other = client.clone();
    other.token = Some(token.to_owned());
    other
}

#[tokio::test]
async fn a_user_registers_and_signs_in_in_any_case() {
    let server = TestServer::start().await;
    let visitor = server.visitor();
    let body = json!({ "username": "Ann_1", "password": "correct horse", "display_name": " Ann " });
    let reply = visitor.post("/auth/register", &body).await;
    let auth = reply.json(201);
    assert_eq!(auth["token_type"], "Bearer");
    assert_eq!(auth["user"]["username"], "Ann_1");
    assert_eq!(auth["user"]["display_name"], "Ann");
    assert_eq!(auth["user"]["is_guest"], false);
    assert_eq!(auth["user"]["status_message"], "");
    let cookie = reply.header("set-cookie").to_owned();
    let start = format!("auth_token={}; ", auth["token"].as_str().unwrap());
    assert!(cookie.starts_with(&start), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");

    let claims = claims(auth["token"].as_str().unwrap());
    assert_eq!(claims["sub"], auth["user"]["id"].to_string());
    assert!(claims["jti"].is_string() && claims["iat"].is_i64());

    let again = json!({ "username": "ANN_1", "password": "correct horse" });
    let reply = visitor.post("/auth/register", &again).await;
    reply.problem(409, "username_taken");
    let signed_in = visitor.post("/auth/login", &again).await.json(200);
    assert_eq!(signed_in["user"], auth["user"]);
    for (username, password) in [
        ("ann_1", "correct horst"),
        ("nobody", "correct horse"),
        ("", "x"),
    ] {
        let body = json!({ "username": username, "password": password });
        let reply = visitor.post("/auth/login", &body).await;
        reply.problem(401, "invalid_credentials");
    }
    server.stop().await;
}

#[tokio::test]
async fn invalid_fields_are_refused_one_by_one() {
    let server = TestServer::start().await;
    let visitor = server.visitor();
    for (field, body) in [
        (
            "username",
            json!({ "username": "ab", "password": "password" }),
        ),
        (
            "username",
            json!({ "username": "a b", "password": "password" }),
        ),
        (
            "username",
            json!({ "username": "a".repeat(33), "password": "password" }),
        ),
        ("username", json!({ "password": "password" })),
        ("username", json!({ "username": 7, "password": "password" })),
        (
            "password",
            json!({ "username": "abc", "password": "1234567" }),
        ),
        (
            "password",
            json!({ "username": "abc", "password": "p".repeat(129) }),
        ),
        (
            "display_name",
            json!({ "username": "abc", "password": "password", "display_name": " " }),
        ),
        (
            "display_name",
            json!({ "username": "abc", "password": "password", "display_name": "a\u{0}b" }),
        ),
    ] {
        visitor.post("/auth/register", &body).await.refuses(field);
    }
    let both = json!({ "username": "a", "password": "b" });
    let problem = visitor.post("/auth/register", &both).await;
    let problem = problem.problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    server.stop().await;
}

#[tokio::test]
async fn guests_need_no_password() {
    let server = TestServer::start().await;
    let guest = server.guest("Gus").await;
    assert_eq!(guest.user["display_name"], "Gus");
    assert_eq!(guest.user["is_guest"], true);
    let request = server.visitor().request(Method::POST, "/auth/guest");
    let auth = Reply::of(request).await.json(201);
    assert!(!auth["user"]["display_name"].as_str().unwrap().is_empty());
    let null = json!({ "display_name": null });
    server
        .visitor()
        .post("/auth/guest", &null)
        .await
        .expect(201);
    let long = json!({ "display_name": "x".repeat(65) });
    let reply = server.visitor().post("/auth/guest", &long).await;
    reply.refuses("display_name");
    server.stop().await;
}

#[tokio::test]
async fn users_read_and_change_their_own_profile() {
    let server = TestServer::start().await;
    let user = server.user("ann").await;
    assert_eq!(user.get("/users/me").await.json(200), user.user);
    let body = json!({ "display_name": "Annie", "status_message": " busy day\r\n" });
    let changed = user.patch("/users/me", &body).await.json(200);
    assert_eq!(changed["display_name"], "Annie");
    assert_eq!(changed["status_message"], "busy day");
    let kept = user
        .patch("/users/me", &json!({ "display_name": null }))
        .await;
    assert_eq!(kept.json(200), changed);
    assert_eq!(user.get("/users/me").await.json(200), changed);
    let long = json!({ "status_message": "x".repeat(201) });
    user.patch("/users/me", &long)
        .await
        .refuses("status_message");
    let reply = server.visitor().get("/users/me").await;
    reply.problem(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test]
async fn a_refreshed_token_expires_later_and_logout_ends_both() {
    let server = TestServer::start().await;
    let mut user = server.user("ann").await;
    let old = claims(user.token());
    let auth = user.post("/auth/refresh", &json!({})).await.json(200);
    let new = claims(auth["token"].as_str().unwrap());
    assert_eq!(old["jti"], new["jti"]);
    assert!(old["exp"].as_i64() < new["exp"].as_i64());
    let before = user.clone();
    user.sign_in(&auth);
    let id = canvas(&user, &json!({})).await;
    let mut socket = TestClient::join(&user, id).await;
    let reply = user.post("/auth/logout", &json!({})).await;
    reply.expect(204);
    assert!(reply.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(socket.closed().await.code, 1008);
    for client in [&user, &before] {
        let reply = client.get("/users/me").await;
        reply.problem(401, "unauthenticated");
    }
    server.stop().await;
}

#[tokio::test]
async fn every_claim_of_a_token_is_checked() {
    let server = TestServer::start().await;
    let user = server.user("ann").await;
    let other = server.user("bob").await;
    let good = claims(user.token());
    let again = with_token(&user, &forge(&good));
    again.get("/users/me").await.expect(200);
    for (claim, value) in [
        ("iss", json!("else")),
        ("aud", json!("else")),
        ("sub", json!(other.id().to_string())),
        ("jti", json!("d0a9c5c1-0000-4000-8000-000000000000")),
        ("exp", json!(good["iat"])),
        ("exp", Value::Null),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        let forged = with_token(&user, &forge(&claims));
        let reply = forged.get("/users/me").await;
        reply.problem(401, "unauthenticated");
    }
    for token in ["", "x", "a.b.c"] {
        let reply = with_token(&user, token).get("/users/me").await;
        reply.problem(401, "unauthenticated");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_token_expires_on_time() {
    let server = TestServer::start_with(&["--token-ttl", "1"]).await;
    let user = server.user("ann").await;
    // `exp` has whole seconds: it expires within two seconds, depending on the fraction at which it was issued.
    let ended = async {
        while user.get("/users/me").await.status == 200 {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(2);
    tokio::time::timeout(limit, ended).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_cookie_is_accepted_only_from_the_servers_own_origin() {
    let allowed = "https://friend.example";
    let server = TestServer::start_with(&["--allowed-origins", allowed]).await;
    let user = server.user("ann").await;
    let id = canvas(&user, &json!({})).await;
    let cookie = format!("auth_token={}", user.token());
    let own = format!("http://{}", server.addr);
    let visitor = server.visitor();
    let get = visitor.request(Method::GET, "/users/me");
    Reply::of(get.header("cookie", &cookie)).await.expect(200);
    for (origin, good) in [
        (Some(own.as_str()), true),
        (Some(allowed), true),
        (Some("https://evil.example"), false),
        (Some("null"), false),
        (None, false),
    ] {
        let patch = visitor.request(Method::PATCH, "/users/me");
        let mut patch = patch.header("cookie", &cookie).json(&json!({}));
        let mut headers = vec![("cookie", cookie.as_str())];
        if let Some(origin) = origin {
            patch = patch.header("origin", origin);
            headers.push(("origin", origin));
        }
        let reply = Reply::of(patch).await;
        if good {
            reply.expect(200);
        } else {
            reply.problem(403, "origin_not_allowed");
            let request = upgrade(server.addr, id, "", &headers);
            let refused = refusal(server.addr, request).await;
            assert_eq!(refused, (403, "origin_not_allowed".to_owned()));
        }
    }
    // A token in the header needs no origin.
    let patch = user.request(Method::PATCH, "/users/me");
    let patch = patch
        .header("origin", "https://evil.example")
        .json(&json!({}));
    Reply::of(patch).await.expect(200);
    // An invalid cookie is removed.
    let get = visitor.request(Method::GET, "/users/me");
    let reply = Reply::of(get.header("cookie", "auth_token=a.b.c")).await;
    reply.problem(401, "unauthenticated");
    assert!(reply.header("set-cookie").contains("Max-Age=0"));
    server.stop().await;
}

#[tokio::test]
async fn a_trusted_proxy_makes_the_cookie_secure() {
    let server = TestServer::start_with(&["--trusted-proxies", "127.0.0.1"]).await;
    let guest = server.visitor().request(Method::POST, "/auth/guest");
    let guest = guest.header("x-forwarded-proto", "https").json(&json!({}));
    let reply = Reply::of(guest).await;
    assert!(reply.header("set-cookie").ends_with("; Secure"));
    server.stop().await;
}

#[tokio::test]
async fn a_ticket_is_valid_for_one_connection() {
    let server = TestServer::start().await;
    let user = server.user("ann").await;
    let id = canvas(&user, &json!({})).await;
    let ticket = user.post("/ws/ticket", &json!({})).await.json(201);
    assert!(ticket["expires_at"].is_string());
    let query = format!("token={}", ticket["ticket"].as_str().unwrap());
    let socket = TestClient::connect(server.addr, id, &query).await;
    assert_eq!(socket.connected["user_id"], user.id());
    for query in [query.as_str(), "token=none", ""] {
        let request = upgrade(server.addr, id, query, &[]);
        let refused = refusal(server.addr, request).await;
        assert_eq!(refused, (401, "unauthenticated".to_owned()));
    }
    let reply = with_token(&user, ticket["ticket"].as_str().unwrap());
    reply.get("/users/me").await.problem(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test]
async fn too_many_wrong_passwords_are_rate_limited() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    server.user("ann").await;
    let visitor = server.visitor();
    let wrong = json!({ "username": "ann", "password": "wrong" });
    for _ in 0..10 {
        let reply = visitor.post("/auth/login", &wrong).await;
        reply.problem(401, "invalid_credentials");
    }
    let reply = visitor.post("/auth/login", &wrong).await;
    reply.problem(429, "rate_limited");
    assert!(reply.header("retry-after").parse::<u32>().unwrap() >= 1);
    let other = json!({ "username": "bob", "password": "wrong" });
    visitor.post("/auth/login", &other).await.expect(401);
    server.stop().await;
}

/// A browser behind the proxy at a certain address. It keeps its cookies.
struct Place {
    address: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Place {
    fn at(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            cookies: Mutex::default(),
        }
    }

    async fn sign_in(&self, server: &TestServer, username: &str, password: &str) -> Reply {
        let cookies = self.cookies.lock().unwrap().clone();
        let cookies: Vec<String> = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = reqwest::Client::new()
            .post(server.url("/api/v1/auth/login"))
            .header("x-forwarded-for", &self.address)
            .header("cookie", cookies.join("; "))
            .json(&json!({ "username": username, "password": password }));
        let reply = Reply::of(request).await;
        for cookie in reply.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        reply
    }
}

/// A stranger for each of ten networks.
fn strangers() -> Vec<Place> {
    (1..=10)
        .map(|n| Place::at(&format!("198.51.{n}.1")))
        .collect()
}

/// Guesses until no stranger may guess any more.
async fn guess(server: &TestServer, strangers: &[Place]) {
    for _ in 0..10 {
        let guesses = strangers
            .iter()
            .map(|one| one.sign_in(server, "ann", "guess"));
        for reply in join_all(guesses).await {
            assert!(matches!(reply.status.as_u16(), 401 | 429));
        }
    }
    nobody_may_guess(server).await;
}

/// Uses up the guesses that were earned meanwhile, from a network of which nothing is
/// known. The next one is earned after ten seconds.
async fn nobody_may_guess(server: &TestServer) {
    let stranger = Place::at(&format!(
        "198.18.{}.{}",
        rand::random::<u8>(),
        rand::random::<u8>()
    ));
    loop {
        let reply = stranger.sign_in(server, "ann", "guess").await;
        if reply.status != 401 {
            reply.problem(429, "rate_limited");
            assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
            return;
        }
    }
}

const BEHIND_PROXY: [&str; 4] = ["--rate-limits", "on", "--trusted-proxies", "127.0.0.1"];

#[tokio::test]
async fn strangers_do_not_keep_the_owner_of_a_name_out() {
    let server = TestServer::start_with(&BEHIND_PROXY).await;
    server.user("ann").await;
    let home = Place::at("203.0.113.7");
    let phone = Place::at("2001:db8:1:2::1");
    for place in [&home, &phone] {
        place.sign_in(&server, "ann", "password").await.expect(200);
    }
    let strangers = strangers();
    guess(&server, &strangers).await;
    // At home, and from another address of the phone's network.
    let at_home = Place::at("203.0.113.7:4711");
    let same_network = Place::at("2001:db8:1:2:ffff::9");
    // The phone in a network where nobody of the house ever was.
    let phone_abroad = Place {
        address: "192.0.2.99".to_owned(),
        ..phone
    };
    for place in [&at_home, &same_network, &phone_abroad] {
        place.sign_in(&server, "ann", "password").await.expect(200);
    }
    // Whoever guesses from there learns as little as everybody else.
    let refused = loop {
        let reply = at_home.sign_in(&server, "ann", "guess").await;
        if reply.status != 401 {
            break reply;
        }
    };
    refused.problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    at_home
        .sign_in(&server, "ann", "password")
        .await
        .expect(200);
    // Strangers are refused even with the right password; other names are not affected.
    nobody_may_guess(&server).await;
    let right = strangers[1].sign_in(&server, "ann", "password").await;
    right.problem(429, "rate_limited");
    let other = strangers[1].sign_in(&server, "bob", "guess").await;
    other.problem(401, "invalid_credentials");

    // All of it survives a restart, for thirty days.
    let database = server.stop().await;
    let pool = database.pool().await;
    let age = "UPDATE sign_in_networks SET signed_in_at = now() - interval '31 days'
               WHERE network = '203.0.113.7'";
    assert_eq!(
        sqlx::query(age)
            .execute(&pool)
            .await
            .unwrap()
            .rows_affected(),
        1
    );
    pool.close().await;
    let server = TestServer::start_on(database, &BEHIND_PROXY).await;
    guess(&server, &strangers).await;
    for place in [&same_network, &phone_abroad] {
        place.sign_in(&server, "ann", "password").await.expect(200);
    }
    nobody_may_guess(&server).await;
    let forgotten = Place::at("203.0.113.7");
    let reply = forgotten.sign_in(&server, "ann", "password").await;
    reply.problem(429, "rate_limited");
    server.stop().await;
}

#[tokio::test]
async fn only_failed_sign_ins_count_against_a_name() {
    let server = TestServer::start_with(&BEHIND_PROXY).await;
    server.user("ann").await;
    let place = Place::at("192.0.2.1");
    for _ in 0..15 {
        // Another browser each time, of which nothing is known.
        let browser = Place::at("192.0.2.1");
        browser
            .sign_in(&server, "ann", "password")
            .await
            .expect(200);
    }
    // Guesses that are made at once are no way around the limit.
    let elsewhere = Place::at("192.0.2.2");
    let guesses = (0..30).map(|_| elsewhere.sign_in(&server, "ann", "guess"));
    let replies = join_all(guesses).await;
    let checked = replies.iter().filter(|reply| reply.status == 401).count();
    assert!((1..=15).contains(&checked), "{checked}");
    place.sign_in(&server, "ann", "password").await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn a_forged_or_foreign_device_cookie_exempts_nobody() {
    let server = TestServer::start_with(&BEHIND_PROXY).await;
    server.user("ann").await;
    server.user("bob").await;
    let bobs = Place::at("192.0.2.50");
    bobs.sign_in(&server, "bob", "password").await.expect(200);
    let strangers = strangers();
    guess(&server, &strangers).await;
    let session = server.user("carl").await;
    nobody_may_guess(&server).await;
    let reply = bobs.sign_in(&server, "ann", "password").await;
    reply.problem(429, "rate_limited");
    for cookie in [session.token(), "x", "a.b.c"] {
        nobody_may_guess(&server).await;
        let url = server.url("/api/v1/auth/login");
        let request = reqwest::Client::new().post(url);
        let request = request
            .header("x-forwarded-for", "192.0.2.51")
            .header("cookie", format!("known_device={cookie}"))
            .json(&json!({ "username": "ann", "password": "password" }));
        Reply::of(request).await.problem(429, "rate_limited");
    }
    server.stop().await;
}

#[tokio::test]
async fn new_canvases_and_tickets_are_rate_limited_per_user() {
    let server = TestServer::start_with(&["--rate-limits", "on"]).await;
    let ann = server.guest("Ann").await;
    for (path, burst) in [("/canvases", 60), ("/ws/ticket", 100)] {
        let body = crate::common::http::small_canvas("One of many");
        let mut made = 0;
        let refused = loop {
            let reply = ann.post(path, &body).await;
            if reply.status.as_u16() != 201 {
                break reply;
            }
            made += 1;
            assert!(made < 10 * burst, "{path} has no limit");
        };
        assert!(made >= burst, "{path}: {made}");
        refused.problem(429, "rate_limited");
        assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
        // Another user is not affected.
        let bob = server.guest("Bob").await;
        bob.post(path, &body).await.expect(201);
    }
    server.stop().await;
}

/// A request that reads the session while it is revoked must not keep it.
#[tokio::test]
async fn a_session_that_ends_during_requests_has_ended() {
    let server = TestServer::start().await;
    for _ in 0..20 {
        let ann = server.guest("Ann").await;
        let reads = future::join_all((0..8).map(|_| ann.get("/users/me")));
        let end = async { ann.post("/auth/logout", &json!({})).await };
        let (_, ended) = tokio::join!(reads, end);
        ended.expect(204);
        ann.get("/users/me").await.problem(401, "unauthenticated");
    }
    server.stop().await;
}
