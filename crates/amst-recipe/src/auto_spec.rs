//! The section `skip.auto` of a recipe: how s is adapted while training.

use serde::{Deserialize, Serialize};

/// What an automatic schedule goes by. Both signals are absolute, and larger where a modality may
/// rest longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AutoRule {
    /// The modality's accuracy minus that of the least accurate one.
    AccuracyGap,
    /// The modality's validation loss minus its lowest one before, in nats.
    Plateau,
}

/// The samples whose accuracies `accuracy-gap` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GapSplit {
    /// Those of the epoch's steps, as each step saw them: which modality the gradients fit first.
    Train,
    /// Held-out ones.
    Val,
}

impl AutoRule {
    /// Its name in recipes and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccuracyGap => "accuracy-gap",
            Self::Plateau => "plateau",
        }
    }
}

/// How an automatic schedule adapts s: after each epoch in which a modality trained, s grows by one
/// where its signal is at least `rest_at`, shrinks by one where it is at most `train_at`, and stays
/// in between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AutoSpec {
    /// The signal.
    pub rule: AutoRule,
    /// Epochs at the beginning in which everything trains and nothing is decided.
    pub warm_up: usize,
    /// The smallest s.
    pub min: u32,
    /// The largest s: no modality rests for more than `max` - 1 epochs.
    pub max: u32,
    /// Thresholds of `accuracy-gap`.
    pub accuracy_gap: AccuracyGapSpec,
    /// Thresholds of `plateau`.
    pub plateau: PlateauSpec,
}

/// Settings of the rule `accuracy-gap`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AccuracyGapSpec {
    /// The gap from which s grows, as a share of samples.
    pub rest_at: f64,
    /// The gap up to which s shrinks.
    pub train_at: f64,
    /// Epochs of which the gap takes the mean.
    pub mean_of: usize,
    /// Whose accuracies are compared.
    pub split: GapSplit,
}

/// Settings of the rule `plateau`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PlateauSpec {
    /// The loss above the lowest one, in nats, from which s grows; 0 where it no longer falls.
    pub rest_at: f64,
    /// The same, up to which s shrinks; below 0 where it falls.
    pub train_at: f64,
}

impl Default for AutoSpec {
    fn default() -> Self {
        Self {
            rule: AutoRule::Plateau,
            warm_up: 3,
            min: 1,
            max: 8,
            accuracy_gap: AccuracyGapSpec::default(),
            plateau: PlateauSpec::default(),
        }
    }
}

impl Default for AccuracyGapSpec {
    fn default() -> Self {
        Self {
            rest_at: 0.05,
            train_at: 0.02,
            mean_of: 3,
            split: GapSplit::Train,
        }
    }
}

impl Default for PlateauSpec {
    fn default() -> Self {
        Self {
            rest_at: 0.0,
            train_at: -0.02,
        }
    }
}

impl AutoSpec {
    /// The signal from which s grows.
    pub fn rest_at(&self) -> f64 {
        match self.rule {
            AutoRule::AccuracyGap => self.accuracy_gap.rest_at,
            AutoRule::Plateau => self.plateau.rest_at,
        }
    }

    /// The signal up to which s shrinks.
    pub fn train_at(&self) -> f64 {
        match self.rule {
            AutoRule::AccuracyGap => self.accuracy_gap.train_at,
            AutoRule::Plateau => self.plateau.train_at,
        }
    }

    /// The same with the settings of the rule that is not used as they are by default, so that they
    /// make no other cell.
    pub(crate) fn canonical(&self) -> Self {
        let mut auto = self.clone();
        match self.rule {
            AutoRule::AccuracyGap => auto.plateau = PlateauSpec::default(),
            AutoRule::Plateau => auto.accuracy_gap = AccuracyGapSpec::default(),
        }
        auto
    }

    /// The key and the fault of the first value that cannot be, if there is one.
    pub(crate) fn fault(&self) -> Option<(String, String)> {
        if self.min == 0 || self.min > self.max {
            let why = format!(
                "{} is not from 1 to `skip.auto.max` = {}",
                self.min, self.max
            );
            return Some(("skip.auto.min".into(), why));
        }
        if self.accuracy_gap.mean_of == 0 {
            let key = "skip.auto.accuracy_gap.mean_of".into();
            return Some((key, "must be at least 1".into()));
        }
        let thresholds = [
            (
                "accuracy_gap",
                self.accuracy_gap.rest_at,
                self.accuracy_gap.train_at,
            ),
            ("plateau", self.plateau.rest_at, self.plateau.train_at),
        ];
        let wrong = |(_, rest, train): &(&str, f64, f64)| {
            !(rest.is_finite() && train.is_finite() && train < rest)
        };
        thresholds.into_iter().find(wrong).map(|(rule, rest, train)| {
            let why = format!(
                "{train} must be below `skip.auto.{rule}.rest_at` = {rest}: between the two s stays \
                 as it is"
            );
            (format!("skip.auto.{rule}.train_at"), why)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_leave_room_between_them() {
        let mut auto = AutoSpec::default();
        assert_eq!(auto.fault(), None);
        auto.plateau.train_at = 0.0;
        assert_eq!(auto.fault().unwrap().0, "skip.auto.plateau.train_at");
        let none = AutoSpec {
            min: 9,
            ..AutoSpec::default()
        };
        assert_eq!(none.fault().unwrap().0, "skip.auto.min");
    }
}
