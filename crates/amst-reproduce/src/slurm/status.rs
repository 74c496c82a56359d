//! `--status`, and the reasons of holes for `--collect`.

use std::fmt::Write;

use amst_report::{Entry, Missing};
use serde::Serialize;

use super::folder::Submission;
use super::launch::names;
use super::run_state::{NOT_SUBMITTED, RunReport, RunState, run_reports};
use super::{SlurmError, queue};
use crate::{Folders, ReproduceError, Request};

/// Version of the layout of `--status --json`.
const STATUS_SCHEMA: u32 = 1;

/// Where every run of a table stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusReport {
    schema: u32,
    /// What the table is called.
    pub table: String,
    /// Each run once, in the table's order.
    pub runs: Vec<RunReport>,
}

/// Looks at every run. Where the queue cannot be asked, that is said on standard error, and files
/// and leases must do.
pub(crate) fn status(
    request: &Request,
    folders: &Folders,
    entries: &[Entry],
) -> Result<StatusReport, ReproduceError> {
    let mut submissions = Submission::read_all(folders, false)?;
    let queue = match ask(&mut submissions) {
        Ok(queue) => Some(queue),
        Err(error) => {
            eprintln!("the queue is not known: {error}");
            None
        }
    };
    let runs = run_reports(request, entries, folders, &submissions, queue.as_deref());
    Ok(StatusReport {
        schema: STATUS_SCHEMA,
        table: request.grid.name.clone(),
        runs,
    })
}

/// The queue, ids that were not recorded found in it. Nothing is written: this may be another
/// person's folder.
fn ask(submissions: &mut [Submission]) -> Result<Vec<queue::QueuedTask>, SlurmError> {
    for submission in submissions.iter_mut() {
        submission.record.find_ids()?;
    }
    queue::queued(&names(submissions))
}

/// Puts the reason of each hole into the entries of a table.
pub(crate) fn explain_holes(entries: &mut [Entry], report: &StatusReport) {
    for entry in entries
        .iter_mut()
        .filter(|e| e.outcome == Err(Missing::NotRun))
    {
        let Some(run) = report
            .runs
            .iter()
            .find(|run| run.cell == entry.cell.id.as_str())
        else {
            continue;
        };
        let reason = run.reason.clone().unwrap_or_default();
        entry.outcome = Err(match run.state {
            RunState::Failed => Missing::Failed(reason),
            RunState::Running | RunState::Pending => {
                let task = run.task.as_deref().map(|task| format!(", task {task}"));
                Missing::Waiting(format!(
                    "{}{}: {reason}",
                    run.state.name(),
                    task.unwrap_or_default()
                ))
            }
            RunState::Missing if reason != NOT_SUBMITTED => {
                Missing::Waiting(format!("not run: {reason}"))
            }
            RunState::Missing | RunState::Done => Missing::NotRun,
        });
    }
}

impl StatusReport {
    /// How many runs stand so.
    pub fn count(&self, state: RunState) -> usize {
        self.runs.iter().filter(|run| run.state == state).count()
    }

    /// As JSON, for programs.
    pub fn json(&self) -> String {
        let value = serde_json::to_value(self).expect("a report is plain data");
        format!("{value:#}\n")
    }

    /// As lines, for people; what is done is counted only.
    pub fn text(&self) -> String {
        let states = [
            RunState::Done,
            RunState::Running,
            RunState::Pending,
            RunState::Failed,
            RunState::Missing,
        ];
        let counts: Vec<String> = states
            .iter()
            .map(|state| format!("{} {}", self.count(*state), state.name()))
            .collect();
        let mut text = format!("{} runs: {}\n", self.runs.len(), counts.join(", "));
        let width = self
            .runs
            .iter()
            .map(|run| run.title.chars().count())
            .max()
            .unwrap_or(0);
        for run in self.runs.iter().filter(|run| run.state != RunState::Done) {
            let task = run.task.as_deref().unwrap_or("-");
            let line = format!(
                "{:<7}  {task:<8}  {:<width$}  {}",
                run.state.name(),
                run.title,
                run.reason.as_deref().unwrap_or_default()
            );
            let _ = writeln!(text, "{}", line.trim_end());
            if let Some(log) = run.log.as_ref().filter(|_| run.state == RunState::Failed) {
                let _ = writeln!(text, "         {}", log.display());
            }
        }
        text
    }
}
