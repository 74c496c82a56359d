//! Whether a job is still to be done when its turn comes.

use std::path::PathBuf;
use std::time::Duration;

use amst_lease::holder;

use crate::Job;

/// What is found of a job when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is to be trained here.
    Free,
    /// Its result is there.
    Done,
    /// Another process trains it: it goes to the end of the queue.
    Busy,
    /// It would end too late to begin here.
    Late,
}

/// Asked for each job before its process is started. Pools on several machines that share a folder
/// share a list of jobs through it.
pub trait Claims: Sync {
    /// What is found of a job.
    fn claim(&self, job: &Job) -> Claim;

    /// How long to wait before asking again where all jobs left are busy.
    fn pause(&self) -> Duration {
        Duration::from_secs(5)
    }
}

/// Every job without a result is to be trained here.
#[derive(Clone, Debug)]
pub struct UnlessDone {
    /// The folder of all runs.
    pub runs: PathBuf,
}

impl Claims for UnlessDone {
    fn claim(&self, job: &Job) -> Claim {
        let result = self.runs.join(job.cell.run_dir()).join("result.json");
        if result.exists() {
            Claim::Done
        } else {
            Claim::Free
        }
    }
}

/// A run is free unless it has a result or a process works in its directory, on this machine or on
/// another one that shares it.
#[derive(Clone, Debug)]
pub struct UnlessHeld {
    /// The folder of all runs.
    pub runs: PathBuf,
}

impl Claims for UnlessHeld {
    fn claim(&self, job: &Job) -> Claim {
        let run = self.runs.join(job.cell.run_dir());
        if run.join("result.json").exists() {
            Claim::Done
        } else if holder(&run).is_some() {
            Claim::Busy
        } else {
            Claim::Free
        }
    }
}
