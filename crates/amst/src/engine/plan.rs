use amst_recipe::Modality;

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
        }
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
