//! The server under test: its address, its process, and what must be there
//! before anything is measured: people who are signed in, and canvases.

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

/// A wait that is short beside every deadline.
pub(crate) const TICK: Duration = Duration::from_millis(100);
/// Who signs in at the same time.
const LANES: usize = 8;

/// One server.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process on this machine.
    pub(crate) process: u32,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    /// Their JWT.
    pub(crate) token: String,
}

/// A canvas that was made for a measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Canvas {
    pub(crate) id: i64,
    pub(crate) epoch: String,
}

impl Target {
    /// Processor time the server has used so far.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        system::processor_time(self.process)
    }

    /// Signs in that many new guests, each with a session of their own.
    pub(crate) fn people(&self, count: usize) -> Result<Vec<Person>> {
        let share = count.div_ceil(LANES).max(1);
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let target = self.clone();
                let count = share.min(count.saturating_sub(lane * share));
                thread::spawn(move || {
                    let agent = agent();
                    let name = json!({ "display_name": "Load" });
                    let one = |_| target.post(&agent, "/auth/guest", None, &name);
                    (0..count).map(one).collect::<Result<Vec<Person>>>()
                })
            })
            .collect();
        let mut people = Vec::with_capacity(count);
        for lane in lanes {
            let lane = lane.join().map_err(|_| anyhow!("a lane failed"))?;
            people.extend(lane?);
        }
        Ok(people)
    }

    /// Makes a canvas.
    pub(crate) fn canvas(&self, owner: &Person, tiles: u32) -> Result<Canvas> {
        let body = json!({ "name": "Load", "width": tiles, "height": tiles, "tile_size": 32 });
        self.post(&agent(), "/canvases", Some(owner), &body)
    }

    /// What a GET under `/api/v1` answers.
    pub(crate) fn get(&self, path: &str, person: &Person) -> Result<Value> {
        serde_json::from_slice(&self.fetch(path, person)?).with_context(|| path.to_owned())
    }

    /// The same, unread.
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

    /// The request that joins a canvas, from `after` on where that is given.
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

/// A frame that says `text` in the chat, with an `op_id` as every good client's.
pub(crate) fn chat(text: &str) -> Vec<u8> {
    let op_id = Uuid::new_v4();
    request(&json!({ "type": "canvas_chat", "text": text, "op_id": op_id }))
}

/// A frame that says something of ordinary length.
pub(crate) fn sample_chat() -> Vec<u8> {
    chat("stellar stellar stellar stellar stellar stellar stellar stellar")
}

/// A frame with any request.
pub(crate) fn request(message: &Value) -> Vec<u8> {
    masked(TEXT, message.to_string().as_bytes())
}

fn agent() -> Agent {
    let patience = Some(Duration::from_mins(1));
    Agent::config_builder()
        .timeout_global(patience)
        .build()
        .into()
}
