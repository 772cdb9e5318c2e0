//! Serves HTTP on accepted connections, and hands those that are upgraded to the hub.
//!
//! `hyper_util`'s `GracefulShutdown` does the same for ordinary connections, but it
//! takes the connection and gives back no IO: here the IO and what was read ahead are
//! needed to go on as a WebSocket on the same task.

use super::{
    connection_counts::{ConnectionCounts, Counted},
    stall_guard::StallGuard,
};
use crate::{
    config::Config,
    http::{self, Refused},
    realtime::{AcceptedConnection, Hub},
};
use axum::{Router, extract::ConnectInfo};
use futures_util::{FutureExt, future::OptionFuture};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use shared::limits;
use std::{future::poll_fn, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use websocket::{DeferredUpgradeIo, Socket, UpgradeSlot};

/// How long the header of a request may take, from the start of waiting for it.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a request's header, its first line included; more is answered with 431.
const HEADER_BYTES: usize = 16 * 1024;
/// Bytes that are read ahead, or wait to be written.
const BUFFER_BYTES: usize = 32 * 1024;
/// How long a refused client may go on sending before the connection is closed: closing
/// it earlier would reset it, and the client would not see the answer.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);
/// Refused clients that are waited for at a time.
const MAX_LINGERING: usize = 256;

/// The connections that are still HTTP; upgraded ones are the hub's.
pub(super) struct Connections {
    tasks: TaskTracker,
    finishing: CancellationToken,
    counts: Arc<ConnectionCounts>,
    lingering: Arc<Semaphore>,
}

impl Connections {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            tasks: TaskTracker::new(),
            finishing: CancellationToken::new(),
            counts: Arc::new(ConnectionCounts::new(config)),
            lingering: Arc::new(Semaphore::new(MAX_LINGERING)),
        }
    }

    /// Spawns a task that serves one connection. If it is upgraded to a WebSocket, the
    /// hub serves it on the same task, which needs no more memory than the larger of
    /// both futures.
    pub(super) fn serve(&self, stream: TcpStream, peer: SocketAddr, app: &Router, hub: &Hub) {
        // As the listener's option elsewhere. It fails for a connection that is closed
        // already, which the first read reports.
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = stream.set_nodelay(true);
        let counted = match self.counts.count(peer.ip()) {
            Ok(counted) => counted,
            Err(refused) => return self.refuse(stream, refused),
        };
        self.serve_counted(stream, peer, app, hub, counted);
    }

    fn serve_counted(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        app: &Router,
        hub: &Hub,
        counted: Counted,
    ) {
        let (app, slot) = (
            app.clone(),
            UpgradeSlot::<Box<AcceptedConnection>>::default(),
        );
        let upgraded = slot.clone();
        let io = StallGuard::new(DeferredUpgradeIo::new(stream, slot.clone()));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(slot.clone());
            app.clone().oneshot(request)
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_header_size(HEADER_BYTES)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(io), service);
        let (unfinished, finishing) = (self.tasks.token(), self.finishing.clone());
        let lingering = self.lingering.clone();
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
                if error.is_parse() {
                    let io = connection.into_parts().io.into_inner();
                    Box::pin(linger(io, &lingering)).await;
                }
                // Clients that disconnect or send no HTTP are not an error of the server.
                tracing::debug!(%error, "a connection broke");
                return None;
            }
            drop(counted);
            let accepted = upgraded.take()?;
            let parts = connection.into_parts();
            let io = parts.io.into_inner().into_inner();
            let socket = Socket::new(io, &parts.read_buf, limits::FRAME_BYTES);
            Some((socket, accepted))
        };
        let hub = hub.clone();
        tokio::spawn(http.then(move |upgraded| {
            let serving = upgraded.map(|(socket, accepted)| hub.serve(socket, *accepted));
            OptionFuture::from(serving)
        }));
    }

    /// Answers a connection that is not served.
    fn refuse(&self, mut stream: TcpStream, refused: Refused) {
        let lingering = self.lingering.clone();
        tokio::spawn(async move {
            // The system's buffer takes it at once.
            if stream.write_all(&http::refusal(refused)).await.is_ok() {
                linger(stream, &lingering).await;
            }
        });
    }

    /// Closes idle connections, and waits for the others to answer their current
    /// request.
    pub(super) async fn shut_down(&self) {
        self.finishing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Says that nothing more comes, and reads what the client still sends, for a while.
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin, lingering: &Semaphore) {
    let Ok(_permit) = lingering.try_acquire() else {
        return;
    };
    let drained = async {
        stream.shutdown().await?;
        let mut dropped = [0; 1024];
        while stream.read(&mut dropped).await? > 0 {}
        io::Result::Ok(())
    };
    // Whatever comes of it, the connection ends.
    let _ = time::timeout(LINGER_TIMEOUT, drained).await;
}
