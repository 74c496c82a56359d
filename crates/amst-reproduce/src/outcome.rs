//! What becomes of a job.

use crate::{Job, Message};

/// What happened to the job of an index.
#[derive(Clone, Debug)]
pub enum Event {
    /// Its process was started.
    Started(usize),
    /// Its process reported something.
    Reported(usize, Message),
    /// There is nothing more to do for it.
    Ended(usize, JobOutcome),
}

/// What became of a job.
#[derive(Clone, Debug)]
pub enum JobOutcome {
    /// Its process ended well.
    Trained,
    /// Another process had made its result when its turn came.
    AlreadyDone,
    /// Its process failed, or was asked to stop.
    Failed(Fault),
    /// Its turn never came.
    NotStarted,
}

/// Why a process did not do what it was started for.
#[derive(Clone, Debug)]
pub struct Fault {
    /// In a few words, for a line below a table.
    pub reason: String,
    /// The end of what it wrote to standard error.
    pub last_lines: Vec<String>,
    /// Whether it was asked to stop, saved its run and can go on: no failure.
    pub stopped: bool,
    /// Its exit code, where it started and ended by itself. 2 to 5 will come again.
    pub exit_code: Option<i32>,
}

impl Fault {
    /// A failure without an exit code.
    pub fn new(reason: String, last_lines: Vec<String>) -> Self {
        Self {
            reason,
            last_lines,
            stopped: false,
            exit_code: None,
        }
    }
}

/// A run without a result.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The run.
    pub job: Job,
    /// What happened to its process.
    pub fault: Fault,
}
