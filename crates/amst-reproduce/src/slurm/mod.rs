//! `--launcher slurm`: a table through a SLURM cluster, without waiting for it.
//!
//! ```text
//! launch   what is missing and not in the queue  →  a folder: plan, scripts, record  →  sbatch, and back
//! task.sh  on a node: the run of one line of the plan, saved and requeued when it is asked to leave
//! status, collect, cancel   later: the records, the leases in the run directories and squeue
//! ```

mod args;
mod arrays;
mod cancel;
mod command_words;
mod error;
mod folder;
mod launch;
mod log_file;
mod queue;
mod record;
mod run_state;
mod sbatch_option;
mod scheduler;
mod scripts;
mod status;
mod submission_jobs;
mod submit;
mod time_limit;

pub use self::args::{Launcher, SlurmArgs};
pub use self::error::SlurmError;
pub use self::run_state::{RunReport, RunState};
pub use self::sbatch_option::SbatchOption;
pub use self::status::StatusReport;
pub use self::time_limit::TimeLimit;

pub(crate) use self::args::SlurmTask;
pub(crate) use self::cancel::cancel;
pub(crate) use self::launch::launch;
pub(crate) use self::status::{explain_holes, status};
