//! Every pair of every data set as CSV.

use super::{Comparison, Difference, Outcome, Pair};
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
        let mut out = csv::Writer::from_writer(Vec::new());
        let mut write = |record: &[String]| {
            out.write_record(record)
                .expect("writing to memory does not fail")
        };
        write(&HEAD.map(String::from));
        for comparison in &table.comparisons {
            comparison
                .pairs
                .iter()
                .for_each(|pair| write(&line(table, comparison, pair)));
        }
        let bytes = out.into_inner().expect("writing to memory does not fail");
        String::from_utf8(bytes).expect("strings were written")
    }
}

fn line(table: &Table, comparison: &Comparison, pair: &Pair) -> Vec<String> {
    let name = |id: &str| {
        table
            .rows
            .iter()
            .find(|r| r.experiment == id)
            .map(|r| r.name.clone())
            .unwrap_or_default()
    };
    let mut line = vec![
        table.name.clone(),
        comparison.dataset.clone(),
        pair.system.clone(),
        name(&pair.system),
        pair.against.clone(),
        name(&pair.against),
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

fn numbers(d: &Difference) -> Vec<String> {
    let counts = |count: fn(&super::SeedTest) -> u64| {
        d.by_seed
            .iter()
            .map(|s| count(s).to_string())
            .collect::<Vec<_>>()
            .join(";")
    };
    vec![
        d.difference.to_string(),
        d.interval[0].to_string(),
        d.interval[1].to_string(),
        counts(|s| s.only_system),
        counts(|s| s.only_against),
        // With its power of ten: it may be as small as 1e-70.
        format!("{:e}", d.p),
        format!("{:e}", d.p_holm),
        d.more_than_noise.to_string(),
    ]
}
