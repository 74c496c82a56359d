//! The loop over epochs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use amst::{
    EpochContext, EpochError, Modality, Net, Optimiser, Phase, Score, Scores, StepContext, StepReport, Stopwatch,
    recalibrate,
};
use amst_data::{Loader, LoaderConfig, Prepared, Purpose, Split, SplitName, Stream};
use amst_encoders::{AnyEncoder, write_weights};
use amst_recipe::{CellResult, OutputMetrics, RESULT_SCHEMA, Recipe, Selected, TestResult, Timing};
use burn::module::Module;
use burn::tensor::Device;

use crate::balance::Balance;
use crate::budget::Budget;
use crate::metrics::OutputScores;
use crate::step_log::{Place, StepLog};
use crate::supply::Loaders;
use crate::{
    Built, Evaluator, Event, EventKind, Run, TrainError, build, parameters, peak_memory_mib, predictions, upload,
};

/// Trains one cell from its first epoch to its result.
pub struct Trainer {
    run: Run,
    recipe: Recipe,
    data: Prepared,
    built: Built,
    train: Loader,
    /// The training split in an order of its own, for methods that look at it before an epoch.
    sample: Loader,
    /// With and without autodiff.
    devices: (Device, Device),
    optimisers: Optimisers,
    budget: Budget,
    /// Epochs to come, as far as that could be told before the first.
    planned: usize,
    balance: Balance,
    clock: Stopwatch,
    phases: BTreeMap<String, f64>,
    weights: Option<PathBuf>,
    log: Option<StepLog>,
}

/// The method's optimiser, and that of the probes beside it.
struct Optimisers {
    method: Optimiser,
    probes: Optimiser,
}

/// The best epoch so far and the network as it was then.
struct Best {
    selected: Selected,
    net: Net<AnyEncoder>,
    balance: BTreeMap<String, f64>,
}

/// What an epoch's steps computed.
#[derive(Default)]
struct EpochSums {
    scores: BTreeMap<String, OutputScores>,
    /// Sums and numbers of what the method reports of its balancing.
    method: BTreeMap<String, (f64, usize)>,
}

impl Trainer {
    /// Builds method and network and opens the training split.
    ///
    /// # Errors
    ///
    /// A schedule in which nothing would ever train; a split that cannot be read.
    pub fn new(run: Run, data: Prepared, device: Device) -> Result<Self, TrainError> {
        let recipe = run.cell().recipe.clone();
        let training = device.clone().autodiff();
        let built = build(&recipe, data.text_model(), data.classes().len(), &training)?;
        let loader = |seed: u64| {
            let config = LoaderConfig { batch_size: recipe.batch_size, seed, train: true, ..LoaderConfig::default() };
            Loader::new(data.split(SplitName::Train), config)
        };
        let train = loader(recipe.seed)?;
        let sample = loader(Stream::new(recipe.seed, Purpose::Sample, 0, 0).next_u64())?;
        let optimiser = || Optimiser::new(&recipe.optim);
        let budget = Budget::new(&recipe, train.steps());
        let planned = budget.epochs(train.steps(), built.net.branches.len(), |epoch| built.method.active(epoch));
        Ok(Self {
            run,
            data,
            built,
            sample,
            devices: (training, device),
            optimisers: Optimisers { method: optimiser(), probes: optimiser() },
            budget,
            planned,
            balance: Balance::default(),
            clock: Stopwatch::default(),
            phases: BTreeMap::new(),
            weights: None,
            log: None,
            train,
            recipe,
        })
    }

    /// Also writes the selected epoch's weights to a safetensors file, under torchvision's names.
    ///
    /// # Errors
    ///
    /// The file could not be written: that is found out now, not after the training.
    pub fn keep_weights(mut self, path: &Path) -> Result<Self, TrainError> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = |source| TrainError::Io { verb: "write", path: path.into(), source, option: "--weights" };
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

    /// Also writes what every step computed, one JSON object a line.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn log_steps(mut self, path: &Path) -> Result<Self, TrainError> {
        self.log = Some(StepLog::create(path)?);
        Ok(self)
    }

    /// Runs all epochs, tests the selected one and writes the result. `observe` sees every event.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read, a loss that is not finite, a file that cannot be written.
    pub fn train(mut self, observe: &mut dyn FnMut(&Event)) -> Result<CellResult, TrainError> {
        let start = Instant::now();
        let branches = self.built.net.branches.len();
        let mut validation = self.evaluator(SplitName::Val, branches)?;
        let mut best: Option<Best> = None;
        let mut last_train = BTreeMap::new();
        self.tell(self.start_event(), observe)?;
        let mut epoch = 0;
        while self.budget.allows(epoch) && !self.built.method.is_finished() {
            let began = Instant::now();
            let active = self.built.method.active(epoch);
            self.begin_epoch(epoch, validation.loader())?;
            self.budget.spend(0, began);
            let (train, balance) = self.epoch(epoch, observe)?;
            // What precise BatchNorm or forwarding moved is no longer what was embedded before.
            let moved = if self.recipe.precise_bn > 0 { self.recipe.modalities.clone() } else { Vec::new() };
            validation.stale(&[self.built.method.loads(epoch), moved].concat());
            let val = self.validate(&mut validation)?;
            self.check_evaluation(&val, epoch, SplitName::Val)?;
            let event = self.select(epoch, active, &train, &val, balance, &mut best, began);
            self.tell(event, observe)?;
            validation.stale(&self.built.method.end_epoch(&mut self.built.net, epoch, &scores(&val)));
            // A skipped modality's loss is that of its last active epoch.
            last_train.extend(train.into_iter().map(|(name, metrics)| (name, metrics.loss)));
            epoch += 1;
        }
        let best = best.expect("at least one epoch was run and any accuracy beats none");
        self.finish(best, last_train, epoch, start, observe)
    }

    fn evaluator(&self, split: SplitName, branches: usize) -> Result<Evaluator, TrainError> {
        Evaluator::new(self.data.split(split), self.recipe.eval_batch_size, branches)
    }

    fn tell(&mut self, kind: EventKind, observe: &mut dyn FnMut(&Event)) -> Result<(), TrainError> {
        let event = Event::from(kind);
        observe(&event);
        self.run.log(&event)
    }

    fn start_event(&self) -> EventKind {
        let steps = self.train.steps();
        EventKind::Start {
            cell: self.run.cell().id.to_string(),
            epochs: self.planned,
            steps,
            parameters: parameters::trainable(&self.built.net),
            device: format!("{:?}", self.devices.1),
        }
    }

    /// Lets the method look at the data before an epoch.
    fn begin_epoch(&mut self, epoch: usize, validation: &Loader) -> Result<(), TrainError> {
        let lr = self.budget.lr(epoch);
        let (train, sample) = (&self.train, &self.sample);
        let mut supply = Loaders { epoch, train, sample, validation, device: &self.devices.0 };
        let mut context = EpochContext {
            epoch,
            lr,
            classes: self.data.classes().len(),
            optimiser: &self.optimisers.method,
            clock: &mut self.clock,
            supply: &mut supply,
        };
        self.built.method.begin_epoch(&self.built.net, &mut context).map_err(|error| match error {
            EpochError::Method(error) => error.into(),
            EpochError::Supply(error) => match error.downcast::<TrainError>() {
                Ok(own) => *own,
                Err(other) => {
                    let source = std::io::Error::other(other);
                    TrainError::Io { verb: "read", path: self.run.dir().into(), source, option: "--out" }
                }
            },
        })
    }

    /// Trains one epoch, recalibrates, and returns training metrics by output, and what balances the modalities.
    #[allow(clippy::type_complexity)] // Two maps; a name for the pair would say less.
    fn epoch(
        &mut self,
        epoch: usize,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<(BTreeMap<String, OutputMetrics>, BTreeMap<String, f64>), TrainError> {
        let loads = self.built.method.loads(epoch);
        let mut sums = EpochSums::default();
        if !loads.is_empty() {
            let mut batches = self.train.epoch(epoch as u64, &loads);
            let steps = self.train.steps();
            for step in 0..steps {
                let Some(batch) = self.clock.time(Phase::Load, || batches.next()) else { break };
                self.train_on(batch?, epoch, step, &mut sums)?;
                observe(&EventKind::Step { epoch, step: step + 1, steps }.into());
                if !self.budget.allows(epoch) {
                    break;
                }
            }
        }
        let began = Instant::now();
        self.recalibrate(epoch)?;
        self.budget.spend(0, began);
        let train: BTreeMap<String, OutputMetrics> =
            sums.scores.into_iter().filter_map(|(name, scores)| Some((name, scores.metrics()?))).collect();
        self.balance.see(&self.recipe.modalities, &train);
        let mut balance = self.balance.of(epoch, self.data.classes().len());
        balance.extend(sums.method.into_iter().map(|(name, (sum, count))| (name, sum / count as f64)));
        Ok((train, balance))
    }

    /// One batch: the method's step, the probes', and what is noted of them.
    fn train_on(
        &mut self,
        batch: amst_data::Batch,
        epoch: usize,
        step: usize,
        sums: &mut EpochSums,
    ) -> Result<(), TrainError> {
        let (indices, labels) = (batch.indices.clone(), batch.labels.clone());
        let (began, lr) = (Instant::now(), self.budget.lr(epoch));
        let report = self.step(batch, epoch, step);
        let active = self.built.method.active(epoch);
        self.budget.spend(active.len() * self.built.net.branches.len(), began);
        self.check_finite(&report, epoch, step, &indices)?;
        for (name, logits) in report.outputs.iter() {
            sums.scores.entry(name.to_string()).or_default().add(logits, &labels);
        }
        for (name, value) in &report.balance {
            let (sum, count) = sums.method.entry(name.clone()).or_default();
            (*sum, *count) = (*sum + *value as f64, *count + 1);
        }
        if let Some(log) = &mut self.log {
            let samples = indices.iter().map(|i| self.train.split().id(*i).to_string()).collect();
            log.add(Place { epoch, step, lr, active, samples }, &report, &labels)?;
        }
        Ok(())
    }

    fn step(&mut self, batch: amst_data::Batch, epoch: usize, step: usize) -> StepReport {
        let device = &self.devices.0;
        let batch = self.clock.time(Phase::Load, || upload(batch, device));
        let (lr, decay) = (self.budget.lr(epoch), self.budget.decay(epoch));
        let (optimiser, clock) = (&mut self.optimisers.method, &mut self.clock);
        let mut context = StepContext { epoch, step, steps: self.train.steps(), lr, decay, optimiser, clock };
        // The method takes the network and gives it back; an empty one stands in meanwhile.
        let net = std::mem::replace(&mut self.built.net, Net::empty());
        let (mut net, mut report) = self.built.method.step(net, &batch, &mut context);
        if let Some(probes) = &net.probes {
            let branches: Vec<&str> = self.built.method.branches().into_iter().map(|(name, _)| name).collect();
            let places = (branches.as_slice(), self.recipe.modalities.as_slice());
            report.outputs.extend(probes.outputs(places.0, places.1, &report.embeddings));
            let optimiser = &mut self.optimisers.probes;
            report.losses.extend(net.step_probes(lr, optimiser, places, &report.embeddings, &batch.labels));
        }
        self.built.net = net;
        report
    }

    fn check_finite(
        &self,
        report: &StepReport,
        epoch: usize,
        step: usize,
        indices: &[usize],
    ) -> Result<(), TrainError> {
        let Some((output, value)) = report.losses.iter().find(|(_, loss)| !loss.is_finite()) else { return Ok(()) };
        let ids: Vec<_> = indices.iter().take(5).map(|i| self.train.split().id(*i)).collect();
        let more = if indices.len() > ids.len() { ", …" } else { "" };
        let samples = format!("{}{more}", ids.join(", "));
        Err(TrainError::Diverged { output: output.clone(), value: *value, epoch, step, samples })
    }

    /// A network can be ruined by the last update before an evaluation, where no further step would tell.
    fn check_evaluation(
        &self,
        metrics: &BTreeMap<String, OutputMetrics>,
        epoch: usize,
        split: SplitName,
    ) -> Result<(), TrainError> {
        let Some((output, found)) = metrics.iter().find(|(_, m)| !m.loss.is_finite()) else { return Ok(()) };
        let step = self.train.steps().saturating_sub(1);
        let samples = format!("seen in the {split} split after it");
        Err(TrainError::Diverged { output: output.clone(), value: found.loss as f32, epoch, step, samples })
    }

    /// Lets the modalities that need it read the epoch's last batches again, so that their
    /// running statistics fit their final weights: those of a skip schedule, or all of them
    /// under precise BatchNorm.
    fn recalibrate(&mut self, epoch: usize) -> Result<(), TrainError> {
        let (due, tail) = match self.recipe.precise_bn {
            0 => (self.built.method.recalibrates(epoch), self.recipe.skip.recalibrate),
            tail => (self.recipe.modalities.clone(), tail),
        };
        if tail == 0 || due.is_empty() {
            return Ok(());
        }
        let modalities = self.built.method.schedule().modalities();
        let steps = self.train.steps();
        for batch in self.train.batches(epoch as u64, steps.saturating_sub(tail)..steps, &due) {
            let batch = upload(batch?, &self.devices.0);
            self.clock.time(Phase::Recalibrate, || recalibrate(&self.built.net, &modalities, &batch));
        }
        Ok(())
    }

    fn validate(&mut self, validation: &mut Evaluator) -> Result<BTreeMap<String, OutputMetrics>, TrainError> {
        let Built { method, net } = &self.built;
        let device = &self.devices.1;
        let evaluation =
            self.clock.time(Phase::Evaluate, || validation.evaluate(method.as_ref(), &net.valid(), device))?;
        Ok(evaluation.metrics)
    }

    /// Keeps the network if this epoch is strictly better than all before.
    #[allow(clippy::too_many_arguments)] // What an epoch was is told in one place.
    fn select(
        &mut self,
        epoch: usize,
        active: Vec<Modality>,
        train: &BTreeMap<String, OutputMetrics>,
        val: &BTreeMap<String, OutputMetrics>,
        balance: BTreeMap<String, f64>,
        best: &mut Option<Best>,
        began: Instant,
    ) -> EventKind {
        let val_accuracy = (val["fused"].accuracy * 1e4).round() / 1e4;
        let is_best = best.as_ref().is_none_or(|b| val_accuracy > b.selected.val_accuracy);
        if is_best {
            let selected = Selected { epoch, val_accuracy };
            *best = Some(Best { selected, net: self.built.net.valid(), balance: balance.clone() });
        }
        let phases: BTreeMap<String, f64> =
            self.clock.take_seconds().into_iter().map(|(name, seconds)| (name.to_string(), seconds)).collect();
        for (name, seconds) in &phases {
            *self.phases.entry(name.clone()).or_default() += seconds;
        }
        EventKind::Epoch {
            epoch,
            epochs: self.planned,
            active,
            lr: self.budget.lr(epoch),
            train: train.clone(),
            val: val.clone(),
            val_accuracy,
            balance,
            best: is_best,
            seconds: began.elapsed().as_secs_f64(),
            phases,
        }
    }

    /// Tests the selected epoch, once, and writes everything down.
    fn finish(
        mut self,
        best: Best,
        last_train_loss: BTreeMap<String, f64>,
        epochs: usize,
        start: Instant,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<CellResult, TrainError> {
        let mut test = self.evaluator(SplitName::Test, best.net.branches.len())?;
        let evaluation = test.evaluate(self.built.method.as_ref(), &best.net, &self.devices.1)?;
        self.check_evaluation(&evaluation.metrics, best.selected.epoch, SplitName::Test)?;
        let split: Split = self.data.split(SplitName::Test);
        let predictions = predictions::table(&split, self.data.classes(), &evaluation.outputs);
        let test_accuracy = evaluation.metrics["fused"].accuracy;
        let result = CellResult {
            schema: RESULT_SCHEMA,
            cell: self.run.cell().id.clone(),
            data: self.run.data().clone(),
            recipe: self.recipe.clone(),
            test: TestResult {
                samples: split.len(),
                majority_rate: split.majority_rate(),
                outputs: evaluation.metrics,
            },
            selected: best.selected,
            last_train_loss,
            balance: best.balance,
            epochs,
            encoder_updates: self.budget.updates(),
        };
        self.tell(EventKind::Done { epoch: result.selected.epoch, test_accuracy }, observe)?;
        self.run.finish(&predictions, &self.timing(start), &result)?;
        // Last: should this fail all the same, the result is not lost with it.
        if let Some(path) = &self.weights {
            write_weights(&best.net, path, &self.built.names())?;
        }
        Ok(result)
    }

    fn timing(&self, start: Instant) -> Timing {
        let threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok());
        Timing {
            seconds: start.elapsed().as_secs_f64(),
            threads: threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
            phases: self.phases.clone(),
            peak_mib: peak_memory_mib(),
        }
    }
}

fn scores(metrics: &BTreeMap<String, OutputMetrics>) -> Scores {
    metrics.iter().map(|(name, m)| (name.clone(), Score { loss: m.loss, accuracy: m.accuracy })).collect()
}
