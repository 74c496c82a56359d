//! A run from its first epoch to its result.

use std::path::{Path, PathBuf};

use amst::{Optimiser, Stopwatch};
use amst_data::{Loader, LoaderConfig, Prepared, Purpose, SplitName, Stream};
use amst_kernels::is_gpu;
use amst_recipe::{CellResult, Recipe};
use burn::tensor::Device;

use crate::budget::Budget;
use crate::build::build_drawn;
use crate::interrupt::Interrupt;
use crate::pace::{Every, Keep, Pace};
use crate::pass::Ahead;
use crate::session::Session;
use crate::step_log::StepLog;
use crate::trace::{self, Trace};
use crate::writer::Writer;
use crate::{Built, Evaluator, Event, EventKind, Run, TrainError, build, parameters};

/// Trains one cell from its first epoch, or from its newest checkpoint, to its result.
pub struct Trainer {
    pub(crate) run: Run,
    pub(crate) recipe: Recipe,
    pub(crate) data: Prepared,
    pub(crate) built: Built,
    pub(crate) train: Loader,
    /// The training split in an order of its own, for methods that look at it before an epoch.
    pub(crate) sample: Loader,
    /// With and without autodiff.
    pub(crate) devices: (Device, Device),
    pub(crate) optimisers: Optimisers,
    pub(crate) budget: Budget,
    /// Epochs to come, as far as that could be told before the first.
    pub(crate) planned: usize,
    pub(crate) session: Session,
    pub(crate) clock: Stopwatch,
    pub(crate) weights: Option<PathBuf>,
    pub(crate) log: Option<StepLog>,
    pub(crate) pace: Pace,
    /// The pass that is read next.
    pub(crate) ahead: Ahead,
    pub(crate) interrupt: Interrupt,
    pub(crate) writer: Writer,
    pub(crate) trace: Option<Trace>,
    log_to: Option<PathBuf>,
    every: Every,
    pub(crate) keep: Keep,
}

/// The method's optimiser, and that of the probes beside it.
pub(crate) struct Optimisers {
    pub method: Optimiser,
    pub probes: Optimiser,
}

impl Trainer {
    /// Builds method and network and opens the training split.
    ///
    /// # Errors
    ///
    /// A schedule in which nothing would ever train; a split that cannot be read; a tokenizer
    /// that cannot be written beside the run.
    pub fn new(run: Run, data: Prepared, device: Device) -> Result<Self, TrainError> {
        let recipe = run.cell().recipe.clone();
        if let Some(tokenizer) = data.tokenizer() {
            run.keep_tokenizer(tokenizer)?;
        }
        let training = device.clone().autodiff();
        let classes = data.classes().len();
        let built = match data.is_drawn() {
            true => build_drawn(&recipe, classes, &training)?,
            false => build(&recipe, data.text_model(), classes, &training)?,
        };
        let loader = |seed: u64| {
            let config = LoaderConfig {
                batch_size: recipe.batch_size,
                seed,
                train: true,
                ..LoaderConfig::default()
            };
            Loader::new(data.split(SplitName::Train), config)
                .map(|loader| loader.in_bytes(is_gpu(&device)))
        };
        let train = loader(recipe.seed)?;
        let sample = loader(Stream::new(recipe.seed, Purpose::Sample, 0, 0).next_u64())?;
        let optimiser = || Optimiser::new(&recipe.optim);
        let budget = Budget::new(&recipe, train.steps());
        let planned = budget.epochs(train.steps(), built.net.branches.len(), |epoch| {
            built.method.active(epoch)
        });
        let writer = Writer::new(run.disk().clone(), run.dir(), Keep::default(), None);
        Ok(Self {
            run,
            data,
            built,
            sample,
            devices: (training, device),
            optimisers: Optimisers {
                method: optimiser(),
                probes: optimiser(),
            },
            budget,
            planned,
            session: Session::new(),
            clock: Stopwatch::default(),
            weights: None,
            log: None,
            pace: Pace::new(Every::default()),
            ahead: Ahead::default(),
            interrupt: Interrupt::new(),
            writer,
            trace: None,
            log_to: None,
            every: Every::default(),
            keep: Keep::default(),
            train,
            recipe,
        })
    }

    /// Writes checkpoints so often, and keeps these. Neither decides a result.
    pub fn checkpoints(mut self, every: Every, keep: Keep) -> Self {
        (self.every, self.keep) = (every, keep);
        self
    }

    /// Listens to requests to stop.
    pub fn stop_on(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// Also writes the selected epoch's weights to a safetensors file, under torchvision's names.
    ///
    /// # Errors
    ///
    /// The file could not be written: that is found out now, not after the training.
    pub fn keep_weights(mut self, path: &Path) -> Result<Self, TrainError> {
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let failed = |source| TrainError::Io {
            verb: "write",
            path: path.into(),
            source,
            option: "--weights",
        };
        tempfile::tempfile_in(folder).map_err(failed)?;
        if path.is_dir() {
            return Err(failed(std::io::ErrorKind::IsADirectory.into()));
        }
        self.weights = Some(path.into());
        Ok(self)
    }

    /// Starts from the weights of a file instead of the seed's. The recipe's `init` must be the
    /// file's hash, so that the result is known to come from it.
    ///
    /// # Errors
    ///
    /// A file that does not hold exactly this network's tensors.
    pub fn start_from(mut self, path: &Path) -> Result<Self, TrainError> {
        self.built.read_weights(path)?;
        Ok(self)
    }

    /// Also finds out where the time goes: phases are measured to their end on the device, which
    /// slows down one that computes asynchronously, and what was done when is written to
    /// `trace.json`, whose first 50,000 pieces of work chrome://tracing opens.
    pub fn profile(mut self) -> Self {
        let trace = Trace::new();
        self.clock = Stopwatch::profiling(self.devices.1.clone(), trace::LIMIT);
        self.train = self.train.watched(trace.watch("train"));
        self.sample = self.sample.watched(trace.watch("train, before the epoch"));
        self.trace = Some(trace);
        self
    }

    /// Also writes what every step computed, one JSON object a line. A run that goes on from a
    /// checkpoint goes on with its log.
    ///
    /// # Errors
    ///
    /// None now; [`Trainer::train`] fails where the file cannot be written, before it trains.
    pub fn log_steps(mut self, path: &Path) -> Result<Self, TrainError> {
        self.log_to = Some(path.into());
        Ok(self)
    }

    /// Runs all epochs that are left, tests the selected one and writes the result. `observe` sees
    /// every event.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read, a loss or gradient that is no number, a file that cannot be
    /// written, a checkpoint that cannot be gone on from, or a request to stop.
    pub fn train(mut self, observe: &mut dyn FnMut(&Event)) -> Result<CellResult, TrainError> {
        let outcome = self.train_all(observe);
        let traced = self.keep_trace();
        if let Err(error) = &outcome {
            let last = match error {
                TrainError::Interrupted {
                    signal,
                    epoch,
                    step,
                    ..
                } => EventKind::Stopped {
                    signal: signal.to_string(),
                    epoch: *epoch,
                    step: *step,
                },
                other => EventKind::Failed {
                    code: other.exit_code(),
                    message: other.to_string(),
                },
            };
            // What went wrong is told to the caller; where there is no room for it, not here too.
            self.tell(last, observe).ok();
        }
        let result = outcome?;
        traced?;
        Ok(result)
    }

    /// Writes what was done when, if that was asked for.
    pub(crate) fn keep_trace(&mut self) -> Result<(), TrainError> {
        let Some(trace) = &self.trace else {
            return Ok(());
        };
        let (spans, dropped) = self.clock.take_spans();
        self.run.keep_trace(&trace.json(&spans, dropped))
    }

    fn train_all(&mut self, observe: &mut dyn FnMut(&Event)) -> Result<CellResult, TrainError> {
        self.begin(observe)?;
        let mut validation = self.evaluator(SplitName::Val, self.built.net.branches.len())?;
        while self.goes_on() {
            let next = self.session.epoch + 1;
            let follows = next < self.planned && self.budget.allows(next);
            self.train_epoch(&mut validation, follows.then_some(next), observe)?;
            self.rest(true)?;
        }
        self.finish(observe)
    }

    /// Goes on from the newest checkpoint, or from the start where there is none.
    fn begin(&mut self, observe: &mut dyn FnMut(&Event)) -> Result<(), TrainError> {
        let resumed = self.resume(self.every, self.keep)?;
        self.pace = Pace::new(self.every);
        if let Some(path) = &self.log_to {
            self.log = Some(match &resumed {
                Some(resumed) => StepLog::resume(path, resumed.log)?,
                None => StepLog::create(path)?,
            });
        }
        match resumed {
            Some(resumed) => self.tell(resumed.event, observe),
            None => {
                self.run.set_events_aside()?;
                self.tell(self.start_event(), observe)
            }
        }
    }

    /// Whether there is an epoch to finish or to begin.
    fn goes_on(&self) -> bool {
        let Session { epoch, step, .. } = self.session;
        step > 0 || (self.budget.allows(epoch) && !self.built.method.is_finished())
    }

    pub(crate) fn evaluator(
        &self,
        split: SplitName,
        branches: usize,
    ) -> Result<Evaluator, TrainError> {
        let evaluator = Evaluator::new(
            self.data.split(split),
            self.recipe.eval_batch_size,
            branches,
        )?;
        Ok(match &self.trace {
            Some(trace) => evaluator.watched(trace.watch(split.name())),
            None => evaluator,
        })
    }

    pub(crate) fn tell(
        &mut self,
        kind: EventKind,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<(), TrainError> {
        let event = Event::from(kind);
        observe(&event);
        self.run.log(&event)
    }

    fn start_event(&self) -> EventKind {
        let steps = self.train.steps();
        EventKind::Start {
            cell: self.run.cell().id.to_string(),
            requested: self.run.cell().requested_other(),
            epochs: self.planned,
            steps,
            parameters: parameters::trainable(&self.built.net),
            device: self.device(),
        }
    }

    /// What computes, as burn names it.
    pub(crate) fn device(&self) -> String {
        format!("{:?}", self.devices.1)
    }
}
