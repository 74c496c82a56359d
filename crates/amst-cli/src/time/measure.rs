//! The measurement: systems in turns, round after round.

use std::time::Instant;

use amst_data::{Prepared, SplitName};
use amst_train::{EpochKind, Keep, Run, SaveEvery, Timed, Trainer};
use anyhow::Result;
use burn::tensor::Device;

use super::args::Args;
use super::systems::{Setup, System};
use crate::failure::Usage;
use crate::out_of_memory;

/// Everything that a measurement needs.
pub struct Measurement<'a> {
    /// What is timed.
    pub setup: &'a Setup,
    /// Where.
    pub device: Device,
    /// Whether a call returns when the device is done, so that phases need no waiting.
    pub is_synchronous: bool,
    /// What was asked for.
    pub args: &'a Args,
}

/// What was measured of one system.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The kinds of epochs that it has.
    pub kinds: Vec<EpochKind>,
    /// Operations of a sample in an epoch of each kind.
    pub operations: Vec<f64>,
    /// Samples of the training and of the validation split.
    pub samples: [usize; 2],
    /// By round; an epoch of each kind in each.
    pub rounds: Vec<Timed>,
    /// A round in which each phase was waited for, of a device that computes asynchronously.
    pub profiled: Option<Timed>,
}

impl Measurement<'_> {
    /// A warm-up, then the rounds that are asked for or that the limit leaves time for; at least
    /// one. In each round every system trains an epoch of each of its kinds, beginning with another
    /// system.
    pub fn run(&self) -> Result<Vec<Measured>> {
        let began = Instant::now();
        let systems = &self.setup.systems;
        let mut measured = vec![Measured::default(); systems.len()];
        for (system, measured) in systems.iter().zip(&mut measured) {
            eprintln!(
                "{:>4.0} s  warm-up: {}",
                began.elapsed().as_secs_f64(),
                system.title()
            );
            self.warm_up(system, measured)?;
        }
        for round in 0..self.args.rounds {
            let start = Instant::now();
            for turn in 0..systems.len() {
                let index = (turn + round) % systems.len();
                let timed = self.time(&systems[index], &measured[index].kinds, false)?;
                eprintln!(
                    "{:>4.0} s  round {}/{}: {}",
                    began.elapsed().as_secs_f64(),
                    round + 1,
                    self.args.rounds,
                    systems[index].title()
                );
                measured[index].rounds.push(timed);
            }
            // Another round must fit.
            if self
                .args
                .limit
                .is_some_and(|limit| (began.elapsed() + start.elapsed()).as_secs_f64() > limit)
            {
                eprintln!(
                    "{} of {} rounds fit into --limit",
                    round + 1,
                    self.args.rounds
                );
                break;
            }
        }
        if !self.is_synchronous {
            for (system, measured) in systems.iter().zip(&mut measured) {
                eprintln!(
                    "{:>4.0} s  by phase: {}",
                    began.elapsed().as_secs_f64(),
                    system.title()
                );
                measured.profiled = Some(self.time(system, &measured.kinds, true)?);
            }
        }
        Ok(measured)
    }

    /// Trains an epoch, so that allocators, kernels and files are ready.
    fn warm_up(&self, system: &System, measured: &mut Measured) -> Result<()> {
        let data = self.setup.data(system, self.args)?;
        measured.samples = [SplitName::Train, SplitName::Val].map(|split| data.split(split).len());
        self.with_trainer(system, data, false, |trainer| {
            measured.kinds = trainer.epoch_kinds();
            measured.operations = measured
                .kinds
                .iter()
                .map(|kind| trainer.operations(kind))
                .collect();
            trainer.time_epochs(&[measured.kinds[0].first])
        })?;
        Ok(())
    }

    fn time(&self, system: &System, kinds: &[EpochKind], profile: bool) -> Result<Timed> {
        let epochs: Vec<usize> = kinds.iter().map(|kind| kind.first).collect();
        let data = self.setup.data(system, self.args)?;
        self.with_trainer(system, data, profile, |trainer| {
            trainer.time_epochs(&epochs)
        })
    }

    /// A fresh trainer, so that no system holds memory while another is timed.
    fn with_trainer<T>(
        &self,
        system: &System,
        data: Prepared,
        profile: bool,
        work: impl FnOnce(Trainer) -> Result<T, amst_train::TrainError>,
    ) -> Result<T> {
        let folder = tempfile::tempdir()
            .map_err(|e| Usage(format!("no temporary folder: {e}; set TMPDIR")))?;
        let run = Run::create(folder.path(), &system.cell, system.lock())?;
        out_of_memory::guarded(&system.cell.recipe, &self.args.device, || {
            let trainer = Trainer::new(run, data, self.device.clone())?
                .checkpoints(SaveEvery::Never, Keep::default());
            Ok(work(if profile { trainer.profile() } else { trainer })?)
        })
    }
}
