use std::collections::BTreeMap;

use amst_recipe::{AutoSpec, Modality, ModalitySchedule};

use crate::engine::auto_skip::AutoSkip;
use crate::{MethodError, MethodState, OwnScores, SkipDecision};

/// Which modality trains when: `e mod s_m = 0` (Eq. 1), or another schedule of the family
/// ([`ModalitySchedule`]).
///
/// Epochs are handed in counted from 0. `epoch_base` is the number of the first one in the
/// equation: 0 as in the published code, where everything trains in the first epoch, or 1
/// as in Algorithm 1, where a modality with s = 5 waits until the fifth (D2).
#[derive(Clone, Debug, PartialEq)]
pub struct SkipSchedule {
    /// In training order.
    modalities: Vec<Modality>,
    /// The schedule of each.
    schedules: Vec<ModalitySchedule>,
    epoch_base: usize,
    /// What adapts s while training, of the modalities whose schedule is `auto`.
    auto: AutoSkip,
}

impl SkipSchedule {
    /// A schedule for a set of modalities, which are put into training order.
    ///
    /// # Errors
    ///
    /// s = 0, no modality, or epochs that only the cell of a recipe names.
    pub fn new(
        schedules: &[(Modality, ModalitySchedule)],
        epoch_base: usize,
    ) -> Result<Self, MethodError> {
        let is_zero = |schedule: &ModalitySchedule| {
            matches!(
                schedule,
                ModalitySchedule::Every(0) | ModalitySchedule::EveryBatch(0)
            )
        };
        if let Some((modality, _)) = schedules.iter().find(|(_, s)| is_zero(s)) {
            return Err(MethodError::ZeroSkip(*modality));
        }
        let is_relative = |schedule: &ModalitySchedule| {
            matches!(
                schedule,
                ModalitySchedule::WindowShare { .. } | ModalitySchedule::Random(_)
            )
        };
        if let Some((modality, schedule)) = schedules.iter().find(|(_, s)| is_relative(s)) {
            return Err(MethodError::RelativeSchedule {
                modality: *modality,
                schedule: schedule.to_string(),
            });
        }
        let mut sorted = schedules.to_vec();
        sorted.sort_by_key(|(modality, _)| *modality);
        let (modalities, schedules): (Vec<Modality>, Vec<ModalitySchedule>) =
            sorted.into_iter().unzip();
        let schedule = Self {
            modalities: training_order(&modalities)?,
            schedules,
            epoch_base,
            auto: AutoSkip::default(),
        };
        Ok(schedule.with_auto(&AutoSpec::default()))
    }

    /// The same, where `auto` goes by these settings.
    pub fn with_auto(mut self, spec: &AutoSpec) -> Self {
        let is_auto = |(_, s): &(&Modality, &ModalitySchedule)| **s == ModalitySchedule::Auto;
        let of_each = self.modalities.iter().zip(&self.schedules);
        let adapted: Vec<_> = of_each.filter(is_auto).map(|(m, _)| *m).collect();
        self.auto = AutoSkip::new(spec, &adapted);
        self
    }

    /// A schedule that skips nothing.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn always(modalities: &[Modality]) -> Result<Self, MethodError> {
        let always = |m: &Modality| (*m, ModalitySchedule::Every(1));
        Self::new(&modalities.iter().map(always).collect::<Vec<_>>(), 0)
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

    /// Whether a modality trains in an epoch counted from 0, in some batches at least; one that is
    /// not in the schedule never does. Where s is adapted while training, this says what follows
    /// from s as it is now.
    pub fn is_active(&self, modality: Modality, epoch: usize) -> bool {
        self.active(epoch).contains(&modality)
    }

    /// The modalities that train in an epoch counted from 0, in training order.
    pub fn active(&self, epoch: usize) -> Vec<Modality> {
        let mut active = self.active_by_number(epoch);
        if !self.auto.is_empty() {
            let others_train = |epoch| !self.active_by_number(epoch).is_empty();
            active.extend(self.auto.active(epoch, others_train));
            active.sort();
        }
        active
    }

    /// The modalities of which the number of the epoch decides whether they train in it.
    fn active_by_number(&self, epoch: usize) -> Vec<Modality> {
        let of_each = self.modalities.iter().zip(&self.schedules);
        of_each
            .filter(|(_, schedule)| schedule.trains_in(epoch + self.epoch_base) == Some(true))
            .map(|(modality, _)| *modality)
            .collect()
    }

    /// In how many of the first `epochs` epochs a modality trains.
    pub fn active_epochs(&self, modality: Modality, epochs: usize) -> usize {
        (0..epochs).filter(|e| self.is_active(modality, *e)).count()
    }

    /// The modalities that train in every s-th batch only, and their s.
    pub fn batch_periods(&self) -> BTreeMap<Modality, u32> {
        let of_each = self.modalities.iter().zip(&self.schedules);
        of_each
            .filter_map(|(modality, schedule)| match schedule {
                ModalitySchedule::EveryBatch(s) => Some((*modality, *s)),
                _ => None,
            })
            .collect()
    }

    /// Whether every step trains a modality, however many epochs there are.
    pub fn is_never_skipped(&self, modality: Modality) -> bool {
        let index = self.modalities.iter().position(|m| *m == modality);
        index.is_some_and(|index| match &self.schedules[index] {
            // A window of epochs that come before the first one.
            ModalitySchedule::Window { to, .. } => *to <= self.epoch_base,
            schedule => schedule.is_always(),
        })
    }

    /// Adapts s after an epoch's validation, where it is adapted; returns what was decided.
    pub fn end_epoch(&mut self, epoch: usize, scores: &OwnScores) -> Vec<SkipDecision> {
        if self.auto.is_empty() {
            return Vec::new();
        }
        let trained = self.active(epoch);
        self.auto.end_epoch(epoch, &trained, scores)
    }

    /// What the schedule would have to know to go on in another process.
    pub fn state(&self) -> MethodState {
        self.auto.state()
    }

    /// Takes what [`SkipSchedule::state`] gave out of a method's state.
    ///
    /// # Errors
    ///
    /// The state of another schedule.
    pub fn restore(&mut self, state: &mut MethodState) -> Result<(), MethodError> {
        self.auto.restore(state)
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
