//! The long run (`cargo xtask soak`): many random lives with fresh seeds, a
//! thousand joins during writes, and thousands of comings and goings after
//! which the server's memory and open files must be what they were.
//!
//! Knows of the server nothing but its address and its process id, under which
//! the system tells how much it uses:
//!
//! - `SOAK_ADDRESS`: `127.0.0.1:8080`, without rate limits and with room for
//!   2,000 connections of one address
//! - `SOAK_PID`: its process
//! - `SOAK_SECONDS`: how long fresh seeds are tried, 600 where it is unset
//! - `SOAK_CHURN`: how many connections come and go, 50,000 where it is unset

#[path = "../tests/common"]
#[expect(dead_code, unreachable_pub, reason = "the tests use all of it")]
mod common {
    pub mod client_pool;
    pub mod contract;
    pub mod http;
    pub mod socket;

    /// What no step may take longer than.
    pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);
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
const CROWDS: usize = 4;
const JOINS: usize = 1_000;
/// Connections that are there at the same time during the churn.
const LANES: usize = 64;
/// Canvases over which the churn spreads.
const CANVASES: usize = 20;
/// Parts of each stage; after the first the memory is what it should stay.
const ROUNDS: u32 = 4;
/// More files than at the start: the pool's connections to PostgreSQL.
const MORE_FILES: usize = 24;
/// More memory than after the first round: what the allocator keeps in pieces.
const MORE_KIB: usize = 16 * 1024;

#[tokio::main]
async fn main() -> ExitCode {
    let addr: SocketAddr = setting("SOAK_ADDRESS").expect("SOAK_ADDRESS is an address");
    let process: u32 = setting("SOAK_PID").expect("SOAK_PID is a process id");
    let seconds = setting("SOAK_SECONDS").unwrap_or(600);
    let churn = setting("SOAK_CHURN").unwrap_or(50_000);
    let server = Server { addr, process };
    let start = server.usage();
    println!("at the start: {start}");
    join(&server).await;
    if come_and_go(&server, start, churn).await && try_seeds(&server, start, seconds).await {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}

/// Lets connections come and go: whether the server then uses no more than
/// after the first round.
async fn come_and_go(server: &Server, start: Usage, count: usize) -> bool {
    let owner = Client::guest(server.addr, "Owner").await;
    let mut canvases = Vec::new();
    for _ in 0..CANVASES {
        canvases.push(owner.canvas(&json!({})).await);
    }
    let mut warm = None;
    let each = count / ROUNDS as usize;
    for round in 1..=ROUNDS as usize {
        let begun = Instant::now();
        let lanes = (0..LANES).map(|lane| {
            let (addr, canvases) = (server.addr, canvases.clone());
            let seed = (round * LANES + lane) as u64;
            tokio::spawn(lane_of_visits(addr, canvases, seed, each / LANES))
        });
        for lane in join_all(lanes).await {
            lane.expect("a visit failed");
        }
        let seconds = begun.elapsed().as_secs_f64();
        let total = each * round;
        println!("{total} came and went, the last round in {seconds:.1} s");
        if !server.is_calm(start, &mut warm).await {
            return false;
        }
    }
    true
}

/// One connection after the other: some say something, and they leave in every way.
async fn lane_of_visits(addr: SocketAddr, canvases: Vec<i64>, seed: u64, count: usize) {
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
                // Gone before the answer.
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

async fn join(server: &Server) {
    let begun = Instant::now();
    let events = join_while_written(server.addr, JOINS).await;
    let seconds = begun.elapsed().as_secs_f64();
    println!("{JOINS} joined during {events} writes in {seconds:.1} s: no gap, no repeat");
}

/// Lets crowds live with fresh seeds: whether all ended equal to their logs,
/// and the server uses no more than after the first round.
async fn try_seeds(server: &Server, start: Usage, seconds: u64) -> bool {
    let mut warm = None;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let time = Duration::from_secs(seconds) / ROUNDS;
        let crowds = (0..CROWDS).map(|_| crowd_after_crowd(server.addr, begun + time));
        let done: Option<Vec<_>> = join_all(crowds).await.into_iter().collect();
        let Some(done) = done else {
            return false;
        };
        let seeds: u64 = done.iter().map(|(seeds, _)| seeds).sum();
        let events: i64 = done.iter().map(|(_, events)| events).sum();
        let seconds = begun.elapsed().as_secs();
        println!("{seeds} seeds with {events} events in {seconds} s: all equal to their logs");
        if !server.is_calm(start, &mut warm).await {
            return false;
        }
    }
    true
}

/// How many seeds and events there were, or none where a seed failed.
async fn crowd_after_crowd(addr: SocketAddr, until: Instant) -> Option<(u64, i64)> {
    let (mut seeds, mut events) = (0, 0);
    while Instant::now() < until {
        let seed = rand::random::<u32>().into();
        let Ok(count) = tokio::spawn(converge(addr, seed)).await else {
            println!("FAILED: seed {seed}; add it to SEEDS in backend/tests/convergence.rs");
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
    /// Whether it uses no more than when warm, once everybody is gone.
    async fn is_calm(&self, start: Usage, warm: &mut Option<Usage>) -> bool {
        self.settle().await;
        let usage = self.usage();
        println!("  {usage}");
        let is_near = usage.is_near(start, *warm.get_or_insert(usage));
        if !is_near {
            println!("FAILED: what it uses does not come back");
        }
        is_near
    }

    /// Waits until every room is closed, some seconds after the last visit.
    async fn settle(&self) {
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

/// What a process uses.
#[derive(Clone, Copy)]
struct Usage {
    kib: usize,
    files: usize,
}

impl Usage {
    fn is_near(self, start: Self, warm: Self) -> bool {
        self.files <= start.files + MORE_FILES && self.kib <= warm.kib + MORE_KIB
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB in memory, {} open files", self.kib, self.files)
    }
}
