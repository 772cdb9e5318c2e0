//! Child processes that never outlive this process.
//!
//! Each child leads its own process group, so that everything it starts can be signalled with it.
//! The first Ctrl+C or SIGTERM asks every group to end (SIGINT, which cargo, trunk, Playwright,
//! Postgres and the server all obey); a second one, or [`STOP_TIMEOUT`], kills them.
//!
//! `process-wrap` kills groups, too, but neither asks first nor ends all groups on a signal, so
//! this module is our own.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid,
};

use crate::error::{Error, Result};

/// Longer than the 30 s that the server may take to shut down.
const STOP_TIMEOUT: Duration = Duration::from_secs(35);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// How long a watched command may print nothing. Longer than it takes to compile the client.
const MAX_SILENCE: Duration = Duration::from_mins(15);

/// The groups of all running children. Signals are sent, and ended children reaped, only while
/// this is locked, so that no id is signalled that the kernel has given to another process.
static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);

fn groups() -> MutexGuard<'static, Vec<Pid>> {
    // The list is consistent even if a thread panicked while it held the lock.
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn signal_all(signal: Signal) {
    for group in groups().iter() {
        // An error means that the group has just ended.
        let _ = kill_process_group(*group, signal);
    }
}

/// From now on SIGINT, SIGTERM and SIGHUP end the children, and then this process.
pub(crate) fn end_children_on_signals() -> Result<()> {
    let on_signal = || {
        if INTERRUPTS.fetch_add(1, Ordering::SeqCst) > 0 {
            signal_all(Signal::KILL);
            return;
        }
        signal_all(Signal::INT);
        thread::spawn(|| {
            thread::sleep(STOP_TIMEOUT);
            signal_all(Signal::KILL);
        });
    };
    ctrlc::set_handler(on_signal).map_err(Error::context("listen for Ctrl+C"))
}

/// Asks all children that run now to end.
pub(crate) fn interrupt_children() {
    signal_all(Signal::INT);
}

/// Whether this process was asked to end.
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTS.load(Ordering::SeqCst) > 0
}

/// Fails with [`Error::Interrupted`] when this process was asked to end.
pub(crate) fn check_interrupted() -> Result<()> {
    if is_interrupted() {
        return Err(Error::Interrupted);
    }
    Ok(())
}

/// A running child process. Dropping this ends it.
#[derive(Debug)]
pub(crate) struct ChildGuard {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
}

impl ChildGuard {
    /// Starts `command` without standard input. A command that asks the kernel to end it with its
    /// parent (`PR_SET_PDEATHSIG`) must be started from the main thread: the parent is a thread.
    pub(crate) fn spawn(mut command: Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).process_group(0);
        let mut groups = groups();
        check_interrupted()?;
        let child = command
            .spawn()
            .map_err(Error::context(&format!("start {name}")))?;
        groups.push(Pid::from_child(&child));
        Ok(Self {
            name,
            child,
            status: None,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child's standard output. Fails unless the command has [`Stdio::piped`], or when it was
    /// taken before.
    pub(crate) fn stdout(&mut self) -> Result<BufReader<ChildStdout>> {
        let stdout = self.child.stdout.take();
        stdout
            .map(BufReader::new)
            .ok_or_else(|| Error::new(format!("{} has no output to read", self.name)))
    }

    /// Waits until the child has ended.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            // Without reaping, so that the id stays the child's until `reap` holds the lock.
            let leave = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            match waitid(WaitId::Pid(Pid::from_child(&self.child)), leave) {
                Err(Errno::INTR) => {}
                _ => break,
            }
        }
        self.reap()
    }

    /// Whether the child has ended, without waiting.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        if self.status.is_some() {
            return Ok(true);
        }
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        match waitid(WaitId::Pid(Pid::from_child(&self.child)), look) {
            Ok(None) | Err(Errno::INTR) => Ok(false),
            _ => self.reap().map(|_| true),
        }
    }

    /// Asks the child to end and waits until it has; kills it after [`STOP_TIMEOUT`].
    pub(crate) fn stop(&mut self) -> Result<()> {
        if self.has_ended()? {
            return Ok(());
        }
        let group = Pid::from_child(&self.child);
        // The child is not reaped yet, so the id is still its own. An error means that it is
        // about to end.
        let _ = kill_process_group(group, Signal::INT);
        let asked = Instant::now();
        while !self.has_ended()? {
            if asked.elapsed() > STOP_TIMEOUT {
                let _ = kill_process_group(group, Signal::KILL);
                return self.wait().map(|_| ());
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Reaps the ended child, and ends the processes that it left in its group.
    fn reap(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        let group = Pid::from_child(&self.child);
        let mut groups = groups();
        let _ = kill_process_group(group, Signal::TERM);
        let status = self
            .child
            .wait()
            .map_err(Error::context(&format!("wait for {}", self.name)))?;
        groups.retain(|other| *other != group);
        drop(groups);
        self.status = Some(status);
        let reaped = Instant::now();
        // A group exists as long as it has a member.
        while test_kill_process_group(group).is_ok() && reaped.elapsed() < Duration::from_secs(2) {
            thread::sleep(POLL_INTERVAL);
        }
        Ok(status)
    }
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        // There is nobody to report an error to.
        let _ = self.stop();
    }
}

/// Runs `command` to its end with its output on the terminal.
pub(crate) fn status(command: Command) -> Result<ExitStatus> {
    let status = ChildGuard::spawn(command)?.wait()?;
    check_interrupted()?;
    Ok(status)
}

/// Runs `command` to its end, and fails when the command fails.
pub(crate) fn succeed(command: Command) -> Result<()> {
    let line = line_of(&command);
    let status = status(command)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("`{line}` failed ({status})")))
}

/// Runs `command` to its end. Each line of its standard output goes to `on_line` and to the
/// terminal. A command that prints nothing for [`MAX_SILENCE`] is ended: one of its tests waits
/// for something that does not come.
pub(crate) fn watch(mut command: Command, mut on_line: impl FnMut(&str)) -> Result<ExitStatus> {
    let command_line = line_of(&command);
    command.stdout(Stdio::piped());
    let mut child = ChildGuard::spawn(command)?;
    let output = child.stdout()?;
    let (sender, lines) = mpsc::channel();
    // It ends with the output.
    thread::spawn(move || {
        for line in output.split(b'\n') {
            // Fails when nobody waits any more.
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        match lines.recv_timeout(MAX_SILENCE) {
            Ok(line) => {
                let line = line.map_err(Error::context("read a tool's output"))?;
                let line = String::from_utf8_lossy(&line);
                crate::step::say(&line);
                on_line(&line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                child.stop()?;
                let minutes = MAX_SILENCE.as_secs() / 60;
                return Err(Error::new(format!(
                    "`{command_line}` was ended: it printed nothing for {minutes} minutes"
                )));
            }
        }
    }
    let status = child.wait()?;
    check_interrupted()?;
    Ok(status)
}

/// The standard output of a quick command; `None` where it cannot be started or fails.
pub(crate) fn ask(mut command: Command) -> Option<String> {
    let Output { status, stdout, .. } = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let answer = String::from_utf8_lossy(&stdout).trim().to_owned();
    status.success().then_some(answer)
}

/// The command as a person would type it.
fn line_of(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn hands_on_every_line() {
        let mut lines = Vec::new();
        let status = watch(shell("echo one; printf two; exit 3"), |line| {
            lines.push(line.to_owned());
        });
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(status.unwrap().code(), Some(3));
    }

    #[test]
    fn ends_the_grandchildren_too() {
        let mut command = shell("cat </dev/zero >/dev/null & echo $!; wait");
        command.stdout(Stdio::piped());
        let mut child = ChildGuard::spawn(command).unwrap();
        let mut line = String::new();
        child.stdout().unwrap().read_line(&mut line).unwrap();
        let group = Pid::from_child(&child.child);
        drop(child);
        assert_eq!(test_kill_process_group(group), Err(Errno::SRCH));
    }
}
