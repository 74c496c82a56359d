//! A comparison for a terminal.

use super::{Comparison, Difference, Outcome, Pair};
use crate::Table;
use crate::percent::{DASH, points, share_interval};

/// All differences as a triangle, row minus column, and the columns that it takes.
pub(crate) fn matrix(table: &Table, comparison: &Comparison) -> (String, usize) {
    let count = comparison.systems.len();
    let tokens: Vec<String> = (0..count)
        .map(|i| token(table, &comparison.systems[i], i))
        .collect();
    let head = std::iter::once(String::new())
        .chain(["95 % of mean".into()])
        .chain(tokens[..count - 1].to_vec());
    let mut lines: Vec<Vec<String>> = vec![head.collect()];
    for (i, system) in comparison.systems.iter().enumerate() {
        let label = if table.heading.is_some() {
            format!("{:>2} {}", tokens[i], table.label(system))
        } else {
            tokens[i].clone()
        };
        let differences = comparison
            .pairs
            .iter()
            .filter(|p| p.system == *system)
            .map(difference);
        lines.push(
            [label, mean_interval(table, comparison, system)]
                .into_iter()
                .chain(differences)
                .collect(),
        );
    }
    draw(&lines)
}

/// Only the pairs that differ by more than noise, a line each, for narrow terminals.
pub(crate) fn list(table: &Table, comparison: &Comparison) -> String {
    let mut text = String::new();
    for (pair, d) in comparison.compared() {
        if d.more_than_noise {
            let (system, against) = (table.label(&pair.system), table.label(&pair.against));
            let (points, interval) = (points(d.difference), points_interval(d));
            text += &format!("{system} − {against}: {points} {interval}\n");
        }
    }
    text
}

/// What must be known to read it, and which runs are left out.
pub(crate) fn remarks(table: &Table, comparison: &Comparison) -> Vec<String> {
    let mut remarks = Vec::new();
    let compared = comparison.compared().count();
    if let Some(half) = comparison.median_half_width {
        let half = format!(
            "median interval of {compared} pairs: ± {:.1} points",
            100.0 * half
        );
        remarks.push(
            "* more than noise: 95 % bootstrap interval without 0, Holm-corrected p < 0.05".into(),
        );
        remarks.push(match comparison.smallest_beyond_noise {
            Some(smallest) => format!("smallest of them: {:.1} points; {half}", 100.0 * smallest),
            None => format!("no difference is more than noise; {half}"),
        });
        if comparison.seeds.len() == 1 {
            remarks.push(
                "one seed: how much another seed would change is not in these numbers".into(),
            );
        }
    }
    if comparison
        .pairs
        .iter()
        .any(|p| p.outcome == Outcome::SameRuns)
    {
        remarks.push("=: the same runs under two names".into());
    }
    for unused in &comparison.unused {
        let seeds: Vec<String> = unused.seeds.iter().map(u64::to_string).collect();
        let plural = if seeds.len() > 1 { "seeds" } else { "seed" };
        let row = table.row_name(&unused.experiment);
        remarks.push(format!(
            "{DASH} {row}, {plural} {}: {}",
            seeds.join(", "),
            unused.why
        ));
    }
    remarks.extend(mismatches(table, comparison));
    remarks
}

/// Pairs of which both have predictions, but not of the same samples.
fn mismatches(table: &Table, comparison: &Comparison) -> Vec<String> {
    let mut lines = Vec::new();
    for pair in &comparison.pairs {
        let mut unused = comparison.unused.iter().map(|u| &u.experiment);
        if let Outcome::NotCompared { why } = &pair.outcome
            && !unused.any(|id| *id == pair.system || *id == pair.against)
        {
            lines.push(format!(
                "{DASH} {} and {}: {why}",
                table.row_name(&pair.system),
                table.row_name(&pair.against)
            ));
        }
    }
    lines
}

/// `+23.5*`, with a space where there is no mark, so that points stand below points.
fn difference(pair: &Pair) -> String {
    match &pair.outcome {
        Outcome::Compared(d) => format!(
            "{}{}",
            points(d.difference),
            if d.more_than_noise { '*' } else { ' ' }
        ),
        Outcome::SameRuns => "= ".into(),
        Outcome::NotCompared { .. } => format!("{DASH} "),
    }
}

/// `[12.1, 34.0]` in points.
pub(crate) fn points_interval(difference: &Difference) -> String {
    format!(
        "[{}, {}]",
        points(difference.interval[0]),
        points(difference.interval[1])
    )
}

fn mean_interval(table: &Table, comparison: &Comparison, system: &str) -> String {
    let column = table
        .columns
        .iter()
        .position(|c| c.dataset == comparison.dataset);
    let row = table.rows.iter().find(|r| r.experiment == system);
    let accuracy = column
        .zip(row)
        .and_then(|(column, row)| row.cells[column].accuracy);
    accuracy
        .and_then(|a| a.interval)
        .map_or(DASH.into(), share_interval)
}

/// What stands above a column: the row's id, or its number where rows have names.
fn token(table: &Table, id: &str, place: usize) -> String {
    if table.heading.is_some() {
        (place + 1).to_string()
    } else {
        id.into()
    }
}

/// Left-aligned label and interval, right-aligned differences.
fn draw(lines: &[Vec<String>]) -> (String, usize) {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let mut widths = vec![0; columns];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cells = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(c, (cell, width))| match c {
                0 | 1 => format!("{cell:<width$}  "),
                // The number of a column stands above the digits, not above the marks.
                _ if number == 0 => format!("{cell:>w$}  ", w = width - 1),
                _ => format!("{cell:>width$} "),
            });
        text += cells.collect::<String>().trim_end();
        text.push('\n');
    }
    let widest = text.lines().map(|l| l.chars().count()).max().unwrap_or(0);
    (text, widest)
}
