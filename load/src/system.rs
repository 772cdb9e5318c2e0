//! What the operating system tells of a process, and on which core one runs.

use anyhow::{Context, Result, anyhow};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::{fs, time::Duration};

/// The processor time that all threads of a process have used, to the
/// nanosecond (`/proc/PID/task/*/schedstat`, first column).
pub(crate) fn processor_time(process: u32) -> Result<Duration> {
    let folder = format!("/proc/{process}/task");
    let mut nanoseconds = 0;
    for task in fs::read_dir(&folder).with_context(|| folder.clone())? {
        let path = task.with_context(|| folder.clone())?.path();
        // A thread may end while the others are read.
        let Ok(line) = fs::read_to_string(path.join("schedstat")) else {
            continue;
        };
        let first = line.split_whitespace().next();
        nanoseconds += first.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The calling thread's number.
pub(crate) fn own_thread() -> i32 {
    rustix::thread::gettid().as_raw_pid()
}

/// Processor time of the calling thread so far.
pub(crate) fn own_processor_time() -> Result<Duration> {
    thread_time(own_thread())
}

/// Processor time of one of this process's threads so far.
pub(crate) fn thread_time(thread: i32) -> Result<Duration> {
    let path = format!("/proc/self/task/{thread}/schedstat");
    let line = fs::read_to_string(&path).with_context(|| path.clone())?;
    let first = line.split_whitespace().next();
    let nanoseconds = first.and_then(|n| n.parse().ok()).unwrap_or(0);
    Ok(Duration::from_nanos(nanoseconds))
}

/// Resident memory of a process in bytes (`VmRSS`).
pub(crate) fn resident(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).with_context(|| path.clone())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| anyhow!("the system does not tell the memory"))
}

/// Keeps the calling thread on one core, where there are several.
pub(crate) fn stay_on(core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).context("stay on a core")
}
