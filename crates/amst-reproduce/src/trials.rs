//! Runs of one data set that belong to no table.

use std::path::Path;

use amst_fetch::hub;
use amst_recipe::{
    Cell, DataLock, DatasetSpec, Grid, Layout, Methods, Preset, Recipe, ShownSplit, TextModels,
};
use serde_json::json;

use crate::columns::{Column, columns};
use crate::{Caller, Cost, Failure, Job, ReproduceError};

/// A data set and the settings that all its runs have.
pub(crate) struct Trials<'a> {
    methods: &'a Methods,
    column: Column,
    lock: DataLock,
    set: Vec<String>,
}

impl<'a> Trials<'a> {
    /// Finds the data set; nothing is written.
    pub fn new(caller: &Caller<'a>, dataset: &str, set: &[String]) -> Result<Self, ReproduceError> {
        let names = [dataset.to_string()];
        let found = columns(caller.methods, &caller.datasets, &names, &[])?;
        let Some(column) = found.into_iter().next() else {
            return Err(ReproduceError::Usage("no data set is named".into()));
        };
        Ok(Self {
            methods: caller.methods,
            lock: DataLock::of(&column.dataset)?,
            column,
            set: set.to_vec(),
        })
    }

    /// The data set's name.
    pub fn dataset(&self) -> &str {
        &self.column.dataset.spec.name
    }

    /// The identity of its content.
    pub fn lock(&self) -> &DataLock {
        &self.lock
    }

    /// The cell of further settings.
    pub fn cell(&self, settings: &[String], seed: u64) -> Result<Cell, ReproduceError> {
        let named = json!({ "dataset": self.dataset(), "seed": seed });
        let own = std::slice::from_ref(&self.column.dataset.spec.recipe);
        let cell = self.complete(settings, |settings| {
            let preset = Preset::default();
            let recipe =
                self.methods
                    .resolve_preset(own, preset, std::slice::from_ref(&named), settings)?;
            Ok(self.methods.cell(recipe, &self.lock))
        })?;
        Ok(cell)
    }

    /// The cell of a row of a table, with further settings.
    pub fn cell_of_row(
        &self,
        grid: &Grid,
        row: &str,
        settings: &[String],
        seed: u64,
    ) -> Result<Cell, ReproduceError> {
        let row = grid.experiment(row)?;
        let (dataset, lock) = (&self.column.dataset, &self.lock);
        let cell = self.complete(settings, |settings| {
            grid.cell(
                self.methods,
                row,
                seed,
                dataset,
                lock,
                Preset::default(),
                settings,
            )
        })?;
        Ok(cell)
    }

    fn complete(
        &self,
        settings: &[String],
        cell: impl Fn(&[String]) -> Result<Cell, amst_recipe::RecipeError>,
    ) -> Result<Cell, amst_recipe::RecipeError> {
        let all = [&self.set, settings].concat();
        let (cell, _) = TextModels::new(hub::text_model).complete(&all, cell)?;
        Ok(cell)
    }

    /// The run that would make a cell.
    pub fn job(&self, name: String, title: String, cell: Cell) -> Result<Job, ReproduceError> {
        Ok(Job {
            cost: Cost::of(self.methods, &cell.recipe, self.samples(&cell))?,
            features: self.column.name.clone(),
            dataset: self.column.argument.clone(),
            split: ShownSplit::Validation,
            name,
            title,
            cell,
        })
    }

    /// Classes and samples. Where the descriptor does not count each split, validation is taken for
    /// a tenth.
    pub fn sizes(&self, cell: &Cell) -> Sizes {
        let mut sizes = Sizes::of(&self.column.dataset.spec, &cell.recipe);
        let all = self.column.samples;
        sizes.train = sizes.train.or(Some(all * 8 / 10));
        sizes.val = sizes.val.or(Some(all / 10));
        sizes
    }

    fn samples(&self, cell: &Cell) -> usize {
        match self.column.dataset.spec.layout {
            Layout::Synthetic => {
                let synthetic = &cell.recipe.synthetic;
                synthetic.train + synthetic.val + synthetic.test
            }
            _ => self.column.samples,
        }
    }
}

/// Classes of a data set, and samples of two splits.
pub(crate) struct Sizes {
    pub classes: usize,
    pub train: Option<usize>,
    pub val: Option<usize>,
}

impl Sizes {
    /// As far as a descriptor tells them.
    pub fn of(spec: &DatasetSpec, recipe: &Recipe) -> Self {
        if spec.layout == Layout::Synthetic {
            let synthetic = &recipe.synthetic;
            return Self {
                classes: synthetic.classes,
                train: Some(synthetic.train),
                val: Some(synthetic.val),
            };
        }
        Self {
            classes: spec.classes.len(),
            train: spec.samples.map(|samples| samples.train),
            val: spec.samples.map(|samples| samples.val),
        }
    }
}

/// Says which runs failed.
pub(crate) fn print_failures(failures: &[Failure]) {
    for failure in failures {
        eprintln!("{}: {}", failure.job.title, failure.fault.reason);
    }
}

/// Whether a run directory has a result.
pub(crate) fn is_done(runs: &Path, cell: &Cell) -> bool {
    runs.join(cell.run_dir()).join("result.json").exists()
}
