//! The numbers of a panel of curves.

use std::collections::{BTreeMap, BTreeSet};

use amst_recipe::Modality;

use crate::outputs;
use crate::{EpochLog, FigureError, Metric, Panel, RunLog, Split, Spread};

/// What a panel shows over the epochs: a curve of each output, what was trained, and the learning
/// rate.
///
/// ```no_run
/// use amst_figures::{Curves, Metric, Panel, RunLog, Split};
///
/// let panel = Panel::new("Joint", RunLog::read_below("runs".as_ref())?)?;
/// let curves = Curves::of(&panel, Metric::Accuracy, Split::Validation, &[])?;
/// for point in &curves.series[0].points {
///     println!("{} {:.1} % of {} runs", point.epoch, point.spread.mean, point.spread.n);
/// }
/// # Ok::<(), amst_figures::FigureError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// One curve an output, in the order asked for.
    pub series: Vec<Series>,
    /// For each modality of the runs, the epochs in which it was trained.
    pub trained: BTreeMap<Modality, Vec<TrainedEpoch>>,
    /// The learning rate of each epoch.
    pub learning_rate: Vec<Point>,
    /// The epochs from 0 that began with a lower learning rate than the one before had.
    pub learning_rate_drops: Vec<usize>,
    /// Epochs that the runs take, or are to take.
    pub epochs: usize,
}

/// The curve of one output.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The output's name in `events.jsonl`.
    pub output: String,
    /// The epochs in which it was measured, ascending. An output that was not forwarded in an epoch
    /// has no training metrics of it.
    pub points: Vec<Point>,
}

/// A number in one epoch, over the runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Counted from 0.
    pub epoch: usize,
    /// In drawn units ([`Metric::label`]): accuracies in per cent.
    pub spread: Spread,
}

/// An epoch in which a modality was trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainedEpoch {
    /// Counted from 0.
    pub epoch: usize,
    /// Share of the runs that trained it among those that have had this epoch, above 0, at most 1.
    pub share: f64,
    /// The runs that have had this epoch.
    pub n: usize,
}

impl TrainedEpoch {
    /// A run that trained it counts 1, one that did not 0.
    pub fn spread(&self) -> Spread {
        Spread {
            mean: self.share,
            low: if self.share < 1.0 { 0.0 } else { 1.0 },
            high: 1.0,
            n: self.n,
        }
    }
}

impl Curves {
    /// The curves of a panel; `outputs` empty means every modality's and the fused one.
    ///
    /// # Errors
    ///
    /// No run has finished an epoch, or none measured any of these outputs.
    pub fn of(
        panel: &Panel,
        metric: Metric,
        split: Split,
        outputs: &[String],
    ) -> Result<Self, FigureError> {
        let runs = panel.runs();
        let last = runs.iter().filter_map(last_epoch).max();
        let Some(last) = last else {
            return Err(FigureError::NoEpochs {
                panel: panel.title().into(),
            });
        };
        let known = known_outputs(runs, metric, split);
        let wanted = if outputs.is_empty() {
            outputs::usual(&known, true)
        } else {
            outputs.to_vec()
        };
        let mut series = Vec::new();
        for output in &wanted {
            let points = points(runs, last, |epoch| {
                Some(metric.read(epoch, split, output)? * metric.factor())
            });
            if !points.is_empty() {
                series.push(Series {
                    output: output.clone(),
                    points,
                });
            }
        }
        if series.is_empty() && split == Split::Test && known.is_empty() {
            return Err(FigureError::NotTested {
                panel: panel.title().into(),
            });
        }
        if series.is_empty() {
            return Err(FigureError::NoOutput {
                panel: panel.title().into(),
                wanted: outputs::listed(&wanted),
                known: outputs::listed(&known),
            });
        }
        let modalities = runs[0].recipe.modalities.iter();
        Ok(Self {
            series,
            trained: modalities.map(|m| (*m, trained(runs, last, *m))).collect(),
            learning_rate: points(runs, last, |epoch| Some(epoch.learning_rate)),
            learning_rate_drops: runs
                .iter()
                .flat_map(drops)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            epochs: runs.iter().map(epochs_in_all).fold(last + 1, usize::max),
        })
    }
}

fn last_epoch(run: &RunLog) -> Option<usize> {
    run.epochs.last_key_value().map(|(epoch, _)| *epoch)
}

/// Those of a finished run under a budget are not the recipe's.
fn epochs_in_all(run: &RunLog) -> usize {
    match &run.result {
        Some(result) => result.epochs,
        None => run.recipe.epochs,
    }
}

fn known_outputs(runs: &[RunLog], metric: Metric, split: Split) -> BTreeSet<String> {
    let epochs = runs.iter().flat_map(|run| run.epochs.values());
    epochs
        .flat_map(|epoch| metric.outputs(epoch, split))
        .collect()
}

/// A number of every epoch in which any run has it.
fn points(runs: &[RunLog], last: usize, number: impl Fn(&EpochLog) -> Option<f64>) -> Vec<Point> {
    let mut points = Vec::new();
    for epoch in 0..=last {
        let logs = runs.iter().filter_map(|run| run.epochs.get(&epoch));
        if let Some(spread) = Spread::of(logs.filter_map(&number)) {
            points.push(Point { epoch, spread });
        }
    }
    points
}

fn trained(runs: &[RunLog], last: usize, modality: Modality) -> Vec<TrainedEpoch> {
    let mut trained = Vec::new();
    for epoch in 0..=last {
        let logs: Vec<&EpochLog> = runs
            .iter()
            .filter_map(|run| run.epochs.get(&epoch))
            .collect();
        let active = logs
            .iter()
            .filter(|log| log.active.contains(&modality))
            .count();
        if active > 0 {
            trained.push(TrainedEpoch {
                epoch,
                share: active as f64 / logs.len() as f64,
                n: logs.len(),
            });
        }
    }
    trained
}

fn drops(run: &RunLog) -> Vec<usize> {
    let rates: Vec<(usize, f64)> = run
        .epochs
        .iter()
        .map(|(e, log)| (*e, log.learning_rate))
        .collect();
    rates
        .windows(2)
        .filter(|pair| pair[1].1 < pair[0].1)
        .map(|pair| pair[1].0)
        .collect()
}
