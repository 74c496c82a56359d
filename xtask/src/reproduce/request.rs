//! The command line, resolved into cells.

use std::path::PathBuf;

use amst_recipe::{
    Cell, DataLock, Experiment, Grid, Layout, Preset, RecipeError, ResolvedDataset, SYNTHETIC, find_dataset,
};
use amst_report::{Entry, LeftOut, MeasuredDataset, Missing, Table};

use super::{Args, cost};
use crate::exit::Usage;
use crate::workspace::root;

/// What was asked for.
pub struct Request {
    pub grid: Grid,
    pub seeds: Vec<u64>,
    pub preset: Preset,
    pub assignments: Vec<String>,
    /// Every experiment, seed and data set; cells of equal recipes have equal ids.
    pub cells: Vec<(String, Cell)>,
    /// Rows that do not apply to a data set, which is no mistake.
    pub left_out: Vec<LeftOut>,
    experiments: Vec<String>,
    datasets: Vec<Dataset>,
}

struct Dataset {
    resolved: ResolvedDataset,
    /// What `amst --dataset` is given, valid in any working folder.
    argument: String,
    samples: usize,
}

/// A run that must be made.
#[derive(Clone, Debug)]
pub struct Job {
    pub experiment: String,
    /// `experiment 6`, or `naive` where rows have names.
    pub row: String,
    pub cell: Cell,
    /// What `amst --dataset` is given.
    pub dataset: String,
    /// Samples of the data set, for a rough guess at the time.
    pub samples: usize,
}

impl Job {
    /// Work in hundredths of an encoder's epoch.
    pub fn cost(&self) -> u64 {
        cost::per_epoch(&self.cell.recipe) * cost::epochs(self) as u64
    }

    /// `world-digits, experiment 6, seed 0`, `world-digits, naive, seed 0`.
    pub fn title(&self) -> String {
        let recipe = &self.cell.recipe;
        format!("{}, {}, seed {}", recipe.dataset, self.row, recipe.seed)
    }
}

impl Request {
    /// Looks everything up; nothing is written yet.
    pub fn resolve(args: &Args) -> anyhow::Result<Self> {
        let grid = Grid::named(&args.table)?;
        let experiments = experiments(&grid, &args.experiments)?;
        let seeds = if args.seeds.is_empty() { grid.seeds.clone() } else { distinct(&args.seeds) };
        let mut assignments = args.set.clone();
        assignments.extend(args.epochs.map(|n| format!("epochs={n}")));
        assignments.extend(args.budget.iter().flat_map(|b| b.assignments()));
        refuse_identity(&assignments)?;
        let datasets = datasets(&args.datasets)?;
        let (mut cells, mut left_out) = (Vec::new(), Vec::new());
        for dataset in &datasets {
            let lock = DataLock::of(&dataset.resolved)?;
            for id in &experiments {
                let experiment = grid.experiment(id)?;
                let cell = |seed: &u64| {
                    let cell = grid.cell(experiment, *seed, &dataset.resolved, &lock, args.preset, &assignments)?;
                    Ok((id.clone(), cell))
                };
                match seeds.iter().map(cell).collect::<Result<Vec<_>, RecipeError>>() {
                    Ok(of_seeds) => cells.extend(of_seeds),
                    Err(RecipeError::NotApplicable { id, dataset, why, .. }) => {
                        left_out.push(LeftOut { experiment: id, dataset, why });
                    }
                    Err(wrong) => return Err(wrong.into()),
                }
            }
        }
        if let (true, Some(first)) = (cells.is_empty(), left_out.first()) {
            return Err(Usage(format!(
                "no row that was asked for applies; `{}` does not to {}: {}",
                first.experiment, first.dataset, first.why
            ))
            .into());
        }
        Ok(Self { grid, seeds, preset: args.preset, assignments, cells, left_out, experiments, datasets })
    }

    /// What must run: each identity once, the longest first, so that the last runs are short
    /// ones. A file that was refused is not overwritten: it may belong to somebody.
    pub fn missing(&self, entries: &[Entry]) -> Vec<Job> {
        let mut jobs: Vec<Job> = Vec::new();
        for entry in entries.iter().filter(|e| e.outcome == Err(Missing::NotRun)) {
            if jobs.iter().all(|j| j.cell.id != entry.cell.id) {
                jobs.extend(self.job(entry));
            }
        }
        jobs.sort_by_key(|job| std::cmp::Reverse(job.cost()));
        jobs
    }

    /// The run that would make an entry.
    pub fn job(&self, entry: &Entry) -> Option<Job> {
        let dataset = self.datasets.iter().find(|d| d.resolved.spec.name == entry.dataset)?;
        let samples = match dataset.resolved.spec.layout {
            Layout::Synthetic => {
                let s = &entry.cell.recipe.synthetic;
                s.train + s.val + s.test
            }
            Layout::Csv => dataset.samples,
        };
        let (experiment, cell) = (entry.experiment.clone(), entry.cell.clone());
        let row = if self.grid.heading.is_some() { experiment.clone() } else { format!("experiment {experiment}") };
        Some(Job { experiment, row, cell, dataset: dataset.argument.clone(), samples })
    }

    /// Arranges what was found.
    pub fn table(&self, entries: &[Entry]) -> Table {
        let rows: Vec<&Experiment> = self.experiments.iter().filter_map(|id| self.grid.experiment(id).ok()).collect();
        let measured: Vec<_> = self.datasets.iter().map(|d| self.measured(d)).collect();
        Table::new(&self.grid, &rows, &self.seeds, &measured, entries)
            .leaving_out(&self.left_out)
            .with_settings(self.settings())
            .with_comparisons(entries)
    }

    /// What makes the numbers other than the table's own.
    fn settings(&self) -> Vec<String> {
        let preset = (self.preset != Preset::default()).then(|| format!("preset={}", self.preset));
        preset.into_iter().chain(self.assignments.clone()).collect()
    }

    fn measured(&self, dataset: &Dataset) -> MeasuredDataset {
        let spec = &dataset.resolved.spec;
        let own = self.cells.iter().map(|(_, c)| &c.recipe).find(|r| r.dataset == spec.name);
        let classes = match spec.layout {
            Layout::Synthetic => own.map_or(0, |r| r.synthetic.classes),
            Layout::Csv => spec.classes.len(),
        };
        MeasuredDataset { name: spec.name.clone(), title: spec.title.clone(), classes }
    }
}

fn experiments(grid: &Grid, asked: &[String]) -> anyhow::Result<Vec<String>> {
    for id in asked {
        grid.experiment(id)?;
    }
    // The table's own order, whatever the order on the command line.
    let all = grid.experiment.iter().map(|e| e.id.clone());
    Ok(all.filter(|id| asked.is_empty() || asked.contains(id)).collect())
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

/// These name a place in the table; changing them would put a number where it does not belong.
fn refuse_identity(assignments: &[String]) -> Result<(), Usage> {
    for (key, instead) in [
        ("seed", "use `--seeds 0,1,2`"),
        ("dataset", "use `--dataset NAME`"),
        ("method", "each row of the table has its own; use `amst train --set method=…` for a single run"),
    ] {
        if assignments.iter().any(|a| a.split('=').next().map(str::trim) == Some(key)) {
            return Err(Usage(format!("`--set {key}=…` would misplace results in the table: {instead}")));
        }
    }
    Ok(())
}

fn datasets(names: &[String]) -> anyhow::Result<Vec<Dataset>> {
    let shipped = root().join("datasets");
    let mut found: Vec<Dataset> = Vec::new();
    for name in names {
        let resolved = find_dataset(name, &shipped)?;
        let dataset = Dataset { argument: argument(name, &resolved)?, samples: samples(&resolved), resolved };
        match found.iter().find(|d| d.resolved.spec.name == dataset.resolved.spec.name) {
            None => found.push(dataset),
            Some(twin) if twin.argument == dataset.argument => {}
            Some(twin) => {
                let (name, a, b) = (&twin.resolved.spec.name, &twin.argument, &dataset.argument);
                return Err(Usage(format!(
                    "{a} and {b} both call themselves `{name}`: change `name` in one of their dataset.toml"
                ))
                .into());
            }
        }
    }
    Ok(found)
}

/// `amst` runs at the top of the workspace, so a folder is named absolutely.
fn argument(name: &str, dataset: &ResolvedDataset) -> anyhow::Result<String> {
    if name == SYNTHETIC {
        return Ok(name.into());
    }
    let shipped: PathBuf = root().join("datasets").join(name);
    if dataset.root == shipped {
        return Ok(name.into());
    }
    Ok(std::path::absolute(&dataset.root)?.display().to_string())
}

/// Lines of the manifest; only for a rough guess at the time, so that quoted newlines may miscount.
fn samples(dataset: &ResolvedDataset) -> usize {
    let manifest = std::fs::read_to_string(dataset.root.join(&dataset.spec.manifest));
    manifest.map_or(0, |text| text.lines().count().saturating_sub(1))
}
