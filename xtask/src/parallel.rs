//! Long builds side by side, each with its output in a log file and its progress in one line.
//!
//! Builds share the cores through a jobserver (GNU make's manual, "POSIX Jobserver Interaction"),
//! which cargo and the compiler know: two builds that each keep all cores of a small machine busy
//! need a fifth more processor time.

use std::fs::{self, File};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jobserver::Client;

use crate::error::{Error, Result};
use crate::process::{self, succeed};
use crate::step::say;

/// Time between two lines of progress.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Lines of the log that are printed when a command fails.
const SHOWN_LINES: usize = 40;

/// Commands that run one after the other, beside those of other lanes.
pub(crate) struct Lane<'a> {
    name: String,
    log: PathBuf,
    work: Box<Work<'a>>,
}

type Work<'a> = dyn FnOnce(&Progress) -> Result<()> + Send + 'a;

/// What a lane does now, for those who read the terminal.
pub(crate) struct Progress {
    log: PathBuf,
    what: Mutex<String>,
    jobserver: Client,
    /// Set when another lane has failed.
    is_cancelled: AtomicBool,
}

impl<'a> Lane<'a> {
    /// A lane that logs to `NAME.log` in `folder`.
    pub(crate) fn new(
        folder: &Path,
        name: &str,
        work: impl FnOnce(&Progress) -> Result<()> + Send + 'a,
    ) -> Self {
        Self {
            name: name.to_owned(),
            log: folder.join(name).with_extension("log"),
            work: Box::new(work),
        }
    }
}

impl Progress {
    /// Runs `command`, called `what` on the terminal, to its end. Its output goes to the log,
    /// which starts anew. Fails, with the end of the log, when the command does.
    pub(crate) fn run(&self, what: &str, mut command: Command) -> Result<()> {
        if self.is_cancelled.load(Ordering::SeqCst) {
            return Err(Error::new(format!("{what} was not started")));
        }
        what.clone_into(&mut self.what.lock().unwrap_or_else(PoisonError::into_inner));
        let log = File::create(&self.log).map_err(Error::file("write", &self.log))?;
        let errors = log.try_clone().map_err(Error::file("write", &self.log))?;
        command.stdout(Stdio::from(log)).stderr(Stdio::from(errors));
        self.jobserver.configure(&mut command);
        succeed(command).map_err(|error| match error {
            Error::Message(why) => {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
                Error::new(format!("{why}\n{}", shown.join("\n")))
            }
            Error::Interrupted => error,
        })
    }

    /// What is built now, and how many crates of it cargo has begun to compile.
    fn line(&self) -> String {
        let what = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let crates = log
            .lines()
            .filter(|line| line.trim_start().starts_with("Compiling "))
            .count();
        format!("{what}: {crates} crates")
    }
}

/// Runs all lanes at once and returns when the last has ended. The first failure ends the
/// others, and is returned.
pub(crate) fn run(lanes: Vec<Lane<'_>>) -> Result<()> {
    let begun = Instant::now();
    let first_error = Mutex::new(None);
    // Each lane has one job without asking.
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let shared_jobs = cores.saturating_sub(lanes.len());
    let jobserver = Client::new(shared_jobs).map_err(Error::context("make a jobserver"))?;
    let (states, works): (Vec<_>, Vec<_>) = lanes
        .into_iter()
        .map(|lane| {
            let progress = Progress {
                log: lane.log,
                what: Mutex::new(lane.name),
                jobserver: jobserver.clone(),
                is_cancelled: AtomicBool::new(false),
            };
            (progress, lane.work)
        })
        .unzip();
    let states = &states;
    thread::scope(|scope| {
        let running: Vec<_> = states
            .iter()
            .zip(works)
            .map(|(progress, work)| {
                let first_error = &first_error;
                let thread = scope.spawn(move || {
                    let Err(error) = work(progress) else {
                        // Without it the other lanes have fewer jobs, and end later.
                        let _ = progress.jobserver.release_raw();
                        return;
                    };
                    let mut first = first_error.lock().unwrap_or_else(PoisonError::into_inner);
                    if first.is_none() {
                        *first = Some(error);
                        for other in states {
                            other.is_cancelled.store(true, Ordering::SeqCst);
                        }
                        process::interrupt_children();
                    }
                });
                (progress, thread)
            })
            .collect();
        let mut reported = Instant::now();
        while running.iter().any(|(_, thread)| !thread.is_finished()) {
            thread::sleep(POLL_INTERVAL);
            if reported.elapsed() >= REPORT_INTERVAL {
                reported = Instant::now();
                let unfinished = running.iter().filter(|(_, thread)| !thread.is_finished());
                let states: Vec<String> = unfinished.map(|(lane, _)| lane.line()).collect();
                let seconds = begun.elapsed().as_secs();
                let (minutes, seconds) = (seconds / 60, seconds % 60);
                say(&format!(
                    "    {minutes}:{seconds:02}  {}",
                    states.join(", ")
                ));
            }
        }
    });
    let first_error = first_error.into_inner();
    match first_error.unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failure_ends_the_other_lanes_and_shows_its_output() {
        let folder = env::temp_dir().join(format!("stellar-lanes-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let begun = Instant::now();
        let lane = |name: &str, script: &'static str| {
            Lane::new(&folder, name, move |progress| {
                progress.run("a script", shell(script))
            })
        };
        let result = run(vec![
            lane("slow", "sleep 60"),
            lane(
                "broken",
                "echo 'Compiling one'; sleep 0.2; echo why; exit 3",
            ),
        ]);
        let Err(Error::Message(why)) = result else {
            panic!("{result:?}");
        };
        assert!(why.contains("Compiling one\nwhy"), "{why}");
        assert!(begun.elapsed() < Duration::from_secs(30));
        assert!(run(vec![lane("good", "exit 0")]).is_ok());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_lane_that_ended_leaves_its_job_to_the_others() {
        let folder = env::temp_dir().join(format!("stellar-jobs-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let lane = |name: String, script: &'static str| {
            Lane::new(&folder, &name, move |progress| {
                progress.run("a script", shell(script))
            })
        };
        let take_job = "jobs=${CARGO_MAKEFLAGS##*--jobserver-auth=}; \
                        head -c 1 /dev/fd/${jobs%%,*} | grep -q .";
        // As many as there are cores end at once, so that there are no jobs but theirs.
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let ending = (0..cores).map(|number| lane(number.to_string(), "exit 0"));
        run(ending
            .chain([lane("taking".to_owned(), take_job)])
            .collect())
        .unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
