//! One job through sbatch, whose answer may be lost.

use std::time::Duration;

use super::scheduler::{Submitted, sbatch_refused, try_submit};
use super::{SlurmError, queue};

/// Pauses before sbatch is called again, while SLURM does not answer.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(9),
];

/// Submits a job of this name and returns its id. Where sbatch says that it failed, the queue is
/// asked before the next try: SLURM may have accepted the job all the same.
///
/// Where the queue does not answer either, sbatch is called again. Then the job may be there twice,
/// which costs some minutes of a node: the leases keep two tasks from training one run.
pub(super) fn submit(name: &str, arguments: &[String]) -> Result<u64, SlurmError> {
    let mut pauses = PAUSES.iter();
    loop {
        let (words, is_passing) = match try_submit(arguments)? {
            Submitted::Accepted(id) => return Ok(id),
            Submitted::NotKnown { words, is_passing } => (words, is_passing),
        };
        let pause = pauses.next().filter(|_| is_passing);
        if let Some(pause) = pause {
            std::thread::sleep(*pause);
        }
        let in_queue = queue::queued(&[name.to_string()]).unwrap_or_default();
        match (in_queue.first(), pause) {
            (Some(task), _) => return Ok(task.job),
            (None, Some(_)) => {}
            (None, None) => return Err(sbatch_refused(words)),
        }
    }
}
