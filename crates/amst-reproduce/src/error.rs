//! What keeps a table from being planned or printed.

use std::io;
use std::path::PathBuf;

use amst_figures::FigureError;
use amst_files::WriteError;
use amst_html_report::ReportError;
use amst_recipe::RecipeError;
use amst_report::{StoredSuggestionError, SuggestionError};

use crate::SlurmError;

/// Why a command did not do what it was asked for. A run that failed is no such error: it leaves a
/// hole in the table.
#[derive(Debug, thiserror::Error)]
pub enum ReproduceError {
    /// Something on the command line cannot be done as asked; the message says what can.
    #[error("{0}")]
    Usage(String),
    /// A recipe, a table or a data set.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// No skip parameter can be suggested.
    #[error(transparent)]
    Suggestion(#[from] SuggestionError),
    /// A suggested skip parameter cannot be had.
    #[error(transparent)]
    StoredSuggestion(#[from] StoredSuggestionError),
    /// The runs cannot be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The page cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file cannot be written.
    #[error("{0}; give another folder: `--out DIR`")]
    Write(#[from] WriteError),
    /// A file or folder cannot be read or made.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `make`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A recipe that TOML cannot hold.
    #[error("the recipe of {title} cannot be written: {why}")]
    RecipeText {
        /// The run.
        title: String,
        /// The words of the library that writes TOML.
        why: String,
    },
    /// A line of a plan that is no run.
    #[error(
        "{}:{line}: this line is no run of a plan: {why}; make the plan again, with \
         `reproduce TABLE --plan --format jsonl`",
        file.display()
    )]
    PlanLine {
        /// The plan.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// SLURM, or the record of what was submitted to it.
    #[error(transparent)]
    Slurm(#[from] SlurmError),
    /// There is no program that trains.
    #[error("{0}")]
    NoProgram(String),
    /// `amst` does not start.
    #[error("cannot start {}: {source}; give another program: `--amst PROGRAM`", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// `amst time` failed and has said why.
    #[error("{text}")]
    Times {
        /// Its exit code.
        code: u8,
        /// That it failed.
        text: String,
    },
    /// The system does not tell of Ctrl-C.
    #[error("cannot listen for Ctrl-C: {0}")]
    Signals(io::Error),
}

impl ReproduceError {
    /// 2 for what was typed, 3 for files, 1 for anything else; that of `amst time` where it failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Recipe(
                RecipeError::Io { .. }
                | RecipeError::Descriptor { .. }
                | RecipeError::NotBrought { .. }
                | RecipeError::NoDescriptor(_),
            ) => 3,
            Self::Recipe(_) | Self::Suggestion(_) | Self::StoredSuggestion(_) => 2,
            Self::Times { code, .. } => *code,
            Self::Slurm(error) => error.exit_code(),
            Self::Io { .. } | Self::Write(_) | Self::PlanLine { .. } => 3,
            Self::Figure(_)
            | Self::Report(_)
            | Self::RecipeText { .. }
            | Self::NoProgram(_)
            | Self::Start { .. }
            | Self::Signals(_) => 1,
        }
    }
}
