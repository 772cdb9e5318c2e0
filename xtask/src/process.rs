//! Child processes that never outlive us.
//!
//! Each child leads a process group of its own, so that all it starts can be signalled with it,
//! by an id that is ours. The first Ctrl+C or SIGTERM asks every group to end (SIGINT, which
//! cargo, trunk, Playwright, Postgres and our server all obey), the second one, or
//! [`STOP_TIMEOUT`], forces it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid,
};

use crate::error::{Error, Result};

/// The server may take 30 s to say goodbye to its clients.
const STOP_TIMEOUT: Duration = Duration::from_secs(35);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The groups of all children that run. Signals are sent, and ended children reaped, only with
/// this locked, so that no id is signalled that has become a stranger's.
static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);

fn groups() -> MutexGuard<'static, Vec<Pid>> {
    // A list of ids is whole even when a thread panicked with it.
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn signal_all(signal: Signal) {
    for group in groups().iter() {
        // An error says that all of it has just ended.
        let _ = kill_process_group(*group, signal);
    }
}

/// From now on SIGINT, SIGTERM and SIGHUP end the children, and then us.
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

/// Whether we were asked to end.
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTS.load(Ordering::SeqCst) > 0
}

/// Fails when we were asked to end.
pub(crate) fn check_interrupted() -> Result<()> {
    if is_interrupted() {
        return Err(Error::Interrupted);
    }
    Ok(())
}

/// A running child; ended when dropped.
#[derive(Debug)]
pub(crate) struct ChildGuard {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
}

impl ChildGuard {
    /// Starts `command` with no standard input. Must be called from the main thread where the
    /// command asks the kernel to end it with its parent: that parent is the thread.
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

    /// Its standard output, where it was asked for with [`Stdio::piped`].
    pub(crate) fn stdout(&mut self) -> Result<BufReader<ChildStdout>> {
        let stdout = self.child.stdout.take();
        stdout
            .map(BufReader::new)
            .ok_or_else(|| Error::new(format!("{} has no output to read", self.name)))
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            // Without reaping: until then its id stays its own.
            let leave = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            match waitid(WaitId::Pid(Pid::from_child(&self.child)), leave) {
                Err(Errno::INTR) => {}
                _ => break,
            }
        }
        self.reap()
    }

    /// Whether it has ended, without waiting.
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

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<()> {
        if self.has_ended()? {
            return Ok(());
        }
        let group = Pid::from_child(&self.child);
        // Not reaped, so the group is ours. An error says that it is about to end.
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

    /// Takes note of the end, and ends what the child itself left behind.
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
        // An id stays taken as long as its group has a member.
        while test_kill_process_group(group).is_ok() && reaped.elapsed() < Duration::from_secs(2) {
            thread::sleep(POLL_INTERVAL);
        }
        Ok(status)
    }
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        // Best effort: there is nobody left to tell.
        let _ = self.stop();
    }
}

/// Runs `command` to its end with its output on the terminal.
pub(crate) fn status(command: Command) -> Result<ExitStatus> {
    let status = ChildGuard::spawn(command)?.wait()?;
    check_interrupted()?;
    Ok(status)
}

/// Runs `command` to its end, and fails when it does.
pub(crate) fn succeed(command: Command) -> Result<()> {
    let line = line_of(&command);
    let status = status(command)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("`{line}` failed ({status})")))
}

/// Runs `command` to its end, hands each line of its standard output to `look` and to the
/// terminal.
pub(crate) fn watch(mut command: Command, mut look: impl FnMut(&str)) -> Result<ExitStatus> {
    command.stdout(Stdio::piped());
    let mut child = ChildGuard::spawn(command)?;
    let output = child.stdout()?;
    for line in output.split(b'\n') {
        let line = line.map_err(Error::context("read a tool's output"))?;
        let line = String::from_utf8_lossy(&line);
        crate::step::say(&line);
        look(&line);
    }
    let status = child.wait()?;
    check_interrupted()?;
    Ok(status)
}

/// The standard output of a quick question, `None` where the program is absent or unwilling.
pub(crate) fn ask(mut command: Command) -> Option<String> {
    let Output { status, stdout, .. } = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let answer = String::from_utf8_lossy(&stdout).trim().to_owned();
    status.success().then_some(answer)
}

/// The command as one would type it.
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
