//! An echo server on this crate's sockets, with the server's limits and closing
//! handshake. The Autobahn test suite runs against it (`cargo xtask autobahn`),
//! because the server itself accepts only its own JSON messages.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::{body, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    future::{poll_fn, ready},
    io,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};
use websocket::{DeferredUpgradeIo, Incoming, Socket, UpgradeRequest, UpgradeSlot};

/// Bytes of the longest message, as `shared::limits::FRAME_BYTES`.
const MAX_MESSAGE: usize = 32 * 1024;
/// How long a peer may take to answer a close frame, as on the server.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        // Fails for a closed connection, which the first read notices too.
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve(stream));
    }
}

async fn serve(stream: TcpStream) {
    let slot = UpgradeSlot::<()>::default();
    let service = service_fn(|mut request: Request<body::Incoming>| {
        request.extensions_mut().insert(slot.clone());
        ready(Ok::<_, Infallible>(respond(request)))
    });
    let io = DeferredUpgradeIo::new(stream, slot.clone());
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(io), service);
    let ended = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    if ended.is_ok() && slot.take().is_some() {
        let parts = connection.into_parts();
        let mut socket = Socket::new(parts.io.into_inner(), &parts.read_buf, MAX_MESSAGE);
        // Sends the response 101, since no message follows it by itself.
        if socket.flush().await.is_ok() {
            echo(socket).await;
        }
    }
}

fn respond(request: Request<body::Incoming>) -> Response<String> {
    let (mut parts, _) = request.into_parts();
    match UpgradeRequest::from_parts(&mut parts) {
        Ok(upgrade) => upgrade.accept(()),
        Err(error) => {
            let mut refusal = Response::new(error.to_owned());
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            refusal
        }
    }
}

async fn echo(mut socket: Socket) {
    loop {
        let reply = match socket.recv().await {
            Ok(Incoming::Message(Message::Text(text))) => encode(text.into(), Data::Text),
            Ok(Incoming::Message(Message::Binary(bytes))) => encode(bytes, Data::Binary),
            Ok(Incoming::Message(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                continue;
            }
            Ok(Incoming::Message(Message::Close(_))) => break,
            Ok(Incoming::Reply(reply)) => reply,
            Err(error) => {
                let Some((code, reason)) = websocket::close_code(&error) else {
                    return;
                };
                socket.queue_close(code, reason);
                if socket.flush().await.is_err() {
                    return;
                }
                break;
            }
        };
        socket.queue(reply);
        if socket.flush().await.is_err() {
            return;
        }
    }
    // A peer that does not close in time is disconnected.
    let _ = timeout(CLOSE_TIMEOUT, socket.wait_for_close()).await;
}

fn encode(payload: Bytes, data: Data) -> Bytes {
    let frame = Frame::message(payload, OpCode::Data(data), true);
    let mut encoded = Vec::new();
    // Writing to memory never fails.
    let _ = frame.format(&mut encoded);
    encoded.into()
}
