use std::borrow::Cow;
use std::collections::BTreeMap;

use amst_recipe::Modality;

use crate::{Batch, StepNumber};

/// What one epoch does, decided once, before its first step. The loader, the step, the budget and
/// the log are all handed this plan; none of them asks again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochPlan {
    /// Counted from 0.
    pub epoch: usize,
    /// The modalities whose encoders are updated, in training order: those with `e mod s_m = 0`
    /// (Eq. 1) where a skip schedule decides.
    pub trains: Vec<Modality>,
    /// The modalities that the epoch's batches hold: what trains, and with official execution also
    /// what is only forwarded (D3).
    pub reads: Vec<Modality>,
    /// The modalities that read the epoch's last batches again after it, so that their BatchNorm
    /// statistics fit their final weights ([`recalibrate`](crate::recalibrate)).
    pub recalibrates: Vec<Modality>,
    /// The modalities that train in every s-th batch only, and their s; batches are counted through
    /// all epochs.
    pub batch_periods: BTreeMap<Modality, u32>,
    /// Whether what does not train in a batch is forwarded all the same (D3).
    pub forwards_skipped: bool,
}

impl EpochPlan {
    /// Every modality is read and trained, none is recalibrated: an epoch of a method that skips
    /// nothing.
    pub fn everything(epoch: usize, modalities: &[Modality]) -> Self {
        Self::only(epoch, modalities.to_vec())
    }

    /// These modalities are read and trained, none is recalibrated.
    pub fn only(epoch: usize, modalities: Vec<Modality>) -> Self {
        Self {
            epoch,
            trains: modalities.clone(),
            reads: modalities,
            recalibrates: Vec::new(),
            batch_periods: BTreeMap::new(),
            forwards_skipped: false,
        }
    }

    /// The plan of one step: the epoch's, without the modalities that its batch skips.
    pub fn at_step(&self, number: StepNumber) -> Cow<'_, Self> {
        if self.batch_periods.is_empty() {
            return Cow::Borrowed(self);
        }
        let batch = self.epoch * number.steps + number.step;
        let is_skipped = |modality: &Modality| {
            let period = self.batch_periods.get(modality);
            period.is_some_and(|s| !batch.is_multiple_of(*s as usize))
        };
        let mut plan = self.clone();
        plan.trains.retain(|modality| !is_skipped(modality));
        if !self.forwards_skipped {
            plan.reads.retain(|modality| !is_skipped(modality));
        }
        Cow::Owned(plan)
    }

    /// A batch without what this step's plan does not read: an epoch's loader makes batches of all
    /// that the epoch reads.
    pub(crate) fn what_is_read<'a>(&self, batch: &'a Batch) -> Cow<'a, Batch> {
        if self.batch_periods.is_empty() {
            return Cow::Borrowed(batch);
        }
        let mut read = batch.clone();
        read.inputs
            .retain(|modality, _| self.reads.contains(modality));
        Cow::Owned(read)
    }

    /// Whether a modality is updated.
    pub fn trains(&self, modality: Modality) -> bool {
        self.trains.contains(&modality)
    }

    /// The modalities whose embeddings change: what is read moves BatchNorm statistics even where
    /// it does not train, and so does recalibration.
    pub fn changes(&self) -> Vec<Modality> {
        let mut changed = self.reads.clone();
        changed.extend(&self.recalibrates);
        changed.sort();
        changed.dedup();
        changed
    }
}
