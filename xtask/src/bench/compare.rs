//! `cargo xtask bench compare`: this tree's server and another build of it, measured by turns.
//!
//! The speed of a machine changes from minute to minute, so that two runs one after the other
//! do not compare. Here the two builds take turns, each time with a database of their own.

use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use private_postgres::{Durability, TemporaryPostgres};
use serde_json::{Value, json};

use super::scenarios::{self, Scenario};
use super::table::{short, text};
use crate::error::{Error, Result};
use crate::process::is_interrupted;
use crate::step::say;
use crate::workspace::Workspace;

/// How often each scenario runs against each build, unless `BENCH_ROUNDS` says otherwise.
const ROUNDS: usize = 3;

/// One row of a scenario, measured against both builds, a value a round.
#[derive(Debug, Default, PartialEq)]
struct Comparison {
    figure: String,
    unit: String,
    ours: Vec<f64>,
    other: Vec<f64>,
}

/// Measures the scenarios named by `names`, or all, against this tree's server and the program
/// `other`, and prints the medians of both.
pub(super) fn compare(workspace: &Workspace, other: &Path, names: &[String]) -> Result<ExitCode> {
    let other = other.canonicalize().map_err(Error::file("find", other))?;
    let rounds = rounds()?;
    let selected = scenarios::selected(names);
    if selected.is_empty() {
        return Err(Error::new("no benchmark of the server has such a name"));
    }
    let ours = super::build(workspace)?;
    let mut comparisons: Vec<Comparison> = Vec::new();
    for round in 0..rounds {
        for scenario in &selected {
            say(&format!(
                "\nRound {} of {rounds}, {}",
                round + 1,
                scenario.name
            ));
            // The one that begins changes, so that neither always has the warmer machine.
            let is_ours_first = round % 2 == 0;
            for is_ours in [is_ours_first, !is_ours_first] {
                let server = if is_ours { &ours } else { &other };
                say(&format!("{}:", server.display()));
                let rows = run_alone(workspace, *scenario, server)?;
                add(&mut comparisons, is_ours, &rows);
            }
        }
    }
    let lines: Vec<Value> = comparisons
        .iter()
        .map(|row| {
            json!({
                "figure": row.figure, "unit": row.unit, "ours": row.ours, "other": row.other
            })
        })
        .collect();
    let path = super::save(workspace, "compare.jsonl", &lines)?;
    say(&format!(
        "\n{}\nMedians of {rounds} rounds by turns, with the least and the most; \
         ours is {}, the other {}. All values are in {}.",
        table(&comparisons),
        ours.display(),
        other.display(),
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn rounds() -> Result<usize> {
    let Ok(text) = env::var("BENCH_ROUNDS") else {
        return Ok(ROUNDS);
    };
    match text.parse() {
        Ok(rounds) if rounds > 0 => Ok(rounds),
        _ => Err(Error::new("BENCH_ROUNDS must be a number from 1 on")),
    }
}

/// Runs one scenario on a database of its own: the two builds may have different migrations.
fn run_alone(workspace: &Workspace, scenario: Scenario, server: &Path) -> Result<Vec<Value>> {
    if scenario.is_cluster() {
        return scenario.run_cluster(workspace, server);
    }
    let postgres = TemporaryPostgres::start(Durability::Full, is_interrupted)?;
    scenario.run(workspace, server, postgres.url())
}

/// Adds the rows of one run to those of the same figure.
fn add(comparisons: &mut Vec<Comparison>, is_ours: bool, rows: &[Value]) {
    for row in rows {
        let figure = text(row, "figure");
        let index = comparisons.iter().position(|it| it.figure == figure);
        let index = index.unwrap_or_else(|| {
            comparisons.push(Comparison {
                figure: figure.to_owned(),
                unit: text(row, "unit").to_owned(),
                ..Comparison::default()
            });
            comparisons.len() - 1
        });
        let comparison = &mut comparisons[index];
        let values = if is_ours {
            &mut comparison.ours
        } else {
            &mut comparison.other
        };
        values.extend(row["measured"].as_f64());
    }
}

fn table(comparisons: &[Comparison]) -> String {
    let mut table =
        "| figure | unit | ours | other | ours/other |\n|---|---|---|---|---|\n".to_owned();
    for row in comparisons {
        let (ours, other) = (median(&row.ours), median(&row.other));
        // Writing into a String never fails.
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} |",
            row.figure,
            row.unit,
            with_range(&row.ours),
            with_range(&row.other),
            short(ours / other),
        );
    }
    table
}

/// The median, and in brackets the least and the most.
fn with_range(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::NAN, f64::min);
    let most = values.iter().copied().fold(f64::NAN, f64::max);
    format!(
        "{} ({}–{})",
        short(median(values)),
        short(least),
        short(most)
    )
}

/// The value in the middle, of an even number the mean of both; NaN of none.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(
        middle(sorted.len().saturating_sub(1) / 2),
        middle(sorted.len() / 2),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_the_medians_of_the_same_figure() {
        let row = |measured: f64| [json!({ "figure": "joins", "unit": "B", "measured": measured })];
        let mut comparisons = Vec::new();
        for (is_ours, measured) in [(true, 3.0), (false, 2.0), (true, 5.0), (false, 2.0)] {
            add(&mut comparisons, is_ours, &row(measured));
        }
        let table = table(&comparisons);
        let line = "| joins | B | 4.00 (3.00–5.00) | 2.00 (2.00–2.00) | 2.00 |\n";
        assert!(table.ends_with(line), "{table}");
    }
}
