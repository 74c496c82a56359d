//! What is said after the runs: which failed and why, and where the table lies.

use std::path::PathBuf;

use amst_report::{Entry, Missing};

use crate::Failure;

/// Puts the reason of each failure into the entries that it left empty. Where the runs were
/// interrupted, those that never began have none.
pub fn explain(entries: &mut [Entry], failures: &[Failure], interrupted: bool) {
    for entry in entries
        .iter_mut()
        .filter(|e| e.outcome == Err(Missing::NotRun))
    {
        let reason = match failures.iter().find(|f| f.job.cell.id == entry.cell.id) {
            Some(failure) => failure.fault.reason.clone(),
            None if interrupted => continue,
            // A success without a result where it belongs: the program is not of this version.
            None => {
                format!(
                    "`amst` ended well but left no {}: was it built from another version?",
                    entry.file.display()
                )
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
    let (stopped, failed): (Vec<_>, Vec<_>) =
        failures.iter().partition(|failure| failure.fault.stopped);
    if !stopped.is_empty() {
        eprintln!(
            "\n{} stopped and saved; the same command goes on with these:",
            stopped.len()
        );
        stopped
            .iter()
            .for_each(|failure| eprintln!("    {}", failure.job.title));
    }
    if failed.is_empty() {
        return;
    }
    eprintln!(
        "\n{} failed; what is done is kept, and the same command tries these again:",
        failed.len()
    );
    for failure in failed {
        eprintln!("\n{}: {}", failure.job.title, failure.fault.reason);
        for line in &failure.fault.last_lines {
            eprintln!("    {line}");
        }
    }
}
