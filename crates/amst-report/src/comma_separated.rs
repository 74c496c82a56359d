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
        let mut out = csv::Writer::from_writer(Vec::new());
        let mut write = |record: &[String]| {
            out.write_record(record)
                .expect("writing to memory does not fail")
        };
        write(&HEAD.map(String::from));
        for row in &table.rows {
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                lines(table, row, column, cell)
                    .iter()
                    .for_each(|line| write(line));
            }
        }
        let bytes = out.into_inner().expect("writing to memory does not fail");
        String::from_utf8(bytes).expect("strings were written")
    }
}

fn lines(table: &Table, row: &Row, column: &Column, cell: &TableCell) -> Vec<Vec<String>> {
    let line = |seed: Option<&SeedOutcome>| {
        let number = |v: Option<f64>| v.map(|v| v.to_string()).unwrap_or_default();
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
    };
    if cell.seeds.is_empty() {
        vec![line(None)]
    } else {
        cell.seeds.iter().map(|s| line(Some(s))).collect()
    }
}

/// Why there is no run at all.
fn none(column: &Column, cell: &TableCell) -> Option<String> {
    cell.not_applicable
        .clone()
        .or_else(|| column.access.clone())
}
