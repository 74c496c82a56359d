//! `--report`: the table with its figures as one HTML file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use amst_files::write_file;
use amst_html_report::{Audit, Report, ReportOptions, render};
use amst_report::{Entry, Table};

use crate::ReproduceError;
use crate::figure::panels;
use crate::folders::Folders;
use crate::request::Request;

/// Writes `report.html` beside the table, in the place of an older one, like the table's files.
pub fn write(
    request: &Request,
    table: &Table,
    entries: &[Entry],
    folders: &Folders,
    command_line: &str,
) -> Result<PathBuf, ReproduceError> {
    let mut by_column = BTreeMap::new();
    let mut audits = BTreeMap::new();
    for (column, _) in request.columns_and_classes() {
        by_column.insert(column.to_string(), panels(request, entries, column)?);
        let dataset = column.split(':').next().unwrap_or(column);
        let audit = Audit {
            text: format!(
                "`amst audit {dataset}` reports what is wrong with the lists, if anything."
            ),
            done: false,
        };
        audits.insert(column.to_string(), audit);
    }
    let options = ReportOptions {
        title: Some(table.title.clone()),
        command: command_line.into(),
        audits,
    };
    let report = Report::of_table(table, by_column, &options)?;
    let file = folders.table.join("report.html");
    write_file(&file, render(&report, None)?)?;
    Ok(file)
}
