//! `accuracy-gap`: a modality that is more accurate than another may rest.
//!
//! The signal of a modality is its accuracy minus that of the least accurate modality, each a mean
//! over the last few epochs in which it was measured. It is a difference of accuracies, not a share
//! of anything: two modalities that are both far from learnt and one point apart have a signal of
//! 0.01, however small both accuracies are. The least accurate modality has 0 and never rests.
//!
//! Training accuracies say which modality the shared loss is fitted with, whether that generalises
//! or not; validation accuracies say which one is better on other samples. `docs/skip.md` has what
//! each was worth.

use std::collections::BTreeMap;

use amst_recipe::{AccuracyGapSpec, GapSplit, Modality};

use super::{OwnScores, Signal};

/// The last accuracies of every modality.
#[derive(Clone, Debug, PartialEq)]
pub struct AccuracyGap {
    mean_of: usize,
    split: GapSplit,
    accuracies: BTreeMap<Modality, Vec<f64>>,
}

impl AccuracyGap {
    pub fn new(spec: &AccuracyGapSpec) -> Self {
        Self {
            mean_of: spec.mean_of,
            split: spec.split,
            accuracies: BTreeMap::new(),
        }
    }

    /// With fast execution nothing is measured in training of a modality that rests.
    pub fn observe(&mut self, scores: &OwnScores) {
        let measured = match self.split {
            GapSplit::Train => &scores.training,
            GapSplit::Val => &scores.validation,
        };
        for (modality, score) in measured {
            let last = self.accuracies.entry(*modality).or_default();
            last.push(score.accuracy);
            last.drain(..last.len().saturating_sub(self.mean_of));
        }
    }

    pub fn signal(&self, modality: Modality) -> Option<Signal> {
        let mean = |last: &Vec<f64>| last.iter().sum::<f64>() / last.len() as f64;
        let means = self.accuracies.iter().map(|(m, last)| (*m, mean(last)));
        let means: BTreeMap<Modality, f64> = means.collect();
        let least = means.values().copied().fold(f64::INFINITY, f64::min);
        let own = means.get(&modality)?;
        let named = means
            .iter()
            .map(|(m, mean)| (format!("mean_accuracy.{m}"), *mean));
        Some(Signal {
            value: own - least,
            numbers: named.collect(),
        })
    }

    pub fn numbers(&self) -> BTreeMap<String, Vec<f64>> {
        let named = self.accuracies.iter();
        named
            .map(|(modality, last)| (format!("accuracies.{modality}"), last.clone()))
            .collect()
    }

    /// Whether the numbers of this name are the rule's.
    pub fn set(&mut self, name: &str, numbers: Vec<f64>) -> bool {
        let of_name = |m: &Modality| name == format!("accuracies.{m}");
        let modality = Modality::ALL.into_iter().find(of_name);
        modality
            .map(|modality| self.accuracies.insert(modality, numbers))
            .is_some()
    }
}
