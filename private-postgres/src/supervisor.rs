//! The thread that spawns Postgres, restarts it when it dies, and shuts it down.

use std::fs;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::cluster::Cluster;
use crate::{Config, Error, POLL_INTERVAL};

/// Time between two checks whether Postgres still runs. A request to stop wakes the thread.
/// Short: while a whole control group is stopped, Postgres gets the SIGTERM too, and the last
/// writes wait until it runs again.
const WATCH_INTERVAL: Duration = Duration::from_millis(50);
/// Recovery after a power loss replays at most a few gigabytes of log.
const START_TIMEOUT: Duration = Duration::from_mins(5);
/// How long a signal may take: a fast shutdown writes one checkpoint, an immediate one writes
/// nothing and recovers at the next start.
pub(crate) const SHUTDOWN: [(Signal, Duration); 2] = [
    (Signal::INT, Duration::from_secs(8)),
    (Signal::QUIT, Duration::from_secs(3)),
];
/// How long workers of a killed postmaster may still hold its shared memory.
const ORPHANS_TIMEOUT: Duration = Duration::from_secs(20);
/// Between attempts to restart Postgres after it died.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// Runs Postgres until `stop` is disconnected. Sends the URL to `ready` once it accepts
/// connections, or why it does not start.
pub(crate) fn run(config: &Config, ready: &Sender<Result<String, Error>>, stop: &Receiver<()>) {
    let (cluster, mut child) = match prepare(config, stop) {
        Ok(running) => running,
        Err(error) => {
            // Nobody receives it where the start was cancelled.
            let _ = ready.send(Err(error));
            return;
        }
    };
    // Where the start was cancelled `stop` is disconnected too, which is noticed below.
    let _ = ready.send(Ok(cluster.url()));
    loop {
        match stop.recv_timeout(WATCH_INTERVAL) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                shut_down(&mut child);
                cluster.remove_outside_socket();
                return;
            }
        }
        let Ok(Some(status)) = child.try_wait() else {
            if cluster.is_stopping(child.id()) {
                // Somebody else sent it a SIGTERM: it takes no new connections, and waits for
                // the open ones to end. It is sooner useful again when it ends at once.
                let _ = kill_process(Pid::from_child(&child), Signal::INT);
            }
            continue;
        };
        match restart(&cluster, status, stop) {
            Some(restarted) => child = restarted,
            None => return,
        }
    }
}

fn prepare(config: &Config, stop: &Receiver<()>) -> Result<(Cluster, Child), Error> {
    let cluster = Cluster::open(config)?;
    cluster.stop_left_behind()?;
    let child = launch(&cluster, stop)?;
    Ok((cluster, child))
}

/// Starts Postgres after it died, as often as it takes. Returns `None` when asked to stop.
fn restart(cluster: &Cluster, status: ExitStatus, stop: &Receiver<()>) -> Option<Child> {
    if status.success() {
        tracing::warn!("PostgreSQL was stopped, starting it again");
    } else {
        tracing::error!(%status, log = %cluster.log().display(), "PostgreSQL ended by itself, starting it again");
    }
    loop {
        match cluster
            .stop_left_behind()
            .and_then(|()| launch(cluster, stop))
        {
            Ok(child) => return Some(child),
            Err(Error::Cancelled) => return None,
            Err(error) => tracing::error!(%error, "PostgreSQL cannot be started again, will retry"),
        }
        if wait_for_stop(stop, RESTART_PAUSE) {
            return None;
        }
    }
}

/// Spawns Postgres and waits until it accepts connections.
fn launch(cluster: &Cluster, stop: &Receiver<()>) -> Result<Child, Error> {
    let begun = Instant::now();
    'attempt: loop {
        let log = cluster.open_log()?;
        let written_before = log.metadata().map_or(0, |metadata| metadata.len());
        let errors = log.try_clone().map_err(Error::at(cluster.log()))?;
        let mut command = cluster.postgres_command();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(|source| Error::Spawn {
                program: command.get_program().into(),
                source,
            })?;
        while !cluster.is_ready(child.id()) {
            if wait_for_stop(stop, POLL_INTERVAL) {
                shut_down(&mut child);
                return Err(Error::Cancelled);
            }
            let has_ended = matches!(child.try_wait(), Ok(Some(_)));
            if !has_ended && begun.elapsed() < START_TIMEOUT {
                continue;
            }
            if !has_ended {
                shut_down(&mut child);
            }
            let output = new_output(cluster.log(), written_before);
            // Workers of a killed postmaster end by themselves, but not always before we start.
            let has_orphans = output.contains("pre-existing shared memory block");
            if has_orphans && begun.elapsed() < ORPHANS_TIMEOUT {
                thread::sleep(POLL_INTERVAL * 10);
                continue 'attempt;
            }
            return Err(Error::Start {
                log: cluster.log().to_owned(),
                output,
            });
        }
        return Ok(child);
    }
}

/// Waits for `pause`, or less when asked to stop. Returns whether it was asked.
fn wait_for_stop(stop: &Receiver<()>, pause: Duration) -> bool {
    stop.recv_timeout(pause) != Err(RecvTimeoutError::Timeout)
}

/// Ends Postgres: fast, then immediate, then by force.
fn shut_down(child: &mut Child) {
    for (signal, timeout) in SHUTDOWN {
        // Not reaped yet, so the id is still the child's. An error means that it has ended.
        let _ = kill_process(Pid::from_child(child), signal);
        let begun = Instant::now();
        while begun.elapsed() < timeout {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL_INTERVAL);
        }
        tracing::warn!(?signal, "PostgreSQL does not end");
    }
    // Its worker processes end with it, except those that are stopped (SIGSTOP): they would keep
    // its shared memory, and so prevent the next start.
    let workers = processes_of(child);
    let _ = child.kill();
    for process in workers {
        let _ = kill_process(process, Signal::KILL);
    }
    let _ = child.wait();
}

/// The processes that Postgres started, where the system has `/proc`.
fn processes_of(child: &Child) -> Vec<Pid> {
    let parent = child.id().to_string();
    let started_by = |process: &str| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The program's name in brackets, the state, the parent.
        let (_, after) = stat.rsplit_once(')')?;
        after.split_whitespace().nth(1).map(str::to_owned)
    };
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|process| started_by(process).as_ref() == Some(&parent))
        .filter_map(|process| Pid::from_raw(process.parse().ok()?))
        .collect()
}

/// The last lines that were written to the log after its first `skip` bytes.
fn new_output(log: &Path, skip: u64) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let new = usize::try_from(skip)
        .ok()
        .and_then(|skip| bytes.get(skip..))
        .unwrap_or_default();
    last_lines(&String::from_utf8_lossy(new))
}

/// The last eight lines, joined: enough to see the cause, short enough for one message.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(8)..].join(" / ")
}
