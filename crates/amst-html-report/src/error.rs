//! What can go wrong between runs and a report.

use std::io;
use std::path::PathBuf;

use amst_figures::FigureError;

/// Why there is no report. Each message says the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The runs cannot be read, or not be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A file of a run that cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system answered; the message holds it.
        cause: io::Error,
    },
    /// A file of a run that cannot be understood.
    #[error("{} is damaged: {why}; train the run again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The parser's words.
        why: String,
    },
    /// A template that is none, or that names what a report does not have.
    #[error(
        "the template cannot be filled in: {why}; docs/report.md lists what a template can name, \
         and `amst report --print-template` prints the one that is used without `--template`"
    )]
    Template {
        /// The template engine's words, with the line.
        why: String,
    },
}
