//! How far our runs are from a published log.

use std::collections::BTreeSet;

use super::{PublishedLog, accuracy};
use crate::outputs::FUSED;
use crate::{RunLog, Spread};

/// A published log beside runs of the same system.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedDifferences {
    /// What the published log is called.
    pub title: String,
    /// Runs that the means are taken over.
    pub runs: usize,
    /// The epoch with the best fused validation accuracy, counted from 0: of the log as it prints
    /// it, or else by its tables.
    pub best_epoch: ComparedNumber,
    /// The fused validation accuracy there, in 0..1.
    pub validation_accuracy: ComparedNumber,
    /// The fused test accuracy there, in 0..1; ours of finished runs only.
    pub test_accuracy: ComparedNumber,
    /// How far the curves of each output that both have are apart, by name.
    pub curves: Vec<CurveDistance>,
}

/// A number of ours beside the published one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComparedNumber {
    /// Mean and range over our runs that have it.
    pub ours: Option<Spread>,
    /// The published one.
    pub published: Option<f64>,
}

impl ComparedNumber {
    /// Our mean less the published number.
    pub fn difference(&self) -> Option<f64> {
        Some(self.ours?.mean - self.published?)
    }
}

/// How far the validation accuracies of an output are apart over the epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveDistance {
    /// The output's name in `events.jsonl`.
    pub output: String,
    /// Epochs in which both measured it.
    pub epochs: usize,
    /// Mean over these of the absolute difference between our mean and the published accuracy, in
    /// 0..1.
    pub mean: f64,
    /// The largest of these differences, in 0..1.
    pub largest: f64,
}

/// Holds runs against a published log. The caller chooses runs of the log's system and data set;
/// published logs among them are left out. Of an unfinished run the best epoch so far counts.
pub fn compare_with_runs(published: &PublishedLog, runs: &[RunLog]) -> PublishedDifferences {
    let ours: Vec<&RunLog> = runs.iter().filter(|run| !run.is_published).collect();
    let best: Vec<(usize, f64)> = ours.iter().filter_map(|run| best_of(run)).collect();
    let tests = ours.iter().filter_map(|run| test_accuracy(run));
    let theirs = published.best();
    PublishedDifferences {
        title: published.title(),
        runs: ours.len(),
        best_epoch: ComparedNumber {
            ours: Spread::of(best.iter().map(|(epoch, _)| *epoch as f64)),
            published: theirs.map(|theirs| theirs.epoch as f64),
        },
        validation_accuracy: ComparedNumber {
            ours: Spread::of(best.iter().map(|(_, accuracy)| *accuracy)),
            published: theirs.map(|theirs| theirs.validation),
        },
        test_accuracy: ComparedNumber {
            ours: Spread::of(tests),
            published: theirs.and_then(|theirs| theirs.test),
        },
        curves: curve_distances(published, &ours),
    }
}

/// The selected epoch, and its validation accuracy.
fn best_of(run: &RunLog) -> Option<(usize, f64)> {
    if let Some(result) = &run.result {
        return Some((result.selected.epoch, result.selected.val_accuracy));
    }
    let mut best: Option<(usize, f64)> = None;
    for (epoch, log) in &run.epochs {
        if let Some(accuracy) = accuracy(&log.validation, FUSED)
            && best.is_none_or(|(_, so_far)| accuracy > so_far)
        {
            best = Some((*epoch, accuracy));
        }
    }
    best
}

fn test_accuracy(run: &RunLog) -> Option<f64> {
    let outputs = &run.result.as_ref()?.test.outputs;
    Some(outputs.get(FUSED)?.accuracy)
}

fn curve_distances(published: &PublishedLog, ours: &[&RunLog]) -> Vec<CurveDistance> {
    let theirs = published.epochs.values();
    let outputs: BTreeSet<&String> = theirs.flat_map(|log| log.validation.keys()).collect();
    outputs
        .into_iter()
        .filter_map(|output| curve_distance(published, ours, output))
        .collect()
}

/// `None` where no epoch has the output in both.
fn curve_distance(
    published: &PublishedLog,
    ours: &[&RunLog],
    output: &str,
) -> Option<CurveDistance> {
    let mut distances = Vec::new();
    for (epoch, log) in &published.epochs {
        let same_epoch = ours.iter().filter_map(|run| run.epochs.get(epoch));
        let mean = Spread::of(same_epoch.filter_map(|log| accuracy(&log.validation, output)));
        if let (Some(mean), Some(theirs)) = (mean, accuracy(&log.validation, output)) {
            distances.push((mean.mean - theirs).abs());
        }
    }
    let spread = Spread::of(distances)?;
    Some(CurveDistance {
        output: output.into(),
        epochs: spread.n,
        mean: spread.mean,
        largest: spread.high,
    })
}
