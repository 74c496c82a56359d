//! The command line, resolved into cells.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use amst_fetch::hub;
use amst_recipe::{
    Cell, DataLock, Experiment, Grid, Layout, Methods, Preset, Recipe, RecipeError, ShownSplit,
    TextModels,
};
use amst_report::{
    Entry, LeftOut, MeasuredDataset, Missing, Table, Wanted, collect, with_suggested_skips,
};

use crate::columns::{Column, columns};
use crate::process_args::distinct;
use crate::{Args, Caller, Cost, Folders, Job, ReproduceError, Tuned};

/// What was asked for.
pub struct Request<'a> {
    methods: &'a Methods,
    /// The table.
    pub grid: Grid,
    /// The seeds to average over.
    pub seeds: Vec<u64>,
    /// A reading of the methods.
    pub preset: Preset,
    /// Settings of every run.
    pub assignments: Vec<String>,
    /// Every experiment, seed and column; cells of equal recipes have equal ids.
    pub cells: Vec<Wanted>,
    /// Rows that do not apply to a column, which is no mistake.
    pub left_out: Vec<LeftOut>,
    experiments: Vec<String>,
    columns: Vec<Column>,
    /// The folder of all runs.
    runs: PathBuf,
    /// Whether each seed uses another of the data set's splits.
    folds: bool,
    /// Settings that a sweep found.
    tuned: Option<Tuned>,
}

impl<'a> Request<'a> {
    /// Looks everything up; nothing is written yet.
    ///
    /// # Errors
    ///
    /// What was asked for makes no cells, or would misplace results.
    pub fn resolve(args: &Args, caller: &Caller<'a>) -> Result<Self, ReproduceError> {
        let grid = Grid::named(&args.table)?;
        let experiments = experiments(&grid, &args.experiments)?;
        let mut assignments = args.set.clone();
        assignments.extend(args.epochs.map(|n| format!("epochs={n}")));
        assignments.extend(args.precision.map(|p| format!("precision={p}")));
        assignments.extend(args.budget.iter().flat_map(|b| b.assignments()));
        refuse_identity(&assignments, !args.modalities.is_empty())?;
        let (methods, folder) = (caller.methods, &caller.datasets);
        let columns = columns(methods, folder, &args.datasets, &args.modalities)?;
        if args.folds {
            refuse_single_splits(&columns)?;
        }
        let seeds = if args.seeds.is_empty() {
            usual_seeds(&grid, &columns)
        } else {
            distinct(&args.seeds)
        };
        let mut request = Self {
            methods,
            grid,
            seeds,
            preset: args.preset,
            assignments,
            cells: Vec::new(),
            left_out: Vec::new(),
            experiments,
            columns,
            runs: Folders::under(args.out.as_deref().unwrap_or(&caller.out), &args.table)?.runs,
            folds: args.folds,
            tuned: args
                .tuned
                .as_deref()
                .map(|sweep| Tuned::read(sweep, args.out.as_deref().unwrap_or(&caller.out)))
                .transpose()?,
        };
        request.fill()?;
        if request.cells.is_empty()
            && let Some(first) = request.left_out.first()
        {
            return Err(ReproduceError::Usage(format!(
                "no row that was asked for applies; `{}` does not to {}: {}",
                first.experiment, first.column, first.why
            )));
        }
        Ok(request)
    }

    /// Finds the cell of every row, seed and column, or why there is none.
    fn fill(&mut self) -> Result<(), ReproduceError> {
        let models = TextModels::new(hub::text_model);
        for column in &self.columns {
            let lock = DataLock::of(&column.dataset)?;
            let dataset = &column.dataset.spec.name;
            if let Some(tuned) = &self.tuned {
                tuned.check_data(dataset, &lock)?;
            }
            let mut assignments =
                with_suggested_skips(&self.assignments, &self.runs, dataset, &lock)?;
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
        let mut of_fold: BTreeMap<Option<usize>, Cell> = BTreeMap::new();
        let mut cells = Vec::new();
        for (place, seed) in self.seeds.iter().enumerate() {
            let fold = self.folds.then(|| place % dataset.spec.folds.len());
            // Resolving takes most of a plan's time, and seeds mostly differ in nothing else.
            let other = of_fold.get(&fold);
            if let Some(other) = other.filter(|other| !other.is_drawn_from_seed) {
                cells.push(Wanted {
                    experiment: id.into(),
                    column: column.name.clone(),
                    cell: self.with_seed(other, *seed, lock),
                });
                continue;
            }
            let mut assignments = assignments.to_vec();
            assignments.extend(fold.map(|fold| format!("fold={fold}")));
            let cell_with = |assignments: &[String]| {
                let (cell, _) = models.complete(assignments, |assignments| {
                    let (methods, preset) = (self.methods, self.preset);
                    self.grid
                        .cell(methods, row, *seed, dataset, lock, preset, assignments)
                })?;
                Ok::<_, RecipeError>(cell)
            };
            let mut cell = cell_with(&assignments)?;
            if let Some(tuned) = &self.tuned {
                // What was typed is stronger than what was found.
                let found = tuned.settings(cell.requested.name(), row);
                cell = cell_with(&[found, assignments].concat())?;
            }
            of_fold.insert(fold, cell.clone());
            cells.push(Wanted {
                experiment: id.into(),
                column: column.name.clone(),
                cell,
            });
        }
        Ok(cells)
    }

    /// The same cell with another seed.
    fn with_seed(&self, cell: &Cell, seed: u64, lock: &DataLock) -> Cell {
        let recipe = Recipe {
            seed,
            ..cell.recipe.clone()
        };
        Cell {
            id: self.methods.cell_id(&recipe, lock),
            recipe,
            requested: cell.requested.clone(),
            trained_as: cell.trained_as.clone(),
            is_drawn_from_seed: cell.is_drawn_from_seed,
        }
    }

    /// What is found of every cell under the folder of all runs.
    pub fn entries(&self, runs: &Path) -> Vec<Entry> {
        collect(self.methods, &self.cells, runs)
    }

    /// What must run: each identity once, the longest first, so that the last runs are short
    /// ones. A file that was refused is not overwritten: it may be another run's.
    ///
    /// # Errors
    ///
    /// A method that the caller does not have.
    pub fn missing(&self, entries: &[Entry]) -> Result<Vec<Job>, ReproduceError> {
        let mut seen = BTreeSet::new();
        let mut jobs = Vec::new();
        for entry in entries.iter().filter(|e| e.outcome == Err(Missing::NotRun)) {
            if seen.insert(&entry.cell.id) {
                jobs.extend(self.job(entry)?);
            }
        }
        jobs.sort_by_key(|job| std::cmp::Reverse(job.cost.work()));
        Ok(jobs)
    }

    /// The run that would make an entry.
    fn job(&self, entry: &Entry) -> Result<Option<Job>, ReproduceError> {
        let Some(column) = self.columns.iter().find(|c| c.name == entry.column) else {
            return Ok(None);
        };
        let recipe = &entry.cell.recipe;
        let samples = match column.dataset.spec.layout {
            Layout::Synthetic => {
                let s = &recipe.synthetic;
                s.train + s.val + s.test
            }
            _ => column.samples,
        };
        Ok(Some(Job {
            title: self.title(entry),
            name: entry.experiment.clone(),
            cost: Cost::of(self.methods, recipe, samples)?,
            cell: entry.cell.clone(),
            dataset: column.argument.clone(),
            features: column.name.clone(),
            split: self.grid.split,
        }))
    }

    /// `world-digits, experiment 6, seed 0`, `world-digits:a+t+v, naive, seed 0`,
    /// `spoken-digits, naive, seed 1, fold 1`.
    pub(crate) fn title(&self, entry: &Entry) -> String {
        let (column, row, recipe) = (&entry.column, &entry.experiment, &entry.cell.recipe);
        // Where rows have names, these say enough.
        let kind = if self.grid.heading.is_some() {
            ""
        } else {
            "experiment "
        };
        let mut title = format!("{column}, {kind}{row}, seed {}", recipe.seed);
        if recipe.fold > 0 {
            title += &format!(", fold {}", recipe.fold);
        }
        title
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
        let tuned = self.tuned.as_ref().map(Tuned::note);
        added.chain(tuned).chain(self.assignments.clone()).collect()
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

fn experiments(grid: &Grid, asked: &[String]) -> Result<Vec<String>, RecipeError> {
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

fn refuse_single_splits(columns: &[Column]) -> Result<(), ReproduceError> {
    match columns.iter().find(|c| c.dataset.spec.folds.is_empty()) {
        None => Ok(()),
        Some(column) => Err(ReproduceError::Usage(format!(
            "`--folds`: {} has one split; leave the option out, or list the columns of several as \
             `folds` in its dataset.toml",
            column.dataset.spec.name
        ))),
    }
}

/// Refuses settings that choose a row, a column or a seed: a result would stand in the wrong place
/// of the table.
fn refuse_identity(assignments: &[String], has_modalities: bool) -> Result<(), ReproduceError> {
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
            return Err(ReproduceError::Usage(format!(
                "`--set {key}=…` would misplace results in the table: {instead}"
            )));
        }
    }
    Ok(())
}
