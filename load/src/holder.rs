//! Connections that processes of their own hold, one for each server, since one
//! process may not open so many files. They are this same program, told by way
//! of its input whom to let in where.

use crate::{
    crowd::Crowd,
    failure::{Failure, Outcome},
    party::{Kind, PATIENCE},
    target::{Canvas, Person, Target},
};
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
pub(crate) struct Group {
    pub(crate) canvas: Canvas,
    pub(crate) people: Vec<Person>,
}

/// What was held.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Connections that are open.
    pub(crate) open: usize,
    /// Those that were told that they are connected.
    pub(crate) connected: usize,
}

/// A process that holds connections to one server, until it is dropped.
pub(crate) struct Holder {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Holder {
    /// Has these join.
    pub(crate) fn start(target: &Target, core: usize, groups: &[Group]) -> Outcome<Self> {
        let program = env::current_exe().map_err(Failure::because("find this program"))?;
        let server = format!("{}={}", target.address, target.process);
        let mut child = Command::new(program)
            .args(["--server", &server, "--own-core", &core.to_string(), "hold"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Failure::because("start a holder"))?;
        let output = child.stdout.take();
        let output = output.ok_or_else(|| Failure::told("a holder says nothing"))?;
        let mut holder = Self {
            child,
            output: BufReader::new(output),
        };
        let mut line = serde_json::to_vec(groups).map_err(Failure::because("groups"))?;
        line.push(b'\n');
        let input = holder.child.stdin.as_mut();
        let input = input.ok_or_else(|| Failure::told("a holder does not listen"))?;
        input
            .write_all(&line)
            .map_err(Failure::because("a holder"))?;
        Ok(holder)
    }

    /// Waits until they all joined.
    pub(crate) fn joined(&mut self) -> Outcome<()> {
        self.line().map(drop)
    }

    /// Ends them: what was there until now.
    pub(crate) fn end(mut self) -> Outcome<Held> {
        drop(self.child.stdin.take());
        serde_json::from_str(&self.line()?).map_err(Failure::because("a holder"))
    }

    fn line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        match read.map_err(Failure::because("a holder"))? {
            0 => Err(Failure::told("a holder ended")),
            _ => Ok(line),
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // Without its input it ends by itself; this is for one that hangs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The holder's part: one line says who joins where, and the end of the input
/// that it is over. Prints an empty line when all joined, and in the end what it
/// held.
pub(crate) fn hold(target: &Target) -> Outcome<()> {
    let mut line = String::new();
    stdin()
        .read_line(&mut line)
        .map_err(Failure::because("input"))?;
    let groups: Vec<Group> = serde_json::from_str(&line).map_err(Failure::because("input"))?;
    let mut crowd = Crowd::new()?;
    let (mut connected, mut wanted) = (0, 0);
    let mut count = |payload: &[u8]| connected += usize::from(Kind::of(payload) == Kind::Connected);
    for Group { canvas, people } in groups {
        for person in &people {
            let upgrade = target.upgrade(&canvas, person, None);
            crowd.connect(target.address, Some(&upgrade))?;
        }
        wanted += people.len();
        crowd.until(
            "joining",
            PATIENCE,
            |_, payload| count(payload),
            |crowd| crowd.open() + crowd.closed() >= wanted,
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
        crowd.listen(Duration::from_millis(250), |_, payload| count(payload))?;
    }
    let held = Held {
        open: crowd.open(),
        connected,
    };
    let line = serde_json::to_string(&held).map_err(Failure::because("say"))?;
    println!("{line}");
    Ok(())
}
