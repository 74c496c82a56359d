//! Epochs that are timed, for a table of times.

use std::collections::BTreeMap;

use amst_data::SplitName;
use amst_recipe::Modality;

use crate::environment::reset_peak_memory;
use crate::trainer::Trainer;
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

impl Trainer {
    /// The kinds of epochs that the recipe's schedule has, in the order of their first. Where
    /// nothing is skipped there is one.
    pub fn epoch_kinds(&self) -> Vec<EpochKind> {
        let method = &self.built.method;
        let mut kinds: Vec<(EpochKind, Vec<Modality>)> = Vec::new();
        for epoch in 0..self.recipe.epochs {
            let (active, loaded, again) = (
                method.active(epoch),
                method.loads(epoch),
                method.recalibrates(epoch),
            );
            let same = |(kind, r): &&mut (EpochKind, _)| {
                kind.active == active && kind.loaded == loaded && *r == again
            };
            match kinds.iter_mut().find(same) {
                Some((kind, _)) => kind.count += 1,
                None => kinds.push((
                    EpochKind {
                        active,
                        loaded,
                        first: epoch,
                        count: 1,
                    },
                    again,
                )),
            }
        }
        kinds.into_iter().map(|(kind, _)| kind).collect()
    }

    /// Operations of one sample in an epoch of a kind: forward of what is read, backward of what
    /// trains, in every module (METHODS 3.5). Recalibration and evaluation are left out, which
    /// makes it a limit.
    pub fn operations(&self, kind: &EpochKind) -> f64 {
        let forward: f64 = kind
            .loaded
            .iter()
            .map(|m| self.recipe.forward_operations(*m))
            .sum();
        let backward: f64 = kind
            .active
            .iter()
            .map(|m| self.recipe.backward_operations(*m))
            .sum();
        self.built.net.branches.len() as f64 * (forward + backward)
    }

    /// Trains and validates these epochs, in this order, and tells how long each took, what is
    /// asked for by [`Trainer::profile`] included. Nothing is selected or tested, and there is no
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
        let mut validation = self.evaluator(SplitName::Val, self.built.net.branches.len())?;
        self.validate(&mut validation, epochs.first().copied())?;
        let mut timed = Vec::new();
        for (place, &epoch) in epochs.iter().enumerate() {
            (self.session.epoch, self.session.step) = (epoch, 0);
            self.train_epoch(
                &mut validation,
                epochs.get(place + 1).copied(),
                &mut |event| {
                    if let EventKind::Epoch {
                        epoch,
                        seconds,
                        phases,
                        ..
                    } = &event.kind
                    {
                        timed.push(TimedEpoch {
                            epoch: *epoch,
                            seconds: *seconds,
                            phases: phases.clone(),
                        });
                    }
                },
            )?;
        }
        self.keep_trace()?;
        Ok(Timed {
            epochs: timed,
            peak_mib: peak_memory_mib().filter(|_| is_apart),
        })
    }
}

/// What [`Trainer::time_epochs`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// In the order in which they were asked for.
    pub epochs: Vec<TimedEpoch>,
    /// Largest resident memory of the process meanwhile, in MiB, where the system tells.
    pub peak_mib: Option<f64>,
}
