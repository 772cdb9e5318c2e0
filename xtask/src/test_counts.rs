//! Counts passed and failed tests from the summaries that the test runners print.

use std::process::{Command, ExitStatus};

use crate::error::Result;
use crate::process::watch;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TestCounts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl TestCounts {
    /// A check that counts as one test, such as formatting.
    pub(crate) fn check(passed: bool) -> Self {
        Self {
            passed: passed.into(),
            failed: (!passed).into(),
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Adds the counts of a summary line of libtest or wasm-bindgen-test; ignores other lines:
    /// `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn add_line(&mut self, line: &str) {
        let plain = without_colours(line);
        let Some((_, counts)) = plain.split_once("test result: ") else {
            return;
        };
        let words: Vec<&str> = counts.split([' ', ';', '.']).collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else {
                continue;
            };
            match pair[1] {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                _ => {}
            }
        }
    }

    /// The counts of Playwright's JSON report; `None` where it cannot be read. A flaky test counts
    /// as failed, although it passed in the end.
    pub(crate) fn of_playwright(report: &str) -> Option<Self> {
        let report: serde_json::Value = serde_json::from_str(report).ok()?;
        let stats = &report["stats"];
        // Errors outside of tests: a file that does not load, a set-up that fails.
        let errors = report["errors"].as_array().map_or(0, Vec::len);
        Some(Self {
            passed: stats["expected"].as_u64()?,
            failed: stats["unexpected"].as_u64()? + stats["flaky"].as_u64()? + errors as u64,
        })
    }

    /// Adds a failed test where the runner failed without one: it did not compile, or it crashed.
    pub(crate) fn with_exit(mut self, status: ExitStatus) -> Self {
        if !status.success() && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

/// Runs a test runner and counts what it reports.
pub(crate) fn count(command: Command) -> Result<TestCounts> {
    let mut counts = TestCounts::default();
    let status = watch(command, |line| counts.add_line(line))?;
    Ok(counts.with_exit(status))
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut in_escape = false;
    for character in line.chars() {
        match character {
            '\u{1b}' => in_escape = true,
            'm' if in_escape => in_escape = false,
            _ if in_escape => {}
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn counts(passed: u64, failed: u64) -> TestCounts {
        TestCounts { passed, failed }
    }

    #[test]
    fn counts_closing_lines_only() {
        let mut counted = TestCounts::default();
        for line in [
            "running 3 tests",
            "test counts_9_passed ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: \u{1b}[31mFAILED\u{1b}[0m. 7 passed; 2 failed; 0 ignored; 0 filtered out; finished in 3.96s",
        ] {
            counted.add_line(line);
        }
        assert_eq!(counted, counts(10, 2));
    }

    #[test]
    fn counts_playwright() {
        let report = r#"{"errors": [], "stats": {"expected": 5, "unexpected": 1, "flaky": 1, "skipped": 2}}"#;
        assert_eq!(TestCounts::of_playwright(report), Some(counts(5, 2)));
        let broken = r#"{"errors": [{}], "stats": {"expected": 0, "unexpected": 0, "flaky": 0, "skipped": 0}}"#;
        assert_eq!(TestCounts::of_playwright(broken), Some(counts(0, 1)));
        assert_eq!(TestCounts::of_playwright(""), None);
    }

    #[test]
    fn a_crash_is_a_failure() {
        let crashed = ExitStatus::from_raw(6);
        assert_eq!(counts(3, 0).with_exit(crashed), counts(3, 1));
        assert_eq!(counts(3, 2).with_exit(crashed), counts(3, 2));
        assert_eq!(
            counts(3, 0).with_exit(ExitStatus::from_raw(0)),
            counts(3, 0)
        );
    }
}
