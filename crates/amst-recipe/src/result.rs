//! What a finished run leaves behind: `result.json` and `timing.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CellId, DataLock, MethodName, Recipe};

/// Version of the layout of `result.json`.
pub const RESULT_SCHEMA: u32 = 2;

/// Version of the layout of `events.jsonl`, which a run writes line by line.
pub const EVENT_SCHEMA: u32 = 3;

/// `result.json`: everything a table needs, and nothing that differs between two runs of
/// the same cell on the same machine (no times, no paths).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellResult {
    /// [`RESULT_SCHEMA`].
    pub schema: u32,
    /// Identity of the recipe and data that made it.
    pub cell: CellId,
    /// Identity of the data.
    pub data: DataLock,
    /// The method that was asked for, where the recipe names another one that is the same with
    /// these settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<MethodName>,
    /// The recipe as it ran.
    pub recipe: Recipe,
    /// The epoch that the validation split chose.
    pub selected: Selected,
    /// The test split at that epoch.
    pub test: TestResult,
    /// Training losses of the last epoch, by output.
    pub last_train_loss: BTreeMap<String, f64>,
    /// How far apart the modalities were in the selected epoch, `discrepancy.<modality>` and
    /// `speed_gap` (docs/paper.md §2.6) where there are several, and what the method did
    /// about it on average over the epoch's steps, such as `k.audio` or `weight.visual`.
    #[serde(default)]
    pub balance: BTreeMap<String, f64>,
    /// Epochs that were trained; fewer or more than the recipe's under another budget.
    pub epochs: usize,
    /// Updates of encoders, counted in batches.
    pub encoder_updates: usize,
}

/// The epoch with the best fused validation accuracy, the earliest of equals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selected {
    /// Counted from 0.
    pub epoch: usize,
    /// Fused accuracy on the validation split, in 0..1, rounded to four decimals as it was
    /// compared.
    pub val_accuracy: f64,
}

/// The test split at the selected epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestResult {
    /// Test samples.
    pub samples: usize,
    /// Share of the most frequent class among them.
    pub majority_rate: f64,
    /// Metrics by output: `fused`, `audio`, `alt.fused`, …
    pub outputs: BTreeMap<String, OutputMetrics>,
}

/// Metrics of one output on one split.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputMetrics {
    /// Mean cross-entropy over samples, in nats.
    pub loss: f64,
    /// Share of samples whose largest logit is their class.
    pub accuracy: f64,
    /// Mean over classes of the mean largest probability among the class's correct
    /// predictions; a class without any counts as 0 (docs/paper.md §2.6).
    pub confidence: f64,
    /// Mean over classes of the F1 score; a class that is neither there nor predicted counts as 0.
    pub macro_f1: f64,
    /// Mean probability of the right class: what OGM-GE's discrepancy ratio compares.
    pub true_probability: f64,
    /// Mean entropy of the predicted distribution, in nats.
    pub entropy: f64,
    /// The same over the samples of each class (Figure 4); 0 where a class has no samples.
    pub class_entropy: Vec<f64>,
    /// Mean over the classes that have samples of the average precision with which the class's
    /// probability ranks all samples; `None` where not all samples were at hand at once, as in
    /// training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_average_precision: Option<f64>,
}

/// `timing.json`: how long the run took, apart from its result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// Wall-clock seconds of the whole run.
    pub seconds: f64,
    /// Threads it was given.
    pub threads: usize,
    /// Seconds by phase: load, forward, backward, update, recalibrate, evaluate, save, other. They
    /// leave out what comes before the first epoch.
    pub phases: BTreeMap<String, f64>,
    /// Largest resident memory in MiB, where the system reports it.
    pub peak_mib: Option<f64>,
}
