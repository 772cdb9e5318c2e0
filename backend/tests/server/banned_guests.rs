//! Who is banned and comes back as a guest, in the same browser or from the same network,
//! has to register. Nobody else has to.

use crate::common::{
    TestServer, canvas,
    http::{Client, Reply},
    socket::{TestClient, open, refusal, upgrade},
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PROXY: [&str; 2] = ["--trusted-proxies", "127.0.0.1"];

/// A browser in a network: every request carries its cookie and comes from its address.
#[derive(Clone)]
struct Browser {
    address: &'static str,
    /// The cookie `device`, once it was set.
    device: Option<String>,
}

impl Browser {
    fn at(address: &'static str) -> Self {
        Self {
            address,
            device: None,
        }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let cookie = self.device.as_ref().map(|it| ("cookie", it.clone()));
        let from = ("x-forwarded-for", self.address.to_owned());
        std::iter::once(from).chain(cookie).collect()
    }

    /// A client that sends these headers, signed in as `user`, if there is one.
    fn client(&self, server: &TestServer, user: Option<&Client>) -> Client {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers() {
            let value = HeaderValue::try_from(value).unwrap();
            headers.insert(HeaderName::from_static(name), value);
        }
        let mut client = user.map_or_else(|| server.visitor(), Client::clone);
        client.http = reqwest::Client::builder()
            .default_headers(headers)
            .build()
            .unwrap();
        client
    }

    /// Keeps the cookie of an answer.
    fn keep(&mut self, reply: &Reply) {
        if let Some(cookie) = device(reply) {
            self.device = Some(cookie.split(';').next().unwrap().to_owned());
        }
    }

    async fn try_guest(&mut self, server: &TestServer) -> Reply {
        let client = self.client(server, None);
        let reply = client.post("/auth/guest", &json!({})).await;
        self.keep(&reply);
        reply
    }

    async fn guest(&mut self, server: &TestServer) -> Client {
        let auth = self.try_guest(server).await.json(201);
        let mut client = self.client(server, None);
        client.sign_in(&auth);
        client
    }

    async fn register(&mut self, server: &TestServer, username: &str) -> Client {
        let mut client = self.client(server, None);
        let body = json!({ "username": username, "password": "password" });
        let reply = client.post("/auth/register", &body).await;
        self.keep(&reply);
        client.sign_in(&reply.json(201));
        client
    }

    /// Whether this user may come in from here, over the socket and over HTTP.
    async fn comes_in(&self, server: &TestServer, user: &Client, id: i64) -> bool {
        let user = self.client(server, Some(user));
        let headers = self.headers();
        let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let query = format!("token={}", user.token());
        let request = || upgrade(user.addr, id, &query, &headers);
        let tiles = format!("/canvases/{id}/tiles");
        // Nobody is kept from reading.
        user.get(&tiles).await.expect(200);
        let body = json!({ "x": 999, "y": 0 });
        let writes = user.post(&tiles, &body).await;
        if open(user.addr, request()).await.is_ok() {
            writes.problem(422, "out_of_bounds");
            return true;
        }
        let refused = refusal(user.addr, request()).await;
        assert_eq!(refused, (403, "registration_required".to_owned()));
        writes.problem(403, "registration_required");
        false
    }
}

fn device(reply: &Reply) -> Option<&str> {
    let cookies = reply.headers.get_all("set-cookie").iter();
    let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
    cookies.find(|cookie| cookie.starts_with("device="))
}

async fn ban(actor: &Client, place: &str, target: &Client) -> Value {
    let body = json!({ "username": target.username(), "kind": "ban", "reason": "r" });
    actor.post(place, &body).await.json(201)
}

async fn lift(actor: &Client, sanction: &Value) {
    let path = format!("/sanctions/{}/lift", sanction["id"]);
    actor.post(&path, &json!({})).await.expect(200);
}

#[tokio::test]
async fn every_browser_gets_a_device_cookie_once() {
    let server = TestServer::start_with(&PROXY).await;
    let mut browser = Browser::at("203.0.113.7");
    let reply = browser.try_guest(&server).await;
    let cookie = device(&reply).unwrap();
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert!(value.len() > 30, "{value}");
    let attributes: BTreeMap<&str, &str> = attributes
        .split("; ")
        .map(|it| it.split_once('=').unwrap_or((it, "")))
        .collect();
    assert!(attributes.contains_key("HttpOnly"));
    assert_eq!(attributes["SameSite"], "Lax");
    assert_eq!(attributes["Path"], "/");
    assert_eq!(attributes["Max-Age"], "31536000");
    let again = browser.try_guest(&server).await;
    assert_eq!(device(&again), None);
    // A value that is not the server's own is replaced.
    let mut odd = browser.clone();
    odd.device = Some("device=x".to_owned());
    assert!(device(&odd.try_guest(&server).await).is_some());
    // Only digests are kept, of networks too.
    let pool = server.database.pool().await;
    let secret = value.strip_prefix("device=").unwrap();
    for table in ["user_devices", "user_networks", "ban_networks", "users"] {
        let sql = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        let kept: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&pool)
            .await
            .unwrap();
        let hex: String = secret
            .bytes()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect();
        for wrong in [secret, &hex, "203.0.113.7", "cb007107"] {
            assert!(!kept.contains(wrong), "{wrong} in {table}");
        }
    }
    pool.close().await;
    server.stop().await;
}

#[tokio::test]
async fn a_guest_made_during_a_ban_in_the_same_browser_registers_first() {
    let server = TestServer::start_with(&PROXY).await;
    let owner = server.guest("Owner").await;
    let id = canvas(&owner, &json!({})).await;
    let other = canvas(&owner, &json!({})).await;
    // Addresses that are no network, so that only the browser counts.
    let mut browser = Browser::at("10.0.0.1");
    let sibling = browser.guest(&server).await;
    let bad = browser.guest(&server).await;
    let place = format!("/canvases/{id}/sanctions");
    let made = ban(&owner, &place, &bad).await;
    let again = browser.guest(&server).await;
    assert!(!browser.comes_in(&server, &again, id).await);
    // Also when the cookie is gone since.
    let clean = Browser::at("10.0.0.1");
    assert!(!clean.comes_in(&server, &again, id).await);
    assert!(browser.comes_in(&server, &again, other).await);
    // An account of before, a registered one, another browser.
    assert!(browser.comes_in(&server, &sibling, id).await);
    let registered = browser.register(&server, "somebody").await;
    assert!(browser.comes_in(&server, &registered, id).await);
    let mut elsewhere = Browser::at("10.0.0.1");
    let stranger = elsewhere.guest(&server).await;
    assert!(elsewhere.comes_in(&server, &stranger, id).await);
    // A role that was given by name.
    let member = format!("/canvases/{id}/members/{}", again.username());
    owner
        .put(&member, &json!({ "role": "editor" }))
        .await
        .expect(200);
    assert!(browser.comes_in(&server, &again, id).await);
    owner.delete(&member).await.expect(204);
    assert!(!browser.comes_in(&server, &again, id).await);
    // Registration.
    let account = json!({ "username": "new_name", "password": "password" });
    let more = browser.guest(&server).await;
    assert!(!browser.comes_in(&server, &more, id).await);
    more.post("/users/me/account", &account).await.expect(200);
    assert!(browser.comes_in(&server, &more, id).await);
    // The end of the account is not the end of the ban.
    bad.delete("/users/me").await.expect(204);
    let after = browser.guest(&server).await;
    assert!(!browser.comes_in(&server, &after, id).await);
    // The end of the ban.
    lift(&owner, &made).await;
    assert!(browser.comes_in(&server, &again, id).await);
    server.stop().await;
}

#[tokio::test]
async fn a_ban_from_the_server_keeps_its_browser_from_making_guests() {
    let server = TestServer::start_with(&PROXY).await;
    let root = server.admin("root").await;
    let mut browser = Browser::at("10.0.0.1");
    let bad = browser.guest(&server).await;
    let id = canvas(&bad, &json!({})).await;
    let made = ban(&root, "/admin/sanctions", &bad).await;
    let reply = browser.try_guest(&server).await;
    reply.problem(403, "registration_required");
    let mut clean = Browser::at("10.0.0.1");
    let other = clean.guest(&server).await;
    assert!(clean.comes_in(&server, &other, id).await);
    browser.register(&server, "somebody").await;
    lift(&root, &made).await;
    browser.guest(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn guests_from_the_network_of_a_banned_user_register_first() {
    let server = TestServer::start_with(&PROXY).await;
    let owner = server.guest("Owner").await;
    let id = canvas(&owner, &json!({})).await;
    let other = canvas(&owner, &json!({})).await;
    let place = format!("/canvases/{id}/sanctions");
    for (home, neighbour, stranger) in [
        ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::9", "2001:db8:1:3::3"),
    ] {
        let bad = Browser::at(home).guest(&server).await;
        let mut near = Browser::at(neighbour);
        let mut far = Browser::at(stranger);
        let (next_door, away) = (near.guest(&server).await, far.guest(&server).await);
        let registered = near
            .register(&server, &format!("user{}", next_door.id()))
            .await;
        let made = ban(&owner, &place, &bad).await;
        assert!(!near.comes_in(&server, &next_door, id).await);
        assert!(near.comes_in(&server, &next_door, other).await);
        assert!(near.comes_in(&server, &registered, id).await);
        assert!(far.comes_in(&server, &away, id).await);
        // It is the network that counts, not the account.
        assert!(far.comes_in(&server, &next_door, id).await);
        assert!(!near.comes_in(&server, &away, id).await);
        let member = format!("/canvases/{id}/members/{}", next_door.username());
        let role = json!({ "role": "viewer" });
        owner.put(&member, &role).await.expect(200);
        let tab = near.client(&server, Some(&next_door));
        TestClient::join(&tab, id).await;
        // A guest who owns the canvas, and who banned, comes from there as well.
        let own = near.client(&server, Some(&owner));
        TestClient::join(&own, id).await;
        lift(&owner, &made).await;
        assert!(near.comes_in(&server, &away, id).await);
    }
    server.stop().await;
}

#[tokio::test]
async fn addresses_that_many_share_are_no_network() {
    let server = TestServer::start_with(&PROXY).await;
    let owner = server.guest("Owner").await;
    for address in [
        "127.0.0.5",
        "10.1.2.3",
        "172.16.5.5",
        "192.168.1.2",
        "169.254.3.3",
        "100.64.0.9",
        "100.127.1.1",
        "::1",
        "fd12::7",
        "fe80::3",
    ] {
        let id = canvas(&owner, &json!({})).await;
        let bad = Browser::at(address).guest(&server).await;
        ban(&owner, &format!("/canvases/{id}/sanctions"), &bad).await;
        let mut near = Browser::at(address);
        let next_door = near.guest(&server).await;
        assert!(near.comes_in(&server, &next_door, id).await, "{address}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_network_is_refused_for_its_hours_and_over_a_restart() {
    let address = "198.51.100.20";
    let server = TestServer::start_with(&PROXY).await;
    let owner = server.guest("Owner").await;
    let id = canvas(&owner, &json!({})).await;
    let bad = Browser::at(address).guest(&server).await;
    let made = ban(&owner, &format!("/canvases/{id}/sanctions"), &bad).await;
    let mut near = Browser::at(address);
    let next_door = near.guest(&server).await;
    assert!(!near.comes_in(&server, &next_door, id).await);
    // Where a banned user goes afterwards, nobody is refused.
    let school = Browser::at("198.51.100.99");
    let pupil = school.clone().guest(&server).await;
    let visits = school.client(&server, Some(&bad));
    visits.post("/auth/refresh", &json!({})).await.expect(200);
    visits.get("/users/me").await.expect(200);
    assert!(school.comes_in(&server, &pupil, id).await);

    let database = server.stop().await;
    let server = TestServer::start_on(database, &PROXY).await;
    let at = |client: &Client, server: &TestServer| Client {
        addr: server.addr,
        ..client.clone()
    };
    let here = at(&next_door, &server);
    assert!(!near.comes_in(&server, &here, id).await);
    // A day later, while the ban goes on.
    let pool = server.database.pool().await;
    let sql = "UPDATE sanctions SET issued_at = issued_at - interval '24 hours 1 s'";
    sqlx::query(sql).execute(&pool).await.unwrap();
    assert!(near.comes_in(&server, &here, id).await);
    let sql = "UPDATE sanctions SET issued_at = issued_at + interval '12 hours'";
    sqlx::query(sql).execute(&pool).await.unwrap();
    assert!(!near.comes_in(&server, &here, id).await);
    pool.close().await;
    let active = format!("/canvases/{id}/sanctions?active=true");
    let active = at(&owner, &server).all(&active).await;
    assert_eq!(active[0]["id"], made["id"]);

    let database = server.stop().await;
    let off = ["--trusted-proxies", "127.0.0.1", "--ban-network-hours", "0"];
    let server = TestServer::start_on(database, &off).await;
    let here = at(&next_door, &server);
    assert!(near.comes_in(&server, &here, id).await);
    server.stop().await;
}

#[tokio::test]
async fn the_refusal_says_when_it_ends() {
    let server = TestServer::start_with(&PROXY).await;
    let owner = server.guest("Owner").await;
    let id = canvas(&owner, &json!({})).await;
    let bad = Browser::at("203.0.113.7").guest(&server).await;
    let body = json!({
        "username": bad.username(), "kind": "ban", "reason": "r", "duration_s": 3600,
    });
    let path = format!("/canvases/{id}/sanctions");
    owner.post(&path, &body).await.expect(201);
    let mut near = Browser::at("203.0.113.7");
    let next_door = near.guest(&server).await;
    let reply = next_door
        .post(&format!("/canvases/{id}/tiles"), &json!({ "x": 0, "y": 0 }))
        .await;
    let problem = reply.problem(403, "registration_required");
    let wait = problem["retry_after_ms"].as_u64().unwrap();
    assert!((3_500_000..=3_600_000).contains(&wait), "{problem}");
    server.stop().await;
}
