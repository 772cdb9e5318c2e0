//! Progress on the terminal: what happens now, how long it may take, how long it took.

use std::io::{self, Write};
use std::time::Instant;

use crate::error::Result;

/// Prints a line that announces `what`, runs `work`, and prints how long it took. Tools that `work`
/// starts print their own progress in between.
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

/// Prints a line on standard output at once, so that it keeps its place among the tools' lines.
pub(crate) fn say(line: &str) {
    let mut output = io::stdout().lock();
    // A closed terminal must not end this process before its children.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
