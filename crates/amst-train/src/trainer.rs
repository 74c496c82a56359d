//! The loop over epochs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use amst::{Net, Optimiser, Phase, StepContext, StepLr, StepReport, Stopwatch, recalibrate, renames};
use amst_data::{Loader, LoaderConfig, Prepared, Split, SplitName};
use amst_encoders::{AnyEncoder, write_weights};
use amst_recipe::{CellResult, OutputMetrics, RESULT_SCHEMA, Recipe, Selected, TestResult, Timing};
use burn::module::Module;
use burn::tensor::Device;

use crate::metrics::OutputScores;
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
    /// With and without autodiff.
    devices: (Device, Device),
    clock: Stopwatch,
    phases: BTreeMap<String, f64>,
    weights: Option<PathBuf>,
}

/// The best epoch so far and the network as it was then.
struct Best {
    selected: Selected,
    net: Net<AnyEncoder>,
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
        let built = build(&recipe, data.classes().len(), &training)?;
        let config =
            LoaderConfig { batch_size: recipe.batch_size, seed: recipe.seed, train: true, ..LoaderConfig::default() };
        let train = Loader::new(data.split(SplitName::Train), config)?;
        let devices = (training, device);
        Ok(Self {
            run,
            recipe,
            data,
            built,
            train,
            devices,
            clock: Stopwatch::default(),
            phases: BTreeMap::new(),
            weights: None,
        })
    }

    /// Also writes the selected epoch's weights to a safetensors file, under torchvision's names.
    ///
    /// # Errors
    ///
    /// The file could not be written: that is found out now, not after the training.
    pub fn keep_weights(mut self, path: &Path) -> Result<Self, TrainError> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = |source| TrainError::Io { verb: "write", path: path.into(), source };
        tempfile::tempfile_in(folder).map_err(failed)?;
        if path.is_dir() {
            return Err(failed(std::io::ErrorKind::IsADirectory.into()));
        }
        self.weights = Some(path.into());
        Ok(self)
    }

    /// Runs all epochs, tests the selected one and writes the result. `observe` sees every event.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read, a loss that is not finite, a file that cannot be written.
    pub fn train(mut self, observe: &mut dyn FnMut(&Event)) -> Result<CellResult, TrainError> {
        let start = Instant::now();
        let epochs = self.recipe.epochs;
        let branches = self.built.net.branches.len();
        let mut optimiser = Optimiser::new(&self.recipe.optim);
        let mut validation = self.evaluator(SplitName::Val, branches)?;
        let mut best: Option<Best> = None;
        let mut last_train = BTreeMap::new();
        self.tell(self.start_event(), observe)?;
        for epoch in 0..epochs {
            let began = Instant::now();
            let train = self.epoch(epoch, &mut optimiser, observe)?;
            validation.stale(&self.built.method.loads(epoch));
            let val = self.validate(&mut validation)?;
            self.check_evaluation(&val, epoch, SplitName::Val)?;
            let event = self.select(epoch, &train, val, &mut best, began);
            self.tell(event, observe)?;
            // A skipped modality's loss is that of its last active epoch.
            last_train.extend(train.into_iter().map(|(name, metrics)| (name, metrics.loss)));
        }
        let best = best.expect("at least one epoch was run and any accuracy beats none");
        self.finish(best, last_train, start, observe)
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
        EventKind::Start {
            cell: self.run.cell().id.to_string(),
            epochs: self.recipe.epochs,
            steps: self.train.steps(),
            parameters: parameters::trainable(&self.built.net),
            device: format!("{:?}", self.devices.1),
        }
    }

    /// Trains one epoch, recalibrates, and returns the training metrics by output.
    fn epoch(
        &mut self,
        epoch: usize,
        optimiser: &mut Optimiser,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<BTreeMap<String, OutputMetrics>, TrainError> {
        let loads = self.built.method.loads(epoch);
        let mut scores: BTreeMap<String, OutputScores> = BTreeMap::new();
        if !loads.is_empty() {
            let lr = StepLr::new(&self.recipe.optim).at(epoch);
            let mut batches = self.train.epoch(epoch as u64, &loads);
            let steps = self.train.steps();
            for step in 0..steps {
                let Some(batch) = self.clock.time(Phase::Load, || batches.next()) else { break };
                let batch = batch?;
                let (indices, labels) = (batch.indices.clone(), batch.labels.clone());
                let report = self.step(batch, epoch, lr, optimiser);
                self.check_finite(&report, epoch, step, &indices)?;
                for (name, logits) in report.outputs.iter() {
                    scores.entry(name.to_string()).or_default().add(logits, &labels);
                }
                observe(&EventKind::Step { epoch, step: step + 1, steps }.into());
            }
        }
        self.recalibrate(epoch)?;
        Ok(scores.into_iter().filter_map(|(name, scores)| Some((name, scores.metrics()?))).collect())
    }

    fn step(&mut self, batch: amst_data::Batch, epoch: usize, lr: f64, optimiser: &mut Optimiser) -> StepReport {
        let device = &self.devices.0;
        let batch = self.clock.time(Phase::Load, || upload(batch, device));
        let mut context = StepContext { epoch, lr, optimiser, clock: &mut self.clock };
        // The method takes the network and gives it back; an empty one stands in meanwhile.
        let net = std::mem::replace(&mut self.built.net, Net { branches: Vec::new() });
        let (net, report) = self.built.method.step(net, &batch, &mut context);
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
    /// running statistics fit their final weights.
    fn recalibrate(&mut self, epoch: usize) -> Result<(), TrainError> {
        let due = self.built.method.recalibrates(epoch);
        let tail = self.recipe.skip.recalibrate;
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
    fn select(
        &mut self,
        epoch: usize,
        train: &BTreeMap<String, OutputMetrics>,
        val: BTreeMap<String, OutputMetrics>,
        best: &mut Option<Best>,
        began: Instant,
    ) -> EventKind {
        let val_accuracy = (val["fused"].accuracy * 1e4).round() / 1e4;
        let is_best = best.as_ref().is_none_or(|b| val_accuracy > b.selected.val_accuracy);
        if is_best {
            *best = Some(Best { selected: Selected { epoch, val_accuracy }, net: self.built.net.valid() });
        }
        let phases: BTreeMap<String, f64> =
            self.clock.take_seconds().into_iter().map(|(name, seconds)| (name.to_string(), seconds)).collect();
        for (name, seconds) in &phases {
            *self.phases.entry(name.clone()).or_default() += seconds;
        }
        EventKind::Epoch {
            epoch,
            epochs: self.recipe.epochs,
            active: self.built.method.schedule().active(epoch),
            lr: StepLr::new(&self.recipe.optim).at(epoch),
            train: train.clone(),
            val,
            val_accuracy,
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
        };
        self.tell(EventKind::Done { epoch: result.selected.epoch, test_accuracy }, observe)?;
        self.run.finish(&predictions, &self.timing(start), &result)?;
        // Last: should this fail all the same, the result is not lost with it.
        if let Some(path) = &self.weights {
            write_weights(
                &best.net,
                path,
                &renames(&self.built.method.branches(), &self.built.method.schedule().modalities()),
            )?;
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
