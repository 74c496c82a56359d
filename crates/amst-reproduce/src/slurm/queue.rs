//! What is in SLURM's queue.

use super::{SlurmError, scheduler};

/// Names that one call of squeue asks for: a command line has its bounds.
const NAMES_AT_ONCE: usize = 200;

/// Whether a task computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TaskPhase {
    Pending,
    Running,
}

/// A job or a task of an array that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueuedTask {
    /// Id of the job, or of the array.
    pub job: u64,
    /// Place in the array.
    pub index: Option<usize>,
    /// Name of the job.
    pub name: String,
    pub phase: TaskPhase,
    /// Why it is not running yet, in SLURM's word.
    pub reason: String,
    /// Where it runs.
    pub nodes: String,
}

impl QueuedTask {
    /// `12_3`, as scancel takes it.
    pub fn id(&self) -> String {
        match self.index {
            Some(index) => format!("{}_{index}", self.job),
            None => self.job.to_string(),
        }
    }
}

/// The tasks of jobs with these names that have not ended.
pub(super) fn queued(names: &[String]) -> Result<Vec<QueuedTask>, SlurmError> {
    let mut tasks = Vec::new();
    for names in names.chunks(NAMES_AT_ONCE) {
        for line in scheduler::queue_lines(names)?.lines() {
            // By name once more: another job's id would be recorded for good.
            tasks.extend(task(line)?.filter(|task| names.contains(&task.name)));
        }
    }
    Ok(tasks)
}

/// The task of a line, unless it has ended.
fn task(line: &str) -> Result<Option<QueuedTask>, SlurmError> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    let unexpected = || SlurmError::Answer {
        program: "squeue",
        answer: line.into(),
        wanted: "id, name and state of a task",
        remedy: "see that `squeue --version` is 20.11 or later",
    };
    let [id, name, state, reason, nodes] = line.split('|').collect::<Vec<_>>()[..] else {
        return Err(unexpected());
    };
    let Some(phase) = phase(state.trim()) else {
        return Ok(None);
    };
    let (job, index) = match id.trim().split_once('_') {
        Some((job, index)) => (job, Some(index.parse().map_err(|_| unexpected())?)),
        None => (id.trim(), None),
    };
    Ok(Some(QueuedTask {
        job: job.parse().map_err(|_| unexpected())?,
        index,
        name: name.trim().into(),
        phase,
        reason: reason.trim().into(),
        nodes: nodes.trim().into(),
    }))
}

/// Of a state in its long form; `None` for one that is over.
fn phase(state: &str) -> Option<TaskPhase> {
    match state {
        "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT"
        | "RESV_DEL_HOLD" => Some(TaskPhase::Pending),
        "BOOT_FAIL" | "CANCELLED" | "COMPLETED" | "DEADLINE" | "FAILED" | "NODE_FAIL"
        | "OUT_OF_MEMORY" | "REVOKED" | "TIMEOUT" => None,
        // COMPLETING too: a task that is being requeued passes through it.
        _ => Some(TaskPhase::Running),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_read_and_those_that_have_ended_left_out() {
        let running = task("12_3|amst-table1-ab-1|RUNNING|None|node7")
            .unwrap()
            .unwrap();
        assert_eq!((running.job, running.index), (12, Some(3)));
        assert_eq!(
            (running.id().as_str(), running.nodes.as_str()),
            ("12_3", "node7")
        );
        assert_eq!(running.phase, TaskPhase::Running);
        let report = task("15|amst-table1-ab-report|PENDING|Dependency|")
            .unwrap()
            .unwrap();
        assert_eq!((report.index, report.phase), (None, TaskPhase::Pending));
        assert_eq!(report.reason, "Dependency");
        let requeued = task("12_4|n|COMPLETING|None|node7").unwrap().unwrap();
        assert_eq!(requeued.phase, TaskPhase::Running, "it may be requeued");
        assert_eq!(task("12_5|n|CANCELLED|None|").unwrap(), None);
        assert_eq!(task("").unwrap(), None);
    }

    #[test]
    fn an_answer_of_another_form_is_refused() {
        for line in ["rubbish", "x|n|RUNNING|None|a", "12_[3-4]|n|PENDING|None|"] {
            let message = task(line).unwrap_err().to_string();
            assert!(message.contains("squeue --version"), "{line}: {message}");
        }
    }
}
