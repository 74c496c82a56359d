//! How far apart the modalities are in their learning.

use std::collections::BTreeMap;

use amst::Modality;
use amst_recipe::OutputMetrics;

/// The latest training metrics of each modality, and what they say about balance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Balance {
    /// Accuracy and mean probability of the right class.
    latest: BTreeMap<Modality, (f64, f64)>,
}

impl Balance {
    /// What another process saw.
    pub fn restored(latest: BTreeMap<Modality, (f64, f64)>) -> Self {
        Self { latest }
    }

    /// What was seen, for [`Balance::restored`].
    pub fn latest(&self) -> &BTreeMap<Modality, (f64, f64)> {
        &self.latest
    }

    /// Takes in the training metrics of an epoch: of each modality, the mean over the branches. A
    /// modality that was skipped keeps its last ones.
    pub fn update(
        &mut self,
        branches: &[&str],
        modalities: &[Modality],
        train: &BTreeMap<String, OutputMetrics>,
    ) {
        for modality in modalities {
            let (mut accuracy, mut true_probability, mut count) = (0.0, 0.0, 0);
            for branch in branches {
                let name = if branch.is_empty() {
                    modality.to_string()
                } else {
                    format!("{branch}.{modality}")
                };
                if let Some(metrics) = train.get(&name) {
                    accuracy += metrics.accuracy;
                    true_probability += metrics.true_probability;
                    count += 1;
                }
            }
            if count > 0 {
                let mean = (accuracy / count as f64, true_probability / count as f64);
                self.latest.insert(*modality, mean);
            }
        }
    }

    /// `discrepancy.<m>`: the modality's mean probability of the right class over that of the
    /// others, averaged (OGM-GE's ratio over an epoch). `speed_gap`: what the fastest modality
    /// has gained in training accuracy over chance, an epoch, less what the slowest has.
    pub fn measures(&self, epoch: usize, classes: usize) -> BTreeMap<String, f64> {
        let mut balance = BTreeMap::new();
        if self.latest.len() < 2 {
            return balance;
        }
        for (modality, (_, own)) in &self.latest {
            let others = self
                .latest
                .iter()
                .filter(|(other, _)| *other != modality)
                .map(|(_, (_, p))| own / p.max(1e-12));
            balance.insert(
                format!("discrepancy.{modality}"),
                others.sum::<f64>() / (self.latest.len() - 1) as f64,
            );
        }
        let speed = |accuracy: f64| (accuracy - 1.0 / classes as f64) / (epoch + 1) as f64;
        let speeds: Vec<f64> = self
            .latest
            .values()
            .map(|(accuracy, _)| speed(*accuracy))
            .collect();
        let (fastest, slowest) = speeds
            .iter()
            .fold((f64::MIN, f64::MAX), |(h, l), s| (h.max(*s), l.min(*s)));
        balance.insert("speed_gap".into(), fastest - slowest);
        balance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Modality::{Audio, Visual};

    const BRANCHES: [&str; 2] = ["", "alt"];

    fn metrics(accuracy: f64, true_probability: f64) -> OutputMetrics {
        OutputMetrics {
            accuracy,
            true_probability,
            ..OutputMetrics::default()
        }
    }

    #[test]
    fn ratio_and_gap_equal_those_worked_out_by_hand() {
        let mut balance = Balance::default();
        let train = [
            ("audio".to_string(), metrics(0.75, 0.5)),
            ("visual".to_string(), metrics(0.35, 0.25)),
        ];
        balance.update(&BRANCHES, &[Audio, Visual], &train.into());
        let found = balance.measures(1, 4);
        assert_eq!(
            (found["discrepancy.audio"], found["discrepancy.visual"]),
            (2.0, 0.5)
        );
        assert!((found["speed_gap"] - (0.25 - 0.05)).abs() < 1e-12); // (0.75 - 0.25)/2 - (0.35 - 0.25)/2
    }

    #[test]
    fn a_skipped_modality_keeps_its_last_numbers_and_one_alone_has_no_balance() {
        let mut balance = Balance::default();
        balance.update(
            &BRANCHES,
            &[Audio, Visual],
            &[("audio".to_string(), metrics(0.5, 0.5))].into(),
        );
        assert!(balance.measures(0, 2).is_empty());
        balance.update(
            &BRANCHES,
            &[Audio, Visual],
            &[("alt.visual".to_string(), metrics(0.5, 0.25))].into(),
        );
        assert_eq!(balance.measures(0, 2)["discrepancy.audio"], 2.0);
    }
}
