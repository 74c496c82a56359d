//! One run of a plan.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::path_text::text_of;
use crate::{Estimate, Job, ReproduceError};

/// Version of the layout of [`PlannedRun`].
pub const PLANNED_RUN_SCHEMA: u32 = 1;

/// A run that is missing, with the command that makes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedRun {
    /// [`PLANNED_RUN_SCHEMA`].
    pub schema: u32,
    /// Identity of the cell.
    pub cell: String,
    /// What it is called in messages.
    pub title: String,
    /// What `--dataset` is given.
    pub dataset: String,
    /// Runs with the same text here share a preparation.
    pub features: String,
    /// The file of its resolved recipe.
    pub recipe: PathBuf,
    /// Its run directory. The run is done when there is a `result.json` in it.
    pub run: PathBuf,
    /// How long it will take on its own, in seconds.
    pub estimated_seconds: f64,
    /// Whether no run of the method on the data set has told how long it takes.
    pub rough: bool,
    /// Bytes of memory that it needs at most, to a factor of two.
    pub memory: u64,
    /// Environment variables of the commands.
    pub environment: BTreeMap<String, String>,
    /// The program and its arguments. Exit codes: 0 done, 2 to 5 will come again, 75 saved and to
    /// be started again.
    pub command: Vec<String>,
    /// The command that must have ended once before any run with the same features begins.
    pub prepare: Vec<String>,
}

/// What a run of a plan is made of.
pub(super) struct PlannedRunParts<'a> {
    pub job: &'a Job,
    pub recipe: &'a Path,
    pub program: &'a Path,
    pub device: &'a str,
    pub runs: &'a Path,
    pub datasets: &'a Path,
    pub estimate: Estimate,
}

impl PlannedRunParts<'_> {
    pub fn assemble(&self) -> Result<PlannedRun, ReproduceError> {
        let mut command = self.amst("train")?;
        command.extend(["--device".to_string(), self.device.into()]);
        let datasets = text_of(self.datasets)?;
        Ok(PlannedRun {
            schema: PLANNED_RUN_SCHEMA,
            cell: self.job.cell.id.to_string(),
            title: self.job.title.clone(),
            dataset: self.job.dataset.clone(),
            features: self.job.features.clone(),
            recipe: self.recipe.into(),
            run: self.runs.join(self.job.cell.run_dir()),
            estimated_seconds: self.estimate.seconds,
            rough: self.estimate.rough,
            memory: self.job.cost.memory,
            environment: [("AMST_DATASETS".to_string(), datasets)].into(),
            command,
            prepare: self.amst("prepare")?,
        })
    }

    fn amst(&self, task: &str) -> Result<Vec<String>, ReproduceError> {
        Ok(vec![
            text_of(self.program)?,
            task.into(),
            "--resolved".into(),
            text_of(self.recipe)?,
            "--dataset".into(),
            text_of(Path::new(&self.job.dataset))?,
            "--out".into(),
            text_of(self.runs)?,
        ])
    }
}
