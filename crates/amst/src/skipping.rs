use amst_recipe::{Every, Execution, Modality};

use crate::{MethodError, SkipSchedule};

/// A schedule and how skipping is carried out (D3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipping {
    /// Which modality trains in which epoch.
    pub schedule: SkipSchedule,
    /// Whether a skipped modality is left alone or forwarded all the same.
    pub execution: Execution,
}

impl Skipping {
    /// Every modality in every epoch.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn never(modalities: &[Modality]) -> Result<Self, MethodError> {
        let every: Vec<_> = modalities.iter().map(|m| (*m, Every::Epochs(1))).collect();
        Ok(Self {
            schedule: SkipSchedule::new(&every, 0)?,
            execution: Execution::Fast,
        })
    }

    /// The modalities that an epoch's batches must hold: what trains, or everything where
    /// skipped modalities are forwarded too.
    pub fn loads(&self, epoch: usize) -> Vec<Modality> {
        match self.execution {
            Execution::Fast => self.schedule.active(epoch),
            Execution::Official => self.schedule.modalities(),
        }
    }

    /// The modalities that read an epoch's last batches again after it: those that were
    /// trained in it and are skipped in others. Official execution needs none of this, and a
    /// modality that is never skipped is left as every other system leaves it.
    pub fn recalibrates(&self, epoch: usize) -> Vec<Modality> {
        match self.execution {
            Execution::Fast => {
                let mut due = self.schedule.active(epoch);
                due.retain(|modality| !self.schedule.is_never_skipped(*modality));
                due
            }
            Execution::Official => Vec::new(),
        }
    }
}
