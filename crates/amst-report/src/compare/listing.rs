//! Every pair of every data set as CSV.

use super::{Comparison, Difference, Outcome, Pair};
use crate::comma_separated::csv_text;
use crate::{Exporter, Table};

const HEAD: [&str; 15] = [
    "table",
    "dataset",
    "system",
    "system_name",
    "against",
    "against_name",
    "difference",
    "low",
    "high",
    "only_system",
    "only_against",
    "p",
    "p_holm",
    "more_than_noise",
    "missing",
];

/// The comparisons of a table, one line a pair. Differences are shares in −1..1; of several
/// seeds the discordant counts are separated by `;`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pairs;

impl Exporter for Pairs {
    fn stem(&self) -> &'static str {
        "pairs"
    }

    fn extension(&self) -> &'static str {
        "csv"
    }

    fn export(&self, table: &Table) -> String {
        let mut lines = vec![HEAD.map(String::from).to_vec()];
        for comparison in &table.comparisons {
            lines.extend(
                comparison
                    .pairs
                    .iter()
                    .map(|pair| line(table, comparison, pair)),
            );
        }
        csv_text(&lines)
    }
}

fn line(table: &Table, comparison: &Comparison, pair: &Pair) -> Vec<String> {
    let mut line = vec![
        table.name.clone(),
        comparison.dataset.clone(),
        pair.system.clone(),
        name(table, &pair.system),
        pair.against.clone(),
        name(table, &pair.against),
    ];
    let (numbers, missing) = match &pair.outcome {
        Outcome::Compared(d) => (numbers(d), String::new()),
        Outcome::SameRuns => (
            vec![String::new(); 8],
            "the same runs under two names".into(),
        ),
        Outcome::NotCompared { why } => (vec![String::new(); 8], why.clone()),
    };
    line.extend(numbers);
    line.push(missing);
    line
}

fn name(table: &Table, id: &str) -> String {
    let row = table.rows.iter().find(|row| row.experiment == id);
    row.map(|row| row.name.clone()).unwrap_or_default()
}

fn numbers(d: &Difference) -> Vec<String> {
    let only_system: Vec<_> = d
        .by_seed
        .iter()
        .map(|s| s.only_system.to_string())
        .collect();
    let only_against: Vec<_> = d
        .by_seed
        .iter()
        .map(|s| s.only_against.to_string())
        .collect();
    vec![
        d.difference.to_string(),
        d.interval[0].to_string(),
        d.interval[1].to_string(),
        only_system.join(";"),
        only_against.join(";"),
        // With its power of ten: it may be as small as 1e-70.
        format!("{:e}", d.p),
        format!("{:e}", d.p_holm),
        d.more_than_noise.to_string(),
    ]
}
