//! The opening handshake: from an HTTP request to a WebSocket on the same TCP
//! connection and the same task.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts,
};
use parking_lot::Mutex;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tungstenite::handshake::derive_accept_key;

/// Where a request handler leaves `T` for the connection's task when it accepts
/// an upgrade. The task that serves HTTP puts a clone into the extensions of
/// each request and looks into it when HTTP has ended.
#[derive(Debug)]
pub struct UpgradeSlot<T>(Arc<Mutex<Option<T>>>);

impl<T> UpgradeSlot<T> {
    /// What the handler left, if the connection became a WebSocket.
    pub fn take(&self) -> Option<T> {
        self.0.lock().take()
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

/// A valid request to open a WebSocket (RFC 6455, section 4.2).
pub struct UpgradeRequest<T> {
    slot: UpgradeSlot<T>,
    key: HeaderValue,
}

impl<T: Send + 'static> UpgradeRequest<T> {
    /// Checks the request. Takes the [`UpgradeSlot`] out of its extensions.
    ///
    /// # Errors
    /// What is wrong with the request, for the author of the client.
    pub fn from_parts(parts: &mut Parts) -> Result<Self, &'static str> {
        if parts.method != Method::GET {
            return Err("must be a GET");
        }
        if !has_token(&parts.headers, &header::CONNECTION, "upgrade") {
            return Err("the header Connection must have upgrade");
        }
        if !has_token(&parts.headers, &header::UPGRADE, "websocket") {
            return Err("the header Upgrade must have websocket");
        }
        if !has_token(&parts.headers, &header::SEC_WEBSOCKET_VERSION, "13") {
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

    /// The response 101. `accepted` is left in the slot for the connection's
    /// task.
    pub fn accept<B: Default>(self, accepted: T) -> Response<B> {
        let Self { slot, key } = self;
        *slot.0.lock() = Some(accepted);
        let mut response = Response::new(B::default());
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

/// Whether a comma-separated header has this token, in upper or lower case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|found| found.trim().eq_ignore_ascii_case(token))
}

/// The TCP stream while it carries HTTP. As soon as the slot is filled, written
/// bytes are kept instead of sent: the response 101 then goes out together with
/// the first WebSocket message, which saves a system call here and a wake-up at
/// the peer.
#[derive(Debug)]
pub struct DeferredUpgradeIo<T> {
    stream: TcpStream,
    slot: UpgradeSlot<T>,
    response: Vec<u8>,
}

impl<T> DeferredUpgradeIo<T> {
    /// Wraps a connection whose requests carry `slot`.
    pub fn new(stream: TcpStream, slot: UpgradeSlot<T>) -> Self {
        Self {
            stream,
            slot,
            response: Vec::new(),
        }
    }

    /// The stream, and the response that is still to be sent.
    pub(crate) fn into_parts(self) -> (TcpStream, Bytes) {
        (self.stream, self.response.into())
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
        if self.slot.0.lock().is_some() {
            // The response 101: the last one on this connection, and short.
            self.response.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.slot.0.lock().is_some() {
            let before = self.response.len();
            self.response
                .extend(slices.iter().flat_map(|slice| slice.iter()));
            return Poll::Ready(Ok(self.response.len() - before));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
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

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::get("/").extension(UpgradeSlot::<u8>::default());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// The request of RFC 6455, section 1.3.
    const HEADERS: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    #[test]
    fn an_accepted_upgrade_answers_the_key_and_fills_the_slot() {
        let mut parts = parts(&HEADERS);
        let slot = parts.extensions.get::<UpgradeSlot<u8>>().unwrap().clone();
        let upgrade = UpgradeRequest::from_parts(&mut parts).unwrap();
        assert_eq!(slot.take(), None);
        let response: Response<()> = upgrade.accept(7_u8);
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        let accept = &response.headers()[header::SEC_WEBSOCKET_ACCEPT];
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(slot.take(), Some(7));
    }

    #[test]
    fn each_header_of_an_upgrade_is_required() {
        for missing in 0..HEADERS.len() {
            let mut headers = HEADERS.to_vec();
            let (name, _) = headers.remove(missing);
            let upgrade = UpgradeRequest::<u8>::from_parts(&mut parts(&headers));
            assert!(upgrade.is_err(), "{name}");
        }
    }
}
