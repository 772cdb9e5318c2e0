//! A Redis of one's own on a free port: it keeps nothing, and ends with us.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome};
use crate::process::{Owned, check_interrupted};

const START_LIMIT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A running Redis.
#[derive(Debug)]
pub(crate) struct Redis {
    _server: Owned,
    address: SocketAddr,
}

impl Redis {
    /// Starts one and returns once it accepts connections.
    pub(crate) fn start() -> Outcome<Self> {
        let address = free_address()?;
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--port"])
            .arg(address.port().to_string())
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null());
        let mut server = Owned::spawn(command)?;
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            check_interrupted()?;
            if server.has_ended()? || begun.elapsed() > START_LIMIT {
                return Err(Failure::told("Redis does not start"));
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

/// An address on this machine that nobody uses now.
pub(crate) fn free_address() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener
        .and_then(|listener| listener.local_addr())
        .map_err(Failure::because("find a free port"))
}
