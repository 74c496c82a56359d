//! `amst watch`.

use std::path::PathBuf;

use clap::Args;

/// `amst watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// The folder that `--out` named
    #[arg(default_value = "runs")]
    pub runs: PathBuf,
    /// Print the runs once and end, for logs and where there is no terminal
    #[arg(long)]
    pub once: bool,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub every: u64,
}
