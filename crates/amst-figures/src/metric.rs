//! What is drawn of an output: which number, of which samples.

use std::str::FromStr;

use crate::run_log::EpochMetrics;

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
}

/// The samples that were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// The training split, before each update; only what was forwarded in the epoch.
    #[default]
    Train,
    /// The validation split, after each epoch.
    Validation,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 4] = [Self::Accuracy, Self::Loss, Self::Entropy, Self::Confidence];

    /// The name in `events.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Loss => "loss",
            Self::Entropy => "entropy",
            Self::Confidence => "confidence",
        }
    }

    /// Label of the axis, with the unit: `training accuracy (%)`.
    pub fn label(self, split: Split) -> String {
        let unit = match self {
            Self::Accuracy => " (%)",
            Self::Loss | Self::Entropy => " (nats)",
            Self::Confidence => "",
        };
        format!("{} {}{unit}", split.label(), self.name())
    }

    /// The number as recorded, if it was.
    pub(crate) fn of(self, metrics: &EpochMetrics) -> Option<f64> {
        match self {
            Self::Accuracy => metrics.accuracy,
            Self::Loss => metrics.loss,
            Self::Entropy => metrics.entropy,
            Self::Confidence => metrics.confidence,
        }
    }

    /// Drawn units in a recorded one.
    pub(crate) fn factor(self) -> f64 {
        match self {
            Self::Accuracy => 100.0,
            Self::Loss | Self::Entropy | Self::Confidence => 1.0,
        }
    }

    /// The largest value that there can be, in drawn units.
    pub(crate) fn limit(self) -> Option<f64> {
        match self {
            Self::Accuracy => Some(100.0),
            Self::Confidence => Some(1.0),
            Self::Loss | Self::Entropy => None,
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
        found.ok_or_else(|| "there is no such split; give train or val".into())
    }
}

impl Split {
    /// Every split of a log.
    pub const ALL: [Self; 2] = [Self::Train, Self::Validation];

    /// The name in `events.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "val",
        }
    }

    /// The word before a metric.
    fn label(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Validation => "validation",
        }
    }
}
