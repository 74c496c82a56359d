//! What is kept of a training in its run directory: events, checkpoints, the log of steps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use amst::{MethodState, Net, Phase};
use amst_encoders::{Encoder, HeldTensor, held_tensors, replace_all, replace_some};
use amst_recipe::{CODE_EPOCH, Selected};
use burn::module::{Module, ParamId};
use burn::tensor::Device;

use crate::balance::Balance;
use crate::checkpoint::{
    BEST, Best as BestPart, BestState, CHECKPOINT_FORMAT, CheckpointDir, Kind, Loaded, MODEL,
    Manifest, Snapshot, State, VELOCITY,
};
use crate::environment::BURN;
use crate::evaluate::Evaluation;
use crate::interrupt::Interrupt;
use crate::pace::{Keep, Pace, SaveEvery};
use crate::pending_logits::PendingLogits;
use crate::progress::{Best, Elapsed, Progress, add_seconds};
use crate::step_log::StepLog;
use crate::trainer::{Keeper, StepDone, Training};
use crate::writer::Writer;
use crate::{Event, EventKind, Run, TrainError, parameters};

/// How a run is kept.
pub(crate) struct KeepSettings {
    pub every: SaveEvery,
    pub keep: Keep,
    pub log_to: Option<PathBuf>,
    pub interrupt: Interrupt,
    /// Without autodiff.
    pub device: Device,
    pub classes: Vec<String>,
}

/// Keeps a training in its run directory, so that another process can go on with it.
pub(crate) struct RunKeeper<'a> {
    /// Before the run, whose lease the last checkpoint needs when both are dropped.
    pub writer: Writer,
    pub run: Run,
    settings: KeepSettings,
    pace: Pace,
    log: Option<StepLog>,
    observe: &'a mut dyn FnMut(&Event),
}

impl<'a> RunKeeper<'a> {
    pub fn new(run: Run, settings: KeepSettings, observe: &'a mut dyn FnMut(&Event)) -> Self {
        let writer = Writer::new(run.disk().clone(), run.dir(), settings.keep, None);
        Self {
            writer,
            pace: Pace::new(settings.every),
            log: None,
            run,
            settings,
            observe,
        }
    }

    /// Restores the newest checkpoint, or begins at the start where there is none, and says which.
    pub fn begin<E: Encoder>(&mut self, training: &mut Training<E>) -> Result<(), TrainError> {
        let resumed = self.resume(training)?;
        self.pace = Pace::new(self.settings.every);
        if let Some(path) = &self.settings.log_to {
            self.log = Some(match &resumed {
                Some(resumed) => StepLog::resume(path, resumed.log_bytes)?,
                None => StepLog::create(path)?,
            });
        }
        if let Some(resumed) = resumed {
            return self.report(resumed.event);
        }
        self.run.set_events_aside()?;
        self.report(EventKind::Start {
            cell: self.run.cell().id.to_string(),
            requested: self.run.cell().requested_other(),
            epochs: training.planned,
            steps: training.steps(),
            parameters: parameters::trainable(&training.session.net),
            device: self.device(),
        })
    }

    /// Hands an event to the observer and writes it to `events.jsonl`.
    pub fn report(&mut self, kind: EventKind) -> Result<(), TrainError> {
        let event = Event::from(kind);
        (self.observe)(&event);
        self.run.log(&event)
    }

    /// What computes, as burn names it.
    fn device(&self) -> String {
        format!("{:?}", self.settings.device)
    }

    /// Between two steps: writes a checkpoint if one is due or the run is to stop, and stops.
    fn checkpoint_if_due<E: Encoder>(
        &mut self,
        training: &mut Training<E>,
        epoch_ended: bool,
    ) -> Result<(), TrainError> {
        let asked = self.settings.interrupt.raised();
        if asked.is_some() || self.pace.is_due(epoch_ended) {
            let began = Instant::now();
            self.checkpoint(training)?;
            training.session.clock.end(Phase::Save, began);
        }
        let Some(signal) = asked else { return Ok(()) };
        self.writer.wait()?;
        Err(TrainError::Interrupted {
            signal,
            epoch: training.progress.epoch,
            step: training.progress.step,
            dir: self.run.dir().into(),
        })
    }

    fn checkpoint<E: Encoder>(&mut self, training: &mut Training<E>) -> Result<(), TrainError> {
        self.pace.restart();
        let Progress { epoch, step, .. } = training.progress;
        let path = CheckpointDir::in_run(self.run.dir()).state_path(epoch, step);
        if self.writer.last_path() == Some(&path) {
            return Ok(());
        }
        training.progress.read_pending();
        let snapshot = self.snapshot(training)?;
        let mut logs = vec![self.run.dir().join(crate::run::EVENTS)];
        logs.extend(self.log.as_ref().map(|log| log.path().into()));
        let best_epoch = training.progress.best_epoch();
        self.writer.begin(snapshot, best_epoch, logs)
    }

    /// Everything that a step changes.
    fn snapshot<E: Encoder>(&self, training: &Training<E>) -> Result<Snapshot, TrainError> {
        let names = training.weight_names();
        let net = training.session.net.valid();
        let model = held_tensors(&net, &names)?;
        let method = training.session.method.state();
        let progress = &training.progress;
        let best = match &progress.best {
            None => BestPart::None,
            Some(best) if best.is_current => BestPart::Model,
            Some(best) => BestPart::Of(held_tensors(&best.net, &names)?),
        };
        Ok(Snapshot {
            manifest: self.manifest(Kind::State, progress.epoch, progress.step),
            recipe: self.run.recipe(),
            state: Some(self.state(training, method.numbers).to_text()),
            velocity: velocities(training, net)?,
            model,
            method: method.tensors,
            best,
        })
    }

    /// The selected network alone.
    pub fn selected_snapshot<E: Encoder>(
        &self,
        training: &Training<E>,
        best: &Best<E>,
    ) -> Result<Snapshot, TrainError> {
        Ok(Snapshot {
            manifest: self.manifest(Kind::Selected, best.selected.epoch, training.steps()),
            recipe: self.run.recipe(),
            state: None,
            velocity: Vec::new(),
            model: Vec::new(),
            method: Vec::new(),
            best: BestPart::Of(held_tensors(&best.net, &training.weight_names())?),
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
            classes: self.settings.classes.clone(),
            epoch,
            step,
            files: Default::default(),
        }
    }

    fn state<E: Encoder>(
        &self,
        training: &Training<E>,
        method: BTreeMap<String, Vec<f64>>,
    ) -> State {
        let progress = &training.progress;
        let mut epoch_phases = progress.epoch_phases.clone();
        add_seconds(&mut epoch_phases, training.session.clock.seconds());
        let epoch_seconds = if progress.step > 0 {
            progress.epoch_time.seconds()
        } else {
            0.0
        };
        State {
            epoch: progress.epoch,
            step: progress.step,
            steps: progress.steps,
            events: self.run.events(),
            log: self.log.as_ref().map(StepLog::bytes),
            updates: training.budget.updates(),
            training: training.budget.training().as_nanos() as u64,
            seconds: progress.run_time.seconds(),
            epoch_seconds,
            best: progress.best.as_ref().map(|best| BestState {
                epoch: best.selected.epoch,
                val_accuracy: best.selected.val_accuracy,
                balance: best.balance.clone(),
            }),
            last_train: progress.last_train.clone(),
            balance: progress.balance.latest().clone(),
            phases: progress.phases.clone(),
            epoch_phases,
            sums: progress.sums.clone(),
            method,
        }
    }

    /// Restores the newest checkpoint that is whole, if there is one.
    fn resume<E: Encoder>(
        &mut self,
        training: &mut Training<E>,
    ) -> Result<Option<Resumed>, TrainError> {
        let disk = self.run.disk().clone();
        let checkpoints = CheckpointDir::in_run(self.run.dir());
        let found = checkpoints.load_newest(&*disk, self.run.cell(), self.run.data())?;
        let loaded = found.loaded.as_ref();
        self.writer = Writer::new(disk, self.run.dir(), self.settings.keep, loaded);
        self.check_disk_space(training, loaded.is_some())?;
        let mut notes = found.faults;
        let Some(loaded) = found.loaded else {
            return Ok(None);
        };
        if !self.run.cut_events(loaded.state.events)? {
            notes.push(
                "events.jsonl is shorter than it was: events of earlier epochs are missing".into(),
            );
        }
        let device = self.device();
        for (what, before, now) in [
            ("device", loaded.device.as_str(), device.as_str()),
            ("burn", loaded.burn.as_str(), BURN),
        ] {
            if before != now {
                notes.push(format!(
                    "{what}: {before} before, {now} now; equal results are promised on one only"
                ));
            }
        }
        let checkpoint = loaded.dir.file_name().unwrap_or_default();
        let event = EventKind::Resumed {
            cell: self.run.cell().id.to_string(),
            epochs: training.planned,
            best: loaded.state.best.as_ref().map(|best| best.val_accuracy),
            epoch: loaded.state.epoch,
            step: loaded.state.step,
            checkpoint: checkpoint.to_string_lossy().into_owned(),
            notes,
        };
        let log_bytes = loaded.state.log;
        restore(training, loaded, &self.settings.device)?;
        Ok(Some(Resumed { event, log_bytes }))
    }

    /// Refuses to begin what the disk has no space for.
    fn check_disk_space<E: Encoder>(
        &self,
        training: &Training<E>,
        resumed: bool,
    ) -> Result<(), TrainError> {
        let net = training.session.net.valid();
        let tensors = held_tensors(&net, &training.weight_names())?;
        let network: u64 = tensors.iter().map(|tensor| tensor.byte_len() as u64).sum();
        // Network, velocities and the best network; two checkpoints, and one in the making.
        let checkpoints = match self.settings.every {
            _ if resumed => 1,
            SaveEvery::Never => 1,
            _ if self.settings.keep.all => training.planned.max(3) as u64,
            _ => 3,
        };
        let need = 3 * network * checkpoints;
        // Where the system does not say how much is free, the run begins.
        let Ok(free) = self.run.disk().available(self.run.dir()) else {
            return Ok(());
        };
        if free < need {
            let path = self.run.dir().into();
            return Err(TrainError::Space { path, need, free });
        }
        Ok(())
    }
}

impl<E: Encoder> Keeper<E> for RunKeeper<'_> {
    fn after_step(
        &mut self,
        training: &mut Training<E>,
        done: &StepDone<'_>,
    ) -> Result<(), TrainError> {
        self.run.check_lease()?;
        if let Some(log) = &mut self.log {
            log.add(done)?;
        }
        self.pace.step();
        let event = EventKind::Step {
            epoch: done.plan.epoch,
            step: done.number.step + 1,
            steps: done.number.steps,
        };
        // For progress bars only.
        (self.observe)(&event.into());
        self.checkpoint_if_due(training, false)
    }

    fn after_validation(&mut self, event: EventKind, _: &Evaluation) -> Result<(), TrainError> {
        self.report(event)
    }

    fn decided(&mut self, event: EventKind) -> Result<(), TrainError> {
        self.report(event)
    }

    fn after_epoch(&mut self, training: &mut Training<E>) -> Result<(), TrainError> {
        self.checkpoint_if_due(training, true)
    }
}

/// What a run went on from.
struct Resumed {
    event: EventKind,
    /// Bytes of the log of steps.
    log_bytes: Option<u64>,
}

/// The velocities of every parameter that has one, under the names of weight files.
fn velocities<E: Encoder>(
    training: &Training<E>,
    net: Net<E>,
) -> Result<Vec<HeldTensor>, TrainError> {
    let session = &training.session;
    let (net, mut moving) = session.optimiser.velocities(net);
    let (net, probes) = session.probe_optimiser.velocities(net);
    moving.extend(probes);
    let mut velocities = held_tensors(&net, &training.weight_names())?;
    velocities.retain(|tensor| tensor.id().is_some_and(|id| moving.contains(&id)));
    Ok(velocities)
}

fn restore<E: Encoder>(
    training: &mut Training<E>,
    loaded: Loaded,
    device: &Device,
) -> Result<(), TrainError> {
    let (names, dir) = (training.weight_names(), &loaded.dir);
    let session = &mut training.session;
    replace_all(&mut session.net, loaded.model, &dir.join(MODEL), &names)?;
    restore_velocities(training, loaded.velocity, &dir.join(VELOCITY))?;
    let session = &mut training.session;
    let mut state = loaded.state;
    let remembered = MethodState {
        tensors: loaded.method,
        numbers: std::mem::take(&mut state.method),
    };
    session.method.restore(remembered, &session.net, device)?;
    let spent = Duration::from_nanos(state.training);
    training.budget.restore(state.updates, spent);
    let mut best = None;
    if let Some(before) = state.best {
        let mut net = session.net.valid();
        replace_all(&mut net, loaded.best, &dir.join(BEST), &names)?;
        best = Some(Best {
            selected: Selected {
                epoch: before.epoch,
                val_accuracy: before.val_accuracy,
            },
            net,
            balance: before.balance,
            is_current: false,
        });
    }
    training.progress = Progress {
        epoch: state.epoch,
        step: state.step,
        steps: state.steps,
        sums: state.sums,
        pending: PendingLogits::default(),
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

fn restore_velocities<E: Encoder>(
    training: &mut Training<E>,
    velocities: Vec<HeldTensor>,
    file: &Path,
) -> Result<(), TrainError> {
    let names = training.weight_names();
    let session = &mut training.session;
    let mut net = session.net.valid();
    let mut moving: Vec<ParamId> = Vec::new();
    for tensor in held_tensors(&net, &names)? {
        if velocities.iter().any(|v| v.name() == tensor.name()) {
            moving.extend(tensor.id());
        }
    }
    replace_some(&mut net, velocities, file, &names)?;
    session.optimiser.restore(&net.branches, &moving);
    session.probe_optimiser.restore(&net.probes, &moving);
    Ok(())
}
