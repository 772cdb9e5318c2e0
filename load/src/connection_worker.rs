//! Connections held by other processes, one for each server: one process may not open so many
//! files. A worker is this same program; it reads from its standard input who joins which canvas.

use crate::{
    client_pool::ClientPool,
    group::{MessageType, TIMEOUT},
    target::{Canvas, Person, Target},
};
use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use std::{
    env,
    io::{BufRead, BufReader, Read, Write, stdin},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// A canvas and the people who join it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub(crate) canvas: Canvas,
    pub(crate) people: Vec<Person>,
}

/// What a worker reports at its end.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct WorkerReport {
    /// Number of open connections.
    pub(crate) open: usize,
    /// Number of connections that received `connected`.
    pub(crate) connected: usize,
}

/// A process that holds connections to one server, until it is dropped.
pub(crate) struct ConnectionWorker {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl ConnectionWorker {
    /// Starts a worker on `core` that opens the connections of these assignments.
    pub(crate) fn start(target: &Target, core: usize, assignments: &[Assignment]) -> Result<Self> {
        let program = env::current_exe().context("find this program")?;
        let server = format!("{}={}", target.address, target.process);
        let mut child = Command::new(program)
            .args(["--server", &server, "--own-core", &core.to_string(), "hold"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start a worker")?;
        let output = child.stdout.take();
        let output = output.ok_or_else(|| anyhow!("a worker says nothing"))?;
        let mut worker = Self {
            child,
            output: BufReader::new(output),
        };
        let mut line = serde_json::to_vec(assignments).context("assignments")?;
        line.push(b'\n');
        let input = worker.child.stdin.as_mut();
        let input = input.ok_or_else(|| anyhow!("a worker does not listen"))?;
        input.write_all(&line).context("a worker")?;
        Ok(worker)
    }

    /// Waits until all connections are open or refused.
    pub(crate) fn joined(&mut self) -> Result<()> {
        self.line().map(drop)
    }

    /// Ends the worker and returns its report.
    pub(crate) fn end(mut self) -> Result<WorkerReport> {
        drop(self.child.stdin.take());
        serde_json::from_str(&self.line()?).context("a worker")
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        match read.context("a worker")? {
            0 => Err(anyhow!("a worker ended")),
            _ => Ok(line),
        }
    }
}

impl Drop for ConnectionWorker {
    fn drop(&mut self) {
        // It ends by itself when its input is closed; this is for a worker that hangs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs in the worker process. Reads its assignments from one line of standard input, prints an
/// empty line when all have joined, keeps the connections open until standard input ends, and
/// prints its report.
pub(crate) fn hold(target: &Target) -> Result<()> {
    let mut line = String::new();
    stdin().read_line(&mut line).context("input")?;
    let assignments: Vec<Assignment> = serde_json::from_str(&line).context("input")?;
    let mut pool = ClientPool::new()?;
    let (mut connected, mut options) = (0, 0);
    let mut count = |payload: &[u8]| {
        connected += usize::from(MessageType::of(payload) == MessageType::Connected);
    };
    for Assignment { canvas, people } in assignments {
        for person in &people {
            let upgrade = target.upgrade(&canvas, person, None);
            pool.connect(target.address, Some(&upgrade))?;
        }
        options += people.len();
        pool.poll_until(
            "joining",
            TIMEOUT,
            |_, payload| count(payload),
            |pool| pool.open() + pool.closed() >= options,
        )?;
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    thread::spawn(move || {
        // An error ends the work, too.
        let _ = stdin().read_to_end(&mut Vec::new());
        over.store(true, Ordering::Relaxed);
    });
    println!();
    while !is_over.load(Ordering::Relaxed) {
        pool.poll(Duration::from_millis(250), |_, payload| count(payload))?;
    }
    let report = WorkerReport {
        open: pool.open(),
        connected,
    };
    let line = serde_json::to_string(&report).context("say")?;
    println!("{line}");
    Ok(())
}
