//! Steps on the terminal: what happens now, how long it may take, how long it took.

use std::io::{self, Write};
use std::time::Instant;

use crate::error::Result;

/// Does `work` between a line that announces it and one that says how long it took. The tools
/// that `work` starts show their own progress in between.
pub(crate) fn step<T>(what: &str, expected: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    say(&format!("==> {what} ({expected})"));
    let begun = Instant::now();
    let done = work()?;
    say(&format!(
        "    done in {:.1} s",
        begun.elapsed().as_secs_f64()
    ));
    Ok(done)
}

/// One line on standard output, at once and in its place among the tools' lines.
pub(crate) fn say(line: &str) {
    let mut output = io::stdout().lock();
    // A closed terminal is no reason to leave children behind.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
