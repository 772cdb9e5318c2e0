//! A WebSocket client that keeps a copy of the canvas, as every client does: it
//! applies durable events to its tiles and chat, applies its own operations when
//! they are acknowledged, and panics at a gap or a repeat.

use super::{TEST_TIMEOUT, contract, http::Client};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
};
use tokio::{net::TcpStream, time};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue, Request},
    },
};
use uuid::Uuid;

/// The pixels of each tile, by cell.
pub(crate) type Board = BTreeMap<(i64, i64), Vec<u8>>;

/// One connection and its copy of the canvas.
pub(crate) struct TestClient {
    socket: WebSocketStream<TcpStream>,
    /// The `connected` message.
    pub(crate) connected: Value,
    /// The `seq` of the newest delivered durable event.
    pub(crate) seq: i64,
    /// The time of that event, where it is known.
    pub(crate) time: Option<String>,
    /// The durable events received, in order.
    pub(crate) events: Vec<Value>,
    /// See [`Board`].
    pub(crate) board: Board,
    /// Chat texts by `seq`.
    pub(crate) chat: BTreeMap<i64, String>,
    /// Unanswered operations of this connection.
    pending: HashMap<String, Value>,
    tile_size: usize,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

impl TestClient {
    /// Joins a canvas without resuming.
    pub(crate) async fn join(client: &Client, canvas: i64) -> Self {
        let query = format!("token={}", client.token());
        Self::connect(client.addr, canvas, &query).await
    }

    /// Resumes after the `last_seq` of an earlier connection, with its copy.
    pub(crate) async fn resume(client: &Client, canvas: i64, before: &Self) -> Self {
        let query = before.query(client);
        let mut back = Self::connect(client.addr, canvas, &query).await;
        if back.connected["resume"] == "resumed" {
            back.take_over(before);
        }
        back
    }

    /// The query for resuming.
    pub(crate) fn query(&self, client: &Client) -> String {
        let time = self.time.as_ref();
        let time = time.map_or_else(String::new, |time| format!("&last_timestamp={time}"));
        format!(
            "token={}&last_seq={}&epoch={}{time}",
            client.token(),
            self.seq,
            self.connected["epoch"].as_str().unwrap()
        )
    }

    /// Takes over the copy of an earlier connection.
    fn take_over(&mut self, before: &Self) {
        assert_eq!(self.connected["resume"], "resumed");
        self.seq = before.seq;
        self.time.clone_from(&before.time);
        self.board.clone_from(&before.board);
        self.chat.clone_from(&before.chat);
    }

    /// Joins with this query, and reads `connected`.
    pub(crate) async fn connect(addr: SocketAddr, canvas: i64, query: &str) -> Self {
        let request = upgrade(addr, canvas, query, &[]);
        let socket = open(addr, request).await.unwrap();
        let mut client = Self::over(socket);
        client.connected = client.read().await.expect("closed at once");
        assert_eq!(client.connected["type"], "connected");
        client.seq = match client.connected["resume"].as_str() {
            Some("resumed") => last_seq(query),
            _ => client.connected["seq"].as_i64().unwrap(),
        };
        client
    }

    /// Listens for the user alone, without a canvas.
    pub(crate) async fn listen(client: &Client) -> Self {
        Self::listen_with(client.addr, &format!("token={}", client.token())).await
    }

    /// The same with this query.
    pub(crate) async fn listen_with(addr: SocketAddr, query: &str) -> Self {
        let socket = open(addr, upgrade_user(addr, query, &[])).await.unwrap();
        let mut client = Self::over(socket);
        client.connected = client.read().await.expect("closed at once");
        assert_eq!(client.connected["type"], "connected");
        client
    }

    /// [`Self::resume`], or `None` if the server is unreachable or refuses connections.
    pub(crate) async fn try_resume(client: &Client, canvas: i64, before: &Self) -> Option<Self> {
        let query = before.query(client);
        let request = upgrade(client.addr, canvas, &query, &[]);
        let socket = match open(client.addr, request).await {
            Ok(socket) => socket,
            Err(Error::Io(_) | Error::ConnectionClosed | Error::Protocol(_)) => return None,
            Err(Error::Http(response)) if response.status() == 503 => return None,
            Err(error) => panic!("{error}"),
        };
        let mut back = Self::over(socket);
        back.connected = match back.read().await {
            Ok(connected) => connected,
            Err(Closed { code, reason }) => {
                assert!(matches!(code, 1012 | 1006), "{code} {reason}");
                return None;
            }
        };
        back.take_over(before);
        Some(back)
    }

    /// Reads `connected`, and takes over the copy of an earlier connection if the
    /// server resumes it. Fails if the connection is closed.
    pub(crate) async fn begin(&mut self, before: &Self) -> Result<(), Closed> {
        self.connected = self.read().await?;
        self.seq = self.connected["seq"].as_i64().unwrap();
        if self.connected["resume"] == "resumed" {
            self.take_over(before);
        }
        Ok(())
    }

    /// A connection from which nothing has been read yet.
    pub(crate) fn over(socket: WebSocketStream<TcpStream>) -> Self {
        Self {
            socket,
            connected: Value::Null,
            seq: 0,
            time: None,
            events: Vec::new(),
            board: Board::new(),
            chat: BTreeMap::new(),
            pending: HashMap::new(),
            tile_size: 8,
        }
    }

    /// Applies a snapshot, as a client that joined without resuming does.
    pub(crate) fn start_from(&mut self, snapshot: &Value) {
        assert_eq!(snapshot["epoch"], self.connected["epoch"]);
        let seq = snapshot["seq"].as_i64().unwrap();
        assert!(seq <= self.seq, "fetch the snapshot before reading on");
        self.tile_size =
            usize::try_from(snapshot["canvas"]["tile_size"].as_u64().unwrap()).unwrap();
        self.board = board(&snapshot["tiles"]);
        for message in snapshot["messages"].as_array().unwrap() {
            let text = message["message_text"].as_str().unwrap().to_owned();
            self.chat.insert(message["seq"].as_i64().unwrap(), text);
        }
        // Events since `connected` would be missing; tests call this only while nobody
        // writes to the canvas.
        assert_eq!(seq, self.seq);
    }

    /// Sends a message unchanged.
    pub(crate) async fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.send_raw(Message::text(text)).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Sends a durable request under a new `op_id` and returns that. Its effect is
    /// applied to the copy when its `ack` is read.
    pub(crate) async fn operate(&mut self, mut message: Value) -> String {
        let op_id = Uuid::new_v4().to_string();
        message["op_id"] = json!(op_id);
        self.send(&message).await;
        self.pending.insert(op_id.clone(), message);
        op_id
    }

    /// The unanswered operations, as they were sent.
    pub(crate) fn unanswered(&self) -> Vec<Value> {
        self.pending.values().cloned().collect()
    }

    /// Sends an operation again under its `op_id`.
    pub(crate) async fn repeat(&mut self, message: Value) {
        self.send(&message).await;
        let op_id = message["op_id"].as_str().unwrap().to_owned();
        self.pending.insert(op_id, message);
    }

    /// [`Self::repeat`] if the connection is open; otherwise the operation stays
    /// unanswered.
    pub(crate) async fn try_repeat(&mut self, message: Value) {
        // The next read returns how it ended.
        let _ = self.try_send(&message).await;
        let op_id = message["op_id"].as_str().unwrap().to_owned();
        self.pending.insert(op_id, message);
    }

    /// Sends a message, or fails if the connection is closed.
    pub(crate) async fn try_send(&mut self, message: &Value) -> Result<(), Error> {
        self.socket.send(Message::text(message.to_string())).await
    }

    /// [`Self::until`], or how the connection was closed.
    pub(crate) async fn try_until(
        &mut self,
        meant: impl Fn(&Value) -> bool,
    ) -> Result<Value, Closed> {
        loop {
            let message = self.read().await?;
            self.fold(&message);
            if meant(&message) {
                return Ok(message);
            }
        }
    }

    /// [`Self::operate`], and reads until it is acknowledged.
    pub(crate) async fn done(&mut self, message: Value) -> Value {
        let op_id = self.operate(message).await;
        let answer = self
            .until(|message| {
                message["op_id"] == *op_id
                    && matches!(message["type"].as_str(), Some("ack" | "error"))
            })
            .await;
        assert_eq!(answer["type"], "ack", "{answer}");
        answer
    }

    /// Reads the next message and applies it to the copy.
    pub(crate) async fn next(&mut self) -> Value {
        match self.read().await {
            Ok(message) => {
                self.fold(&message);
                message
            }
            Err(closed) => panic!("the connection ended: {closed:?}"),
        }
    }

    /// Reads up to the next message of this type.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        self.until(|message| message["type"] == kind).await
    }

    /// Reads up to the next error, which must have this code.
    pub(crate) async fn refused(&mut self, code: &str) -> Value {
        let error = self.expect("error").await;
        assert_eq!(error["code"], code, "{error}");
        error
    }

    /// Reads up to the first message for which `meant` is true.
    pub(crate) async fn until(&mut self, meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await;
            if meant(&message) {
                return message;
            }
        }
    }

    /// Reads until all events up to `seq` have arrived.
    pub(crate) async fn reach(&mut self, seq: i64) {
        while self.seq < seq {
            self.next().await;
        }
    }

    /// Reads up to the next answer (`ack` or error). Events, replayed ones too, are
    /// skipped.
    pub(crate) async fn answer(&mut self) -> Value {
        loop {
            match self.read().await {
                Ok(message) if matches!(message["type"].as_str(), Some("ack" | "error")) => {
                    return message;
                }
                Ok(_) => {}
                Err(closed) => panic!("the connection ended: {closed:?}"),
            }
        }
    }

    /// Reads until the connection is closed.
    pub(crate) async fn closed(&mut self) -> Closed {
        loop {
            match self.read().await {
                Ok(message) => self.fold(&message),
                Err(closed) => return closed,
            }
        }
    }

    /// Sends a close frame and waits for the answer.
    pub(crate) async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        self.closed().await;
    }

    /// Sends a request and returns everything that came before its answer. What is not
    /// in it was not sent.
    pub(crate) async fn drain(&mut self) -> Vec<Value> {
        let mark = Uuid::new_v4().to_string();
        self.send(&json!({ "type": "ping", "timestamp": mark }))
            .await;
        let mut before = Vec::new();
        loop {
            let message = self.next().await;
            if message["type"] == "pong" && message["timestamp"] == *mark {
                return before;
            }
            before.push(message);
        }
    }

    /// The next text message. Frames of the protocol, such as pings, do not count: where
    /// nothing else comes, the test fails.
    async fn read(&mut self) -> Result<Value, Closed> {
        time::timeout(TEST_TIMEOUT, self.read_text())
            .await
            .expect("nothing came")
    }

    async fn read_text(&mut self) -> Result<Value, Closed> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let message = serde_json::from_str(&text).unwrap();
                    contract::check_message(&message);
                    return Ok(message);
                }
                Some(Ok(Message::Close(frame))) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (frame.code.into(), frame.reason.to_string())
                    });
                    return Err(Closed { code, reason });
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    return Err(Closed {
                        code: 1006,
                        reason: String::new(),
                    });
                }
            }
        }
    }

    fn fold(&mut self, message: &Value) {
        match message["type"].as_str().unwrap() {
            // The `seq` of the second is a place in a conversation.
            "connected" | "direct_message_read" => {}
            "ack" => self.acknowledged(message),
            "error" => {
                if let Some(op_id) = message["op_id"].as_str() {
                    self.pending.remove(op_id);
                }
            }
            _ => {
                if let Some(seq) = message["seq"].as_i64() {
                    assert_eq!(seq, self.seq + 1, "a gap or a repeat: {message}");
                    self.seq = seq;
                    let times = ["timestamp", "created_at", "edited_at"];
                    let time = times.iter().find_map(|field| message.get(field));
                    self.time = Some(time.and_then(Value::as_str).unwrap().to_owned());
                    self.events.push(message.clone());
                    self.happened(message);
                }
            }
        }
    }

    fn acknowledged(&mut self, ack: &Value) {
        let pending = ack["op_id"]
            .as_str()
            .and_then(|op_id| self.pending.remove(op_id));
        let request = ack["for"].as_str().unwrap();
        let replaces_event = request.starts_with("tile_") || request.starts_with("comment_");
        let Some(seq) = ack["seq"].as_i64() else {
            return;
        };
        // The place in a conversation.
        if request == "direct_message_send" {
            return;
        }
        if !replaces_event {
            // An ack comes after its event, and therefore after all events before it.
            assert!(seq <= self.seq, "the event is missing: {ack}");
            return;
        }
        if seq <= self.seq {
            // A repeat of an operation that was applied before.
            return;
        }
        assert_eq!(seq, self.seq + 1, "a gap: {ack}");
        self.seq = seq;
        self.time = Some(ack["timestamp"].as_str().unwrap().to_owned());
        if let Some(operation) = pending {
            self.applied(&operation);
        }
    }

    /// Applies an event of another connection, or a chat message of anybody.
    fn happened(&mut self, event: &Value) {
        let kind = event["type"].as_str().unwrap();
        if kind == "canvas_chat_message" {
            let text = event["message_text"].as_str().unwrap().to_owned();
            self.chat.insert(self.seq, text);
        }
        let Some(cell) = cell(event) else { return };
        match kind {
            "tile_created" | "tile_updated" => {
                if let Some(pixels) = event["pixels"].as_str() {
                    self.board.insert(cell, STANDARD.decode(pixels).unwrap());
                }
                self.paint(cell, &event["delta"]);
            }
            "tile_deleted" => {
                self.board.remove(&cell);
            }
            _ => {}
        }
    }

    /// Applies an acknowledged operation of this connection.
    fn applied(&mut self, operation: &Value) {
        let Some(cell) = cell(operation) else { return };
        match operation["type"].as_str().unwrap() {
            "tile_create" | "tile_update" => {
                if let Some(pixels) = operation["pixels"].as_str() {
                    self.board.insert(cell, STANDARD.decode(pixels).unwrap());
                } else {
                    self.board
                        .entry(cell)
                        .or_insert_with(|| blank(self.tile_size));
                }
            }
            "tile_paint" => self.paint(cell, &operation["pixels"]),
            "tile_delete" => {
                self.board.remove(&cell);
            }
            _ => {}
        }
    }

    fn paint(&mut self, cell: (i64, i64), edits: &Value) {
        let Some(edits) = edits.as_array() else {
            return;
        };
        let tile = self
            .board
            .entry(cell)
            .or_insert_with(|| blank(self.tile_size));
        for edit in edits {
            let index = usize::try_from(edit[0].as_u64().unwrap()).unwrap();
            tile[index] = u8::try_from(edit[1].as_u64().unwrap()).unwrap();
        }
    }
}

/// The pixels in a list of `Tile`.
pub(crate) fn board(tiles: &Value) -> Board {
    let tile = |tile: &Value| {
        let pixels = STANDARD.decode(tile["pixels"].as_str().unwrap()).unwrap();
        (cell(tile).unwrap(), pixels)
    };
    tiles.as_array().unwrap().iter().map(tile).collect()
}

fn cell(message: &Value) -> Option<(i64, i64)> {
    Some((message["x"].as_i64()?, message["y"].as_i64()?))
}

fn blank(tile_size: usize) -> Vec<u8> {
    vec![255; tile_size * tile_size]
}

fn last_seq(query: &str) -> i64 {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("last_seq="))
        .unwrap()
        .parse()
        .unwrap()
}

/// A request for a WebSocket, with further headers.
pub(crate) fn upgrade(
    addr: SocketAddr,
    canvas: i64,
    query: &str,
    headers: &[(&'static str, &str)],
) -> Request<()> {
    upgrade_at(addr, &format!("canvas/{canvas}?{query}"), headers)
}

/// The same for one without a canvas.
pub(crate) fn upgrade_user(
    addr: SocketAddr,
    query: &str,
    headers: &[(&'static str, &str)],
) -> Request<()> {
    upgrade_at(addr, &format!("user?{query}"), headers)
}

fn upgrade_at(addr: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Request<()> {
    let mut request = format!("ws://{addr}/api/v1/ws/{path}")
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        request
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    request
}

/// The status and the `code` with which a WebSocket is refused.
pub(crate) async fn refusal(addr: SocketAddr, request: Request<()>) -> (u16, String) {
    match open(addr, request).await {
        Err(Error::Http(response)) => {
            let problem: Value =
                serde_json::from_slice(response.body().as_deref().unwrap_or_default())
                    .unwrap_or_default();
            let code = problem["code"].as_str().unwrap_or_default();
            (response.status().as_u16(), code.to_owned())
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was not refused"),
    }
}

pub(crate) async fn open(
    addr: SocketAddr,
    request: Request<()>,
) -> Result<WebSocketStream<TcpStream>, Error> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    time::timeout(TEST_TIMEOUT, client_async(request, stream))
        .await
        .expect("no answer to the upgrade")
        .map(|(socket, _)| socket)
}
