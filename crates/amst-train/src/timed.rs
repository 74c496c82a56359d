//! Epochs that are timed, for a table of times.

use std::collections::BTreeMap;

use amst::{EpochPlan, Modality};
use amst_encoders::Encoder;

use crate::environment::reset_peak_memory;
use crate::evaluate::Evaluation;
use crate::train_run::Trainer;
use crate::trainer::{Keeper, StepDone, Training};
use crate::{EventKind, TrainError, peak_memory_mib};

/// Epochs of a run that cost the same: what is read, trained and recalibrated in them is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochKind {
    /// What trains.
    pub active: Vec<Modality>,
    /// What is read.
    pub loaded: Vec<Modality>,
    /// The first epoch of the kind.
    pub first: usize,
    /// How many of the recipe's epochs are of the kind.
    pub count: usize,
}

/// An epoch that was timed.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedEpoch {
    /// Its number.
    pub epoch: usize,
    /// Wall-clock seconds, validation included.
    pub seconds: f64,
    /// Seconds by phase; together they are `seconds`.
    pub phases: BTreeMap<String, f64>,
}

impl<E: Encoder> Trainer<E> {
    /// The kinds of epochs that the recipe's schedule has, in the order of their first. Where
    /// nothing is skipped there is one.
    pub fn epoch_kinds(&self) -> Vec<EpochKind> {
        let mut kinds: Vec<(EpochPlan, usize)> = Vec::new();
        for epoch in 0..self.open.recipe.epochs {
            let plan = self.open.training.session.method.plan(epoch);
            let same = kinds.iter_mut().find(|(first, _)| {
                let mut at_first = plan.clone();
                at_first.epoch = first.epoch;
                at_first == *first
            });
            match same {
                Some((_, count)) => *count += 1,
                None => kinds.push((plan, 1)),
            }
        }
        let mut all = Vec::new();
        for (plan, count) in kinds {
            all.push(EpochKind {
                active: plan.trains,
                loaded: plan.reads,
                first: plan.epoch,
                count,
            });
        }
        all
    }

    /// Operations of one sample in an epoch of a kind: forward of what is read, backward of what
    /// trains, in every module (docs/paper.md §3.5). Recalibration and evaluation are left out,
    /// which makes it a limit.
    pub fn operations(&self, kind: &EpochKind) -> f64 {
        let recipe = &self.open.recipe;
        let forward = kind.loaded.iter().map(|m| recipe.forward_operations(*m));
        let backward = kind.active.iter().map(|m| recipe.backward_operations(*m));
        let branches = self.open.training.session.net.branches.len() as f64;
        branches * (forward.sum::<f64>() + backward.sum::<f64>())
    }

    /// Trains and validates these epochs, in this order, and returns how long each took, with the
    /// cost of [`Trainer::profile`] where it is on. Nothing is selected or tested, and there is no
    /// result.
    ///
    /// Validation was done once before the first of them: embeddings of encoders that do not train
    /// in it are there, as they are in a run that goes on.
    ///
    /// # Errors
    ///
    /// Those of [`Trainer::train`].
    pub fn time_epochs(mut self, epochs: &[usize]) -> Result<Timed, TrainError> {
        let is_apart = reset_peak_memory();
        let (training, batches) = (&mut self.open.training, &mut self.open.batches);
        let mut validation = training.validation_cache(batches);
        training.validate(batches, &mut validation, epochs.first().copied())?;
        let mut times = EpochTimes(Vec::new());
        for (index, &epoch) in epochs.iter().enumerate() {
            (training.progress.epoch, training.progress.step) = (epoch, 0);
            let next = epochs.get(index + 1).copied();
            training.train_epoch(batches, &mut validation, next, &mut times)?;
        }
        self.write_trace()?;
        Ok(Timed {
            epochs: times.0,
            peak_mib: peak_memory_mib().filter(|_| is_apart),
        })
    }
}

/// Keeps the times of epochs and nothing else.
struct EpochTimes(Vec<TimedEpoch>);

impl<E: Encoder> Keeper<E> for EpochTimes {
    fn after_step(&mut self, _: &mut Training<E>, _: &StepDone<'_>) -> Result<(), TrainError> {
        Ok(())
    }

    fn after_validation(&mut self, event: EventKind, _: &Evaluation) -> Result<(), TrainError> {
        if let EventKind::Epoch {
            epoch,
            seconds,
            phases,
            ..
        } = event
        {
            self.0.push(TimedEpoch {
                epoch,
                seconds,
                phases,
            });
        }
        Ok(())
    }

    fn after_epoch(&mut self, _: &mut Training<E>) -> Result<(), TrainError> {
        Ok(())
    }
}

/// What [`Trainer::time_epochs`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// In the order in which they were asked for.
    pub epochs: Vec<TimedEpoch>,
    /// Largest resident memory of the process meanwhile, in MiB, where the system reports it.
    pub peak_mib: Option<f64>,
}
