//! The table as text.

use std::fmt::Write;

use amst_recipe::TimesTable;

use super::times::{Spread, SystemTimes, Times};

const PHASES: [&str; 7] = [
    "load",
    "forward",
    "backward",
    "update",
    "recalibrate",
    "evaluate",
    "other",
];

/// Heading, rows, and what the columns are.
pub fn page(table: &TimesTable, times: &Times) -> String {
    let mut out = format!("{}\n{}\n\n", table.title, heading(times));
    let mut rows = vec![columns()];
    rows.extend(times.systems.iter().map(|system| row(table, system)));
    out += &aligned(&rows);
    out.push('\n');
    for (name, why) in &times.left_out {
        let _ = writeln!(out, "{name} does not apply: {why}");
    }
    out + FOOT
}

const FOOT: &str = "\
epoch: the average over the schedule's epochs, median of the rounds (least to most); all: epochs in which every modality
trains; skip: the others; load to other: seconds of an epoch; ×: times the first system's, round by round; saved: as the
paper prints it, + is less time; limit: by operations, evaluation and recalibration left out; paper: as published
";

fn heading(times: &Times) -> String {
    let content = if times.shapes {
        "in shapes alone"
    } else {
        "from its files"
    };
    let [train, val] = times.samples;
    let settings: String = times
        .settings
        .iter()
        .map(|set| format!("; {set}"))
        .collect();
    format!(
        "{} {content}, {train} + {val} samples, batch {}; device {}, {}, {} threads; {} rounds after a warm-up{settings}",
        times.title, times.batch_size, times.device, times.precision, times.threads, times.rounds
    )
}

fn columns() -> Vec<String> {
    let mut names = vec!["system", "execution", "epoch", "all", "skip"];
    names.extend(PHASES);
    names.extend(["×", "saved", "limit", "paper", "peak MiB"]);
    names.into_iter().map(String::from).collect()
}

fn row(table: &TimesTable, system: &SystemTimes) -> Vec<String> {
    let name = table
        .system
        .iter()
        .find(|s| s.id == system.id)
        .map_or(&system.id, |s| &s.name);
    let mut cells = vec![name.clone(), system.execution.unwrap_or("–").to_string()];
    let Spread {
        median,
        least,
        most,
    } = system.epoch;
    cells.push(format!(
        "{} ({}–{})",
        seconds(median),
        seconds(least),
        seconds(most)
    ));
    cells.push(system.active.map_or("–".into(), |s| seconds(s.median)));
    cells.push(system.skipped.map_or("–".into(), |s| seconds(s.median)));
    cells.extend(PHASES.map(|name| system.phases.get(name).map_or("–".into(), |s| seconds(*s))));
    cells.push(system.ratio.map_or("–".into(), |s| {
        format!("{:.2} ({:.2}–{:.2})", s.median, s.least, s.most)
    }));
    cells.push(saved(system.ratio.map(|s| s.median)));
    cells.push(saved(system.limit));
    cells.push(saved(system.published));
    cells.push(
        system
            .peak_mib
            .map_or("–".into(), |mib| format!("{mib:.0}")),
    );
    cells
}

/// The share of time that a ratio saves.
fn saved(ratio: Option<f64>) -> String {
    ratio.map_or("–".into(), |ratio| {
        format!("{:+.0} %", 100.0 * (1.0 - ratio))
    })
}

/// Three significant digits.
fn seconds(value: f64) -> String {
    let decimals = if value >= 99.5 {
        0
    } else if value >= 9.95 {
        1
    } else if value >= 0.0995 {
        2
    } else {
        3
    };
    format!("{value:.decimals$}")
}

/// Columns of equal width, the first two to the left.
fn aligned(rows: &[Vec<String>]) -> String {
    let mut widths = vec![0; rows[0].len()];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in rows {
        let cells =
            row.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    0 | 1 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                });
        let _ = writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    out
}
