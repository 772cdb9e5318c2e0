//! Sends back what comes, over sockets that are set up, bounded and ended as
//! the server's are. The Autobahn suite runs against this (`cargo xtask
//! autobahn`), since the server itself speaks nothing but its own JSON.

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use backend::realtime::wire::{self, DeferredUpgradeIo, Incoming, Socket, Upgrade, UpgradeSlot};
use bytes::Bytes;
use hyper::{Request, body, server::conn::http1, service::service_fn};
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

/// How long a peer may take to answer a close, as on the server.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        // A connection that is gone already says so when it is read.
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve(stream));
    }
}

async fn serve(stream: TcpStream) {
    let slot = UpgradeSlot::<()>::default();
    let service = service_fn(|mut request: Request<body::Incoming>| {
        request.extensions_mut().insert(slot.clone());
        ready(Ok::<_, Infallible>(open(request)))
    });
    let io = DeferredUpgradeIo::new(stream, slot.clone());
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(io), service);
    let answered = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    if answered.is_ok() && slot.take().is_some() {
        let parts = connection.into_parts();
        let mut socket = Socket::new(parts.io.into_inner(), &parts.read_buf);
        // Nothing else is said before the peer speaks.
        if socket.flush().await.is_ok() {
            echo(socket).await;
        }
    }
}

fn open(request: Request<body::Incoming>) -> Response<Body> {
    let (mut parts, _) = request.into_parts();
    match Upgrade::of(&mut parts) {
        Ok(upgrade) => upgrade.accept(()),
        Err(error) => {
            let mut refusal = Response::new(error.into());
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            refusal
        }
    }
}

async fn echo(mut socket: Socket) {
    loop {
        let back = match socket.recv().await {
            Ok(Incoming::Message(Message::Text(text))) => frame(Bytes::from(text), Data::Text),
            Ok(Incoming::Message(Message::Binary(bytes))) => frame(bytes, Data::Binary),
            Ok(Incoming::Message(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                continue;
            }
            Ok(Incoming::Message(Message::Close(_))) => break,
            Ok(Incoming::Reply(wire)) => wire,
            Err(error) => {
                let Some((code, reason)) = wire::fault(&error) else {
                    return;
                };
                socket.queue_close(code, reason);
                if socket.flush().await.is_err() {
                    return;
                }
                break;
            }
        };
        socket.queue(back);
        if socket.flush().await.is_err() {
            return;
        }
    }
    let good_bye = async {
        while let Ok(heard) = socket.recv().await {
            if let Incoming::Reply(wire) = heard {
                socket.queue(wire);
                if socket.flush().await.is_err() {
                    return;
                }
            }
        }
    };
    // A peer that does not answer is left without an answer.
    let _ = timeout(CLOSE_TIMEOUT, good_bye).await;
}

fn frame(payload: Bytes, data: Data) -> Bytes {
    let frame = Frame::message(payload, OpCode::Data(data), true);
    let mut wire = Vec::new();
    // Writing to memory never fails.
    let _ = frame.format(&mut wire);
    wire.into()
}
