//! What keeps a table from being submitted, or the queue from being asked.

use std::io;
use std::path::{Path, PathBuf};

use amst_files::shell_quoted;

/// Why SLURM or the record of a submission is of no use.
#[derive(Debug, thiserror::Error)]
pub enum SlurmError {
    /// SLURM's programs are not on this machine.
    #[error(
        "there is no `{program}` on this machine: submit on a login node of the cluster, where \
         `sbatch --version` answers; without SLURM share the runs by `amst work` (docs/cluster.md)"
    )]
    NoProgram {
        /// The program.
        program: &'static str,
    },
    /// A program of SLURM does not start.
    #[error(
        "cannot start `{program}`: {source}; see that it can be executed, `{program} --version`"
    )]
    Start {
        /// The program.
        program: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// A program of SLURM failed.
    #[error("`{program}` says: {words}\n{remedy}")]
    Refused {
        /// The program.
        program: &'static str,
        /// The end of what it wrote to standard error.
        words: String,
        /// What to do.
        remedy: String,
        /// Whether it says nothing about the job itself: no answer came in time.
        is_passing: bool,
    },
    /// SLURM took some of the jobs and then no more.
    #[error(
        "{refusal}\nof {jobs} jobs {accepted} were submitted before, and go on; the same command \
         submits the rest, `--cancel` in the place of `--launcher slurm` and its options cancels them"
    )]
    Partly {
        /// Why the next one was not.
        refusal: Box<SlurmError>,
        /// Jobs that were submitted.
        accepted: usize,
        /// Jobs in all.
        jobs: usize,
    },
    /// A program of SLURM said something else than expected.
    #[error("`{program}` answered `{answer}`, which has no {wanted}; {remedy}")]
    Answer {
        /// The program.
        program: &'static str,
        /// What it said, in part.
        answer: String,
        /// What was looked for.
        wanted: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The cluster has no job arrays.
    #[error(
        "this cluster has no job arrays (MaxArraySize = {size}): start workers in a job of your own, \
         `sbatch --wrap 'amst work PLAN'` (docs/cluster.md)"
    )]
    NoArrays {
        /// `MaxArraySize`.
        size: usize,
    },
    /// A record of a submission cannot be used.
    #[error(
        "{}: this is no record of a submission: {why}; what it submitted goes on: see `squeue \
         --me`, then move it away: `mv {} {}`",
        file.display(),
        shell_quoted(folder_of(file)),
        moved(file)
    )]
    Record {
        /// The record, or the plan beside it.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A path that sbatch would read something into.
    #[error(
        "sbatch reads something into the backslash of {}: use a folder without, `--out DIR`",
        path.display()
    )]
    LogPath {
        /// The path.
        path: PathBuf,
    },
    /// Another process submits to the same folder.
    #[error(
        "{}: {why}: wait until it has ended, then give the same command again",
        folder.display()
    )]
    Busy {
        /// The folder of submissions.
        folder: PathBuf,
        /// Which process, or why there is no telling.
        why: String,
    },
}

impl SlurmError {
    /// A record, or the plan beside it, that cannot be used.
    pub(super) fn damaged(file: &Path, why: impl ToString) -> Self {
        Self::Record {
            file: file.into(),
            why: why.to_string(),
        }
    }

    /// 2 for what was typed, 3 for files, 1 for the scheduler.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::LogPath { .. } => 2,
            Self::Record { .. } => 3,
            Self::NoProgram { .. }
            | Self::Start { .. }
            | Self::Refused { .. }
            | Self::Partly { .. }
            | Self::Answer { .. }
            | Self::NoArrays { .. }
            | Self::Busy { .. } => 1,
        }
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

/// Beside the folder of submissions, where none is looked for.
fn moved(file: &Path) -> String {
    let folder = folder_of(file);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let above = folder.parent().and_then(Path::parent).unwrap_or(folder);
    shell_quoted(above.join(format!("{name}.damaged")))
}
