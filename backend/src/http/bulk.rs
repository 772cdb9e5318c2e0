//! Answers of any size: each holds a permit of `bulk_reads` until its last byte was handed to
//! the system, and is sent piece by piece, so that little of it is in memory.

use super::{client_addr::ClientAddr, error::ApiError};
use crate::{
    bulk_reads::{BulkPermit, BulkReadsBusy, PERMIT_TIMEOUT, Work},
    db::Lease,
    rate_limit::network,
    state::AppState,
};
use axum::{
    BoxError,
    body::Body,
    http::{Extensions, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future::BoxFuture, stream};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use serde::Serialize;
use shared::{api::Page, ids::CanvasId};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::time::timeout;

/// Bytes of a piece that is sent at once, about.
pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// A permit for an answer about this canvas to this client, which is sent as it is read.
///
/// # Errors
/// `Overloaded` if none is free for too long.
pub(super) async fn permit(
    state: &AppState,
    canvas: CanvasId,
    client: ClientAddr,
) -> Result<BulkPermit, ApiError> {
    let (reads, address) = (&state.bulk_reads, network(client.ip));
    Ok(reads.acquire(canvas, address, Work::Reading).await?)
}

/// A permit for an answer that takes much of a processor before it is sent.
///
/// # Errors
/// As [`permit`].
pub(super) async fn compute_permit(
    state: &AppState,
    canvas: CanvasId,
    client: ClientAddr,
) -> Result<BulkPermit, ApiError> {
    let (reads, address) = (&state.bulk_reads, network(client.ip));
    Ok(reads.acquire(canvas, address, Work::Computing).await?)
}

/// A connection for the transaction of an answer, which other answers may hold for long.
///
/// # Errors
/// `Overloaded` if none is free for too long; those of connecting.
pub(super) async fn lease(state: &AppState) -> Result<Lease, ApiError> {
    match timeout(PERMIT_TIMEOUT, state.pools.bulk.acquire()).await {
        Ok(lease) => Ok(lease?),
        Err(_) => Err(BulkReadsBusy.into()),
    }
}

/// The extension of a response that carries its permit from [`attach_permit`] to [`hold_permit`].
#[derive(Clone)]
struct AttachedPermit(Arc<BulkPermit>);

/// Has the answer hold the permit to its end. An `Arc` shares the permit with other work.
pub(super) fn attach_permit(
    permit: impl Into<Arc<BulkPermit>>,
    answer: impl IntoResponse,
) -> Response {
    let mut answer = answer.into_response();
    answer
        .extensions_mut()
        .insert(AttachedPermit(permit.into()));
    answer
}

/// Whether an answer has a permit. Such answers are compressed by gzip, which needs little
/// memory: brotli and zstd need megabytes for each.
pub(super) fn is_bulk(answer: &Extensions) -> bool {
    answer.get::<AttachedPermit>().is_some()
}

/// Moves the permit of an answer into its body, which must be compressed already.
pub(super) fn hold_permit<B>(mut answer: axum::http::Response<B>) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let held = answer.extensions_mut().remove::<AttachedPermit>();
    let answer = answer.map(Body::new);
    match held {
        Some(AttachedPermit(permit)) => answer.map(|inner| {
            Body::new(HoldingBody {
                inner,
                permit,
                next: None,
                is_done: false,
            })
        }),
        None => answer,
    }
}

/// A body that holds a permit. Its last piece owns the permit too, which is therefore free
/// when that piece was handed to the system, or the connection is gone.
struct HoldingBody {
    inner: Body,
    permit: Arc<BulkPermit>,
    /// The piece to be sent next, once it is known whether it is the last.
    next: Option<Bytes>,
    is_done: bool,
}

struct LastPiece {
    bytes: Bytes,
    _permit: Arc<BulkPermit>,
}

impl AsRef<[u8]> for LastPiece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for HoldingBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        while !self.is_done {
            match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    // These bodies have no trailers.
                    let Ok(piece) = frame.into_data() else {
                        continue;
                    };
                    if let Some(next) = self.next.replace(piece) {
                        return Poll::Ready(Some(Ok(Frame::data(next))));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.is_done = true,
            }
        }
        let last = self.next.take().map(|bytes| {
            let last = LastPiece {
                bytes,
                _permit: self.permit.clone(),
            };
            Ok(Frame::data(Bytes::from_owner(last)))
        });
        Poll::Ready(last)
    }

    fn is_end_stream(&self) -> bool {
        self.is_done && self.next.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        // Asked before the first piece is polled.
        self.inner.size_hint()
    }
}

/// An answer in JSON whose pieces are made when the client has taken in those before.
/// `make` gives the next piece and what the one after it needs; the first is awaited, so
/// that its error becomes the answer.
///
/// # Errors
/// That of the first piece. A later one breaks the connection off.
pub(super) async fn pieces<S: Send + 'static>(
    permit: BulkPermit,
    start: S,
    make: impl Fn(S) -> BoxFuture<'static, Result<(Bytes, Option<S>), ApiError>>
    + Clone
    + Send
    + 'static,
) -> Result<Response, ApiError> {
    let (first, remaining) = make(start).await?;
    let body = match remaining {
        None => Body::from(first),
        Some(remaining) => {
            let remaining = stream::try_unfold(Some(remaining), move |remaining| {
                let make = make.clone();
                async move {
                    let Some(remaining) = remaining else {
                        return Ok(None);
                    };
                    // Compressing a piece takes about a millisecond of the thread.
                    tokio::task::yield_now().await;
                    make(remaining).await.map(Some)
                }
            });
            let remaining = remaining.inspect_err(|error: &ApiError| {
                tracing::warn!(%error, "an answer broke off");
            });
            Body::from_stream(stream::iter([Ok(first)]).chain(remaining))
        }
    };
    let json = HeaderValue::from_static("application/json");
    Ok(attach_permit(
        permit,
        ([(header::CONTENT_TYPE, json)], body),
    ))
}

/// The JSON of a value, without the closing brace of an object.
///
/// # Errors
/// `Internal` if it cannot be serialized, which does not happen.
pub(super) fn open_object(value: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    let mut json = serde_json::to_vec(value).map_err(ApiError::internal)?;
    json.pop();
    Ok(json)
}

/// Reads items after a key: each with its key and its JSON.
pub(super) type ReadItems<K> =
    Arc<dyn Fn(K, i64) -> BoxFuture<'static, Result<Vec<(K, String)>, ApiError>> + Send + Sync>;

/// The part of a page that is still to be sent.
struct RemainingPage<K> {
    after: K,
    left: usize,
    /// What comes before the items, until the first piece was made.
    start: Option<Vec<u8>>,
}

/// A page of `limit` items after the key `after`, read `at_once` at a time.
///
/// # Errors
/// That of reading the first items.
pub(super) async fn page<K: Copy + Send + 'static>(
    permit: BulkPermit,
    after: K,
    limit: i64,
    at_once: i64,
    cursor: fn(K) -> String,
    read: ReadItems<K>,
) -> Result<Response, ApiError> {
    let start = br#"{"items":["#.to_vec();
    page_after(start, permit, after, limit, at_once, cursor, read).await
}

/// The same, with the fields of another object beside the items.
///
/// # Errors
/// That of reading the first items.
pub(super) async fn page_with<K: Copy + Send + 'static>(
    permit: BulkPermit,
    fields: &impl Serialize,
    after: K,
    limit: i64,
    at_once: i64,
    cursor: fn(K) -> String,
    read: ReadItems<K>,
) -> Result<Response, ApiError> {
    let mut start = open_object(fields)?;
    start.extend_from_slice(br#","items":["#);
    page_after(start, permit, after, limit, at_once, cursor, read).await
}

async fn page_after<K: Copy + Send + 'static>(
    start: Vec<u8>,
    permit: BulkPermit,
    after: K,
    limit: i64,
    at_once: i64,
    cursor: fn(K) -> String,
    read: ReadItems<K>,
) -> Result<Response, ApiError> {
    let start = RemainingPage {
        after,
        left: usize::try_from(limit).unwrap_or_default(),
        start: Some(start),
    };
    let at_once = usize::try_from(at_once).unwrap_or(1).max(1);
    pieces(permit, start, move |remaining| {
        let read = read.clone();
        Box::pin(async move { remaining.piece(at_once, cursor, &read).await })
    })
    .await
}

impl<K: Copy> RemainingPage<K> {
    async fn piece(
        self,
        at_once: usize,
        cursor: fn(K) -> String,
        read: &ReadItems<K>,
    ) -> Result<(Bytes, Option<Self>), ApiError> {
        let wanted = self.left.min(at_once);
        // One more shows whether there is another item.
        let mut items = read(self.after, i64::try_from(wanted).unwrap_or(i64::MAX) + 1).await?;
        let has_more = items.len() > wanted;
        items.truncate(wanted);
        let last = items.last().map(|(key, _)| *key);
        let is_first = self.start.is_some();
        let mut json = self.start.unwrap_or_default();
        json.reserve(items.iter().map(|(_, item)| item.len() + 1).sum());
        for (index, (_, item)) in items.into_iter().enumerate() {
            if index > 0 || !is_first {
                json.push(b',');
            }
            json.extend_from_slice(item.as_bytes());
        }
        let left = self.left - wanted;
        if let (true, Some(after), true) = (has_more, last, left > 0) {
            let remaining = Self {
                after,
                left,
                start: None,
            };
            return Ok((json.into(), Some(remaining)));
        }
        let end = Page::<()> {
            items: Vec::new(),
            next_cursor: last.filter(|_| has_more).map(cursor),
        };
        let end = serde_json::to_string(&end).map_err(ApiError::internal)?;
        let end = end.strip_prefix(r#"{"items":["#).unwrap_or_default();
        json.extend_from_slice(end.as_bytes());
        Ok((json.into(), None))
    }
}

/// The JSON of an item.
///
/// # Errors
/// `Internal` if it cannot be serialized, which does not happen.
pub(super) fn item<K>(key: K, item: &impl Serialize) -> Result<(K, String), ApiError> {
    let json = serde_json::to_string(item).map_err(ApiError::internal)?;
    Ok((key, json))
}
