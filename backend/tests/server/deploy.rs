//! The files of `deploy/`: what `HAProxy` does with requests, and what systemd says of the unit.

use crate::common::{TEST_TIMEOUT, balancer::Balancer, temporary_folder};
use reqwest::Method;
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::Command,
    time::{Duration, sleep, timeout},
};

/// A node that answers as it is told to.
#[derive(Clone, Default)]
struct Node {
    /// Whether `/readyz` answers 200.
    ready: Arc<AtomicBool>,
    /// Whether it hangs up instead of answering other requests.
    broken: Arc<AtomicBool>,
    /// Other requests that arrived.
    requests: Arc<AtomicUsize>,
    /// Checks of `/readyz` that arrived.
    checks: Arc<AtomicUsize>,
}

impl Node {
    async fn start() -> (Self, SocketAddr) {
        let node = Self::default();
        node.ready.store(true, Ordering::Relaxed);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let served = node.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().answer(stream));
            }
        });
        (node, addr)
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut request = Vec::new();
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read_buf(&mut request).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let status = if request.starts_with(b"GET /readyz") {
            self.checks.fetch_add(1, Ordering::Relaxed);
            if self.ready.load(Ordering::Relaxed) {
                "200 OK"
            } else {
                "503 Service Unavailable"
            }
        } else {
            self.requests.fetch_add(1, Ordering::Relaxed);
            if self.broken.load(Ordering::Relaxed) {
                return;
            }
            "200 OK"
        };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    /// Waits for so many more checks.
    async fn checked(&self, times: usize) {
        let until = self.checks.load(Ordering::Relaxed) + times;
        let reached = async {
            while self.checks.load(Ordering::Relaxed) < until {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(TEST_TIMEOUT, reached).await.expect("no checks");
    }
}

/// Three nodes behind `HAProxy`.
async fn nodes() -> (Vec<Node>, Balancer) {
    let (mut nodes, mut addresses) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (node, addr) = Node::start().await;
        nodes.push(node);
        addresses.push(addr);
    }
    (nodes, Balancer::at(&addresses).await)
}

fn requests(nodes: &[Node]) -> usize {
    let each = nodes
        .iter()
        .map(|node| node.requests.load(Ordering::Relaxed));
    each.sum()
}

async fn request(balancer: &Balancer, method: Method, path: &str) -> u16 {
    let url = format!("http://{}{path}", balancer.addr);
    let request = reqwest::Client::new().request(method, url);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn only_requests_that_change_nothing_are_repeated() {
    let (nodes, balancer) = nodes().await;
    for node in &nodes[..2] {
        node.broken.store(true, Ordering::Relaxed);
    }
    // Some node of the three answers.
    for _ in 0..6 {
        assert_eq!(request(&balancer, Method::GET, "/x").await, 200);
    }
    assert!(requests(&nodes) > 6);
    nodes[2].broken.store(true, Ordering::Relaxed);
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let before = requests(&nodes);
        assert_eq!(request(&balancer, method.clone(), "/x").await, 502);
        assert_eq!(requests(&nodes) - before, 1, "{method} was repeated");
    }
}

#[tokio::test]
async fn a_hiccup_takes_no_node_out() {
    let (nodes, balancer) = nodes().await;
    // One failure of every node, as when the database restarts.
    for node in &nodes {
        node.ready.store(false, Ordering::Relaxed);
    }
    nodes[0].checked(1).await;
    for node in &nodes {
        node.ready.store(true, Ordering::Relaxed);
    }
    nodes[0].checked(1).await;
    for node in &nodes {
        let before = node.requests.load(Ordering::Relaxed);
        while node.requests.load(Ordering::Relaxed) == before {
            assert_eq!(request(&balancer, Method::POST, "/x").await, 200);
        }
    }
    // While none is ready, requests reach one all the same.
    for node in &nodes {
        node.ready.store(false, Ordering::Relaxed);
    }
    for node in &nodes {
        node.checked(4).await;
    }
    assert_eq!(request(&balancer, Method::GET, "/").await, 200);
}

#[tokio::test]
async fn metrics_are_not_public() {
    let (nodes, balancer) = nodes().await;
    for path in ["/metrics", "/METRICS", "/metrics/", "/metrics?x"] {
        assert_eq!(request(&balancer, Method::GET, path).await, 404, "{path}");
    }
    assert_eq!(requests(&nodes), 0);
}

#[tokio::test]
async fn the_unit_is_valid() {
    if fs::metadata("/usr/bin/systemd-analyze").is_err() {
        println!("NOT TESTED: there is no systemd-analyze");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let unit = fs::read_to_string(root.join("deploy/stellar-canvas.service")).unwrap();
    // The program is not installed here.
    let unit = unit.replace("/opt/stellar-canvas/stellar-canvas", "/bin/true");
    let file = temporary_folder().join("stellar-canvas.service");
    fs::write(&file, unit).unwrap();
    let mut verify = Command::new("systemd-analyze");
    let output = verify.arg("verify").arg(&file).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "");
}
