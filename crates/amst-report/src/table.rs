//! The table itself, as data: every format is a view of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use amst_recipe::{CellId, CellResult, Experiment, Grid, PAPER_DATASETS, Published, ShownSplit};
use serde::Serialize;

use crate::rank::ranks;
use crate::{Aggregate, Comparison, Entry, Rank, Together, compare, derived};

/// A table of the paper: experiments by data sets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// `table2`.
    pub name: String,
    /// The caption.
    pub title: String,
    /// The seeds that were asked for.
    pub seeds: Vec<u64>,
    /// Heading of the first column, in which rows then stand by name; by id if there is none.
    pub heading: Option<String>,
    /// The split whose accuracy it shows.
    pub split: ShownSplit,
    /// Pairs of rows of which a sentence says how they differ.
    pub pairs: Vec<[String; 2]>,
    /// Settings that are not the table's own, as `key=value`.
    pub settings: Vec<String>,
    /// Headings of the ticks.
    pub ticks: Vec<String>,
    /// What was measured, then those of the paper's data sets that were not.
    pub columns: Vec<Column>,
    /// One an experiment.
    pub rows: Vec<Row>,
    /// Which differences are more than noise, one a measured data set.
    pub comparisons: Vec<Comparison>,
}

/// A row that does not apply to a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Id of the experiment.
    pub experiment: String,
    /// Name of the column.
    pub column: String,
    /// Why not.
    pub why: String,
}

/// A data set that was asked for, with its own modalities or with given ones.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredDataset {
    /// Name of the column: that of the data set, `world-digits`, or with its modalities,
    /// `world-digits:a+t+v`, where those are not its own.
    pub name: String,
    /// Name in tables.
    pub title: String,
    /// Number of classes, for the chance rate.
    pub classes: usize,
}

/// A column of the table: a data set, with its own modalities or with given ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    /// The column's [name](MeasuredDataset::name).
    pub dataset: String,
    /// The heading.
    pub title: String,
    /// Whether it was asked for; if not, only published numbers stand in it.
    pub measured: bool,
    /// For one of the paper's data sets that was not measured: how to get it.
    pub access: Option<String>,
    /// One over the number of classes.
    pub chance: Option<f64>,
    /// Share of the most frequent class of the test split.
    pub majority_rate: Option<f64>,
    /// Samples of the test split.
    pub test_samples: Option<usize>,
    /// What the modalities trained alone are worth together, where rows of the table train them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
}

/// An experiment of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its id.
    pub experiment: String,
    /// What it is, in a few words.
    pub name: String,
    /// One for each of the table's ticks.
    pub ticks: Vec<bool>,
    /// Whether it is there to compare with, and takes no place in the ranking.
    pub reference: bool,
    /// One for each of the table's columns.
    pub cells: Vec<TableCell>,
}

/// An experiment on a data set.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TableCell {
    /// Fused accuracy on the table's split over the seeds that finished, in 0..1.
    pub accuracy: Option<Aggregate>,
    /// Its place in the column, if every seed finished.
    pub rank: Option<Rank>,
    /// Test accuracy of every output at the selected epoch: `fused`, `audio`, `alt.fused`, ….
    pub outputs: BTreeMap<String, Aggregate>,
    /// Updates of encoders, counted in batches, mean over the seeds that finished.
    pub encoder_updates: Option<f64>,
    /// Mean over classes of the F1 score of the fused output, in 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macro_f1: Option<Aggregate>,
    /// Mean over classes of the average precision of the fused output, in 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_average_precision: Option<Aggregate>,
    /// Best test accuracy over all epochs minus that at the selected epoch, of runs that tested
    /// every epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimism: Option<Aggregate>,
    /// One for each seed that was asked for.
    pub seeds: Vec<SeedOutcome>,
    /// Why this row does not apply to this data set.
    pub not_applicable: Option<String>,
    /// What the paper printed, in per cent.
    pub published: Option<Published>,
    /// Its place in the paper's column.
    pub published_rank: Option<Rank>,
}

/// One run of a cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeedOutcome {
    /// The seed.
    pub seed: u64,
    /// Identity of the result.
    pub cell: CellId,
    /// The file that the numbers are from, or would be from.
    pub source: PathBuf,
    /// Fused accuracy on the table's split in 0..1.
    pub accuracy: Option<f64>,
    /// The epoch that the validation split chose, counted from 0.
    pub selected_epoch: Option<usize>,
    /// Why there is no accuracy.
    pub missing: Option<String>,
}

impl Table {
    /// Arranges entries under the experiments of a grid. `experiments` may leave out rows;
    /// the paper's best and second best are those of the whole grid.
    pub fn new(
        grid: &Grid,
        experiments: &[&Experiment],
        seeds: &[u64],
        datasets: &[MeasuredDataset],
        entries: &[Entry],
    ) -> Self {
        let columns = columns(grid, datasets, entries);
        let mut rows: Vec<Row> = experiments
            .iter()
            .map(|e| Row {
                reference: grid.is_reference(&e.id),
                ..row(e, &columns, seeds, entries, grid.split)
            })
            .collect();
        for (i, column) in columns.iter().enumerate() {
            rank_measured(&mut rows, i, seeds.len());
            rank_published(&mut rows, i, grid, &column.dataset);
        }
        Self {
            name: grid.name.clone(),
            title: grid.title.clone(),
            seeds: seeds.to_vec(),
            heading: grid.heading.clone(),
            split: grid.split,
            pairs: grid.pairs.clone(),
            settings: Vec::new(),
            ticks: grid.ticks.clone(),
            columns,
            rows,
            comparisons: Vec::new(),
        }
    }

    /// The same table, which says of rows why they do not apply to a data set.
    pub fn leaving_out(mut self, left_out: &[LeftOut]) -> Self {
        for left in left_out {
            let column = self.columns.iter().position(|c| c.dataset == left.column);
            let row = self
                .rows
                .iter_mut()
                .find(|r| r.experiment == left.experiment);
            if let Some((column, row)) = column.zip(row) {
                row.cells[column].not_applicable = Some(left.why.clone());
            }
        }
        self
    }

    /// The same table, which says what was set otherwise than the table itself does.
    pub fn with_settings(self, settings: Vec<String>) -> Self {
        Self { settings, ..self }
    }

    /// The same table, with every pair of rows [compared](compare). Reads the predictions beside
    /// the results of `entries`, which are of the test split: a table of another has none.
    pub fn with_comparisons(self, entries: &[Entry]) -> Self {
        if self.split != ShownSplit::Test {
            return self;
        }
        Self {
            comparisons: compare(&self, entries),
            ..self
        }
    }

    /// The same table, with the modalities trained alone taken [together](Together). Reads the
    /// logits beside the results of `entries`.
    pub fn with_modalities_together(mut self, entries: &[Entry]) -> Self {
        if self.split == ShownSplit::Test {
            for column in &mut self.columns {
                column.together = Together::of(entries, &column.dataset, &self.seeds);
            }
        }
        self
    }

    /// The same table of one of its columns alone.
    pub fn of_column(mut self, dataset: &str) -> Self {
        let is_kept: Vec<bool> = self.columns.iter().map(|c| c.dataset == dataset).collect();
        keep(&mut self.columns, &is_kept);
        for row in &mut self.rows {
            keep(&mut row.cells, &is_kept);
        }
        self.comparisons.retain(|c| c.dataset == dataset);
        self
    }

    /// Whether the paper has numbers for any of it.
    pub(crate) fn has_published(&self) -> bool {
        self.rows
            .iter()
            .flat_map(|r| &r.cells)
            .any(|c| c.published.is_some())
    }

    /// What stands for a row in the first column.
    pub(crate) fn label<'a>(&'a self, experiment: &'a str) -> &'a str {
        let row = self.rows.iter().find(|r| r.experiment == experiment);
        match row {
            Some(row) if self.heading.is_some() || row.reference => row.name.as_str(),
            _ => experiment,
        }
    }

    /// What a row is called in a sentence.
    pub(crate) fn row_name(&self, experiment: &str) -> String {
        let label = self.label(experiment);
        if label != experiment || self.heading.is_some() {
            label.into()
        } else {
            format!("experiment {label}")
        }
    }

    /// Whether every run that was asked for has a result.
    pub fn is_complete(&self) -> bool {
        self.rows
            .iter()
            .flat_map(|r| &r.cells)
            .flat_map(|c| &c.seeds)
            .all(|s| s.missing.is_none())
    }

    /// One line for each group of missing runs with its reason, one for each group of rows that
    /// do not apply, then one for each of the paper's data sets that is not here with the way to
    /// get it.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for row in &self.rows {
            for (column, cell) in self.columns.iter().zip(&row.cells) {
                notes.extend(missing_runs(&self.row_name(&row.experiment), column, cell));
            }
        }
        for (i, column) in self.columns.iter().enumerate() {
            notes.extend(self.not_applicable(i, column));
        }
        if self.columns.iter().any(|column| column.together.is_some()) {
            notes.push(
                "ensemble: the average of the logits of the modalities trained alone; oracle: the \
                 share of samples that any of them gets right"
                    .into(),
            );
        }
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        if cells.clone().any(|cell| cell.optimism.is_some()) {
            notes.push(
                "optimism: the best accuracy on the test split over all epochs minus that at the \
                 epoch that the validation split chose (points); what choosing by the test split \
                 would add"
                    .into(),
            );
        }
        for column in &self.columns {
            if let Some(access) = &column.access {
                notes.push(format!(
                    "{}: {access}; then `--dataset path/to/{}`",
                    column.title, column.dataset
                ));
            }
        }
        notes
    }

    /// `World digits, Text: does not apply: …`.
    fn not_applicable(&self, i: usize, column: &Column) -> Vec<String> {
        let reasons = self
            .rows
            .iter()
            .filter_map(|r| Some((r, r.cells[i].not_applicable.as_deref()?)));
        let mut lines = Vec::new();
        for (why, rows) in grouped(reasons.map(|(row, why)| (why, self.row_name(&row.experiment))))
        {
            let (title, rows) = (&column.title, rows.join(", "));
            lines.push(format!("{title}, {rows}: does not apply: {why}"));
        }
        lines
    }
}

/// Keeps the things that are to be kept.
fn keep<T>(things: &mut Vec<T>, is_kept: &[bool]) {
    let mut is_kept = is_kept.iter();
    things.retain(|_| *is_kept.next().unwrap_or(&false));
}

/// Things by their reason, in the order in which the reasons first appear.
fn grouped<'a>(reasons: impl Iterator<Item = (&'a str, String)>) -> Vec<(&'a str, Vec<String>)> {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for (reason, thing) in reasons {
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, things)) => things.push(thing),
            None => groups.push((reason, vec![thing])),
        }
    }
    groups
}

fn columns(grid: &Grid, datasets: &[MeasuredDataset], entries: &[Entry]) -> Vec<Column> {
    let measured = datasets.iter().map(|d| {
        let test = results(entries, &d.name).next().map(|r| &r.test);
        let test = test.filter(|_| grid.split == ShownSplit::Test);
        Column {
            dataset: d.name.clone(),
            title: d.title.clone(),
            measured: true,
            access: None,
            chance: (d.classes > 0).then(|| 1.0 / d.classes as f64),
            majority_rate: test.map(|t| t.majority_rate),
            test_samples: test.map(|t| t.samples),
            together: None,
        }
    });
    let absent = PAPER_DATASETS.iter().filter(|p| {
        let mut rows = grid.rows();
        rows.any(|e| e.published.contains_key(p.name)) && datasets.iter().all(|d| d.name != p.name)
    });
    let published = absent.map(|p| Column {
        dataset: p.name.into(),
        title: p.title.into(),
        measured: false,
        access: Some(p.access.into()),
        chance: None,
        majority_rate: None,
        test_samples: None,
        together: None,
    });
    measured.chain(published).collect()
}

fn results<'a>(entries: &'a [Entry], column: &str) -> impl Iterator<Item = &'a CellResult> {
    entries
        .iter()
        .filter(move |e| e.column == column)
        .filter_map(|e| e.outcome.as_ref().ok())
}

fn row(
    experiment: &Experiment,
    columns: &[Column],
    seeds: &[u64],
    entries: &[Entry],
    split: ShownSplit,
) -> Row {
    let cells = columns.iter().map(|column| {
        let own: Vec<&Entry> = seeds
            .iter()
            .filter_map(|seed| {
                entries.iter().find(|e| {
                    e.column == column.dataset && e.experiment == experiment.id && e.seed == *seed
                })
            })
            .collect();
        let published = experiment.published.get(&column.dataset).copied();
        TableCell {
            published,
            ..table_cell(&own, split)
        }
    });
    Row {
        experiment: experiment.id.clone(),
        name: experiment.name.clone(),
        ticks: experiment.ticks.clone(),
        reference: false,
        cells: cells.collect(),
    }
}

fn table_cell(entries: &[&Entry], split: ShownSplit) -> TableCell {
    let mut by_output: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut updates = Vec::new();
    let (mut f1, mut precision) = (Vec::new(), Vec::new());
    for result in entries.iter().filter_map(|e| e.outcome.as_ref().ok()) {
        for (output, accuracy) in accuracies(result, split) {
            by_output.entry(output.into()).or_default().push(accuracy);
        }
        updates.push(result.encoder_updates as f64);
        let fused = result.test.outputs.get("fused");
        if let Some(fused) = fused.filter(|_| split == ShownSplit::Test) {
            f1.push(fused.macro_f1);
            precision.extend(fused.mean_average_precision);
        }
    }
    // Of runs from before it was measured there is none; a mean over the others would not be the
    // row's.
    let whole = precision.len() == f1.len();
    let outputs: BTreeMap<_, _> = by_output
        .into_iter()
        .filter_map(|(output, values)| Some((output, Aggregate::of(&values)?)))
        .collect();
    TableCell {
        accuracy: outputs.get("fused").copied(),
        outputs,
        encoder_updates: Aggregate::of(&updates).map(|updates| updates.mean),
        macro_f1: Aggregate::of(&f1),
        mean_average_precision: Aggregate::of(&precision).filter(|_| whole),
        optimism: optimism(entries, split),
        seeds: entries.iter().map(|e| seed_outcome(e, split)).collect(),
        ..TableCell::default()
    }
}

/// The optimism of a row whose finished seeds all tested every epoch.
fn optimism(entries: &[&Entry], split: ShownSplit) -> Option<Aggregate> {
    if split != ShownSplit::Test {
        return None;
    }
    let mut values = Vec::new();
    for entry in entries {
        if let Ok(result) = &entry.outcome {
            values.push(derived::optimism(result, entry.file.parent()?)?);
        }
    }
    Aggregate::of(&values)
}

/// The accuracy of every output on a split; of the validation split a result has only the fused
/// one.
fn accuracies(result: &CellResult, split: ShownSplit) -> Vec<(&str, f64)> {
    match split {
        ShownSplit::Validation => vec![("fused", result.selected.val_accuracy)],
        ShownSplit::Test => {
            let outputs = result.test.outputs.iter();
            outputs
                .map(|(output, metrics)| (output.as_str(), metrics.accuracy))
                .collect()
        }
    }
}

fn seed_outcome(entry: &Entry, split: ShownSplit) -> SeedOutcome {
    let result = entry.outcome.as_ref().ok();
    let fused = |r: &CellResult| {
        let accuracies = accuracies(r, split).into_iter();
        accuracies
            .filter(|(output, _)| *output == "fused")
            .map(|(_, accuracy)| accuracy)
            .next()
    };
    SeedOutcome {
        seed: entry.seed,
        cell: entry.cell.id.clone(),
        source: entry.file.clone(),
        accuracy: result.and_then(fused),
        selected_epoch: result.map(|r| r.selected.epoch),
        missing: entry.outcome.as_ref().err().map(ToString::to_string),
    }
}

/// Only cells with all their seeds compete: a mean over fewer is not comparable. References do not.
fn rank_measured(rows: &mut [Row], column: usize, seeds: usize) {
    let mut values = Vec::new();
    for row in rows.iter() {
        let complete = row.cells[column]
            .accuracy
            .filter(|a| a.n == seeds && !row.reference);
        values.push(complete.map(|a| 100.0 * a.mean));
    }
    for (row, rank) in rows.iter_mut().zip(ranks(&values)) {
        row.cells[column].rank = rank;
    }
}

fn rank_published(rows: &mut [Row], column: usize, grid: &Grid, dataset: &str) {
    let values: Vec<_> = grid
        .experiment
        .iter()
        .map(|e| e.published.get(dataset).map(|p| p.0))
        .collect();
    for (experiment, rank) in grid.experiment.iter().zip(ranks(&values)) {
        if let Some(row) = rows.iter_mut().find(|r| r.experiment == experiment.id) {
            row.cells[column].published_rank = rank;
        }
    }
}

/// `World digits, experiment 1, seeds 0, 2: not run yet`.
fn missing_runs(row: &str, column: &Column, cell: &TableCell) -> Vec<String> {
    let reasons = cell
        .seeds
        .iter()
        .filter_map(|s| Some((s.missing.as_deref()?, s.seed.to_string())));
    let mut lines = Vec::new();
    for (reason, seeds) in grouped(reasons) {
        let plural = if seeds.len() > 1 { "seeds" } else { "seed" };
        let (title, seeds) = (&column.title, seeds.join(", "));
        lines.push(format!("{title}, {row}, {plural} {seeds}: {reason}"));
    }
    lines
}
