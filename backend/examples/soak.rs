//! The soak test (`cargo xtask soak`) of a running server: a thousand joins while
//! others write, thousands of connections that open and close, and the convergence
//! test with random seeds. Between the rounds the server's memory and open files
//! must return to where they were after the first round.
//!
//! It uses only the server's address and process id, with the helpers of the
//! integration tests, so it needs nothing of the crate `backend`. Settings:
//!
//! - `SOAK_ADDRESS`: for example `127.0.0.1:8080`. The server must have no rate
//!   limits and allow 2,000 connections from one address
//! - `SOAK_PID`: the server's process id
//! - `SOAK_SECONDS`: how long random seeds are tried; default 600
//! - `SOAK_CHURN`: how many connections are opened and closed; default 50,000

#[path = "../tests/server/common"]
#[expect(dead_code, reason = "the integration tests use the rest")]
mod common {
    pub(crate) mod client_pool;
    pub(crate) mod contract;
    pub(crate) mod http;
    pub(crate) mod socket;

    /// The longest time that a step may take.
    pub(crate) const TEST_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);
}

use common::{
    client_pool::{converge, join_while_written},
    http::Client,
    socket::TestClient,
};
use futures_util::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;
use std::{
    env, fmt, fs,
    net::SocketAddr,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::time::interval;

/// Seeds that are tried at the same time.
const PARALLEL_SEEDS: usize = 4;
/// Connections that join while others write.
const JOINS: usize = 1_000;
/// Connections that are open at the same time during the churn.
const WORKERS: usize = 64;
/// Canvases over which these connections are spread.
const CANVASES: usize = 20;
/// Rounds of each stage. The usage after the first is what later ones are compared
/// with.
const ROUNDS: u32 = 4;
/// Open files beyond those at the start: the pool's connections to PostgreSQL.
const MAX_EXTRA_FILES: usize = 24;
/// Memory beyond that after the first round: fragmentation of the allocator.
const MAX_EXTRA_KIB: usize = 16 * 1024;

#[tokio::main]
async fn main() -> ExitCode {
    let addr: SocketAddr = setting("SOAK_ADDRESS").expect("SOAK_ADDRESS is an address");
    let process: u32 = setting("SOAK_PID").expect("SOAK_PID is a process id");
    let seconds = setting("SOAK_SECONDS").unwrap_or(600);
    let connections = setting("SOAK_CHURN").unwrap_or(50_000);
    let server = Server { addr, process };
    let start = server.usage();
    println!("at the start: {start}");
    join(&server).await;
    if churn(&server, start, connections).await && try_seeds(&server, start, seconds).await {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}

/// Opens and closes `count` connections. False if the server then uses more than
/// after the first round.
async fn churn(server: &Server, start: Usage, count: usize) -> bool {
    let owner = Client::guest(server.addr, "Owner").await;
    let mut canvases = Vec::new();
    for _ in 0..CANVASES {
        canvases.push(owner.canvas(&json!({})).await);
    }
    let mut warm = None;
    let each = count / ROUNDS as usize;
    for round in 1..=ROUNDS as usize {
        let begun = Instant::now();
        let workers = (0..WORKERS).map(|worker| {
            let (addr, canvases) = (server.addr, canvases.clone());
            let seed = (round * WORKERS + worker) as u64;
            tokio::spawn(connect_repeatedly(addr, canvases, seed, each / WORKERS))
        });
        for worker in join_all(workers).await {
            worker.expect("a connection failed");
        }
        let seconds = begun.elapsed().as_secs_f64();
        let total = each * round;
        println!("{total} connections opened and closed, the last round in {seconds:.1} s");
        if !server.is_stable(start, &mut warm).await {
            return false;
        }
    }
    true
}

/// Opens `count` connections, one after the other. Some send something; each ends
/// in one of the possible ways: closed, dropped, or resumed by the next.
async fn connect_repeatedly(addr: SocketAddr, canvases: Vec<i64>, seed: u64, count: usize) {
    let mut random = StdRng::seed_from_u64(seed);
    let user = Client::guest(addr, "Visitor").await;
    let mut before: Option<(i64, TestClient)> = None;
    for n in 0..count {
        let (canvas, mut tab) = if let Some((canvas, tab)) = before.take() {
            (canvas, TestClient::resume(&user, canvas, &tab).await)
        } else {
            let canvas = canvases[random.random_range(0..canvases.len())];
            (canvas, TestClient::join(&user, canvas).await)
        };
        match random.random_range(0..5) {
            0 => {
                let chat = json!({ "type": "canvas_chat", "text": n.to_string() });
                tab.done(chat).await;
            }
            1 => {
                let edits = [[random.random_range(0..64), random.random_range(0..4)]];
                let (x, y) = (random.random_range(0..8), random.random_range(0..6));
                let paint = json!({ "type": "tile_paint", "x": x, "y": y, "pixels": edits });
                // Does not wait for the answer.
                tab.operate(paint).await;
            }
            2 => drop(tab.drain().await),
            _ => {}
        }
        match random.random_range(0..3) {
            0 => tab.close().await,
            1 => before = Some((canvas, tab)),
            _ => {}
        }
    }
}

/// Joins while others write, and checks that no event is missing or repeated.
async fn join(server: &Server) {
    let begun = Instant::now();
    let events = join_while_written(server.addr, JOINS).await;
    let seconds = begun.elapsed().as_secs_f64();
    println!("{JOINS} joined during {events} writes in {seconds:.1} s: no gap, no repeat");
}

/// Runs the convergence test with random seeds. False if a client differs from the
/// log at the end, or the server uses more than after the first round.
async fn try_seeds(server: &Server, start: Usage, seconds: u64) -> bool {
    let mut warm = None;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let time = Duration::from_secs(seconds) / ROUNDS;
        let runs = (0..PARALLEL_SEEDS).map(|_| converge_repeatedly(server.addr, begun + time));
        let done: Option<Vec<_>> = join_all(runs).await.into_iter().collect();
        let Some(done) = done else {
            return false;
        };
        let seeds: u64 = done.iter().map(|(seeds, _)| seeds).sum();
        let events: i64 = done.iter().map(|(_, events)| events).sum();
        let seconds = begun.elapsed().as_secs();
        println!("{seeds} seeds with {events} events in {seconds} s: all equal to their logs");
        if !server.is_stable(start, &mut warm).await {
            return false;
        }
    }
    true
}

/// How many seeds and events were tried until then; `None` where a seed failed.
async fn converge_repeatedly(addr: SocketAddr, until: Instant) -> Option<(u64, i64)> {
    let (mut seeds, mut events) = (0, 0);
    while Instant::now() < until {
        let seed = rand::random::<u32>().into();
        let Ok(count) = tokio::spawn(converge(addr, seed)).await else {
            println!("FAILED: seed {seed}; add it to SEEDS in backend/tests/server/convergence.rs");
            return None;
        };
        seeds += 1;
        events += count;
    }
    Some((seeds, events))
}

struct Server {
    addr: SocketAddr,
    process: u32,
}

impl Server {
    /// Whether it uses no more than after the first round, once all rooms are closed.
    async fn is_stable(&self, start: Usage, warm: &mut Option<Usage>) -> bool {
        self.wait_for_rooms().await;
        let usage = self.usage();
        println!("  {usage}");
        let is_near = usage.is_near(start, *warm.get_or_insert(usage));
        if !is_near {
            println!("FAILED: the server uses more than after the first round");
        }
        is_near
    }

    /// Waits until every room is closed, which takes some seconds.
    async fn wait_for_rooms(&self) {
        let mut every = interval(Duration::from_millis(500));
        for _ in 0..120 {
            every.tick().await;
            let url = format!("http://{}/metrics", self.addr);
            let reply = reqwest::get(url).await.expect("the server answers");
            let metrics = reply.text().await.expect("the server answers");
            if metrics.lines().any(|line| line == "stellar_rooms 0") {
                return;
            }
        }
        println!("some rooms stay open");
    }

    fn usage(&self) -> Usage {
        let folder = format!("/proc/{}", self.process);
        let status = fs::read_to_string(format!("{folder}/status")).expect("it lives");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.and_then(|line| line.split_whitespace().next()?.parse().ok());
        let files = fs::read_dir(format!("{folder}/fd")).expect("it is ours");
        Usage {
            kib: kib.expect("the system tells its memory"),
            files: files.count(),
        }
    }
}

/// What a process uses, as the system reports it.
#[derive(Clone, Copy)]
struct Usage {
    kib: usize,
    files: usize,
}

impl Usage {
    fn is_near(self, start: Self, warm: Self) -> bool {
        self.files <= start.files + MAX_EXTRA_FILES && self.kib <= warm.kib + MAX_EXTRA_KIB
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB in memory, {} open files", self.kib, self.files)
    }
}
