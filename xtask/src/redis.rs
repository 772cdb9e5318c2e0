//! A temporary Redis on a free port. It stores nothing on disk.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::process::{ChildGuard, check_interrupted};

const START_LIMIT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A running Redis. Dropping this ends it.
#[derive(Debug)]
pub(crate) struct Redis {
    _server: ChildGuard,
    address: SocketAddr,
}

impl Redis {
    /// Starts a Redis and returns once it accepts connections.
    pub(crate) fn start() -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--port"])
            .arg(address.port().to_string())
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null());
        let mut server = ChildGuard::spawn(command)?;
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            check_interrupted()?;
            if server.has_ended()? || begun.elapsed() > START_LIMIT {
                return Err(Error::new("Redis does not start"));
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(Self {
            _server: server,
            address,
        })
    }

    /// For `REDIS_URL`.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }
}

/// A free address on this machine.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener
        .and_then(|listener| listener.local_addr())
        .map_err(Error::context("find a free port"))
}
