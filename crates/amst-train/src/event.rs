//! What happens in a run, one JSON object a line in `events.jsonl`.

use std::collections::BTreeMap;

use amst::SkipDecision;
use amst_recipe::{AutoRule, EVENT_SCHEMA, MethodName, Modality, OutputMetrics};
use serde::{Deserialize, Serialize};

/// One line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// [`EVENT_SCHEMA`].
    pub schema: u32,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What can happen in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum EventKind {
    /// The run begins.
    Start {
        /// Identity of the cell.
        cell: String,
        /// The method that was asked for, where it is trained under another's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requested: Option<MethodName>,
        /// Epochs to come.
        epochs: usize,
        /// Training steps an epoch.
        steps: usize,
        /// Parameters that can be trained.
        parameters: usize,
        /// What computes, as burn names it.
        device: String,
    },
    /// Some steps of an epoch are done; for progress bars, not written to `events.jsonl`.
    Step {
        /// Counted from 0.
        epoch: usize,
        /// Steps done in this epoch.
        step: usize,
        /// Steps of this epoch.
        steps: usize,
    },
    /// An epoch is done and evaluated.
    Epoch {
        /// Counted from 0.
        epoch: usize,
        /// Epochs in all.
        epochs: usize,
        /// What was trained.
        active: Vec<Modality>,
        /// Learning rate.
        lr: f64,
        /// Training metrics by output, measured before each update; only of what was forwarded.
        train: BTreeMap<String, OutputMetrics>,
        /// Validation metrics by output.
        val: BTreeMap<String, OutputMetrics>,
        /// Test metrics by output, of a run whose recipe says `test_every_epoch`. Nothing is chosen
        /// by them. Outputs whose loss is not finite are left out.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        test: BTreeMap<String, OutputMetrics>,
        /// Fused validation accuracy, rounded as it is compared.
        val_accuracy: f64,
        /// How far apart the modalities are in their learning, and what the method did about it
        /// on average over the epoch's steps: `discrepancy.audio`, `speed_gap`, `k.audio`, …
        balance: BTreeMap<String, f64>,
        /// Whether this is the best epoch so far.
        best: bool,
        /// Wall-clock seconds of the epoch.
        seconds: f64,
        /// Seconds by phase, and `other`: together they are `seconds`.
        phases: BTreeMap<String, f64>,
    },
    /// The skip parameter of a modality was adapted, or left as it is, after an epoch in which the
    /// modality trained; only where its schedule is `auto`.
    Skip {
        /// Counted from 0.
        epoch: usize,
        /// Whose s.
        modality: Modality,
        /// What the signal is.
        rule: AutoRule,
        /// The larger, the longer the modality may rest.
        signal: f64,
        /// The validation numbers that the signal was made of.
        numbers: BTreeMap<String, f64>,
        /// s before.
        before: u32,
        /// s from now on.
        after: u32,
    },
    /// The run goes on in another process. What came after the checkpoint was cut away.
    Resumed {
        /// Identity of the cell.
        cell: String,
        /// Epochs in all.
        epochs: usize,
        /// Best validation accuracy so far.
        #[serde(skip_serializing_if = "Option::is_none")]
        best: Option<f64>,
        /// Counted from 0.
        epoch: usize,
        /// Steps that were done in it before.
        step: usize,
        /// The checkpoint's folder.
        checkpoint: String,
        /// What was wrong with newer checkpoints, and what is not as it was.
        notes: Vec<String>,
    },
    /// The run was asked to stop, and can go on.
    Stopped {
        /// By what.
        signal: String,
        /// Counted from 0.
        epoch: usize,
        /// Steps done in it.
        step: usize,
    },
    /// The run ended without a result.
    Failed {
        /// What the program returned.
        code: u8,
        /// Why.
        message: String,
    },
    /// The test split was evaluated; the run is over.
    Done {
        /// The selected epoch.
        epoch: usize,
        /// Fused test accuracy.
        test_accuracy: f64,
    },
}

impl From<SkipDecision> for EventKind {
    fn from(decision: SkipDecision) -> Self {
        Self::Skip {
            epoch: decision.epoch,
            modality: decision.modality,
            rule: decision.rule,
            signal: decision.signal,
            numbers: decision.numbers,
            before: decision.before,
            after: decision.after,
        }
    }
}

impl From<EventKind> for Event {
    fn from(kind: EventKind) -> Self {
        Self {
            schema: EVENT_SCHEMA,
            kind,
        }
    }
}
