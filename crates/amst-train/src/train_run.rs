//! One cell from its first epoch to its result, in a run directory.

use std::path::{Path, PathBuf};

use amst::Stopwatch;
use amst_data::{Prepared, SplitName};
use amst_encoders::{AnyEncoder, Encoder, write_weights};
use amst_files::folder_of;
use amst_recipe::{CellResult, RESULT_SCHEMA, Recipe, TestResult, Timing};
use burn::tensor::Device;

use crate::batches::{BatchSource, LoaderBatches};
use crate::build::build_drawn;
use crate::interrupt::Interrupt;
use crate::pace::{Keep, SaveEvery};
use crate::run_keeper::{KeepSettings, RunKeeper};
use crate::trace::{self, Trace};
use crate::trainer::{EpochTest, Training};
use crate::{
    Built, Evaluator, Event, EventKind, Run, TrainError, build, logits, peak_memory_mib,
    predictions,
};

/// Trains one cell from its first epoch, or from its newest checkpoint, to its result.
///
/// The loop itself is [`Training`]'s; this opens the data, keeps the run and tests the selected
/// epoch.
pub struct Trainer<E: Encoder = AnyEncoder> {
    run: Run,
    pub(crate) open: OpenRun<E>,
    log_to: Option<PathBuf>,
    interrupt: Interrupt,
    every: SaveEvery,
    keep: Keep,
}

/// What a run trains with.
pub(crate) struct OpenRun<E: Encoder> {
    pub recipe: Recipe,
    data: Prepared,
    pub training: Training<E>,
    pub batches: LoaderBatches,
    /// Without autodiff.
    device: Device,
    weights: Option<PathBuf>,
    trace: Option<Trace>,
}

impl Trainer {
    /// Builds method and network and opens the training split.
    ///
    /// # Errors
    ///
    /// A schedule in which nothing would ever train; a split that cannot be read; a tokenizer
    /// that cannot be written beside the run.
    pub fn new(run: Run, data: Prepared, device: Device) -> Result<Self, TrainError> {
        let (recipe, training) = (&run.cell().recipe, device.clone().autodiff());
        let classes = data.classes().len();
        let built = if data.is_drawn() {
            build_drawn(recipe, classes, &training)?
        } else {
            build(recipe, data.text_model(), classes, &training)?
        };
        Self::with_network(run, data, device, built)
    }
}

impl<E: Encoder> Trainer<E> {
    /// The same from a method and a network of one's own, built on the device's autodiff side:
    /// encoders that no recipe names, or weights of a file instead of the seed's. The recipe's
    /// `init` must then be the hash of that file.
    ///
    /// # Errors
    ///
    /// A split that cannot be read; a tokenizer that cannot be written beside the run.
    pub fn with_network(
        run: Run,
        data: Prepared,
        device: Device,
        built: Built<E>,
    ) -> Result<Self, TrainError> {
        let recipe = run.cell().recipe.clone();
        if let Some(tokenizer) = data.tokenizer() {
            run.keep_tokenizer(tokenizer)?;
        }
        let batches = LoaderBatches::new(&data, &recipe, &device)?;
        let steps = batches.count(amst::Part::Epoch, 0);
        let mut training = Training::new(&recipe, built, data.classes().len(), steps);
        if recipe.test_every_epoch {
            let branches = training.session.net.branches.len();
            let split = data.split(SplitName::Test);
            let evaluator = Evaluator::new(split, recipe.eval_batch_size, branches)?;
            training.test_every_epoch = Some(EpochTest {
                evaluator,
                device: device.clone(),
            });
        }
        Ok(Self {
            run,
            open: OpenRun {
                recipe,
                data,
                training,
                batches,
                device,
                weights: None,
                trace: None,
            },
            log_to: None,
            interrupt: Interrupt::new(),
            every: SaveEvery::default(),
            keep: Keep::default(),
        })
    }

    /// Writes checkpoints so often, and keeps these. Neither decides a result.
    pub fn checkpoints(mut self, every: SaveEvery, keep: Keep) -> Self {
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
        let failed = |source| TrainError::Io {
            verb: "write",
            path: path.into(),
            source,
            option: "--weights",
        };
        tempfile::tempfile_in(folder_of(path)).map_err(failed)?;
        if path.is_dir() {
            return Err(failed(std::io::ErrorKind::IsADirectory.into()));
        }
        self.open.weights = Some(path.into());
        Ok(self)
    }

    /// Also finds out where the time goes: phases are measured to their end on the device, which
    /// slows down one that computes asynchronously, and what was done when is written to
    /// `trace.json`, whose first 50,000 pieces of work chrome://tracing opens.
    pub fn profile(mut self) -> Self {
        let (trace, open) = (Trace::new(), &mut self.open);
        open.training.session.clock = Stopwatch::profiling(open.device.clone(), trace::LIMIT);
        open.batches = open.batches.clone().traced(&trace);
        open.trace = Some(trace);
        self
    }

    /// Also writes what every step computed, one JSON object a line. A run that goes on from a
    /// checkpoint goes on with its log. [`Trainer::train`] fails where the file cannot be written,
    /// before it trains.
    pub fn log_steps(mut self, path: &Path) -> Self {
        self.log_to = Some(path.into());
        self
    }

    /// Runs all epochs that are left, tests the selected one and writes the result. `observe` sees
    /// every event.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read, a loss or gradient that is NaN or infinite, a file that cannot
    /// be written, a checkpoint that cannot be resumed, or a request to stop.
    pub fn train(self, observe: &mut dyn FnMut(&Event)) -> Result<CellResult, TrainError> {
        let mut open = self.open;
        let settings = KeepSettings {
            every: self.every,
            keep: self.keep,
            log_to: self.log_to,
            interrupt: self.interrupt,
            device: open.device.clone(),
            classes: open.data.classes().to_vec(),
        };
        let mut keeper = RunKeeper::new(self.run, settings, observe);
        let outcome = open.train_and_test(&mut keeper);
        let traced = open.write_trace(&keeper.run);
        if let Err(error) = &outcome {
            // The caller gets the error. If the disk is full, the log does not.
            keeper.report(last_event(error)).ok();
        }
        let result = outcome?;
        traced?;
        Ok(result)
    }

    /// Writes what was done when, if that was asked for.
    pub(crate) fn write_trace(&mut self) -> Result<(), TrainError> {
        self.open.write_trace(&self.run)
    }
}

impl<E: Encoder> OpenRun<E> {
    fn train_and_test(&mut self, keeper: &mut RunKeeper<'_>) -> Result<CellResult, TrainError> {
        keeper.begin(&mut self.training)?;
        self.training.train(&mut self.batches, keeper)?;
        self.test(keeper)
    }

    /// Tests the selected epoch, once, and writes everything down.
    fn test(&mut self, keeper: &mut RunKeeper<'_>) -> Result<CellResult, TrainError> {
        let best = self.training.progress.best.take();
        let best = best.expect("at least one epoch was run and any accuracy beats none");
        let split = self.data.split(SplitName::Test);
        let branches = best.net.branches.len();
        let mut test = Evaluator::new(split.clone(), self.recipe.eval_batch_size, branches)?;
        if let Some(trace) = &self.trace {
            test = test.watched(trace.watch(SplitName::Test.name()));
        }
        let session = &mut self.training.session;
        let evaluation = test.evaluate_on_clock(
            session.method.as_ref(),
            &best.net,
            &self.device,
            &mut session.clock,
        )?;
        let metrics = &evaluation.metrics;
        let epoch = best.selected.epoch;
        if let Some(error) = self.training.not_finite_in("test", epoch, metrics) {
            return Err(error);
        }
        let predictions = predictions::table(&split, self.data.classes(), &evaluation.outputs);
        let logits = logits::file(&split, &evaluation.outputs);
        let test_accuracy = metrics[amst::FUSED].accuracy;
        let selected = keeper.selected_snapshot(&self.training, &best)?;
        let result = CellResult {
            schema: RESULT_SCHEMA,
            cell: keeper.run.cell().id.clone(),
            data: keeper.run.data().clone(),
            recipe: self.recipe.clone(),
            requested: keeper.run.cell().requested_other(),
            test: TestResult {
                samples: split.len(),
                majority_rate: split.majority_rate(),
                outputs: evaluation.metrics,
            },
            selected: best.selected,
            last_train_loss: self.training.progress.last_train.clone(),
            balance: best.balance,
            epochs: self.training.progress.epoch,
            encoder_updates: self.training.budget.updates(),
        };
        self.training.close_account();
        keeper.writer.keep_selected(selected, epoch)?;
        keeper.report(EventKind::Done {
            epoch,
            test_accuracy,
        })?;
        let timing = self.timing();
        keeper.run.finish(&predictions, &logits, &timing, &result)?;
        // Last: should these fail all the same, the result is not lost with them.
        if let Some(path) = &self.weights {
            write_weights(&best.net, path, &self.training.weight_names())?;
        }
        keeper.writer.clear()?;
        Ok(result)
    }

    fn timing(&self) -> Timing {
        let threads = std::env::var("RAYON_NUM_THREADS").ok();
        let threads = threads.and_then(|n| n.parse().ok());
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        Timing {
            seconds: self.training.progress.run_time.seconds(),
            threads: threads.unwrap_or_else(processors),
            phases: self.training.progress.phases.clone(),
            peak_mib: peak_memory_mib(),
        }
    }

    fn write_trace(&mut self, run: &Run) -> Result<(), TrainError> {
        let Some(trace) = &self.trace else {
            return Ok(());
        };
        let (spans, dropped) = self.training.session.clock.take_spans();
        run.keep_trace(&trace.json(&spans, dropped))
    }
}

/// The last line of `events.jsonl` of a run that ends without a result.
fn last_event(error: &TrainError) -> EventKind {
    match error {
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
    }
}
