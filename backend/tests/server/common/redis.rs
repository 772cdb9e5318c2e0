//! A Redis for one test, and a proxy to it that can cut connections.

use super::{
    TEST_TIMEOUT, certificate,
    ports::free_address,
    process::{Frozen, freeze},
    temporary_folder,
};
use std::{fs, net::SocketAddr, path::PathBuf, process::Stdio, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
    time,
};
use uuid::Uuid;

/// Debian's `redis-server`; it stops when it is dropped.
pub(crate) struct RedisServer {
    pub(crate) addr: SocketAddr,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    /// One that also listens with TLS and a self-signed certificate. Returns the URL for
    /// TLS and the certificate's file.
    pub(crate) async fn start_with_tls() -> (Self, String, PathBuf) {
        let folder = temporary_folder().join(format!("redis-{}", Uuid::new_v4()));
        fs::create_dir_all(&folder).unwrap();
        certificate::make(&folder, "IP:127.0.0.1").await;
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        let port = free_address().port();
        let mut arguments = vec!["--tls-port".to_owned(), port.to_string()];
        for (name, file) in [("--tls-cert-file", &certificate), ("--tls-key-file", &key)] {
            arguments.extend([name.to_owned(), file.to_str().unwrap().to_owned()]);
        }
        arguments.extend(["--tls-auth-clients", "no"].map(str::to_owned));
        let server = Self::start_with(arguments).await;
        (server, format!("rediss://127.0.0.1:{port}/"), certificate)
    }

    async fn start_with(arguments: Vec<String>) -> Self {
        let mut server = Self {
            addr: free_address(),
            arguments,
            child: None,
        };
        server.restart().await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.addr)
    }

    /// Starts it again, empty, at the same address.
    pub(crate) async fn restart(&mut self) {
        let child = Command::new("redis-server")
            .args(["--port", &self.addr.port().to_string()])
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(&self.arguments)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("redis-server is not installed");
        self.child = Some(child);
        let answers = async {
            while !self.answers().await {
                time::sleep(time::Duration::from_millis(10)).await;
            }
        };
        time::timeout(TEST_TIMEOUT, answers)
            .await
            .expect("no Redis");
    }

    async fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.addr).await else {
            return false;
        };
        let mut answer = [0; 7];
        stream.write_all(b"PING\r\n").await.is_ok()
            && stream.read_exact(&mut answer).await.is_ok()
            && answer == *b"+PONG\r\n"
    }

    /// Kills it (SIGKILL), as a power cut would.
    pub(crate) async fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().await.unwrap();
    }

    /// Stops the process (SIGSTOP) until the result is dropped.
    pub(crate) fn freeze(&self) -> Frozen {
        freeze(self.child.as_ref().unwrap().id().unwrap())
    }
}

/// A TCP proxy to a server that can cut its connections.
pub(crate) struct TcpProxy {
    pub(crate) addr: SocketAddr,
    cut: Arc<watch::Sender<bool>>,
    passing: JoinHandle<()>,
}

impl TcpProxy {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let cut = Arc::new(watch::Sender::new(false));
        let is_cut = cut.clone();
        let passing = tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut cut = is_cut.subscribe();
                tokio::spawn(async move {
                    if *cut.borrow() {
                        return;
                    }
                    let Ok(mut far) = TcpStream::connect(target).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { addr, cut, passing }
    }

    /// Closes all its connections and accepts no more.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.passing.abort();
    }
}
