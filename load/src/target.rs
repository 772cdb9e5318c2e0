//! The server under test: its address and process, and the HTTP requests that prepare a
//! measurement: signing in people and creating canvases.

use crate::{
    frames::{TEXT, masked},
    system,
};
use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{net::SocketAddr, thread, time::Duration};
use ureq::Agent;
use uuid::Uuid;

/// A wait that is short compared with every time limit.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Number of threads that sign people in.
const SIGN_IN_THREADS: usize = 8;

/// One server.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The address it listens on.
    pub(crate) address: SocketAddr,
    /// Its process id on this machine.
    pub(crate) process: u32,
}

/// A signed-in guest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    /// The JWT.
    pub(crate) token: String,
}

/// A canvas that was made for a measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Canvas {
    pub(crate) id: i64,
    pub(crate) epoch: String,
}

impl Target {
    /// The processor time that the server has used so far.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        system::processor_time(self.process)
    }

    /// Signs in `count` new guests, each with its own session.
    pub(crate) fn people(&self, count: usize) -> Result<Vec<Person>> {
        let share = count.div_ceil(SIGN_IN_THREADS).max(1);
        let threads: Vec<_> = (0..SIGN_IN_THREADS)
            .map(|thread| {
                let target = self.clone();
                let count = share.min(count.saturating_sub(thread * share));
                thread::spawn(move || {
                    let agent = agent();
                    let name = json!({ "display_name": "Load" });
                    let one = |_| target.post(&agent, "/auth/guest", None, &name);
                    (0..count).map(one).collect::<Result<Vec<Person>>>()
                })
            })
            .collect();
        let mut people = Vec::with_capacity(count);
        for thread in threads {
            let thread = thread.join().map_err(|_| anyhow!("a thread failed"))?;
            people.extend(thread?);
        }
        Ok(people)
    }

    /// Creates a canvas of `tiles` by `tiles` tiles.
    pub(crate) fn canvas(&self, owner: &Person, tiles: u32) -> Result<Canvas> {
        let body = json!({ "name": "Load", "width": tiles, "height": tiles, "tile_size": 32 });
        self.post(&agent(), "/canvases", Some(owner), &body)
    }

    /// The JSON answer to a GET request under `/api/v1`.
    pub(crate) fn get(&self, path: &str, person: &Person) -> Result<Value> {
        serde_json::from_slice(&self.fetch(path, person)?).with_context(|| path.to_owned())
    }

    /// The bytes of the answer to a GET request under `/api/v1`.
    pub(crate) fn fetch(&self, path: &str, person: &Person) -> Result<Vec<u8>> {
        let url = format!("http://{}/api/v1{path}", self.address);
        let asked = agent()
            .get(&url)
            .header("Authorization", format!("Bearer {}", person.token))
            .call();
        let mut answer = asked.with_context(|| path.to_owned())?;
        let body = answer.body_mut().with_config().limit(u64::MAX);
        body.read_to_vec().with_context(|| path.to_owned())
    }

    /// The value of a metric without labels.
    pub(crate) fn metric(&self, name: &str) -> Result<f64> {
        let url = format!("http://{}/metrics", self.address);
        let mut answer = agent().get(&url).call().context("/metrics")?;
        let text = answer.body_mut().read_to_string()?;
        let found = text.lines().find_map(|line| {
            let value = line.strip_prefix(name)?.strip_prefix(' ')?;
            value.parse().ok()
        });
        found.with_context(|| format!("no metric {name}"))
    }

    /// The JSON answer to a POST request under `/api/v1`.
    pub(crate) fn act(&self, path: &str, person: &Person, body: &Value) -> Result<Value> {
        self.post(&agent(), path, Some(person), body)
    }

    fn post<T: for<'de> Deserialize<'de>>(
        &self,
        agent: &Agent,
        path: &str,
        person: Option<&Person>,
        body: &Value,
    ) -> Result<T> {
        let mut request = agent.post(format!("http://{}/api/v1{path}", self.address));
        if let Some(person) = person {
            request = request.header("Authorization", format!("Bearer {}", person.token));
        }
        let mut answer = request.send_json(body).with_context(|| path.to_owned())?;
        answer
            .body_mut()
            .read_json()
            .with_context(|| path.to_owned())
    }

    /// The upgrade request that joins a canvas. With `after`, the connection resumes behind that
    /// `seq`.
    pub(crate) fn upgrade(&self, canvas: &Canvas, person: &Person, after: Option<i64>) -> Vec<u8> {
        let resume = after.map_or_else(String::new, |seq| {
            format!("&last_seq={seq}&epoch={}", canvas.epoch)
        });
        format!(
            "GET /api/v1/ws/canvas/{}?client_type=agent&token={}{resume} HTTP/1.1\r\n\
             Host: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c3RlbGxhci1jYW52YXMhIQ==\r\n\r\n",
            canvas.id, person.token, self.address
        )
        .into_bytes()
    }
}

/// A frame with a chat message, with an `op_id` as real clients send it.
pub(crate) fn chat(text: &str) -> Vec<u8> {
    let op_id = Uuid::new_v4();
    request(&json!({ "type": "canvas_chat", "text": text, "op_id": op_id }))
}

/// A frame with a chat message of ordinary length.
pub(crate) fn sample_chat() -> Vec<u8> {
    chat("stellar stellar stellar stellar stellar stellar stellar stellar")
}

/// A frame with this request.
pub(crate) fn request(message: &Value) -> Vec<u8> {
    masked(TEXT, message.to_string().as_bytes())
}

fn agent() -> Agent {
    let timeout = Some(Duration::from_mins(1));
    Agent::config_builder()
        .timeout_global(timeout)
        .build()
        .into()
}
