//! What happens to a run's process.

use super::job::Job;
use super::protocol::Message;

/// What happened to the job of an index.
pub enum Event {
    /// Its process was started.
    Started(usize),
    /// It reported something.
    Reported(usize, Message),
    /// Its process ended.
    Ended(usize, Result<(), Fault>),
}

/// Why a process did not do what it was started for.
#[derive(Clone, Debug)]
pub struct Fault {
    /// In a few words, for the line below the table.
    pub reason: String,
    /// The end of what it wrote to standard error.
    pub last_lines: Vec<String>,
    /// Whether it was asked to stop, saved its run and can go on: no failure.
    pub stopped: bool,
}

impl Fault {
    /// A failure.
    pub fn new(reason: String, last_lines: Vec<String>) -> Self {
        Self {
            reason,
            last_lines,
            stopped: false,
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
