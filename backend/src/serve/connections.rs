//! Serves HTTP on accepted connections, and hands those that are upgraded to the hub.
//!
//! `hyper_util`'s `GracefulShutdown` does the same for ordinary connections, but it
//! takes the connection and gives back no IO: here the IO and what was read ahead are
//! needed to go on as a WebSocket on the same task.

use crate::realtime::{AcceptedConnection, Hub};
use axum::{Router, extract::ConnectInfo};
use futures_util::{FutureExt, future::OptionFuture};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use shared::limits;
use std::{future::poll_fn, net::SocketAddr, time::Duration};
use tokio::net::TcpStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use websocket::{DeferredUpgradeIo, Socket, UpgradeSlot};

/// How long the header of a request may take, from the start of waiting for it.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// The connections that are still HTTP; upgraded ones are the hub's.
#[derive(Default)]
pub(super) struct Connections {
    tasks: TaskTracker,
    finishing: CancellationToken,
}

impl Connections {
    /// Spawns a task that serves one connection. If it is upgraded to a WebSocket, the
    /// hub serves it on the same task, which needs no more memory than the larger of
    /// both futures.
    pub(super) fn serve(&self, stream: TcpStream, peer: SocketAddr, app: &Router, hub: &Hub) {
        // As the listener's option elsewhere. It fails for a connection that is closed
        // already, which the first read reports.
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = stream.set_nodelay(true);
        let (app, slot) = (
            app.clone(),
            UpgradeSlot::<Box<AcceptedConnection>>::default(),
        );
        let upgraded = slot.clone();
        let io = DeferredUpgradeIo::new(stream, slot.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(slot.clone());
            app.clone().oneshot(request)
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .serve_connection(TokioIo::new(io), service);
        let (unfinished, finishing) = (self.tasks.token(), self.finishing.clone());
        let http = async move {
            let ended = tokio::select! {
                ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => ended,
                () = finishing.cancelled() => {
                    Pin::new(&mut connection).graceful_shutdown();
                    poll_fn(|cx| connection.poll_without_shutdown(cx)).await
                }
            };
            drop(unfinished);
            if let Err(error) = ended {
                // Clients that disconnect or send no HTTP are not an error of the server.
                tracing::debug!(%error, "a connection broke");
                return None;
            }
            let accepted = upgraded.take()?;
            let parts = connection.into_parts();
            let socket = Socket::new(parts.io.into_inner(), &parts.read_buf, limits::FRAME_BYTES);
            Some((socket, accepted))
        };
        let hub = hub.clone();
        tokio::spawn(http.then(move |upgraded| {
            let serving = upgraded.map(|(socket, accepted)| hub.serve(socket, *accepted));
            OptionFuture::from(serving)
        }));
    }

    /// Closes idle connections, and waits for the others to answer their current
    /// request.
    pub(super) async fn shut_down(&self) {
        self.finishing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
