//! What an audit found, and how it is shown.

use std::fmt;

use serde::Serialize;

use super::balance::Balance;
use super::finding::Finding;

/// Names that are shown of a finding; JSON has all.
const SHOWN: usize = 4;

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The data set.
    pub dataset: String,
    /// Samples and classes of each split: train, val, test.
    pub balance: Vec<Balance>,
    /// What is wrong, or to be known.
    pub findings: Vec<Finding>,
    /// What could not be checked, and why.
    pub unchecked: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: usize = self.balance.iter().map(|balance| balance.rows).sum();
        writeln!(f, "{}: {rows} lines\n", self.dataset)?;
        classes(f, &self.balance)?;
        writeln!(f)?;
        for finding in &self.findings {
            writeln!(f, "{:>6} {finding}{}", finding.count(), examples(finding))?;
        }
        if self.findings.is_empty() {
            writeln!(f, "nothing found")?;
        }
        for unchecked in &self.unchecked {
            writeln!(f, "not checked: {unchecked}")?;
        }
        Ok(())
    }
}

/// A column for each split, a row for each class.
fn classes(f: &mut fmt::Formatter<'_>, balance: &[Balance]) -> fmt::Result {
    let mut rows: Vec<(&str, Vec<String>)> =
        vec![("", row_cells(balance, |b| b.split.to_string()))];
    if let Some(first) = balance.first() {
        for (index, (class, _)) in first.classes.iter().enumerate() {
            rows.push((
                class.as_str(),
                row_cells(balance, |b| b.classes[index].1.to_string()),
            ));
        }
    }
    rows.push(("lines", row_cells(balance, |b| b.rows.to_string())));
    rows.push(("samples", row_cells(balance, |b| b.samples.to_string())));
    let majority = row_cells(balance, |b| format!("{:.1} %", 100.0 * b.majority_rate));
    rows.push(("majority", majority));
    let width = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0);
    for (name, cells) in rows {
        writeln!(f, "{name:width$} {}", cells.join(" "))?;
    }
    Ok(())
}

fn row_cells(balance: &[Balance], cell: impl Fn(&Balance) -> String) -> Vec<String> {
    let cells = balance.iter().map(cell);
    cells.map(|cell| format!("{cell:>7}")).collect()
}

fn examples(finding: &Finding) -> String {
    let ids = finding.ids();
    if ids.is_empty() {
        return String::new();
    }
    let more = if ids.len() > SHOWN { ", …" } else { "" };
    format!(" ({}{more})", ids[..ids.len().min(SHOWN)].join(", "))
}
