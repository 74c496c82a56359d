//! What turns of two sides say about each other.

use std::fmt::Write;

use anyhow::ensure;
use serde::Serialize;

use super::sides::Timing;

/// Turns of both sides.
pub struct Comparison {
    bench: &'static str,
    workloads: Vec<Pairs>,
}

/// Turns of one workload, in seconds: ours and PyTorch's.
struct Pairs {
    name: String,
    turns: Vec<(f64, f64)>,
}

/// What is printed, or written as JSON.
#[derive(Debug, Serialize)]
pub struct Summary {
    bench: &'static str,
    workloads: Vec<Row>,
}

/// One workload. A ratio is that of a round: its two turns follow each other, so that whatever slows
/// the machine for a while slows both.
#[derive(Debug, Serialize)]
struct Row {
    workload: String,
    ours_seconds: f64,
    pytorch_seconds: f64,
    ratio: f64,
    smallest_ratio: f64,
    largest_ratio: f64,
    rounds: usize,
}

impl Comparison {
    /// Without any turn yet.
    pub fn new(bench: &'static str) -> Self {
        Self {
            bench,
            workloads: Vec::new(),
        }
    }

    /// One more turn of both.
    pub fn add(&mut self, ours: Vec<Timing>, pytorch: Vec<Timing>) -> anyhow::Result<()> {
        let (our_names, their_names) = (names(&ours), names(&pytorch));
        ensure!(
            our_names == their_names,
            "the sides do different work: {our_names:?} and {their_names:?}"
        );
        if self.workloads.is_empty() {
            self.workloads = our_names
                .into_iter()
                .map(|name| Pairs {
                    name,
                    turns: Vec::new(),
                })
                .collect();
        }
        for ((workload, ours), pytorch) in self.workloads.iter_mut().zip(ours).zip(pytorch) {
            workload.turns.push((ours.seconds, pytorch.seconds));
        }
        Ok(())
    }

    /// Medians and ratios.
    pub fn summary(&self) -> Summary {
        Summary {
            bench: self.bench,
            workloads: self.workloads.iter().map(Pairs::row).collect(),
        }
    }

    /// For people.
    pub fn table(&self) -> String {
        let rows = self.summary().workloads;
        let names = rows.iter().map(|r| r.workload.as_str()).chain([self.bench]);
        let width = names.map(|n| n.chars().count()).max().unwrap_or(0);
        let mut text = format!(
            "{:<width$}  {:>10}  {:>10}  ratio (range)\n",
            self.bench, "ours", "PyTorch"
        );
        for row in rows {
            let range = format!("({:.2} to {:.2})", row.smallest_ratio, row.largest_ratio);
            let (ours, theirs) = (time(row.ours_seconds), time(row.pytorch_seconds));
            let _ = writeln!(
                text,
                "{:<width$}  {ours:>10}  {theirs:>10}  {:.2} {range}",
                row.workload, row.ratio
            );
        }
        text
    }
}

impl Pairs {
    fn row(&self) -> Row {
        let (ours, pytorch): (Vec<f64>, Vec<f64>) = self.turns.iter().copied().unzip();
        let ratios = ours
            .iter()
            .zip(&pytorch)
            .map(|(ours, pytorch)| ours / pytorch);
        let ratios = sorted(ratios.collect());
        Row {
            workload: self.name.clone(),
            ours_seconds: median(sorted(ours)),
            pytorch_seconds: median(sorted(pytorch)),
            smallest_ratio: ratios[0],
            largest_ratio: ratios[ratios.len() - 1],
            rounds: ratios.len(),
            ratio: median(ratios),
        }
    }
}

fn names(timings: &[Timing]) -> Vec<String> {
    timings.iter().map(|t| t.workload.clone()).collect()
}

fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

fn median(sorted: Vec<f64>) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        (sorted[middle - 1] + sorted[middle]) / 2.0
    }
}

fn time(seconds: f64) -> String {
    if seconds < 0.1 {
        format!("{:.2} ms", seconds * 1e3)
    } else {
        format!("{seconds:.3} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(workload: &str, seconds: f64) -> Vec<Timing> {
        vec![Timing {
            workload: workload.into(),
            seconds,
        }]
    }

    #[test]
    fn ratios_are_of_rounds_and_their_median_is_quoted() {
        let mut comparison = Comparison::new("encoders");
        for (ours, theirs) in [(0.2, 0.1), (0.4, 0.4), (0.09, 0.06)] {
            comparison
                .add(timing("small", ours), timing("small", theirs))
                .unwrap();
        }
        let row = &comparison.summary().workloads[0];
        assert_eq!(
            (row.ours_seconds, row.pytorch_seconds, row.rounds),
            (0.2, 0.1, 3)
        );
        assert!(
            (row.ratio - 1.5).abs() < 1e-12
                && row.smallest_ratio == 1.0
                && row.largest_ratio == 2.0,
            "{row:?}"
        );
        let table = comparison.table();
        assert!(
            table.contains("small        0.200 s     0.100 s  1.50 (1.00 to 2.00)\n"),
            "{table}"
        );
    }

    #[test]
    fn sides_that_do_different_work_are_not_compared() {
        let mut comparison = Comparison::new("encoders");
        let message = comparison
            .add(timing("a", 1.0), timing("b", 1.0))
            .unwrap_err()
            .to_string();
        assert!(message.contains("different work"), "{message}");
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        assert_eq!(median(vec![1.0, 2.0, 4.0, 8.0]), 3.0);
        assert_eq!(median(vec![7.0]), 7.0);
    }
}
