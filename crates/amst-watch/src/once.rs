//! The runs as plain text, for logs and pipes.

use crate::lettering::{NOTHING, duration, fitted, one_line, percent, width};
use crate::{Totals, WatchedRun};

/// Headings of the table.
const HEADINGS: [&str; 6] = ["run", "state", "epochs", "best val %", "test %", "left"];

/// A table of the runs, with their messages below, and one line of totals. No escape codes.
pub fn once(runs: &[WatchedRun]) -> String {
    let mut lines = vec![HEADINGS.map(String::from)];
    lines.extend(runs.iter().map(line));
    let columns: Vec<usize> = (0..HEADINGS.len())
        .map(|at| lines.iter().map(|line| width(&line[at])).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    if !runs.is_empty() {
        for line in &lines {
            let cells = line.iter().zip(&columns);
            let cells: Vec<String> = cells
                .map(|(cell, columns)| fitted(cell, *columns))
                .collect();
            text += cells.join("  ").trim_end();
            text.push('\n');
        }
        for run in runs {
            if let Some(why) = run.state.why() {
                text += &format!("{}: {}\n", one_line(&run.name), one_line(why));
            }
        }
    }
    text + &Totals::of(runs).sentence() + "\n"
}

fn line(run: &WatchedRun) -> [String; 6] {
    let epochs = run.epochs.map_or("?".into(), |epochs| epochs.to_string());
    [
        one_line(&run.name),
        run.state.word().into(),
        format!("{}/{epochs}", run.epoch),
        percent(run.best_val_accuracy),
        percent(run.test_accuracy),
        run.seconds_left.map_or(NOTHING.into(), duration),
    ]
}
