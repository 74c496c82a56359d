//! A report for people.

use std::fmt;

use crate::audit::{Balance, Finding, Report};

/// Names that are shown of a finding; JSON has all.
const SHOWN: usize = 4;

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

fn classes(f: &mut fmt::Formatter<'_>, balance: &[Balance]) -> fmt::Result {
    let names = balance
        .first()
        .map(|b| b.classes.iter().map(|(name, _)| name.as_str()).collect())
        .unwrap_or_default();
    let names: Vec<&str> = names;
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0)
        .max("majority".len());
    let line = |f: &mut fmt::Formatter<'_>, head: &str, cells: Vec<String>| {
        let cells: Vec<_> = cells.iter().map(|cell| format!("{cell:>7}")).collect();
        writeln!(f, "{head:width$} {}", cells.join(" "))
    };
    line(f, "", balance.iter().map(|b| b.split.to_string()).collect())?;
    for (index, name) in names.iter().enumerate() {
        line(
            f,
            name,
            balance
                .iter()
                .map(|b| b.classes[index].1.to_string())
                .collect(),
        )?;
    }
    line(
        f,
        "lines",
        balance.iter().map(|b| b.rows.to_string()).collect(),
    )?;
    line(
        f,
        "samples",
        balance.iter().map(|b| b.samples.to_string()).collect(),
    )?;
    line(
        f,
        "majority",
        balance
            .iter()
            .map(|b| format!("{:.1} %", 100.0 * b.majority_rate))
            .collect(),
    )
}

fn examples(finding: &Finding) -> String {
    let ids = finding.ids();
    let more = if ids.len() > SHOWN { ", …" } else { "" };
    match ids.is_empty() {
        true => String::new(),
        false => format!(" ({}{more})", ids[..ids.len().min(SHOWN)].join(", ")),
    }
}
