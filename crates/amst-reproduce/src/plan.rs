//! `--plan`: which cells there are, which are done, how long the others would take.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use amst_recipe::{SkipPicture, skip_picture};
use amst_report::{Entry, LeftOut, Missing};
use serde::Serialize;

use crate::estimate::{Estimate, Estimates, duration_text, makespan};
use crate::{Devices, Job, Request};

/// Version of the layout of `--plan --json`.
const PLAN_SCHEMA: u32 = 1;

/// What `reproduce` would do.
#[derive(Debug, Serialize)]
pub struct Plan {
    schema: u32,
    table: String,
    cells: Vec<PlannedCell>,
    not_applicable: Vec<Inapplicable>,
    /// Of the rows that skip.
    schedules: Vec<PlannedSchedule>,
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
        devices: &Devices,
    ) -> Self {
        let mut estimates = Estimates::new(runs, devices.are_gpus());
        let mut of_cell = BTreeMap::new();
        let mut seconds = Vec::new();
        for job in missing {
            let estimate = estimates.of(job);
            seconds.push(estimate.seconds);
            of_cell.insert(&job.cell.id, estimate);
        }
        let mut first_rows = BTreeMap::new();
        let mut done = BTreeSet::new();
        let mut cells = Vec::new();
        for entry in entries {
            let id = &entry.cell.id;
            if entry.outcome.is_ok() {
                done.insert(id);
            }
            // A run that an earlier row has already is listed, but neither trained nor counted again.
            let same_as = first_rows.get(id).map(|row: &&String| row.to_string());
            first_rows.entry(id).or_insert(&entry.experiment);
            cells.push(planned(entry, same_as, of_cell.get(id).copied()));
        }
        let schedules = planned_schedules(entries);
        Self {
            schema: PLAN_SCHEMA,
            table: request.grid.name.clone(),
            cells,
            not_applicable: request.left_out.iter().map(Inapplicable::new).collect(),
            schedules,
            done: done.len(),
            missing: missing.len(),
            jobs,
            estimated_seconds: makespan(&seconds, jobs),
            rough: of_cell.values().any(|e| e.rough),
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
        for schedule in &self.schedules {
            let rows = schedule.experiments.join(", ");
            let _ = write!(out, "\n{}, {rows}:\n{}", schedule.dataset, schedule.picture);
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

/// When each modality trains, in the rows that have the same schedule.
#[derive(Debug, Serialize)]
struct PlannedSchedule {
    dataset: String,
    experiments: Vec<String>,
    picture: SkipPicture,
}

/// The schedules of the first seed; what another seed draws is not shown.
fn planned_schedules(entries: &[Entry]) -> Vec<PlannedSchedule> {
    let mut schedules: Vec<PlannedSchedule> = Vec::new();
    for entry in entries {
        let Some(picture) = skip_picture(&entry.cell.recipe) else {
            continue;
        };
        let is_shown = |shown: &PlannedSchedule| {
            shown.dataset == entry.column && shown.experiments.contains(&entry.experiment)
        };
        if schedules.iter().any(is_shown) {
            continue;
        }
        let same = |shown: &&mut PlannedSchedule| {
            shown.dataset == entry.column && shown.picture == picture
        };
        match schedules.iter_mut().find(same) {
            Some(shown) => shown.experiments.push(entry.experiment.clone()),
            None => schedules.push(PlannedSchedule {
                dataset: entry.column.clone(),
                experiments: vec![entry.experiment.clone()],
                picture,
            }),
        }
    }
    schedules
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

fn planned(entry: &Entry, same_as: Option<String>, estimate: Option<Estimate>) -> PlannedCell {
    let (state, reason) = match &entry.outcome {
        Ok(_) => (State::Done, None),
        Err(Missing::NotRun) => (State::Missing, None),
        Err(other) => (State::Refused, Some(other.to_string())),
    };
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
