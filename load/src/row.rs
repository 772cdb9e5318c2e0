//! One measured row, as it is printed and stored.

use serde::Serialize;

/// A row of the table, one JSON object a line.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) figure: String,
    /// The unit of `measured`, `target` and `rounds`.
    pub(crate) unit: &'static str,
    /// The median of the rounds.
    pub(crate) measured: f64,
    /// The value to reach.
    pub(crate) target: f64,
    /// Whether it is reached, and nothing was lost.
    pub(crate) met: bool,
    /// Each round's result.
    pub(crate) rounds: Vec<f64>,
    /// Number of messages that should have been received and were not.
    pub(crate) lost: u64,
    /// More about the measurement, for a reader.
    pub(crate) detail: String,
}

/// On which side of the target a good value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// The target or more.
    AtLeast(f64),
    /// The target or less.
    AtMost(f64),
}

impl Row {
    /// A row measured in several rounds.
    pub(crate) fn new(
        figure: impl Into<String>,
        unit: &'static str,
        goal: Goal,
        rounds: Vec<f64>,
    ) -> Self {
        let measured = median(&rounds);
        let (target, met) = match goal {
            Goal::AtLeast(target) => (target, measured >= target),
            Goal::AtMost(target) => (target, measured <= target),
        };
        Self {
            figure: figure.into(),
            unit,
            measured,
            target,
            met,
            rounds,
            lost: 0,
            detail: String::new(),
        }
    }

    /// Sets the number of lost messages; with any, the target is not met.
    pub(crate) fn lost(mut self, lost: u64) -> Self {
        self.lost = lost;
        self.met &= lost == 0;
        self
    }

    /// Sets the detail.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// The value in the middle; of an even number of values the lower one; NaN of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len().saturating_sub(1) / 2;
    sorted.get(middle).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_met_by_its_median_and_without_loss() {
        let rounds = || vec![9.0, 1.0, 5.0, 4.0, 6.0];
        let row = Row::new("x", "y", Goal::AtLeast(5.0), rounds());
        assert!(row.met && row.measured.total_cmp(&5.0).is_eq());
        assert!(!Row::new("x", "y", Goal::AtMost(4.9), rounds()).met);
        assert!(!Row::new("x", "y", Goal::AtMost(5.0), rounds()).lost(1).met);
    }
}
