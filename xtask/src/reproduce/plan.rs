//! `--plan`: which cells there are, which are done, how long the others would take.

use std::fmt::Write;
use std::path::Path;

use amst_report::{Entry, LeftOut, Missing};
use serde::Serialize;

use super::estimate::{self, Estimate, duration_text, makespan};
use super::job::Job;
use super::request::Request;

/// Version of the layout of `--plan --json`.
const PLAN_SCHEMA: u32 = 1;

/// What `reproduce` would do.
#[derive(Debug, Serialize)]
pub struct Plan {
    schema: u32,
    table: String,
    cells: Vec<PlannedCell>,
    not_applicable: Vec<Inapplicable>,
    done: usize,
    missing: usize,
    jobs: usize,
    estimated_seconds: f64,
    rough: bool,
}

#[derive(Debug, Serialize)]
struct PlannedCell {
    dataset: String,
    experiment: String,
    seed: u64,
    cell: String,
    run: String,
    state: State,
    reason: Option<String>,
    /// The earlier row whose run this is as well.
    same_as: Option<String>,
    estimated_seconds: Option<f64>,
    rough: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Inapplicable {
    dataset: String,
    experiment: String,
    why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Its result is there.
    Done,
    /// It would be trained.
    Missing,
    /// There is a result that is not its own or cannot be read; a person must decide.
    Refused,
}

impl Plan {
    /// The plan of a request, given what was found of it.
    pub fn new(
        request: &Request,
        entries: &[Entry],
        missing: &[Job],
        runs: &Path,
        jobs: usize,
        on_gpus: bool,
    ) -> Self {
        let estimates: Vec<Estimate> = missing
            .iter()
            .map(|job| estimate::for_job(job, runs, on_gpus))
            .collect();
        let seconds: Vec<f64> = estimates.iter().map(|e| e.seconds).collect();
        let mut done: Vec<_> = entries
            .iter()
            .filter(|e| e.outcome.is_ok())
            .map(|e| &e.cell.id)
            .collect();
        done.sort();
        done.dedup();
        Self {
            schema: PLAN_SCHEMA,
            table: request.grid.name.clone(),
            cells: entries
                .iter()
                .enumerate()
                .map(|(i, entry)| {
                    let job = missing.iter().position(|j| j.cell.id == entry.cell.id);
                    planned(entry, &entries[..i], job.map(|job| estimates[job]))
                })
                .collect(),
            not_applicable: request.left_out.iter().map(Inapplicable::new).collect(),
            done: done.len(),
            missing: missing.len(),
            jobs,
            estimated_seconds: makespan(&seconds, jobs),
            rough: estimates.iter().any(|e| e.rough),
        }
    }

    /// As JSON, for programs.
    pub fn json(&self) -> String {
        let value = serde_json::to_value(self).expect("a plan is plain data");
        format!("{value:#}\n")
    }

    /// As lines, for people.
    pub fn text(&self) -> String {
        let widest = self
            .cells
            .iter()
            .map(|c| c.dataset.chars().count())
            .max()
            .unwrap_or(0)
            .max(7);
        let experiments = self.cells.iter().map(|c| &c.experiment);
        let experiments = experiments.chain(self.not_applicable.iter().map(|n| &n.experiment));
        let id = experiments
            .map(|e| e.chars().count())
            .max()
            .unwrap_or(0)
            .max(3);
        let mut out = format!(
            "{:widest$}  {:id$}  seed  cell      state    estimate\n",
            "dataset", "exp"
        );
        for cell in &self.cells {
            let about = match (cell.estimated_seconds, &cell.reason, &cell.same_as) {
                (Some(seconds), _, _) => duration_text(seconds),
                (None, Some(reason), _) => reason.clone(),
                (None, None, Some(row)) => format!("same run as {row}"),
                (None, None, None) => String::new(),
            };
            let line = format!(
                "{:widest$}  {:<id$}  {:<4}  {}  {:<7}  {about}",
                cell.dataset,
                cell.experiment,
                cell.seed,
                &cell.cell[..8],
                cell.state.name(),
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
        for left in &self.not_applicable {
            let _ = writeln!(
                out,
                "{:widest$}  {:<id$}  –     does not apply: {}",
                left.dataset, left.experiment, left.why
            );
        }
        out + "\n" + &self.total() + "\n"
    }

    /// What is there and what is not, and how long that will take: said before it begins, too.
    pub fn total(&self) -> String {
        let mut total = format!("{} done, {} missing", self.done, self.missing);
        if self.missing > 0 {
            let at_once = if self.jobs == 1 {
                "one at a time".into()
            } else {
                format!("{} at a time", self.jobs)
            };
            let _ = write!(
                total,
                "; about {} {at_once}, after compilation",
                duration_text(self.estimated_seconds)
            );
        }
        if self.rough {
            total += " (a rough guess: no run of the method on this data set has finished yet)";
        }
        total
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Done => "done",
            State::Missing => "missing",
            State::Refused => "refused",
        }
    }
}

impl Inapplicable {
    fn new(left: &LeftOut) -> Self {
        Self {
            dataset: left.column.clone(),
            experiment: left.experiment.clone(),
            why: left.why.clone(),
        }
    }
}

/// A run that `earlier` rows have already is listed, but neither trained nor counted again.
fn planned(entry: &Entry, earlier: &[Entry], estimate: Option<Estimate>) -> PlannedCell {
    let (state, reason) = match &entry.outcome {
        Ok(_) => (State::Done, None),
        Err(Missing::NotRun) => (State::Missing, None),
        Err(other) => (State::Refused, Some(other.to_string())),
    };
    let same_as = earlier
        .iter()
        .find(|e| e.cell.id == entry.cell.id)
        .map(|e| e.experiment.clone());
    let estimate = estimate.filter(|_| state == State::Missing && same_as.is_none());
    PlannedCell {
        dataset: entry.column.clone(),
        experiment: entry.experiment.clone(),
        seed: entry.seed,
        cell: entry.cell.id.to_string(),
        run: entry.cell.run_dir().display().to_string(),
        state,
        reason,
        same_as,
        estimated_seconds: estimate.map(|e| e.seconds),
        rough: estimate.map(|e| e.rough),
    }
}
