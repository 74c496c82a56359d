//! What follows from finished runs without any training: the ensemble of the modalities trained
//! alone, their oracle, and how far a row's best epoch on the test split lies above the selected one.

use std::collections::BTreeMap;
use std::path::Path;

use amst_figures::{RunLog, TestLogits};
use amst_recipe::{CellResult, Modality};
use serde::Serialize;

use crate::{Aggregate, Entry};

/// The output of a whole network.
const FUSED: &str = "fused";

/// What the modalities trained alone are worth together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Together {
    /// The modalities that were trained alone.
    pub modalities: Vec<Modality>,
    /// Accuracy of the average of their logits, over seeds, in 0..1.
    pub ensemble: Aggregate,
    /// Share of the samples that at least one of them gets right, over seeds, in 0..1: what a
    /// combination of their answers that always picks a right one would reach.
    pub oracle: Aggregate,
}

impl Together {
    /// From the entries of a column whose networks read one modality; `None` where a seed's logits
    /// are not all there, or there is but one modality.
    pub(crate) fn of(entries: &[Entry], column: &str, seeds: &[u64]) -> Option<Self> {
        let (mut ensembles, mut oracles) = (Vec::new(), Vec::new());
        let modalities = alone(entries, column);
        if modalities.len() < 2 {
            return None;
        }
        for seed in seeds {
            let mut runs = Vec::new();
            for modality in &modalities {
                let entry = entries.iter().find(|entry| {
                    entry.column == column
                        && entry.seed == *seed
                        && finished(entry).is_some_and(|r| r.recipe.modalities == [*modality])
                });
                runs.push(TestLogits::read_folder(entry?.file.parent()?).ok()?);
            }
            let (ensemble, oracle) = together(&runs)?;
            ensembles.push(ensemble);
            oracles.push(oracle);
        }
        Some(Self {
            modalities,
            ensemble: Aggregate::of(&ensembles)?,
            oracle: Aggregate::of(&oracles)?,
        })
    }
}

/// The modalities of a column that were trained alone.
fn alone(entries: &[Entry], column: &str) -> Vec<Modality> {
    let mut modalities = Vec::new();
    for entry in entries.iter().filter(|entry| entry.column == column) {
        let Some(result) = finished(entry) else {
            continue;
        };
        if let [modality] = result.recipe.modalities[..]
            && !modalities.contains(&modality)
        {
            modalities.push(modality);
        }
    }
    modalities
}

fn finished(entry: &Entry) -> Option<&CellResult> {
    entry.outcome.as_ref().ok()
}

/// Accuracy of the average of the runs' fused logits, and the share of samples that any gets right;
/// `None` where they are not of the same samples.
fn together(runs: &[TestLogits]) -> Option<(f64, f64)> {
    let labels = &runs.first()?.labels;
    if labels.is_empty() || runs.iter().any(|run| run.labels != *labels) {
        return None;
    }
    let mut logits = Vec::new();
    for run in runs {
        logits.push(run.outputs.get(FUSED)?);
    }
    let (mut ensemble, mut oracle) = (0, 0);
    for (sample, label) in labels.iter().enumerate() {
        let mut sum = vec![0.0; runs[0].class_names.len()];
        let mut any_right = false;
        for own in &logits {
            let own: Vec<f64> = own[sample].iter().map(|logit| f64::from(*logit)).collect();
            any_right |= largest(&own) == *label;
            for (sum, logit) in sum.iter_mut().zip(&own) {
                *sum += logit;
            }
        }
        ensemble += usize::from(largest(&sum) == *label);
        oracle += usize::from(any_right);
    }
    let samples = labels.len() as f64;
    Some((ensemble as f64 / samples, oracle as f64 / samples))
}

/// Index of the largest value, the first of equals.
fn largest(values: &[f64]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// The best fused accuracy on the test split over all epochs minus that at the selected epoch:
/// what a row would gain if its epoch were chosen by the test split. `None` unless the run tested
/// every epoch.
pub(crate) fn optimism(result: &CellResult, folder: &Path) -> Option<f64> {
    if !result.recipe.test_every_epoch {
        return None;
    }
    let log = RunLog::read(folder).ok()?;
    let mut tested = BTreeMap::new();
    for (epoch, metrics) in &log.epochs {
        tested.insert(*epoch, metrics.test.get(FUSED)?.accuracy?);
    }
    let selected = tested.get(&result.selected.epoch)?;
    let best = tested.values().copied().fold(*selected, f64::max);
    Some(best - selected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(labels: &[usize], logits: &[[f32; 2]]) -> TestLogits {
        TestLogits {
            class_names: vec!["a".into(), "b".into()],
            labels: labels.to_vec(),
            outputs: BTreeMap::from([(
                FUSED.to_string(),
                logits.iter().map(|own| own.to_vec()).collect(),
            )]),
        }
    }

    /// The surer of the two decides; of the last sample neither is right.
    #[test]
    fn the_ensemble_averages_and_the_oracle_asks_both() {
        let labels = [0, 1, 1];
        let first = run(&labels, &[[3.0, 0.0], [2.0, 0.0], [1.0, 0.0]]);
        let second = run(&labels, &[[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]);
        let (ensemble, oracle) = together(&[first.clone(), second]).unwrap();
        assert_eq!(ensemble, 1.0 / 3.0);
        assert_eq!(oracle, 2.0 / 3.0);
        let others = run(&[0, 0, 1], &[[3.0, 0.0]; 3]);
        assert_eq!(together(&[first, others]), None);
    }
}
