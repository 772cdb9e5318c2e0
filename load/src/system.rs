//! What the operating system knows of a process, and on which core a thread runs.

use anyhow::{Context, Result};
use procfs::process::Process;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::time::Duration;

/// The processor time that all threads of a process have used, to the nanosecond.
pub(crate) fn processor_time(process: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in open(process)?.tasks()? {
        // A thread may end while the others are read.
        let schedstat = task.and_then(|task| task.schedstat());
        nanoseconds += schedstat.map_or(0, |times| times.sum_exec_runtime);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The calling thread's id.
pub(crate) fn own_thread() -> i32 {
    rustix::thread::gettid().as_raw_pid()
}

/// The processor time that the calling thread has used.
pub(crate) fn own_processor_time() -> Result<Duration> {
    thread_time(own_thread())
}

/// The processor time that one of this process's threads has used.
pub(crate) fn thread_time(thread: i32) -> Result<Duration> {
    let task = Process::myself()?.task_from_tid(thread)?;
    Ok(Duration::from_nanos(task.schedstat()?.sum_exec_runtime))
}

/// Resident memory of a process in bytes (`VmRSS`).
pub(crate) fn resident_memory(process: u32) -> Result<u64> {
    let kib = open(process)?.status()?.vmrss;
    Ok(kib.context("the system does not tell the memory")? * 1024)
}

/// Keeps the calling thread on one core.
pub(crate) fn pin_to_core(core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).with_context(|| format!("pin to core {core}"))
}

fn open(process: u32) -> Result<Process> {
    let process = i32::try_from(process)?;
    Process::new(process).with_context(|| format!("process {process}"))
}
