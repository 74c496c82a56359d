//! What is drawn of an output: which number, of which samples.

use std::str::FromStr;

use crate::EpochLog;
use crate::run_log::EpochMetrics;

/// What stands before a modality in the names of an epoch's `balance`.
const DISCREPANCY: &str = "discrepancy.";

/// A number that is measured of every output in every epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// Share of samples whose largest logit is their class, drawn in per cent.
    #[default]
    Accuracy,
    /// Mean cross-entropy over samples, in nats.
    Loss,
    /// Mean entropy of the predicted distribution, in nats.
    Entropy,
    /// Mean over classes of the largest probability among correct predictions, in 0..1.
    Confidence,
    /// How far a modality is ahead of the others: OGM-GE's discrepancy ratio of the training split
    /// (docs/paper.md §2.6), 1 where none is. It belongs to modalities, not to other outputs.
    Discrepancy,
}

/// The samples that were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// The training split, before each update; only what was forwarded in the epoch.
    #[default]
    Train,
    /// The validation split, after each epoch.
    Validation,
    /// The test split, after each epoch of a run whose recipe says `test_every_epoch`.
    Test,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 5] = [
        Self::Accuracy,
        Self::Loss,
        Self::Entropy,
        Self::Confidence,
        Self::Discrepancy,
    ];

    /// The name in `events.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Loss => "loss",
            Self::Entropy => "entropy",
            Self::Confidence => "confidence",
            Self::Discrepancy => "discrepancy",
        }
    }

    /// Label of the axis, with the unit: `training accuracy (%)`.
    pub fn label(self, split: Split) -> String {
        if self == Self::Discrepancy {
            return "discrepancy ratio".into();
        }
        let unit = match self {
            Self::Accuracy => " (%)",
            Self::Loss | Self::Entropy => " (nats)",
            Self::Confidence | Self::Discrepancy => "",
        };
        format!("{} {}{unit}", split.label(), self.name())
    }

    /// The number of an output as recorded in an epoch, if it was.
    pub(crate) fn read(self, epoch: &EpochLog, split: Split, output: &str) -> Option<f64> {
        if self == Self::Discrepancy {
            return *epoch.balance.get(&format!("{DISCREPANCY}{output}"))?;
        }
        self.of(epoch.split(split).get(output)?)
    }

    /// The outputs that have this number in an epoch.
    pub(crate) fn outputs(self, epoch: &EpochLog, split: Split) -> Vec<String> {
        if self == Self::Discrepancy {
            let keys = epoch.balance.keys();
            return keys
                .filter_map(|key| Some(key.strip_prefix(DISCREPANCY)?.to_string()))
                .collect();
        }
        epoch.split(split).keys().cloned().collect()
    }

    /// The number as recorded, if it was; a discrepancy is recorded elsewhere.
    pub(crate) fn of(self, metrics: &EpochMetrics) -> Option<f64> {
        match self {
            Self::Accuracy => metrics.accuracy,
            Self::Loss => metrics.loss,
            Self::Entropy => metrics.entropy,
            Self::Confidence => metrics.confidence,
            Self::Discrepancy => None,
        }
    }

    /// Drawn units in a recorded one.
    pub(crate) fn factor(self) -> f64 {
        match self {
            Self::Accuracy => 100.0,
            Self::Loss | Self::Entropy | Self::Confidence | Self::Discrepancy => 1.0,
        }
    }

    /// The largest value that there can be, in drawn units.
    pub(crate) fn limit(self) -> Option<f64> {
        match self {
            Self::Accuracy => Some(100.0),
            Self::Confidence => Some(1.0),
            Self::Loss | Self::Entropy | Self::Discrepancy => None,
        }
    }
}

/// The metric of a name in `events.jsonl`.
impl FromStr for Metric {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|metric| metric.name() == name);
        let names = Self::ALL.map(Self::name).join(", ");
        found.ok_or_else(|| format!("there is no such metric; give one of: {names}"))
    }
}

/// The split of a name in `events.jsonl`.
impl FromStr for Split {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|split| split.name() == name);
        found.ok_or_else(|| "there is no such split; give train, val or test".into())
    }
}

impl Split {
    /// Every split of a log.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name in `events.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "val",
            Self::Test => "test",
        }
    }

    /// The word before a metric.
    fn label(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}
