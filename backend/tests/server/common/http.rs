//! An HTTP client of the API.

use super::contract;
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::sync::OnceCell;

/// An HTTP client, signed in or not.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) addr: SocketAddr,
    /// Sent as `Authorization: Bearer`, if set.
    pub(crate) token: Option<String>,
    /// The signed-in user.
    pub(crate) user: Value,
}

impl Client {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self {
            // The server closes connections on which no header came for 5 s. A request on one
            // that is being closed would fail.
            http: reqwest::Client::builder()
                .pool_idle_timeout(Duration::from_secs(3))
                .build()
                .unwrap(),
            addr,
            token: None,
            user: Value::Null,
        }
    }

    /// Signs in as a new guest with this display name.
    pub(crate) async fn guest(addr: SocketAddr, display_name: &str) -> Self {
        let mut client = Self::new(addr);
        let body = json!({ "display_name": display_name });
        let auth = client.post("/auth/guest", &body).await.json(201);
        client.sign_in(&auth);
        client
    }

    /// Creates a canvas of 8 × 6 tiles of 8 × 8 pixels and four colours; `more`
    /// overrides these settings. Returns its id.
    pub(crate) async fn canvas(&self, more: &Value) -> i64 {
        let mut body = small_canvas("A canvas");
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let reply = self.post("/canvases", &body).await;
        reply.json(201)["id"].as_i64().unwrap()
    }

    /// Uses the token of an `Auth` from now on.
    pub(crate) fn sign_in(&mut self, auth: &Value) {
        self.token = Some(auth["token"].as_str().unwrap().to_owned());
        self.user = auth["user"].clone();
    }

    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    pub(crate) fn id(&self) -> i64 {
        self.user["id"].as_i64().unwrap()
    }

    pub(crate) fn username(&self) -> &str {
        self.user["username"].as_str().unwrap()
    }

    /// A request to a path under `/api/v1`.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}/api/v1{path}", self.addr);
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Sends, and panics if the `OpenAPI` description does not have the response, or if a 429 or
    /// 503 does not say when to ask again.
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let mut request = self.request(method.clone(), path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let reply = Reply::of(request).await;
        self.description().await.check(&method, path, &reply);
        if matches!(reply.status.as_u16(), 429 | 503) {
            let wait = reply.header("retry-after").parse::<u64>();
            assert!(wait.is_ok_and(|wait| wait > 0), "{method} {path}");
        }
        if let Ok(body) = serde_json::from_slice(&reply.body) {
            contract::check_answer(&method, path, reply.status.as_u16(), &body);
        }
        reply
    }

    async fn description(&self) -> &'static Description {
        static DESCRIPTION: OnceCell<Description> = OnceCell::const_new();
        let read = async || {
            let reply = Reply::of(self.request(Method::GET, "/openapi.json")).await;
            Description(reply.json(200)["paths"].take())
        };
        DESCRIPTION.get_or_init(read).await
    }

    /// All items of a list, page by page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let and = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{and}cursor={cursor}")).await;
            let page = page.json(200);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return items,
            }
        }
    }
}

/// The paths of the `OpenAPI` description.
struct Description(Value);

impl Description {
    /// Panics if the operation does not document this response.
    fn check(&self, method: &Method, path: &str, reply: &Reply) {
        let fits =
            |pattern: &str| contract::path_fits(pattern.strip_prefix("/api/v1").unwrap(), path);
        let item = self.0.as_object().unwrap().iter().find(|(p, _)| fits(p));
        let operation = item.and_then(|(_, item)| item.get(method.as_str().to_lowercase()));
        // Tests may also send what the contract does not know.
        let Some(operation) = operation else { return };
        let answer = &operation["responses"][reply.status.as_str()];
        let asked = format!("{method} {path}: {}", reply.status);
        assert!(answer.is_object(), "{asked} is not described");
        if reply.status.as_u16() < 400 {
            return;
        }
        let problem: Value = serde_json::from_slice(&reply.body).unwrap();
        let schema = &answer["content"]["application/problem+json"]["schema"];
        let codes = &schema["allOf"][1]["properties"]["code"]["enum"];
        let code = &problem["code"];
        assert!(
            codes.as_array().unwrap().contains(code),
            "{asked} {code} is not described"
        );
    }
}

/// A response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let name: HeaderName = name.parse().unwrap();
        let value: Option<&HeaderValue> = self.headers.get(&name);
        let value = value.unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers));
        value.to_str().unwrap()
    }

    /// Asserts the status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Asserts the status, and reads the body.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        self.expect(status);
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Asserts that this is an RFC 9457 problem with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for field in ["type", "title", "detail"] {
            assert!(problem[field].is_string(), "{problem}");
        }
        problem
    }

    /// Asserts that exactly this field is refused.
    #[track_caller]
    pub(crate) fn refuses(&self, field: &str) {
        let problem = self.problem(422, "validation_failed");
        let errors = problem["errors"].as_array().unwrap();
        let fields: Vec<&Value> = errors.iter().map(|error| &error["field"]).collect();
        assert_eq!(fields, [field], "{problem}");
        assert!(errors[0]["message"].is_string());
    }
}

/// A canvas of 8 × 6 tiles of 8 × 8 pixels and four colours.
pub(crate) fn small_canvas(name: &str) -> Value {
    json!({
        "name": name, "width": 8, "height": 6, "tile_size": 8,
        "palette": ["#000000", "#ffffff", "#ff0000", "#00ff00"],
    })
}
