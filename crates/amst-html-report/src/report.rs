//! What a report holds, as data: the names that a template can use.

use std::collections::BTreeMap;
use std::path::PathBuf;

use amst_figures::{Panel, PublishedRecord, RunLog, panels_by_recipe};
use amst_report::Table;
use serde::Serialize;

use crate::dataset::DatasetSection;
use crate::deviations::{DeviationRow, deviation_rows};
use crate::environment::{EnvironmentRow, environment_rows};
use crate::runs_table::runs_table;
use crate::{ReportError, dataset};

/// Everything that a template can name, at its top level.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Heading of the page.
    pub title: String,
    /// The command that makes the report again.
    pub command: String,
    /// `amst 0.1.0`.
    pub program: String,
    /// One a data set, in the order of their names.
    pub datasets: Vec<DatasetSection>,
    /// The known deviations between paper and published code that touch a method of these runs.
    pub deviations: Vec<DeviationRow>,
    /// The machines and versions that the runs were made with, each once.
    pub environments: Vec<EnvironmentRow>,
    /// Every run.
    pub runs: Vec<RunRow>,
    /// The published logs that were imported. They have curves, and are in no mean.
    pub published: Vec<PublishedRow>,
    /// The runs that are not finished. They are in the curves, and in no table.
    pub unfinished: Vec<UnfinishedRow>,
}

/// What a report says besides what the runs say.
#[derive(Clone, Debug, Default)]
pub struct ReportOptions {
    /// Heading of the page; `None` for one that names the data sets.
    pub title: Option<String>,
    /// The command that makes the report again.
    pub command: String,
    /// What the audit of each data set said, by the data set's name.
    pub audits: BTreeMap<String, Audit>,
}

/// What `amst audit` says of a data set.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    /// Its text, or why there is none.
    pub text: String,
    /// Whether the data set was audited.
    pub done: bool,
}

/// A run of the report.
#[derive(Clone, Debug, Serialize)]
pub struct RunRow {
    /// What it belongs to: the title of its panel.
    pub group: String,
    /// The data set's name.
    pub dataset: String,
    /// The seed.
    pub seed: u64,
    /// Identity of the result, first eight digits; `None` of an unfinished run.
    pub cell: Option<String>,
    /// The run directory as it was given.
    pub folder: PathBuf,
    /// Fused test accuracy in per cent, one decimal.
    pub test_accuracy: Option<String>,
    /// The epoch that the validation split chose, counted from 0.
    pub selected_epoch: Option<usize>,
}

/// An imported log.
#[derive(Clone, Debug, Serialize)]
pub struct PublishedRow {
    /// Name of the file.
    pub source: String,
    /// The system as the log calls it.
    pub method: String,
    /// The data set as the log calls it.
    pub dataset: String,
    /// The best epoch, counted from 0.
    pub epoch: Option<usize>,
    /// Fused validation accuracy there, in per cent with one decimal.
    pub validation: Option<String>,
    /// Fused test accuracy there, in per cent with one decimal.
    pub test: Option<String>,
}

/// A run without a result.
#[derive(Clone, Debug, Serialize)]
pub struct UnfinishedRow {
    /// The run directory.
    pub folder: PathBuf,
    /// Epochs that are done.
    pub epochs: usize,
    /// Epochs in all.
    pub of: usize,
}

/// The runs of one data set with the table that they are in.
pub(crate) struct Content {
    pub name: String,
    pub table: Table,
    /// One a row of the table that has runs.
    pub panels: Vec<Panel>,
}

impl Report {
    /// A report of any runs: a table a data set, a row for each recipe.
    ///
    /// # Errors
    ///
    /// A seed is there twice under one recipe, no run has finished an epoch, or a file of a run
    /// cannot be read.
    pub fn of_runs(runs: Vec<RunLog>, options: &ReportOptions) -> Result<Self, ReportError> {
        let mut by_dataset: BTreeMap<String, Vec<RunLog>> = BTreeMap::new();
        for run in runs {
            by_dataset
                .entry(run.dataset().into())
                .or_default()
                .push(run);
        }
        let mut contents = Vec::new();
        for (name, runs) in by_dataset {
            let panels = panels_by_recipe(runs)?;
            let table = runs_table(&name, &panels);
            contents.push(Content {
                name,
                table,
                panels,
            });
        }
        Self::of_contents(contents, options)
    }

    /// A report of a table: `panels` are the runs of its rows by the name of the column.
    ///
    /// # Errors
    ///
    /// No run has finished an epoch, or a file of a run cannot be read.
    pub fn of_table(
        table: &Table,
        panels: BTreeMap<String, Vec<Panel>>,
        options: &ReportOptions,
    ) -> Result<Self, ReportError> {
        let mut contents = Vec::new();
        for (name, panels) in panels {
            if panels.is_empty() {
                continue;
            }
            contents.push(Content {
                table: table.clone().of_column(&name),
                name,
                panels,
            });
        }
        Self::of_contents(contents, options)
    }

    fn of_contents(contents: Vec<Content>, options: &ReportOptions) -> Result<Self, ReportError> {
        let names: Vec<&str> = contents.iter().map(|own| own.name.as_str()).collect();
        let title = match &options.title {
            Some(title) => title.clone(),
            None => format!("Runs on {}", names.join(", ")),
        };
        let all = || contents.iter().flat_map(|own| &own.panels);
        let logs: Vec<&RunLog> = all().flat_map(Panel::runs).collect();
        let mut runs = Vec::new();
        for content in &contents {
            for panel in &content.panels {
                let trained = panel.runs().iter().filter(|run| !run.is_published);
                runs.extend(trained.map(|run| run_row(panel, run)));
            }
        }
        let unfinished = logs
            .iter()
            .filter(|run| run.result.is_none() && !run.is_published);
        let mut published = Vec::new();
        for run in logs.iter().filter(|run| run.is_published) {
            published.push(published_row(run)?);
        }
        Ok(Self {
            title,
            command: options.command.clone(),
            program: format!("amst {}", env!("CARGO_PKG_VERSION")),
            deviations: deviation_rows(&logs),
            environments: environment_rows(&logs)?,
            runs,
            published,
            unfinished: unfinished.map(|run| unfinished_row(run)).collect(),
            datasets: contents
                .iter()
                .map(|content| dataset::section(content, options))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn run_row(panel: &Panel, run: &RunLog) -> RunRow {
    let result = run.result.as_ref();
    let fused = result.and_then(|result| result.test.outputs.get("fused"));
    RunRow {
        group: panel.title().into(),
        dataset: run.dataset().into(),
        seed: run.seed(),
        cell: result.map(|result| result.cell.as_str().chars().take(8).collect()),
        folder: run.folder.clone(),
        test_accuracy: fused.map(|fused| format!("{:.1}", 100.0 * fused.accuracy)),
        selected_epoch: run.selected_epoch(),
    }
}

fn published_row(run: &RunLog) -> Result<PublishedRow, ReportError> {
    let record = PublishedRecord::read(&run.folder)?;
    let best = record.best();
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    Ok(PublishedRow {
        source: record.source,
        method: record.method,
        dataset: record.dataset,
        epoch: best.map(|best| best.epoch),
        validation: best.map(|best| percent(best.validation)),
        test: best.and_then(|best| best.test).map(percent),
    })
}

fn unfinished_row(run: &RunLog) -> UnfinishedRow {
    UnfinishedRow {
        folder: run.folder.clone(),
        epochs: run.epochs.len(),
        of: run.recipe.epochs,
    }
}
