//! The way from HTTP to a WebSocket: what the request asks for, what it is
//! answered, and what is left for the task of its connection.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts,
    },
};
use bytes::Bytes;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tungstenite::handshake::derive_accept_key;

/// What a request leaves with the task of its connection, an extension of the
/// request: who is to be served on it from now on.
#[derive(Debug)]
pub struct UpgradeSlot<T>(Arc<Mutex<Option<T>>>);

impl<T> UpgradeSlot<T> {
    /// Who is there, if the connection became a WebSocket.
    pub fn take(&self) -> Option<T> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for UpgradeSlot<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for UpgradeSlot<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// A request for a WebSocket (RFC 6455, section 4.2).
pub struct Upgrade<T> {
    slot: UpgradeSlot<T>,
    key: HeaderValue,
}

impl<T: Send + 'static> Upgrade<T> {
    /// What the request asks for, or what is wrong with it.
    ///
    /// # Errors
    /// In words for whoever wrote the client.
    pub fn of(parts: &mut Parts) -> Result<Self, &'static str> {
        if parts.method != Method::GET {
            return Err("must be a GET");
        }
        if !has(&parts.headers, &header::CONNECTION, "upgrade") {
            return Err("the header Connection must have upgrade");
        }
        if !has(&parts.headers, &header::UPGRADE, "websocket") {
            return Err("the header Upgrade must have websocket");
        }
        if !has(&parts.headers, &header::SEC_WEBSOCKET_VERSION, "13") {
            return Err("the header Sec-WebSocket-Version must be 13");
        }
        let key = parts.headers.get(header::SEC_WEBSOCKET_KEY).cloned();
        Ok(Self {
            key: key.ok_or("the header Sec-WebSocket-Key is missing")?,
            slot: parts
                .extensions
                .remove()
                .ok_or("this connection cannot be upgraded")?,
        })
    }

    /// The answer; once it is sent, the connection's task finds who is there.
    pub fn accept(self, visitor: T) -> Response<Body> {
        let Self { slot, key } = self;
        *slot.lock() = Some(visitor);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        response
    }
}

/// Whether a list header has this token, in whatever case.
fn has(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|found| found.trim().eq_ignore_ascii_case(token))
}

/// A connection while it speaks HTTP. The answer that makes a WebSocket of it is
/// kept, to go out with the first message: one write less, and for the peer one
/// arrival less.
#[derive(Debug)]
pub struct DeferredUpgradeIo<T> {
    stream: TcpStream,
    slot: UpgradeSlot<T>,
    answer: Vec<u8>,
}

impl<T> DeferredUpgradeIo<T> {
    /// In front of this connection, whose requests carry `slot`.
    pub fn new(stream: TcpStream, slot: UpgradeSlot<T>) -> Self {
        Self {
            stream,
            slot,
            answer: Vec::new(),
        }
    }

    /// The connection, and the answer that is still to be sent.
    pub(super) fn into_parts(self) -> (TcpStream, Bytes) {
        (self.stream, self.answer.into())
    }
}

impl<T> AsyncRead for DeferredUpgradeIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<T> AsyncWrite for DeferredUpgradeIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.slot.lock().is_some() {
            // It is the last answer, and a short one.
            self.answer.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.slot.lock().is_some() {
            let before = self.answer.len();
            self.answer
                .extend(pieces.iter().flat_map(|piece| piece.iter()));
            return Poll::Ready(Ok(self.answer.len() - before));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
