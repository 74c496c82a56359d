use amst_recipe::Execution;

use crate::{EpochPlan, SkipSchedule};

/// A schedule and how skipping is carried out (D3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipping {
    /// Which modality trains in which epoch.
    pub schedule: SkipSchedule,
    /// Whether a skipped modality is left alone or forwarded all the same.
    pub execution: Execution,
}

impl Skipping {
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
        }
    }
}
