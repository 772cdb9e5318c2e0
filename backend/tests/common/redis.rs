//! A Redis of the test's own, and a wire to it that can be cut.

use super::{
    PATIENCE,
    process::{Frozen, freeze},
};
use std::{net::SocketAddr, process::Stdio, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
    time,
};

/// Debian's `redis-server`, which ends with its test.
pub struct RedisServer {
    pub addr: SocketAddr,
    child: Option<Child>,
}

impl RedisServer {
    pub async fn start() -> Self {
        // Freed before it is used; nobody else takes it so soon.
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = free.local_addr().unwrap();
        drop(free);
        let mut server = Self { addr, child: None };
        server.restart().await;
        server
    }

    pub fn url(&self) -> String {
        format!("redis://{}/", self.addr)
    }

    /// Starts it, empty, where it was before.
    pub async fn restart(&mut self) {
        let child = Command::new("redis-server")
            .args(["--port", &self.addr.port().to_string()])
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
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
        time::timeout(PATIENCE, answers).await.expect("no Redis");
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

    /// As a power cut would.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().await.unwrap();
    }

    /// Stops it in its tracks until the result is dropped.
    pub fn freeze(&self) -> Frozen {
        freeze(self.child.as_ref().unwrap().id().unwrap())
    }
}

/// A wire to a server, which can be cut.
pub struct Wire {
    pub addr: SocketAddr,
    cut: Arc<watch::Sender<bool>>,
    passing: JoinHandle<()>,
}

impl Wire {
    pub async fn to(target: SocketAddr) -> Self {
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

    /// Ends what goes over it, at once and for good.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.passing.abort();
    }
}
