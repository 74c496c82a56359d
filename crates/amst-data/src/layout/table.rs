//! Tables of comma-separated values, of which every line is accounted for.
//!
//! Each line is the header, a row, blank (a row whose cells are all empty is), or inside a closed
//! cell of the text column. A table in which one is anything else is refused.

use std::path::Path;

use ::csv::{ReaderBuilder, StringRecord};
use amst_annotations::{shell_quoted, utf8_text};

use super::lines::{self, Lines, LongCell, NotClosed};
use crate::DataError;
use crate::error::Listing;

/// What tells that a line inside a cell was meant as a row.
#[derive(Clone, Copy, Debug)]
pub struct TableForm<'a> {
    /// The one column whose cells may hold line breaks.
    pub text: &'a str,
    /// Words that some cell of every row is, such as `train`. Without any, a line that has as many
    /// commas as the header, two or more, was meant as a row.
    pub words: &'a [&'a str],
}

/// A table that was read.
#[derive(Debug)]
pub struct Table {
    header: StringRecord,
    rows: Vec<TableRow>,
}

/// A row of a table.
#[derive(Debug)]
pub struct TableRow {
    /// The line it begins in, from 1.
    pub line: usize,
    cells: StringRecord,
}

impl TableRow {
    /// A cell, without white space around it; empty where there is none.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default().trim()
    }
}

impl Table {
    /// Reads a table: commas between cells, a header, UTF-8 with or without a byte-order mark, any
    /// line ends.
    ///
    /// # Errors
    ///
    /// [`DataError::Read`]; [`DataError::Table`] with what it is instead of such a table, or the
    /// lines that are no rows of it.
    pub fn read(file: &Path, form: TableForm) -> Result<Self, DataError> {
        let bytes = std::fs::read(file).map_err(DataError::reading(file))?;
        let refused = |why| DataError::Table {
            file: file.into(),
            why,
        };
        utf8_text(&bytes, file)
            .and_then(|text| Self::parse(text, file, form))
            .map_err(refused)
    }

    /// The names of the columns.
    pub fn header(&self) -> Vec<&str> {
        self.header.iter().map(str::trim).collect()
    }

    /// The columns of this name: one, as a rule.
    pub fn columns(&self, name: &str) -> Vec<usize> {
        let columns = self.header.iter().enumerate();
        let named = columns.filter(|(_, column)| column.trim() == name);
        named.map(|(index, _)| index).collect()
    }

    /// The rows, in their order.
    pub fn rows(&self) -> &[TableRow] {
        &self.rows
    }

    fn parse(text: &str, file: &Path, form: TableForm) -> Result<Self, String> {
        let lines = Lines::of(text).map_err(not_closed)?;
        let mut records = Vec::new();
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        for record in reader.into_records() {
            records.push(record.map_err(|error| format!("{error}; save it again as CSV"))?);
        }
        // Two readers that know nothing of each other.
        let total = lines::split(text).len();
        if records.len() != lines.rows.len() || lines.total() != total {
            return Err(format!(
                "{} rows were read of {total} lines, of which {} are blank or inside cells: this \
                 is a fault of the program, please report it with the table",
                records.len(),
                lines.blank + lines.inside
            ));
        }
        let mut records = lines.rows.iter().zip(records);
        let Some((_, header)) = records.next() else {
            return Err("it is empty; write a header and a row for each sample".into());
        };
        refuse_other_separator(&header, file)?;
        for cell in &lines.long_cells {
            refuse_swallowed_rows(cell, text, &header, form)?;
        }
        // Spreadsheets write a row of commas for one that was cleared.
        let is_empty = |cells: &StringRecord| cells.iter().all(|cell| cell.trim().is_empty());
        let rows: Vec<TableRow> = records
            .filter(|(_, cells)| !is_empty(cells))
            .map(|(line, cells)| TableRow { line: *line, cells })
            .collect();
        refuse_other_lengths(&header, &rows)?;
        Ok(Self { header, rows })
    }
}

const REMEDY: &str = "a cell that holds a quotation mark or a comma is put in quotation marks, and \
                      each one inside is doubled: \"so \"\"funny\"\", he said\"";

fn not_closed(NotClosed { opened, stray }: NotClosed) -> String {
    let place = match stray {
        None => "is not closed".into(),
        Some(line) if line == opened => "is followed by another one inside the cell".into(),
        Some(line) => format!("is not closed before the one inside line {line}"),
    };
    format!("the quotation mark that opens a cell in line {opened} {place}; {REMEDY}")
}

/// Refuses a cell with line breaks in which rows may have been lost.
fn refuse_swallowed_rows(
    cell: &LongCell,
    text: &str,
    header: &StringRecord,
    form: TableForm,
) -> Result<(), String> {
    let LongCell {
        column,
        opened,
        closed,
    } = *cell;
    let name = header.get(column).unwrap_or_default().trim();
    let place = format!(
        "the quotation mark that opens a cell in line {opened} is closed in line {closed} only"
    );
    if name != form.text {
        return Err(format!(
            "{place}; only cells of the column `{}` may hold line breaks; {REMEDY}",
            form.text
        ));
    }
    for (index, line) in lines::split(text)
        .into_iter()
        .enumerate()
        .take(closed)
        .skip(opened)
    {
        if is_row(line, header.len(), form) {
            let swallowed = index + 1;
            return Err(format!(
                "{place}, and line {swallowed} would be inside it; {REMEDY}"
            ));
        }
    }
    Ok(())
}

/// Whether a line inside a cell was meant as a row.
fn is_row(line: &str, columns: usize, form: TableForm) -> bool {
    let cells: Vec<&str> = line.split(',').collect();
    if form.words.is_empty() {
        return columns > 2 && cells.len() == columns;
    }
    let is_word = |cell: &&str| form.words.contains(&cell.trim_matches([' ', '"']));
    cells.len() >= columns && cells.iter().any(is_word)
}

/// Refuses a table whose header has something else than commas between its names.
fn refuse_other_separator(header: &StringRecord, file: &Path) -> Result<(), String> {
    let [only] = header.iter().collect::<Vec<_>>()[..] else {
        return Ok(());
    };
    let separators = [(';', ";", ";"), ('\t', "tabs", "\\t"), ('|', "|", "|")];
    let Some((_, shown, escaped)) = separators.iter().find(|(mark, ..)| only.contains(*mark))
    else {
        return Ok(());
    };
    let [old, new] = [file.to_path_buf(), file.with_added_extension("commas")].map(shell_quoted);
    Err(format!(
        "its columns are separated by {}, not by commas; save it with commas, or convert it with \
         `PYTHONUTF8=1 python3 -c \"import csv, sys; csv.writer(sys.stdout).writerows(csv.reader(sys.stdin, \
         delimiter='{escaped}'))\" < {old} > {new} && mv {new} {old}`",
        if *shown == "tabs" {
            "tabs".into()
        } else {
            format!("`{shown}`")
        },
    ))
}

/// Refuses rows that have more or fewer cells than the header, all of them.
fn refuse_other_lengths(header: &StringRecord, rows: &[TableRow]) -> Result<(), String> {
    let other = rows.iter().filter(|row| row.cells.len() != header.len());
    let other: Vec<String> = other
        .map(|TableRow { line, cells }| {
            let hint = match cells.len().checked_sub(header.len()) {
                Some(_)
                    if cells
                        .iter()
                        .next_back()
                        .is_some_and(|last| last.trim().is_empty()) =>
                {
                    ": a comma at its end"
                }
                _ => "",
            };
            format!("line {line}: {} cells{hint}", cells.len())
        })
        .collect();
    if other.is_empty() {
        return Ok(());
    }
    Err(format!(
        "rows with another number of cells than the header, which has {} ({}):{}\n    give every row \
         as many cells as the header; a cell that holds a comma is quoted: \"a, b\"",
        header.len(),
        other.len(),
        Listing(other)
    ))
}
