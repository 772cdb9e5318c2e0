//! `HAProxy` in front of several nodes, with the configuration of `deploy/`.

use super::{TEST_TIMEOUT, cluster::Node, ports::free_address};
use std::{net::SocketAddr, path::Path, process::Stdio};
use tokio::{
    process::{Child, Command},
    time::{self, Duration},
};

/// A load balancer that stops when it is dropped.
pub(crate) struct Balancer {
    pub(crate) addr: SocketAddr,
    _child: Child,
}

impl Balancer {
    /// Starts one for these three nodes and waits until it passes on requests.
    pub(crate) async fn before(nodes: &[Node]) -> Self {
        let addresses: Vec<SocketAddr> = nodes.iter().map(|node| node.addr).collect();
        Self::at(&addresses).await
    }

    /// The same for nodes at these addresses.
    pub(crate) async fn at(nodes: &[SocketAddr]) -> Self {
        let addr = free_address();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut command = Command::new("haproxy");
        command
            .arg("-f")
            .arg(root.join("deploy/haproxy.cfg"))
            .env("BIND", addr.to_string())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        for (number, node) in nodes.iter().enumerate() {
            command.env(format!("NODE_{}", number + 1), node.to_string());
        }
        let child = command.spawn().expect("haproxy is not installed");
        let url = format!("http://{addr}/readyz");
        let passes = async {
            while !reqwest::get(&url).await.is_ok_and(|it| it.status() == 200) {
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        time::timeout(TEST_TIMEOUT, passes)
            .await
            .expect("no HAProxy");
        Self {
            addr,
            _child: child,
        }
    }
}
