//! What is said after the runs: which failed and why, and where the table lies.

use std::path::PathBuf;

use amst_report::{Entry, Missing};

use super::pool::Failure;

/// Puts the reason of each failure into the entries that it left empty.
pub fn explain(entries: &mut [Entry], failures: &[Failure]) {
    for entry in entries.iter_mut().filter(|e| e.outcome == Err(Missing::NotRun)) {
        let reason = match failures.iter().find(|f| f.job.cell.id == entry.cell.id) {
            Some(failure) => failure.fault.reason.clone(),
            // A success without a result where it belongs: the program is not of this version.
            None => {
                format!("`amst` ended well but left no {}: was it built from another version?", entry.file.display())
            }
        };
        entry.outcome = Err(Missing::Failed(reason));
    }
}

/// Prints to standard error, so that standard output is the table alone.
pub fn print(failures: &[Failure], written: &[PathBuf]) {
    eprintln!();
    for file in written {
        eprintln!("{}", file.display());
    }
    if failures.is_empty() {
        return;
    }
    eprintln!("\n{} failed; what is done is kept, and the same command tries these again:", failures.len());
    for failure in failures {
        eprintln!("\n{}: {}", failure.job.title(), failure.fault.reason);
        for line in &failure.fault.last_lines {
            eprintln!("    {line}");
        }
    }
}
