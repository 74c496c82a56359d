use amst_recipe::{Every, Modality};

use crate::MethodError;

/// Which modality trains in which epoch: `e mod s_m = 0` (Eq. 1).
///
/// Epochs are handed in counted from 0. `epoch_base` is the number of the first one in the
/// equation: 0 as in the published code, where everything trains in the first epoch, or 1
/// as in Algorithm 1, where a modality with s = 5 waits until the fifth (D2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkipSchedule {
    /// In training order.
    modalities: Vec<Modality>,
    /// The skip parameter s of each.
    every: Vec<Every>,
    epoch_base: usize,
}

impl SkipSchedule {
    /// A schedule for a set of modalities, which are put into training order.
    ///
    /// # Errors
    ///
    /// s = 0, or no modality.
    pub fn new(every: &[(Modality, Every)], epoch_base: usize) -> Result<Self, MethodError> {
        if let Some((modality, _)) = every.iter().find(|(_, s)| *s == Every::Epochs(0)) {
            return Err(MethodError::ZeroSkip(*modality));
        }
        let mut sorted = every.to_vec();
        sorted.sort_by_key(|(modality, _)| *modality);
        let (modalities, every): (Vec<Modality>, Vec<Every>) = sorted.into_iter().unzip();
        Ok(Self {
            modalities: training_order(&modalities)?,
            every,
            epoch_base,
        })
    }

    /// A schedule that skips nothing.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn always(modalities: &[Modality]) -> Result<Self, MethodError> {
        let every: Vec<_> = modalities.iter().map(|m| (*m, Every::Epochs(1))).collect();
        Self::new(&every, 0)
    }

    /// Refuses a schedule in which nothing trains in `epochs` epochs.
    ///
    /// # Errors
    ///
    /// [`MethodError::NothingTrains`].
    pub fn check_trains(&self, epochs: usize) -> Result<(), MethodError> {
        if (0..epochs).all(|epoch| self.active(epoch).is_empty()) {
            return Err(MethodError::NothingTrains { epochs });
        }
        Ok(())
    }

    /// All modalities, in training order.
    pub fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    /// Whether a modality trains in an epoch counted from 0; one that is not in the schedule never
    /// does.
    pub fn is_active(&self, modality: Modality, epoch: usize) -> bool {
        self.every_of(modality)
            .is_some_and(|every| self.divides(every, epoch))
    }

    /// The modalities that train in an epoch counted from 0, in training order.
    pub fn active(&self, epoch: usize) -> Vec<Modality> {
        let mut active = self.modalities.clone();
        active.retain(|modality| self.is_active(*modality, epoch));
        active
    }

    /// In how many of the first `epochs` epochs a modality trains.
    pub fn active_epochs(&self, modality: Modality, epochs: usize) -> usize {
        (0..epochs).filter(|e| self.is_active(modality, *e)).count()
    }

    /// Whether a modality trains in every epoch.
    pub fn is_never_skipped(&self, modality: Modality) -> bool {
        self.every_of(modality) == Some(Every::Epochs(1))
    }

    fn every_of(&self, modality: Modality) -> Option<Every> {
        let index = self.modalities.iter().position(|m| *m == modality)?;
        Some(self.every[index])
    }

    /// `e mod s = 0`, the paper's Eq. 1.
    fn divides(&self, every: Every, epoch: usize) -> bool {
        match every {
            Every::Epochs(s) => (epoch + self.epoch_base).is_multiple_of(s as usize),
            Every::Never(_) => false,
        }
    }
}

/// A set of modalities in the order in which the paper's Algorithm 1 goes through them.
///
/// # Errors
///
/// No modality.
pub fn training_order(modalities: &[Modality]) -> Result<Vec<Modality>, MethodError> {
    if modalities.is_empty() {
        return Err(MethodError::NoModality);
    }
    let mut sorted = modalities.to_vec();
    sorted.sort();
    Ok(sorted)
}
