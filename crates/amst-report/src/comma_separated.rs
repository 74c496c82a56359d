//! CSV in long form: one line a seed, to be grouped and drawn elsewhere.

use crate::table::{Row, SeedOutcome, Table, TableCell};
use crate::{Column, Exporter};

const HEAD: [&str; 13] = [
    "table",
    "experiment",
    "name",
    "dataset",
    "seed",
    "accuracy",
    "mean",
    "standard_error",
    "n",
    "published_mean",
    "published_standard_error",
    "cell",
    "missing",
];

/// The table as lines of one seed each. Accuracies are shares in 0..1, published numbers
/// per cent as printed; a paper data set that was not measured has one line without a seed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Csv;

impl Exporter for Csv {
    fn extension(&self) -> &'static str {
        "csv"
    }

    fn export(&self, table: &Table) -> String {
        let mut lines = vec![HEAD.map(String::from).to_vec()];
        for row in &table.rows {
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                if cell.seeds.is_empty() {
                    lines.push(line(table, row, column, cell, None));
                }
                for seed in &cell.seeds {
                    lines.push(line(table, row, column, cell, Some(seed)));
                }
            }
        }
        csv_text(&lines)
    }
}

/// Lines of values as CSV.
pub(crate) fn csv_text(lines: &[Vec<String>]) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    for line in lines {
        out.write_record(line)
            .expect("writing to memory does not fail");
    }
    let bytes = out.into_inner().expect("writing to memory does not fail");
    String::from_utf8(bytes).expect("strings were written")
}

fn line(
    table: &Table,
    row: &Row,
    column: &Column,
    cell: &TableCell,
    seed: Option<&SeedOutcome>,
) -> Vec<String> {
    let accuracy = cell.accuracy;
    vec![
        table.name.clone(),
        row.experiment.clone(),
        row.name.clone(),
        column.dataset.clone(),
        seed.map(|s| s.seed.to_string()).unwrap_or_default(),
        number(seed.and_then(|s| s.accuracy)),
        number(accuracy.map(|a| a.mean)),
        number(accuracy.and_then(|a| a.standard_error)),
        accuracy.map(|a| a.n.to_string()).unwrap_or_default(),
        number(cell.published.map(|p| p.0)),
        number(cell.published.map(|p| p.1)),
        seed.map(|s| s.cell.to_string()).unwrap_or_default(),
        seed.map_or_else(|| none(column, cell), |s| s.missing.clone())
            .unwrap_or_default(),
    ]
}

/// Nothing where there is no number.
fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Why there is no run at all.
fn none(column: &Column, cell: &TableCell) -> Option<String> {
    cell.not_applicable
        .clone()
        .or_else(|| column.access.clone())
}
