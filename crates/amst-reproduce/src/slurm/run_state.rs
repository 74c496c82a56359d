//! What has become of each run: by its result, its lease, the queue and what its task left behind.

use std::collections::BTreeSet;
use std::path::PathBuf;

use amst_lease::holder;
use amst_report::{Entry, Missing};
use serde::Serialize;

use super::folder::{Place, Submission};
use super::log_file::last_line;
use super::queue::{QueuedTask, TaskPhase};
use crate::child::code_meaning;
use crate::{Folders, Request};

/// Why a run is missing that no submission has.
pub(super) const NOT_SUBMITTED: &str = "not submitted";

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Its result is there.
    Done,
    /// A process trains it.
    Running,
    /// A task in the queue will train it.
    Pending,
    /// Its task ended without a result.
    Failed,
    /// It is in no queue.
    Missing,
}

impl RunState {
    /// In lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "running",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Missing => "missing",
        }
    }
}

/// What has become of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunReport {
    /// Identity of the cell.
    pub cell: String,
    /// What it is called in messages.
    pub title: String,
    /// Where it stands.
    pub state: RunState,
    /// Its newest task, such as `12_3`.
    pub task: Option<String>,
    /// Where it runs, what it waits for, or why there is no result.
    pub reason: Option<String>,
    /// What its newest task printed.
    pub log: Option<PathBuf>,
}

/// A report of each run that a table asks for. `queue` is None where it cannot be asked.
pub(super) fn run_reports(
    request: &Request,
    entries: &[Entry],
    folders: &Folders,
    submissions: &[Submission],
    queue: Option<&[QueuedTask]>,
) -> Vec<RunReport> {
    let mut seen = BTreeSet::new();
    let mut reports = Vec::new();
    for entry in entries {
        let cell = entry.cell.id.as_str();
        if !seen.insert(cell) {
            continue;
        }
        let found = Found::of(entry, folders, submissions, queue);
        reports.push(RunReport {
            cell: cell.into(),
            title: request.title(entry),
            state: found.state,
            reason: found.reason,
            task: found.task,
            log: found.log,
        });
    }
    reports
}

/// Ids of the jobs in the queue that train runs of a table.
pub(super) fn active_jobs(
    request: &Request,
    submissions: &[Submission],
    queue: &[QueuedTask],
) -> BTreeSet<u64> {
    let cells = request.cells.iter().map(|wanted| wanted.cell.id.as_str());
    let mut jobs = BTreeSet::new();
    for cell in cells.collect::<BTreeSet<_>>() {
        for (_, place) in places(cell, submissions) {
            let tasks = queue.iter().filter(|task| place.is(task));
            jobs.extend(tasks.map(|task| task.job));
        }
    }
    jobs
}

/// What is known of a run.
struct Found {
    state: RunState,
    task: Option<String>,
    reason: Option<String>,
    log: Option<PathBuf>,
}

impl Found {
    fn of(
        entry: &Entry,
        folders: &Folders,
        submissions: &[Submission],
        queue: Option<&[QueuedTask]>,
    ) -> Self {
        match &entry.outcome {
            Ok(_) => return Self::new(RunState::Done, None),
            Err(Missing::NotRun) => {}
            // A person must decide about the file, whatever tasks do.
            Err(refused) => return Self::new(RunState::Failed, Some(refused.to_string())),
        }
        let places = places(entry.cell.id.as_str(), submissions);
        let active = newest_active(&places, queue.unwrap_or_default());
        if let Some(holder) = holder(&folders.runs.join(entry.cell.run_dir())) {
            let mut found = Self::new(RunState::Running, Some(holder.to_string()));
            found.task = active.map(QueuedTask::id);
            return found;
        }
        if let Some(task) = active {
            let mut found = match task.phase {
                TaskPhase::Running => {
                    Self::new(RunState::Running, Some(format!("on {}", task.nodes)))
                }
                TaskPhase::Pending => Self::new(RunState::Pending, Some(task.reason.clone())),
            };
            found.task = Some(task.id());
            return found;
        }
        // Ids grow: the greatest is of the newest submission.
        let newest = places.iter().filter(|(_, place)| place.job.id.is_some());
        match newest.max_by_key(|(_, place)| place.job.id) {
            Some((submission, place)) => Self::ended(submission, *place, queue.is_some()),
            None => Self::new(RunState::Missing, Some(NOT_SUBMITTED.into())),
        }
    }

    fn new(state: RunState, reason: Option<String>) -> Self {
        Self {
            state,
            reason,
            task: None,
            log: None,
        }
    }

    /// Of a run whose newest task is not in the queue.
    fn ended(submission: &Submission, place: Place, is_queue_known: bool) -> Self {
        let task = place.task().unwrap_or_default();
        let log = submission.folder.log(&task);
        let last = last_line(&log);
        let (state, reason) = if submission.folder.is_cancelled() {
            (RunState::Missing, "cancelled".into())
        } else if let Some(code) = submission.folder.exit_code(&task) {
            let reason = match code {
                0 => "its task ended well but left no result: was `amst` built from another \
                      version?"
                    .into(),
                code => with_last_line(code_meaning(code), last.as_deref()),
            };
            (RunState::Failed, reason)
        } else if !is_queue_known {
            let reason =
                "submitted, and no `squeue` here can tell whether it is still in the queue";
            (RunState::Pending, reason.into())
        } else if last.is_some() {
            (
                RunState::Failed,
                with_last_line("killed".into(), last.as_deref()),
            )
        } else {
            never_started(submission)
        };
        Self {
            state,
            reason: Some(reason),
            log: last_line(&log).is_some().then_some(log),
            task: Some(task),
        }
    }
}

/// Of a task that left the queue without a log.
fn never_started(submission: &Submission) -> (RunState, String) {
    let id = submission.preparation().and_then(|job| job.id);
    let prepared = id.map(|id| id.to_string()).and_then(|id| {
        let code = submission.folder.exit_code(&id)?;
        Some((code, last_line(&submission.folder.log(&id))))
    });
    match prepared {
        Some((code, last)) if code != 0 => {
            let reason = with_last_line(code_meaning(code), last.as_deref());
            (
                RunState::Failed,
                format!("its features could not be prepared: {reason}"),
            )
        }
        _ => (
            RunState::Missing,
            "its task left the queue without starting: it was cancelled, or what it waited for \
             was"
            .into(),
        ),
    }
}

fn with_last_line(reason: String, last: Option<&str>) -> String {
    match last {
        Some(last) if !last.is_empty() => format!("{reason}: {last}"),
        _ => reason,
    }
}

/// The tasks that a cell has in any submission.
fn places<'a>(cell: &str, submissions: &'a [Submission]) -> Vec<(&'a Submission, Place<'a>)> {
    let mut all = Vec::new();
    for submission in submissions {
        for place in submission.places(cell) {
            all.push((submission, place));
        }
    }
    all
}

/// A task that is in the queue and was not cancelled; a running one first.
fn newest_active<'q>(
    places: &[(&Submission, Place)],
    queue: &'q [QueuedTask],
) -> Option<&'q QueuedTask> {
    let is_active = |task: &&QueuedTask| {
        places
            .iter()
            .any(|(submission, place)| place.is(task) && !submission.folder.is_cancelled())
    };
    queue
        .iter()
        .filter(is_active)
        .max_by_key(|task| (task.phase, task.job))
}
