//! Connections that processes of their own hold, one for each server, since one
//! process may not open so many files. They are this same program, told by way
//! of its input whom to let in where.

use crate::{
    client_pool::ClientPool,
    group::{MessageType, PATIENCE},
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

/// People who join a canvas.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub(crate) canvas: Canvas,
    pub(crate) people: Vec<Person>,
}

/// What was report.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct WorkerReport {
    /// Connections that are open.
    pub(crate) open: usize,
    /// Those that were told that they are connected.
    pub(crate) connected: usize,
}

/// A process that holds connections to one server, until it is dropped.
pub(crate) struct ConnectionWorker {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl ConnectionWorker {
    /// Has these join.
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

    /// Waits until they all joined.
    pub(crate) fn joined(&mut self) -> Result<()> {
        self.line().map(drop)
    }

    /// Ends them: what was there until now.
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
        // Without its input it ends by itself; this is for one that hangs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The worker's part: one line says who joins where, and the end of the input
/// that it is over. Prints an empty line when all joined, and in the end what it
/// report.
pub(crate) fn hold(target: &Target) -> Result<()> {
    let mut line = String::new();
    stdin().read_line(&mut line).context("input")?;
    let assignments: Vec<Assignment> = serde_json::from_str(&line).context("input")?;
    let mut pool = ClientPool::new()?;
    let (mut connected, mut wanted) = (0, 0);
    let mut count = |payload: &[u8]| {
        connected += usize::from(MessageType::of(payload) == MessageType::Connected);
    };
    for Assignment { canvas, people } in assignments {
        for person in &people {
            let upgrade = target.upgrade(&canvas, person, None);
            pool.connect(target.address, Some(&upgrade))?;
        }
        wanted += people.len();
        pool.until(
            "joining",
            PATIENCE,
            |_, payload| count(payload),
            |pool| pool.open() + pool.closed() >= wanted,
        )?;
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    thread::spawn(move || {
        // However it ends, it is over.
        let _ = stdin().read_to_end(&mut Vec::new());
        over.store(true, Ordering::Relaxed);
    });
    println!();
    while !is_over.load(Ordering::Relaxed) {
        pool.listen(Duration::from_millis(250), |_, payload| count(payload))?;
    }
    let report = WorkerReport {
        open: pool.open(),
        connected,
    };
    let line = serde_json::to_string(&report).context("say")?;
    println!("{line}");
    Ok(())
}
