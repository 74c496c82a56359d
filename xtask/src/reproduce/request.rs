//! The command line, resolved into cells.

use std::collections::BTreeSet;

use amst::methods::built_in;
use amst_fetch::hub;
use amst_recipe::{
    DataLock, Experiment, Grid, Layout, Preset, RecipeError, ShownSplit, TextModels,
};
use amst_report::{Entry, LeftOut, MeasuredDataset, Missing, Table, Wanted};

use super::args::Args;
use super::columns::{Column, columns};
use super::cost;
use super::job::Job;
use crate::exit::Usage;

/// What was asked for.
pub struct Request {
    pub grid: Grid,
    pub seeds: Vec<u64>,
    pub preset: Preset,
    pub assignments: Vec<String>,
    /// Every experiment, seed and column; cells of equal recipes have equal ids.
    pub cells: Vec<Wanted>,
    /// Rows that do not apply to a column, which is no mistake.
    pub left_out: Vec<LeftOut>,
    experiments: Vec<String>,
    columns: Vec<Column>,
    /// Whether each seed uses another of the data set's splits.
    folds: bool,
}

impl Request {
    /// Looks everything up; nothing is written yet.
    pub fn resolve(args: &Args) -> anyhow::Result<Self> {
        let grid = Grid::named(&args.table)?;
        let experiments = experiments(&grid, &args.experiments)?;
        let mut assignments = args.set.clone();
        assignments.extend(args.epochs.map(|n| format!("epochs={n}")));
        assignments.extend(args.precision.map(|p| format!("precision={p}")));
        assignments.extend(args.budget.iter().flat_map(|b| b.assignments()));
        refuse_identity(&assignments, !args.modalities.is_empty())?;
        let columns = columns(&args.datasets, &args.modalities)?;
        if args.folds {
            refuse_single_splits(&columns)?;
        }
        let seeds = if args.seeds.is_empty() {
            usual_seeds(&grid, &columns)
        } else {
            distinct(&args.seeds)
        };
        let mut request = Self {
            grid,
            seeds,
            preset: args.preset,
            assignments,
            cells: Vec::new(),
            left_out: Vec::new(),
            experiments,
            columns,
            folds: args.folds,
        };
        request.fill()?;
        if request.cells.is_empty()
            && let Some(first) = request.left_out.first()
        {
            return Err(Usage(format!(
                "no row that was asked for applies; `{}` does not to {}: {}",
                first.experiment, first.column, first.why
            ))
            .into());
        }
        Ok(request)
    }

    /// Finds the cell of every row, seed and column, or why there is none.
    fn fill(&mut self) -> anyhow::Result<()> {
        let models = TextModels::new(hub::text_model);
        for column in &self.columns {
            let lock = DataLock::of(&column.dataset)?;
            let mut assignments = self.assignments.clone();
            assignments.extend(column.assignment());
            for id in &self.experiments {
                match self.cells_of_row(id, column, &lock, &models, &assignments) {
                    Ok(cells) => self.cells.extend(cells),
                    Err(RecipeError::NotApplicable { id, why, .. }) => {
                        self.left_out.push(LeftOut {
                            experiment: id,
                            column: column.name.clone(),
                            why,
                        });
                    }
                    Err(wrong) => return Err(wrong.into()),
                }
            }
        }
        Ok(())
    }

    /// The cell of every seed.
    fn cells_of_row(
        &self,
        id: &str,
        column: &Column,
        lock: &DataLock,
        models: &TextModels,
        assignments: &[String],
    ) -> Result<Vec<Wanted>, RecipeError> {
        let (row, dataset) = (self.grid.experiment(id)?, &column.dataset);
        let mut cells = Vec::new();
        for (place, seed) in self.seeds.iter().enumerate() {
            let mut assignments = assignments.to_vec();
            if self.folds {
                let fold = place % dataset.spec.folds.len();
                assignments.push(format!("fold={fold}"));
            }
            let (cell, _) = models.complete(&assignments, |assignments| {
                let (methods, preset) = (built_in(), self.preset);
                self.grid
                    .cell(methods, row, *seed, dataset, lock, preset, assignments)
            })?;
            cells.push(Wanted {
                experiment: id.into(),
                column: column.name.clone(),
                cell,
            });
        }
        Ok(cells)
    }

    /// What must run: each identity once, the longest first, so that the last runs are short
    /// ones. A file that was refused is not overwritten: it may be another run's.
    pub fn missing(&self, entries: &[Entry]) -> Vec<Job> {
        let mut jobs: Vec<Job> = Vec::new();
        for entry in entries.iter().filter(|e| e.outcome == Err(Missing::NotRun)) {
            if jobs.iter().all(|j| j.cell.id != entry.cell.id) {
                jobs.extend(self.job(entry));
            }
        }
        jobs.sort_by_key(|job| std::cmp::Reverse(work(job)));
        jobs
    }

    /// The run that would make an entry.
    pub fn job(&self, entry: &Entry) -> Option<Job> {
        let column = self.columns.iter().find(|c| c.name == entry.column)?;
        let samples = match column.dataset.spec.layout {
            Layout::Synthetic => {
                let s = &entry.cell.recipe.synthetic;
                s.train + s.val + s.test
            }
            _ => column.samples,
        };
        let experiment = entry.experiment.clone();
        let row = if self.grid.heading.is_some() {
            experiment.clone()
        } else {
            format!("experiment {experiment}")
        };
        Some(Job {
            experiment,
            row,
            cell: entry.cell.clone(),
            column: column.name.clone(),
            dataset: column.argument.clone(),
            split: self.grid.split,
            samples,
        })
    }

    /// The rows that were asked for, in the table's order.
    pub fn rows(&self) -> impl Iterator<Item = &Experiment> {
        let ids = self.experiments.iter();
        ids.filter_map(|id| self.grid.experiment(id).ok())
    }

    /// The name of every column, with the classes of its data set.
    pub fn columns_and_classes(&self) -> impl Iterator<Item = (&str, &[String])> {
        let columns = self.columns.iter();
        columns.map(|column| (column.name.as_str(), column.dataset.spec.classes.as_slice()))
    }

    /// Arranges what was found.
    pub fn table(&self, entries: &[Entry]) -> Table {
        let rows: Vec<&Experiment> = self.rows().collect();
        let measured: Vec<_> = self.columns.iter().map(|c| self.measured(c)).collect();
        Table::new(&self.grid, &rows, &self.seeds, &measured, entries)
            .leaving_out(&self.left_out)
            .with_settings(self.settings())
            .with_comparisons(entries)
            .with_modalities_together(entries)
    }

    /// What makes the numbers other than the table's own.
    fn settings(&self) -> Vec<String> {
        let folds = self
            .folds
            .then(|| "another split for each seed".to_string());
        let preset = (self.preset != Preset::default()).then(|| format!("preset={}", self.preset));
        let added = folds.into_iter().chain(preset);
        added.chain(self.assignments.clone()).collect()
    }

    fn measured(&self, column: &Column) -> MeasuredDataset {
        let spec = &column.dataset.spec;
        let own = self
            .cells
            .iter()
            .map(|w| &w.cell.recipe)
            .find(|r| r.dataset == spec.name);
        let classes = match spec.layout {
            Layout::Synthetic => own.map_or(0, |r| r.synthetic.classes),
            _ => spec.classes.len(),
        };
        MeasuredDataset {
            name: column.name.clone(),
            title: column.title.clone(),
            classes,
        }
    }
}

/// Work of a run, in hundredths of an encoder's epoch.
fn work(job: &Job) -> u64 {
    cost::per_epoch(&job.cell.recipe) * cost::epochs(job) as u64
}

fn experiments(grid: &Grid, asked: &[String]) -> anyhow::Result<Vec<String>> {
    for id in asked {
        grid.experiment(id)?;
    }
    // The table's own order, whatever the order on the command line.
    let ids = grid.rows().map(|row| row.id.clone());
    Ok(ids
        .filter(|id| asked.is_empty() || asked.contains(id))
        .collect())
}

/// The seeds where none are given: the data sets' own number of them, if they agree on one, else
/// the table's.
fn usual_seeds(grid: &Grid, columns: &[Column]) -> Vec<u64> {
    let own: BTreeSet<Option<u64>> = columns.iter().map(|c| c.dataset.spec.seeds).collect();
    match own.first() {
        Some(Some(seeds)) if own.len() == 1 && grid.split == ShownSplit::Test => {
            (0..*seeds).collect()
        }
        _ => grid.seeds.clone(),
    }
}

fn refuse_single_splits(columns: &[Column]) -> Result<(), Usage> {
    match columns.iter().find(|c| c.dataset.spec.folds.is_empty()) {
        None => Ok(()),
        Some(column) => Err(Usage(format!(
            "`--folds`: {} has one split; leave the option out, or list the columns of several as \
             `folds` in its dataset.toml",
            column.dataset.spec.name
        ))),
    }
}

fn distinct(seeds: &[u64]) -> Vec<u64> {
    let mut once = Vec::new();
    for seed in seeds {
        if !once.contains(seed) {
            once.push(*seed);
        }
    }
    once
}

/// Refuses settings that choose a row, a column or a seed: a result would stand in the wrong place
/// of the table.
fn refuse_identity(assignments: &[String], has_modalities: bool) -> Result<(), Usage> {
    let mut refused = vec![
        ("seed", "use `--seeds 0,1,2`"),
        ("dataset", "use `--dataset NAME`"),
        ("fold", "use `--folds`"),
        (
            "method",
            "each row of the table has its own; use `amst train --set method=…` for a single run",
        ),
    ];
    if has_modalities {
        refused.push(("modalities", "`--modalities` gives them already"));
    }
    for assignment in assignments {
        let key = assignment.split('=').next().unwrap_or_default().trim();
        if let Some((_, instead)) = refused.iter().find(|(refused, _)| *refused == key) {
            return Err(Usage(format!(
                "`--set {key}=…` would misplace results in the table: {instead}"
            )));
        }
    }
    Ok(())
}
