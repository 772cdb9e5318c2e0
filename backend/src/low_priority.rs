//! Runs what takes much of a processor on threads of low priority, so that people who draw do
//! not notice. How many there are at a time is the callers' affair.

use rustix::process::{getpriority_process, setpriority_process};
use std::{io, thread};
use thiserror::Error;
use tokio::sync::oneshot;

/// How much lower the priority of the threads is.
const NICENESS: i32 = 10;
/// The lowest priority that there is.
const LOWEST: i32 = 19;

/// Why there is no result.
#[derive(Debug, Error)]
pub(crate) enum LowPriorityError {
    #[error("cannot start a thread: {0}")]
    Spawn(#[from] io::Error),
    /// It was logged.
    #[error("the work panicked")]
    Panicked,
}

/// Starts the work, which goes on if nobody waits for it any more. The receiver gets its
/// result; none if it panicked.
///
/// # Errors
/// Those of starting a thread.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<oneshot::Receiver<T>> {
    let (done, result) = oneshot::channel();
    let on_thread = move || {
        // Elsewhere it would be that of the whole process.
        if cfg!(target_os = "linux")
            && let Ok(usual) = getpriority_process(None)
        {
            // Where it is forbidden, the priority stays as it is.
            let _ = setpriority_process(None, (usual + NICENESS).min(LOWEST));
        }
        // Nobody may wait any more.
        let _ = done.send(work());
    };
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(on_thread)?;
    Ok(result)
}

/// The result of the work.
///
/// # Errors
/// [`LowPriorityError`].
pub(crate) async fn run<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LowPriorityError> {
    let result = spawn(name, work)?;
    result.await.map_err(|_| LowPriorityError::Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_work_has_a_low_priority_and_its_caller_has_not() {
        let before = getpriority_process(None).unwrap();
        let there = run("test", || getpriority_process(None).unwrap()).await;
        if cfg!(target_os = "linux") {
            assert_eq!(there.unwrap(), (before + NICENESS).min(LOWEST));
        }
        assert_eq!(getpriority_process(None).unwrap(), before);
    }

    #[tokio::test]
    async fn a_panic_is_told() {
        let result = run("test", || -> i32 { panic!("on purpose") }).await;
        assert!(matches!(result, Err(LowPriorityError::Panicked)));
    }
}
