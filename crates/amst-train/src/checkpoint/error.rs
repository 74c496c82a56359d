use std::path::PathBuf;

use super::CHECKPOINT_FORMAT;

/// Why a checkpoint is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// A file that is not as it was written.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Written by another version of this software.
    #[error(
        "{} was written by {program} in format {format}, and this program reads format \
         {CHECKPOINT_FORMAT}: go on with {program}, or start over with --fresh",
        dir.display()
    )]
    Format {
        /// The checkpoint.
        dir: PathBuf,
        /// Its format.
        format: u64,
        /// What wrote it, with its version.
        program: String,
    },
    /// It belongs to another run.
    #[error(
        "{} is not of this run: {}; move it away, or start over with --fresh",
        dir.display(),
        differences.join("; ")
    )]
    Other {
        /// The checkpoint.
        dir: PathBuf,
        /// Each difference.
        differences: Vec<String>,
    },
    /// There are checkpoints, and none can be used.
    #[error(
        "no checkpoint in {} can be used: {}; --fresh keeps them aside and starts over",
        dir.display(),
        faults.join("; ")
    )]
    NoneUsable {
        /// The folder of checkpoints.
        dir: PathBuf,
        /// What is wrong with each.
        faults: Vec<String>,
    },
}
