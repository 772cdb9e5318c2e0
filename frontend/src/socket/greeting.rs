//! How a connection begins: its address, and the first message of each side.

use crate::browser;
use serde::Deserialize;
use serde_json::Value;
use shared::{
    ids::UserId,
    protocol::{ClientMessage, Heartbeat},
};

/// What a client needs of the greeting on a connection without a canvas. The rest
/// of it is read over HTTP, together with what was missed.
#[derive(Deserialize)]
pub(super) struct UserGreeting {
    pub(super) user_id: UserId,
    pub(super) heartbeat: Heartbeat,
}

/// The greeting of a connection without a canvas; that of a canvas names it.
pub(super) fn user_greeting(message: &Value) -> Option<UserGreeting> {
    let is_greeting = message["type"] == "connected" && message["canvas_id"].is_null();
    is_greeting
        .then(|| serde_json::from_value(message.clone()).ok())
        .flatten()
}

/// The URL of a WebSocket of the server that this page is from. `more` is added
/// to the query.
pub fn url(path: &str, more: &str) -> String {
    let location = browser::window().location();
    let secure = location
        .protocol()
        .is_ok_and(|protocol| protocol == "https:");
    let scheme = if secure { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    format!("{scheme}://{host}/api/v1{path}?client_type=browser&platform=web{more}")
}

/// Describes this browser to the server.
pub fn hello() -> ClientMessage {
    let mut device = serde_json::Map::new();
    let window = browser::window();
    for (name, value) in [
        ("width", window.inner_width()),
        ("height", window.inner_height()),
    ] {
        if let Some(value) = value.ok().and_then(|value| value.as_f64()) {
            device.insert(name.to_owned(), value.into());
        }
    }
    ClientMessage::Hello {
        client_name: concat!("Stellar Canvas ", env!("CARGO_PKG_VERSION")).to_owned(),
        device,
    }
}
