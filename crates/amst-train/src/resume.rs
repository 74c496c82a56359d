//! From a run to a checkpoint and back.

use std::time::Duration;

use amst::{MethodState, Net};
use amst_encoders::{AnyEncoder, HeldTensor, held_tensors, replace_all, replace_some};
use amst_recipe::{CODE_EPOCH, Selected};
use burn::module::{Module, ParamId};

use crate::balance::Balance;
use crate::checkpoint::{
    BEST, Best as BestPart, BestState, CHECKPOINT_FORMAT, CheckpointDir, Kind, Loaded, MODEL,
    Manifest, Snapshot, State, VELOCITY,
};
use crate::environment::BURN;
use crate::pace::{Keep, SaveEvery};
use crate::session::{Best, Elapsed, Session};
use crate::trainer::Trainer;
use crate::unread::Unread;
use crate::writer::Writer;
use crate::{EventKind, TrainError};

/// What a run went on from.
pub(crate) struct Resumed {
    pub event: EventKind,
    /// Bytes of the log of steps.
    pub log: Option<u64>,
}

impl Trainer {
    /// Between two steps, where everything that a run is can be written down. Does so if it is
    /// time, or if the run is to stop.
    pub(crate) fn rest(&mut self, epoch_ended: bool) -> Result<(), TrainError> {
        let asked = self.interrupt.raised();
        if asked.is_some() || self.pace.is_due(epoch_ended) {
            let began = std::time::Instant::now();
            self.checkpoint()?;
            self.clock.end(amst::Phase::Save, began);
        }
        let Some(signal) = asked else { return Ok(()) };
        self.writer.wait()?;
        let (epoch, step) = (self.session.epoch, self.session.step);
        Err(TrainError::Interrupted {
            signal,
            epoch,
            step,
            dir: self.run.dir().into(),
        })
    }

    fn checkpoint(&mut self) -> Result<(), TrainError> {
        self.pace.restart();
        let path =
            CheckpointDir::in_run(self.run.dir()).state_path(self.session.epoch, self.session.step);
        if self.writer.last_path() == Some(&path) {
            return Ok(());
        }
        self.session.read();
        let snapshot = self.snapshot()?;
        let logs = [
            Some(self.run.dir().join(crate::run::EVENTS)),
            self.log.as_ref().map(|log| log.place().0.into()),
        ];
        self.writer.begin(
            snapshot,
            self.session.best_epoch(),
            logs.into_iter().flatten().collect(),
        )
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        let names = self.built.names();
        let net = self.built.net.valid();
        let model = held_tensors(&net, &names)?;
        let method = self.built.method.state();
        let best = match &self.session.best {
            None => BestPart::None,
            Some(best) if best.is_present => BestPart::Model,
            Some(best) => BestPart::Of(held_tensors(&best.net, &names)?),
        };
        Ok(Snapshot {
            manifest: self.manifest(Kind::State, self.session.epoch, self.session.step),
            recipe: self.run.recipe(),
            state: Some(self.state(method.numbers).to_text()),
            velocity: self.velocities(net)?,
            model,
            method: method.tensors,
            best,
        })
    }

    /// The selected network alone.
    pub(crate) fn selected(&self, best: &Best) -> Result<Snapshot, TrainError> {
        Ok(Snapshot {
            manifest: self.manifest(Kind::Selected, best.selected.epoch, self.train.steps()),
            recipe: self.run.recipe(),
            state: None,
            velocity: Vec::new(),
            model: Vec::new(),
            method: Vec::new(),
            best: BestPart::Of(held_tensors(&best.net, &self.built.names())?),
        })
    }

    fn manifest(&self, kind: Kind, epoch: usize, step: usize) -> Manifest {
        Manifest {
            format: CHECKPOINT_FORMAT,
            program: format!("amst {}", env!("CARGO_PKG_VERSION")),
            burn: BURN.into(),
            device: self.device(),
            kind,
            cell: self.run.cell().id.clone(),
            data: self.run.data().clone(),
            code_epoch: CODE_EPOCH,
            classes: self.data.classes().to_vec(),
            epoch,
            step,
            files: Default::default(),
        }
    }

    fn velocities(&self, net: Net<AnyEncoder>) -> Result<Vec<HeldTensor>, TrainError> {
        let (net, mut moving) = self.optimisers.method.velocities(net);
        let (net, probes) = self.optimisers.probes.velocities(net);
        moving.extend(probes);
        let mut velocities = held_tensors(&net, &self.built.names())?;
        velocities.retain(|tensor| tensor.id().is_some_and(|id| moving.contains(&id)));
        Ok(velocities)
    }

    fn state(&self, method: std::collections::BTreeMap<String, Vec<f64>>) -> State {
        let session = &self.session;
        let best = |best: &Best| {
            let Selected {
                epoch,
                val_accuracy,
            } = best.selected;
            BestState {
                epoch,
                val_accuracy,
                balance: best.balance.clone(),
            }
        };
        let mut epoch_phases = session.epoch_phases.clone();
        add(&mut epoch_phases, self.clock.seconds());
        State {
            epoch: session.epoch,
            step: session.step,
            steps: session.steps,
            events: self.run.events(),
            log: self.log.as_ref().map(|log| log.place().1),
            updates: self.budget.updates(),
            training: self.budget.training().as_nanos() as u64,
            seconds: session.run_time.seconds(),
            epoch_seconds: if session.step > 0 {
                session.epoch_time.seconds()
            } else {
                0.0
            },
            best: session.best.as_ref().map(best),
            last_train: session.last_train.clone(),
            balance: session.balance.latest().clone(),
            phases: session.phases.clone(),
            epoch_phases,
            sums: session.sums.clone(),
            method,
        }
    }

    /// Goes on from the newest checkpoint that is whole, if there is one.
    pub(crate) fn resume(
        &mut self,
        every: SaveEvery,
        keep: Keep,
    ) -> Result<Option<Resumed>, TrainError> {
        let disk = self.run.disk().clone();
        let checkpoints = CheckpointDir::in_run(self.run.dir());
        let found = checkpoints.load_newest(&*disk, self.run.cell(), self.run.data())?;
        self.writer = Writer::new(disk, self.run.dir(), keep, found.loaded.as_ref());
        self.check_room(every, keep, found.loaded.is_some())?;
        let mut notes = found.faults;
        let Some(loaded) = found.loaded else {
            return Ok(None);
        };
        if !self.run.cut_events(loaded.state.events)? {
            notes.push(
                "events.jsonl is shorter than it was, so that it does not tell everything".into(),
            );
        }
        for (what, there, here) in [
            ("device", &loaded.device, &self.device()),
            ("burn", &loaded.burn, &BURN.into()),
        ] {
            if there != here {
                notes.push(format!(
                    "{what}: {there} before, {here} now; equal results are promised on one only"
                ));
            }
        }
        let (epoch, step, log) = (loaded.state.epoch, loaded.state.step, loaded.state.log);
        let checkpoint = loaded
            .dir
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let best = loaded.state.best.as_ref().map(|best| best.val_accuracy);
        self.restore(loaded)?;
        let (cell, epochs) = (self.run.cell().id.to_string(), self.planned);
        Ok(Some(Resumed {
            event: EventKind::Resumed {
                cell,
                epochs,
                best,
                epoch,
                step,
                checkpoint,
                notes,
            },
            log,
        }))
    }

    fn restore(&mut self, loaded: Loaded) -> Result<(), TrainError> {
        let (names, dir) = (self.built.names(), &loaded.dir);
        replace_all(&mut self.built.net, loaded.model, &dir.join(MODEL), &names)?;
        self.restore_velocities(loaded.velocity, &dir.join(VELOCITY))?;
        let mut state = loaded.state;
        let remembered = MethodState {
            tensors: loaded.method,
            numbers: std::mem::take(&mut state.method),
        };
        self.built
            .method
            .restore(remembered, &self.built.net, &self.devices.1)?;
        self.budget
            .restore(state.updates, Duration::from_nanos(state.training));
        let best = match state.best {
            None => None,
            Some(BestState {
                epoch,
                val_accuracy,
                balance,
            }) => {
                let mut net = self.built.net.valid();
                replace_all(&mut net, loaded.best, &dir.join(BEST), &names)?;
                Some(Best {
                    selected: Selected {
                        epoch,
                        val_accuracy,
                    },
                    net,
                    balance,
                    is_present: false,
                })
            }
        };
        self.session = Session {
            epoch: state.epoch,
            step: state.step,
            steps: state.steps,
            sums: state.sums,
            unread: Unread::default(),
            best,
            last_train: state.last_train,
            balance: Balance::restored(state.balance),
            phases: state.phases,
            epoch_phases: state.epoch_phases,
            run_time: Elapsed::after(state.seconds),
            epoch_time: Elapsed::after(state.epoch_seconds),
        };
        Ok(())
    }

    fn restore_velocities(
        &mut self,
        velocities: Vec<HeldTensor>,
        file: &std::path::Path,
    ) -> Result<(), TrainError> {
        let names = self.built.names();
        let mut net = self.built.net.valid();
        let moving: Vec<ParamId> = held_tensors(&net, &names)?
            .into_iter()
            .filter(|tensor| {
                velocities
                    .iter()
                    .any(|velocity| velocity.name() == tensor.name())
            })
            .filter_map(|tensor| tensor.id())
            .collect();
        replace_some(&mut net, velocities, file, &names)?;
        self.optimisers.method.restore(&net.branches, &moving);
        self.optimisers.probes.restore(&net.probes, &moving);
        Ok(())
    }

    /// Refuses to begin what there will be no room for.
    fn check_room(&self, every: SaveEvery, keep: Keep, resumed: bool) -> Result<(), TrainError> {
        let tensors = held_tensors(&self.built.net.valid(), &self.built.names())?;
        let network: u64 = tensors.iter().map(|tensor| tensor.byte_len() as u64).sum();
        // Network, velocities and the best network; two checkpoints, and one in the making.
        let checkpoints = match (every, resumed) {
            (SaveEvery::Never, _) | (_, true) => 1,
            _ if keep.all => self.planned.max(3) as u64,
            _ => 3,
        };
        let need = 3 * network * checkpoints;
        // A system that does not tell how much is free is given a try.
        let Ok(free) = self.run.disk().available(self.run.dir()) else {
            return Ok(());
        };
        match free < need {
            true => Err(TrainError::Space {
                path: self.run.dir().into(),
                need,
                free,
            }),
            false => Ok(()),
        }
    }
}

/// Adds seconds by phase.
pub(crate) fn add(
    sums: &mut std::collections::BTreeMap<String, f64>,
    seconds: impl IntoIterator<Item = (&'static str, f64)>,
) {
    for (name, seconds) in seconds {
        *sums.entry(name.to_string()).or_default() += seconds;
    }
}
