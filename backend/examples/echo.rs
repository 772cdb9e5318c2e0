//! Sends back what comes, over sockets that are set up, bounded and ended as
//! the server's are. The Autobahn suite runs against this (`cargo xtask
//! autobahn`), since the server itself speaks nothing but its own JSON.

use axum::{
    Router,
    extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    response::Response,
    routing::any,
    serve::ListenerExt,
};
use backend::realtime::wire;
use std::{io, time::Duration};
use tokio::{net::TcpListener, time::timeout};

/// How long a peer may take to answer a close, as on the server.
const FAREWELL: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // A connection that is gone already says so when it is read.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, Router::new().route("/", any(open))).await
}

async fn open(upgrade: WebSocketUpgrade) -> Response {
    wire::bounded(upgrade).on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    while let Some(message) = socket.recv().await {
        match message {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Close(_)) => break,
            Err(error) => {
                let Some((code, reason)) = wire::fault(&error) else {
                    return;
                };
                let reason = reason.into();
                let close = Message::Close(Some(CloseFrame { code, reason }));
                if socket.send(close).await.is_err() {
                    return;
                }
                break;
            }
        }
    }
    let good_bye = async { while let Some(Ok(_)) = socket.recv().await {} };
    // A peer that does not answer is left without an answer.
    let _ = timeout(FAREWELL, good_bye).await;
}
