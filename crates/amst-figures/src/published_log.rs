//! A training log that others published, as the numbers of a run.

mod arguments;
mod comma_separated;
mod differences;
mod printed_table;
mod run_folder;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use amst_recipe::Modality;

use crate::outputs::FUSED;
use crate::{EpochLog, EpochMetrics};

pub use arguments::LogArguments;
pub use differences::{ComparedNumber, CurveDistance, PublishedDifferences, compare_with_runs};
pub use run_folder::PublishedRecord;

/// A published log: what its program was told, and what it measured.
///
/// Outputs have the names of our own logs, so that they can be drawn beside them: `fused`, `audio`,
/// `alt.audio`, `joint.fused`. The "helpers" of the published code are linear probes on detached
/// embeddings, so they are `probe.audio`, and `alt.probe.audio` in the full system. Two kinds have
/// no output here: `prototype.audio` is PMR's classification by prototypes, and
/// `weighted.a30_v70` or `weighted.entropy` one of the weightings that MLA is evaluated with.
///
/// ```
/// use amst_figures::{LogArguments, PublishedLog};
///
/// let text = "epoch,train_accuracy,val_accuracy\n0,0.25,0.20\n1,0.50,0.45\n";
/// let arguments = LogArguments { method: "NAIVE".into(), ..LogArguments::default() };
/// let log = PublishedLog::from_csv("curve.csv", text, arguments)?;
/// assert_eq!(log.epochs[&1].validation["fused"].accuracy, Some(0.45));
/// assert_eq!(log.recomputed_best().map(|best| best.epoch), Some(1));
/// # Ok::<(), amst_figures::FigureError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedLog {
    /// The file's name, for messages and as the source.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// What the program was told.
    pub arguments: LogArguments,
    /// What was measured, by epoch from 0; whole epochs only.
    pub epochs: BTreeMap<usize, EpochLog>,
    /// Metrics on the test split by output, of the epochs in which it was evaluated.
    pub test: BTreeMap<usize, BTreeMap<String, EpochMetrics>>,
    /// Wall-clock seconds of each epoch, where the log has them.
    pub seconds: BTreeMap<usize, f64>,
    /// The best epoch as the log prints it last: one, or one for each weighting of the modalities.
    pub printed: Vec<PrintedBest>,
    /// Whether the log breaks off. An epoch of which not everything is there is left out.
    pub was_cut: bool,
}

/// The best epoch as a log prints it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PrintedBest {
    /// The output whose validation accuracy selected it.
    pub selected_by: String,
    /// Counted from 0.
    pub epoch: usize,
    /// Its validation accuracy, in 0..1.
    pub validation: f64,
    /// The test accuracy at that epoch, in 0..1, where it is printed.
    pub test: Option<f64>,
}

/// The best epoch of a log by the fused validation accuracy, and what was measured there.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BestEpoch {
    /// Counted from 0.
    pub epoch: usize,
    /// The fused validation accuracy, in 0..1.
    pub validation: f64,
    /// The fused test accuracy at that epoch, in 0..1, if it was evaluated there.
    pub test: Option<f64>,
}

impl From<&PrintedBest> for BestEpoch {
    fn from(printed: &PrintedBest) -> Self {
        Self {
            epoch: printed.epoch,
            validation: printed.validation,
            test: printed.test,
        }
    }
}

impl PublishedLog {
    /// The best epoch as printed for the fused output. Where a log prints one for each weighting of
    /// the modalities, that of equal weights, which is the fused output of the tables.
    pub fn printed_best(&self) -> Option<&PrintedBest> {
        let mut printed = self.printed.iter();
        printed.find(|best| best.selected_by == FUSED || is_even_split(&best.selected_by))
    }

    /// The best epoch: as printed, or else by the tables.
    pub fn best(&self) -> Option<BestEpoch> {
        let printed = self.printed_best().map(BestEpoch::from);
        printed.or_else(|| self.recomputed_best())
    }

    /// The best epoch by the tables' fused validation accuracy, the earliest of equals; `None` where
    /// they have none. They have three decimals where the program compared four, so that it may be
    /// an earlier one than the log prints.
    pub fn recomputed_best(&self) -> Option<BestEpoch> {
        let mut best: Option<BestEpoch> = None;
        for (epoch, log) in &self.epochs {
            let Some(validation) = accuracy(&log.validation, FUSED) else {
                continue;
            };
            if best.is_none_or(|best| validation > best.validation) {
                best = Some(BestEpoch {
                    epoch: *epoch,
                    validation,
                    test: self
                        .test
                        .get(epoch)
                        .and_then(|outputs| accuracy(outputs, FUSED)),
                });
            }
        }
        best
    }

    /// The modalities that have outputs, in training order.
    pub fn modalities(&self) -> Vec<Modality> {
        let mut found = BTreeSet::new();
        for epoch in self.epochs.values() {
            found.extend(measured_modalities(&epoch.train));
            found.extend(measured_modalities(&epoch.validation));
        }
        found.into_iter().collect()
    }

    /// What a figure calls it: `AMST-ALT on CREMAD, seed 0 (published)`.
    pub fn title(&self) -> String {
        let LogArguments {
            method,
            dataset,
            seed,
            ..
        } = &self.arguments;
        format!("{method} on {dataset}, seed {seed} (published)")
    }
}

fn accuracy(outputs: &BTreeMap<String, EpochMetrics>, output: &str) -> Option<f64> {
    outputs.get(output)?.accuracy
}

/// The modalities among the last words of outputs' names.
fn measured_modalities(
    outputs: &BTreeMap<String, EpochMetrics>,
) -> impl Iterator<Item = Modality> + '_ {
    outputs.keys().filter_map(|name| {
        let last = name.rsplit('.').next()?;
        Modality::ALL.into_iter().find(|m| m.name() == last)
    })
}

/// Whether a name like `weighted.a50_v50` gives every modality the same share.
fn is_even_split(name: &str) -> bool {
    let Some(shares) = name.strip_prefix(WEIGHTED) else {
        return false;
    };
    let mut shares = shares
        .split('_')
        .map(|share| share.get(1..)?.parse::<u32>().ok());
    match shares.next() {
        Some(Some(first)) => shares.all(|share| share == Some(first)),
        _ => false,
    }
}

/// Before the name of a weighting of the modalities.
const WEIGHTED: &str = "weighted.";
