use std::collections::BTreeMap;

use amst_recipe::{Execution, Modality};

use crate::{EpochPlan, EpochScores, OwnScores, Score, Scores, SkipDecision, SkipSchedule};

/// A schedule and how skipping is carried out (D3).
#[derive(Clone, Debug, PartialEq)]
pub struct Skipping {
    /// Which modality trains when.
    pub schedule: SkipSchedule,
    /// Whether a skipped modality is left alone or forwarded all the same.
    pub execution: Execution,
    /// What was decided since [`Skipping::take_decisions`] was last called.
    decisions: Vec<SkipDecision>,
}

impl Skipping {
    /// A schedule, carried out in this way.
    pub fn new(schedule: SkipSchedule, execution: Execution) -> Self {
        Self {
            schedule,
            execution,
            decisions: Vec::new(),
        }
    }

    /// What an epoch counted from 0 does.
    ///
    /// With fast execution only what trains is read, and what was trained in this epoch but is
    /// skipped in others is recalibrated after it. A modality that is never skipped is left as
    /// every other method leaves it. Official execution reads everything and recalibrates nothing:
    /// forwarding a skipped modality updates its BatchNorm statistics.
    pub fn plan(&self, epoch: usize) -> EpochPlan {
        let trains = self.schedule.active(epoch);
        let (reads, recalibrates) = match self.execution {
            Execution::Fast => {
                let mut skipped_elsewhere = trains.clone();
                skipped_elsewhere.retain(|m| !self.schedule.is_never_skipped(*m));
                (trains.clone(), skipped_elsewhere)
            }
            Execution::Official => (self.schedule.modalities().to_vec(), Vec::new()),
        };
        EpochPlan {
            epoch,
            trains,
            reads,
            recalibrates,
            batch_periods: self.schedule.batch_periods(),
            forwards_skipped: self.execution == Execution::Official,
        }
    }

    /// Adapts the schedule after an epoch's validation, where it is adapted while training. Where
    /// several branches have an output of a modality, its score is their mean; `branches` are their
    /// names.
    pub fn end_epoch(&mut self, epoch: usize, scores: &EpochScores, branches: &[&str]) {
        let own_scores = OwnScores {
            training: self.own_scores(&scores.training, branches),
            validation: self.own_scores(&scores.validation, branches),
        };
        let decided = self.schedule.end_epoch(epoch, &own_scores);
        self.decisions.extend(decided);
    }

    /// The scores of each modality's own output.
    fn own_scores(&self, scores: &Scores, branches: &[&str]) -> BTreeMap<Modality, Score> {
        let mut own_scores = BTreeMap::new();
        for modality in self.schedule.modalities() {
            let own: Vec<Score> = branches
                .iter()
                .filter_map(|branch| scores.get(&output_name(branch, *modality)))
                .copied()
                .collect();
            if let Some(score) = mean(&own) {
                own_scores.insert(*modality, score);
            }
        }
        own_scores
    }

    /// What was decided since this was last called.
    pub fn take_decisions(&mut self) -> Vec<SkipDecision> {
        std::mem::take(&mut self.decisions)
    }
}

/// The name of a modality's own output of a branch.
fn output_name(branch: &str, modality: Modality) -> String {
    match branch {
        "" => modality.name().to_string(),
        branch => format!("{branch}.{modality}"),
    }
}

fn mean(scores: &[Score]) -> Option<Score> {
    let count = scores.len() as f64;
    (!scores.is_empty()).then(|| Score {
        loss: scores.iter().map(|score| score.loss).sum::<f64>() / count,
        accuracy: scores.iter().map(|score| score.accuracy).sum::<f64>() / count,
    })
}
