//! A proxy between the server and PostgreSQL whose host can vanish.

use super::TestDatabase;
use sqlx::postgres::PgConnectOptions;
use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::JoinHandle,
};

/// Passes everything on until [`PostgresProxy::vanish`]. From then on it passes nothing and
/// closes nothing, as a host without power does.
pub(crate) struct PostgresProxy {
    database: String,
    /// The number of the host at this address; even ones are gone.
    host: watch::Sender<usize>,
    /// Connections to hosts that are there or gone, accepted so far.
    accepted: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl PostgresProxy {
    pub(crate) async fn start(database: &TestDatabase) -> Self {
        let options = PgConnectOptions::from_str(&database.url).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (host, hosts) = watch::channel(1);
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        let user = options.get_username().to_owned();
        let name = options.get_database().unwrap().to_owned();
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, options.clone(), hosts.clone()));
            }
        });
        Self {
            database: format!("{user}@{addr}/{name}"),
            host,
            accepted,
            accepting,
        }
    }

    /// The URL of the database through the proxy.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{}?sslmode=disable", self.database)
    }

    /// The host vanishes. Connections that are made now lead nowhere, too.
    pub(crate) fn vanish(&self) {
        self.host.send_modify(|host| *host += 1);
    }

    /// A new host answers at the same address. Old connections still lead nowhere.
    pub(crate) fn replace(&self) {
        self.host.send_modify(|host| *host += 1);
    }

    /// How many connections were made.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for PostgresProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut client: TcpStream,
    options: PgConnectOptions,
    mut hosts: watch::Receiver<usize>,
) {
    let host = *hosts.borrow_and_update();
    if host.is_multiple_of(2) {
        // Read, so that the client does not notice that nobody is there.
        let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
        return;
    }
    let folder = options.get_socket().and_then(|path| path.to_str());
    let folder = folder.or_else(|| Some(options.get_host()).filter(|host| host.starts_with('/')));
    let (client_read, client_write) = client.split();
    if let Some(folder) = folder {
        let path = format!("{folder}/.s.PGSQL.{}", options.get_port());
        let (read, write) = split(UnixStream::connect(path).await.unwrap());
        tokio::join!(
            pass(client_read, write, hosts.clone()),
            pass(read, client_write, hosts)
        );
    } else {
        let addr = (options.get_host(), options.get_port());
        let (read, write) = split(TcpStream::connect(addr).await.unwrap());
        tokio::join!(
            pass(client_read, write, hosts.clone()),
            pass(read, client_write, hosts)
        );
    }
}

/// Passes bytes on while the host is there, and drops them afterwards.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut hosts: watch::Receiver<usize>,
) {
    let mut buffer = [0; 16 * 1024];
    let mut is_gone = false;
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            _ = hosts.changed(), if !is_gone => {
                is_gone = true;
                continue;
            }
        };
        if read == 0 {
            // A host that is gone closes nothing.
            if !is_gone {
                let _ = to.shutdown().await;
            }
            return;
        }
        if !is_gone && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
