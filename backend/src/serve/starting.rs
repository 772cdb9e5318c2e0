//! Serves HTTP while the server waits for its database. Every connection ends with its
//! first answer, so that none of them stays with these routes when the server is ready.

use super::{accept, accept_from};
use axum::Router;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time,
};
use tower::ServiceExt;

/// Connections at a time; more are closed at once.
const MAX_CONNECTIONS: usize = 1024;
/// How long the header of a request may take.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may take in all: the largest answers are the client's files.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves `app` on both listeners until it is dropped; connections that it accepted end by
/// themselves.
pub(super) async fn serve(
    listener: &TcpListener,
    metrics_listener: Option<&TcpListener>,
    app: &Router,
) -> Infallible {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = accept(listener) => accepted,
            accepted = accept_from(metrics_listener) => accepted,
        };
        let Some((stream, _)) = accepted else {
            continue;
        };
        let Ok(permit) = permits.clone().try_acquire_owned() else {
            continue;
        };
        let answer = time::timeout(CONNECTION_TIMEOUT, answer(stream, app.clone()));
        tokio::spawn(async move {
            let _ = answer.await;
            drop(permit);
        });
    }
}

/// Answers one request.
async fn answer(stream: TcpStream, app: Router) {
    let service = service_fn(move |request| app.clone().oneshot(request));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke");
    }
}
