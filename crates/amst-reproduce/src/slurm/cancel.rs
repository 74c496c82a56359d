//! `--cancel`.

use std::collections::BTreeSet;

use amst_files::write_file_synced;

use super::folder::Submission;
use super::queue::QueuedTask;
use super::{queue, scheduler};
use crate::{Folders, ReproduceError, Request};

/// Cancels what was submitted of a table and has not ended, and says what.
pub(crate) fn cancel(request: &Request, folders: &Folders) -> Result<(), ReproduceError> {
    scheduler::check_installed()?;
    let wanted = request.cells.iter().map(|wanted| wanted.cell.id.as_str());
    let wanted: BTreeSet<&str> = wanted.collect();
    let mut cancelled = 0;
    for submission in Submission::read_all(folders, true)? {
        let mut cells = submission.runs.iter().map(|run| run.cell.as_str());
        if !cells.clone().any(|cell| wanted.contains(cell)) {
            continue;
        }
        let jobs = active(&submission)?;
        if jobs.is_empty() {
            continue;
        }
        let ids: Vec<String> = jobs.iter().map(u64::to_string).collect();
        if !cells.all(|cell| wanted.contains(cell)) {
            eprintln!(
                "{} also trains runs that are not asked for here, and goes on; to cancel all of \
                 it: `scancel {}`",
                submission.folder.path.display(),
                ids.join(" ")
            );
            continue;
        }
        // First: a task that is about to requeue itself looks at it.
        write_file_synced(&submission.folder.cancelled(), b"")?;
        scheduler::cancel_jobs(&jobs.into_iter().collect::<Vec<_>>())?;
        eprintln!("cancelled: {}", ids.join(", "));
        cancelled += ids.len();
    }
    if cancelled == 0 {
        eprintln!("nothing of this table is in the queue");
    }
    Ok(())
}

/// The jobs of a submission that are in the queue, those included that were accepted twice.
fn active(submission: &Submission) -> Result<BTreeSet<u64>, ReproduceError> {
    let jobs = submission.record.jobs.iter();
    let names: Vec<String> = jobs.map(|job| job.name.clone()).collect();
    let tasks: Vec<QueuedTask> = queue::queued(&names)?;
    Ok(tasks.iter().map(|task| task.job).collect())
}
