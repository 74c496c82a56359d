//! `amst export-metrics`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `amst export-metrics`.
#[derive(Debug, Args)]
pub struct ExportMetrics {
    /// Run directories, or folders with some below them
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// For what
    #[arg(long, value_enum)]
    pub to: MetricsFormat,
    /// `tensorboard`: the folder that `tensorboard --logdir` is given, with a folder for each run;
    /// otherwise the file to write
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// `tensorboard`: also the curves of each run as a picture; for a program built with
    /// `--features png`
    #[arg(long)]
    pub images: bool,
}

/// What metrics are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MetricsFormat {
    /// An event file a run, as scalars
    Tensorboard,
    /// One line a number, with headings
    Csv,
    /// One JSON object a number
    Jsonl,
}
