//! The loop that trains, top to bottom in the order in which things happen.
//!
//! It knows neither files nor checkpoints: batches come from a [`BatchSource`], and a [`Keeper`]
//! gets everything that could be kept. `amst train` gives it a data set's loaders and a run
//! directory, `amst replay` recorded batches and a recorder.

use std::collections::BTreeMap;
use std::time::Instant;

use amst::{
    EpochError, EpochPlan, EpochScores, LearningRate, Part, Phase, Session, SessionSettings,
    StepNumber, StepReport,
};
use amst_encoders::{Encoder, Renames, held_tensors};
use amst_recipe::{Modality, OutputMetrics, Recipe, Selected};
use burn::module::{Module, ParamId};
use burn::tensor::Device;

use crate::batches::{BatchSource, EpochSupply, LoadedBatch, ReadPlan};
use crate::budget::Budget;
use crate::build::Built;
use crate::evaluate::{EmbeddingCache, Evaluation, Evaluator, scores};
use crate::progress::{Best, Elapsed, Progress, add_seconds};
use crate::{EventKind, TrainError};

/// The name in `events.jsonl` of what an epoch took besides its phases: metrics, probes, events.
const OTHER: &str = "other";

/// A session, what its run may spend, and how far it is.
pub struct Training<E: Encoder> {
    /// Method, network and optimisers.
    pub session: Session<E>,
    pub(crate) budget: Budget,
    pub(crate) progress: Progress<E>,
    /// Epochs in all, as far as that was known before the first.
    pub(crate) planned: usize,
    pub(crate) classes: usize,
    /// Steps of an epoch.
    steps: usize,
    /// What also evaluates the test split after each epoch, for the log alone.
    pub(crate) test_every_epoch: Option<EpochTest>,
}

/// The test split, evaluated after each epoch.
pub(crate) struct EpochTest {
    pub evaluator: Evaluator,
    /// Without autodiff.
    pub device: Device,
}

/// A step that is done.
pub struct StepDone<'a> {
    /// What its epoch does.
    pub plan: &'a EpochPlan,
    /// Which step of the epoch.
    pub number: StepNumber,
    /// The common learning rate.
    pub rate: LearningRate,
    /// What the method and the probes did.
    pub report: &'a StepReport,
    /// What they did it with.
    pub batch: &'a LoadedBatch,
    /// Names of the batch's samples.
    pub sample_ids: &'a dyn Fn() -> Vec<String>,
}

/// What is kept of a training while it goes on: a run directory, a recording, or nothing.
pub trait Keeper<E: Encoder> {
    /// After each step. An error ends the training.
    ///
    /// # Errors
    ///
    /// A file that cannot be written, a request to stop.
    fn after_step(
        &mut self,
        training: &mut Training<E>,
        done: &StepDone<'_>,
    ) -> Result<(), TrainError>;

    /// After the validation of an epoch, with what it says; the event is the epoch's.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    fn after_validation(
        &mut self,
        event: EventKind,
        validation: &Evaluation,
    ) -> Result<(), TrainError>;

    /// After each decision about the skip schedule; the event says what was decided and by which
    /// numbers.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    fn decided(&mut self, event: EventKind) -> Result<(), TrainError> {
        let _ = event;
        Ok(())
    }

    /// After each epoch, when the method has seen the validation.
    ///
    /// # Errors
    ///
    /// A file that cannot be written, a request to stop.
    fn after_epoch(&mut self, training: &mut Training<E>) -> Result<(), TrainError>;

    /// A loss or gradient is NaN or infinite, so the step moved nothing. A recorded run goes on, a
    /// run of a table ends here.
    ///
    /// # Errors
    ///
    /// The error, unless the training is to go on.
    fn diverged(&mut self, error: TrainError) -> Result<(), TrainError> {
        Err(error)
    }
}

impl<E: Encoder> Training<E> {
    /// A training before its first step, of `steps` steps an epoch.
    pub fn new(recipe: &Recipe, built: Built<E>, classes: usize, steps: usize) -> Self {
        let settings = SessionSettings::from_recipe(recipe, classes);
        let session = Session::new(built.method, built.net, settings);
        let budget = Budget::new(recipe, steps);
        let branches = session.net.branches.len();
        let planned = budget.epochs(steps, branches, |epoch| session.plan(epoch).trains.len());
        Self {
            session,
            budget,
            progress: Progress::new(),
            planned,
            classes,
            steps,
            test_every_epoch: None,
        }
    }

    /// Trains all epochs that are left.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read, a loss or gradient that is NaN or infinite, or an error of the
    /// keeper.
    pub fn train(
        &mut self,
        source: &mut dyn BatchSource,
        keeper: &mut dyn Keeper<E>,
    ) -> Result<(), TrainError> {
        let mut validation = self.validation_cache(source);
        while self.goes_on() {
            let next = self.progress.epoch + 1;
            let follows = next < self.planned && self.budget.allows(next);
            let next = follows.then_some(next);
            self.train_epoch(source, &mut validation, next, keeper)?;
            keeper.after_epoch(self)?;
        }
        Ok(())
    }

    pub(crate) fn validation_cache(&self, source: &dyn BatchSource) -> EmbeddingCache {
        let branches = self.session.net.branches.len();
        let labels = source.validation_labels();
        EmbeddingCache::new(self.session.modalities(), labels, branches)
    }

    /// Whether there is an epoch to finish or to begin.
    fn goes_on(&self) -> bool {
        let Progress { epoch, step, .. } = self.progress;
        step > 0 || (self.budget.allows(epoch) && !self.session.method.is_finished())
    }

    /// One epoch, or what is left of it, with its validation and selection. `next` is the epoch
    /// that probably follows.
    pub(crate) fn train_epoch(
        &mut self,
        source: &mut dyn BatchSource,
        validation: &mut EmbeddingCache,
        next: Option<usize>,
        keeper: &mut dyn Keeper<E>,
    ) -> Result<(), TrainError> {
        let plan = self.session.plan(self.progress.epoch);
        validation.forget(&plan.changes());
        self.forget_tested(&plan.changes());
        if self.progress.step == 0 {
            self.begin_epoch(&plan, source)?;
        }
        self.train_steps(&plan, source, validation, keeper)?;
        self.recalibrate(&plan, source, validation)?;
        let trained = self.training_metrics(&plan);
        let evaluation = self.validate(source, validation, next)?;
        if let Some(error) = self.not_finite_in("val", plan.epoch, &evaluation.metrics) {
            keeper.diverged(error)?;
        }
        let tested = self.test_epoch()?;
        let event = self.select(&plan, &trained, &evaluation, tested);
        keeper.after_validation(event, &evaluation)?;
        let scores = EpochScores {
            training: scores(&trained.metrics),
            validation: evaluation.scores(),
        };
        let changed = self.session.end_epoch(plan.epoch, &scores);
        for decision in self.session.take_decisions() {
            keeper.decided(EventKind::from(decision))?;
        }
        if !changed.is_empty() {
            self.progress.weights_change();
            validation.forget(&changed);
            self.forget_tested(&changed);
        }
        for (name, metrics) in trained.metrics {
            // A skipped modality's loss is that of its last active epoch.
            self.progress.last_train.insert(name, metrics.loss);
        }
        self.progress.next_epoch();
        Ok(())
    }

    /// Lets the method look at the data.
    fn begin_epoch(
        &mut self,
        plan: &EpochPlan,
        source: &mut dyn BatchSource,
    ) -> Result<(), TrainError> {
        // What was done since the epoch before, such as saving it, is part of neither.
        self.close_account();
        self.progress.epoch_time = Elapsed::after(0.0);
        self.session.clock.at(plan.epoch, 0);
        let began = Instant::now();
        let rate = self.budget.rate(plan.epoch);
        let mut supply = EpochSupply {
            source,
            epoch: plan.epoch,
        };
        let begun = self.session.begin_epoch(plan, rate, &mut supply);
        begun.map_err(epoch_error)?;
        self.budget.spend(0, began);
        Ok(())
    }

    /// The epoch's steps that are left.
    fn train_steps(
        &mut self,
        plan: &EpochPlan,
        source: &mut dyn BatchSource,
        validation: &EmbeddingCache,
        keeper: &mut dyn Keeper<E>,
    ) -> Result<(), TrainError> {
        let (done, steps) = (self.progress.step, self.steps);
        // The last step of an earlier process may have spent the budget.
        if plan.reads.is_empty() || (done > 0 && !self.budget.allows(plan.epoch)) {
            return Ok(());
        }
        let after = self
            .recalibration(plan)
            .or_else(|| validation_plan(source, validation));
        let mut batches = source.read(&ReadPlan::steps(plan, done..steps), after);
        for step in done..steps {
            self.session.clock.at(plan.epoch, step);
            let Some(batch) = self.session.clock.time(Phase::Load, || batches.next()) else {
                break;
            };
            let number = StepNumber { step, steps };
            self.train_step(plan, number, &batch?, &*source, keeper)?;
            if !self.budget.allows(plan.epoch) {
                break;
            }
        }
        Ok(())
    }

    /// One batch: the session's step, and what is noted of it.
    fn train_step(
        &mut self,
        plan: &EpochPlan,
        number: StepNumber,
        batch: &LoadedBatch,
        source: &dyn BatchSource,
        keeper: &mut dyn Keeper<E>,
    ) -> Result<(), TrainError> {
        let (began, rate) = (Instant::now(), self.budget.rate(plan.epoch));
        self.progress.weights_change();
        let report = self.session.step(plan, number, rate, &batch.batch);
        let encoders = plan.at_step(number).trains.len() * self.session.net.branches.len();
        self.budget.spend(encoders, began);
        let sample_ids = || source.sample_ids(&batch.indices);
        if let Some(error) = self.not_finite(&report, plan.epoch, number.step, &sample_ids)? {
            keeper.diverged(error)?;
        }
        for (name, logits) in report.outputs.iter() {
            self.progress.pending.keep(name, logits, &batch.labels);
        }
        for (name, value) in &report.balance {
            let (sum, count) = self.progress.sums.method.entry(name.clone()).or_default();
            (*sum, *count) = (*sum + *value as f64, *count + 1);
        }
        self.progress.step = number.step + 1;
        self.progress.steps += 1;
        let done = StepDone {
            plan,
            number,
            rate,
            report: &report,
            batch,
            sample_ids: &sample_ids,
        };
        keeper.after_step(self, &done)
    }

    /// Lets modalities read the epoch's last batches again, so that their BatchNorm statistics fit
    /// their final weights.
    fn recalibrate(
        &mut self,
        plan: &EpochPlan,
        source: &mut dyn BatchSource,
        validation: &EmbeddingCache,
    ) -> Result<(), TrainError> {
        let began = Instant::now();
        if let Some(again) = self.recalibration(plan) {
            let mut batches = source.read(&again, validation_plan(source, validation));
            while let Some(batch) = self.session.clock.time(Phase::Load, || batches.next()) {
                let recalibrating = Instant::now();
                self.session.recalibrate(&batch?.batch);
                self.session.clock.end(Phase::Recalibrate, recalibrating);
            }
        }
        self.budget.spend(0, began);
        Ok(())
    }

    /// The epoch's last batches, of the modalities that read them again.
    fn recalibration(&self, plan: &EpochPlan) -> Option<ReadPlan> {
        let first = self
            .steps
            .saturating_sub(self.session.recalibration_batches());
        let again = ReadPlan {
            part: Part::Epoch,
            epoch: plan.epoch,
            numbers: first..self.steps,
            modalities: plan.recalibrates.clone(),
        };
        (!again.is_empty()).then_some(again)
    }

    /// Evaluates the validation split.
    pub(crate) fn validate(
        &mut self,
        source: &mut dyn BatchSource,
        validation: &mut EmbeddingCache,
        next: Option<usize>,
    ) -> Result<Evaluation, TrainError> {
        let next_steps =
            next.map(|epoch| ReadPlan::steps(&self.session.plan(epoch), 0..self.steps));
        let next_steps = next_steps.filter(|steps| !steps.is_empty());
        let net = self.session.net.valid();
        if let Some(read) = validation_plan(source, validation) {
            let mut batches = source.read(&read, next_steps);
            validation.fill(&net, &mut batches, &mut self.session.clock)?;
        } else {
            source.prefetch(next_steps);
        }
        let method = self.session.method.as_ref();
        let clock = &mut self.session.clock;
        Ok(clock.time(Phase::Evaluate, || validation.evaluate(method, &net)))
    }

    /// Test metrics by output after this epoch, where the recipe wants them. Nothing but the log
    /// gets to see them.
    fn test_epoch(&mut self) -> Result<BTreeMap<String, OutputMetrics>, TrainError> {
        let Some(test) = &mut self.test_every_epoch else {
            return Ok(BTreeMap::new());
        };
        let net = self.session.net.valid();
        let method = self.session.method.as_ref();
        let clock = &mut self.session.clock;
        let evaluation = test
            .evaluator
            .evaluate_on_clock(method, &net, &test.device, clock)?;
        let mut metrics = evaluation.metrics;
        // A run goes on without the option, too, where only a test sample's loss overflows.
        metrics.retain(|_, own| own.loss.is_finite());
        Ok(metrics)
    }

    fn forget_tested(&mut self, changed: &[Modality]) {
        if let Some(test) = &mut self.test_every_epoch {
            test.evaluator.forget(changed);
        }
    }

    /// What the epoch's steps gave.
    fn training_metrics(&mut self, plan: &EpochPlan) -> Trained {
        let progress = &mut self.progress;
        progress.read_pending();
        let sums = std::mem::take(&mut progress.sums);
        let mut metrics = BTreeMap::new();
        for (name, scores) in sums.scores {
            if let Some(own) = scores.metrics() {
                metrics.insert(name, own);
            }
        }
        let branches = self.session.branch_names();
        progress
            .balance
            .update(&branches, self.session.modalities(), &metrics);
        let mut balance = progress.balance.measures(plan.epoch, self.classes);
        for (name, (sum, count)) in sums.method {
            balance.insert(name, sum / count as f64);
        }
        Trained { metrics, balance }
    }

    /// Keeps the network if this epoch is strictly better than all before.
    fn select(
        &mut self,
        plan: &EpochPlan,
        trained: &Trained,
        validation: &Evaluation,
        tested: BTreeMap<String, OutputMetrics>,
    ) -> EventKind {
        let progress = &mut self.progress;
        let fused = &validation.metrics[amst::FUSED];
        let val_accuracy = (fused.accuracy * 1e4).round() / 1e4;
        let is_best = match &progress.best {
            None => true,
            Some(best) => val_accuracy > best.selected.val_accuracy,
        };
        if is_best {
            progress.best = Some(Best {
                selected: Selected {
                    epoch: plan.epoch,
                    val_accuracy,
                },
                net: self.session.net.valid(),
                balance: trained.balance.clone(),
                is_current: true,
            });
        }
        let seconds = progress.epoch_time.seconds();
        let mut phases = std::mem::take(&mut progress.epoch_phases);
        add_seconds(&mut phases, self.session.clock.take_seconds());
        let other = seconds - phases.values().sum::<f64>();
        phases.insert(OTHER.into(), other.max(0.0));
        for (name, seconds) in &phases {
            *progress.phases.entry(name.clone()).or_default() += seconds;
        }
        EventKind::Epoch {
            epoch: plan.epoch,
            epochs: self.planned,
            active: plan.trains.clone(),
            lr: self.budget.rate(plan.epoch).lr,
            train: trained.metrics.clone(),
            val: validation.metrics.clone(),
            test: tested,
            val_accuracy,
            balance: trained.balance.clone(),
            best: is_best,
            seconds,
            phases,
        }
    }

    /// Counts what the clock shows towards the run, outside of its epochs.
    pub(crate) fn close_account(&mut self) {
        let seconds = self.session.clock.take_seconds();
        add_seconds(&mut self.progress.phases, seconds);
    }

    /// Steps of an epoch.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// What the parameters are called in files of weights.
    pub fn weight_names(&self) -> Renames {
        let method = &self.session.method;
        amst::renames(&method.branches(), method.modalities())
    }

    /// The error of a step with a loss or gradient that is NaN or infinite.
    fn not_finite(
        &self,
        report: &StepReport,
        epoch: usize,
        step: usize,
        sample_ids: &dyn Fn() -> Vec<String>,
    ) -> Result<Option<TrainError>, TrainError> {
        let loss = report.losses.iter().find(|(_, loss)| !loss.is_finite());
        if loss.is_none() && report.fault.is_none() {
            return Ok(None);
        }
        let samples = first_five(&sample_ids());
        Ok(Some(match loss {
            Some((output, value)) => TrainError::Diverged {
                output: output.clone(),
                value: *value,
                epoch,
                step,
                samples,
            },
            None => TrainError::Gradient {
                parameter: self.parameter_name(report.fault)?,
                epoch,
                step,
                samples,
            },
        }))
    }

    /// A network can be ruined by the last update before an evaluation, where no further step would
    /// show it.
    pub(crate) fn not_finite_in(
        &self,
        split: &str,
        epoch: usize,
        metrics: &BTreeMap<String, OutputMetrics>,
    ) -> Option<TrainError> {
        let (output, found) = metrics.iter().find(|(_, m)| !m.loss.is_finite())?;
        Some(TrainError::Diverged {
            output: output.clone(),
            value: found.loss as f32,
            epoch,
            step: self.steps.saturating_sub(1),
            samples: format!("seen in the {split} split after it"),
        })
    }

    /// What files of weights call a parameter.
    fn parameter_name(&self, id: Option<ParamId>) -> Result<String, TrainError> {
        let tensors = held_tensors(&self.session.net.valid(), &self.weight_names())?;
        let found = tensors.into_iter().find(|tensor| tensor.id() == id);
        Ok(match found {
            Some(tensor) => tensor.name().to_string(),
            None => "a parameter of the network".into(),
        })
    }
}

/// What an epoch's steps gave.
struct Trained {
    /// Training metrics by output.
    metrics: BTreeMap<String, OutputMetrics>,
    /// How far apart the modalities are, and what the method did about it.
    balance: BTreeMap<String, f64>,
}

/// What the next validation reads; `None` where every embedding is kept.
fn validation_plan(source: &dyn BatchSource, validation: &EmbeddingCache) -> Option<ReadPlan> {
    let plan = ReadPlan::validation(source.count(Part::Validation, 0), validation.missing());
    (!plan.is_empty()).then_some(plan)
}

fn first_five(ids: &[String]) -> String {
    let more = if ids.len() > 5 { ", …" } else { "" };
    format!("{}{more}", ids[..ids.len().min(5)].join(", "))
}

fn epoch_error(error: EpochError) -> TrainError {
    match error {
        EpochError::Method(error) => error.into(),
        EpochError::Supply(error) => match error.downcast::<TrainError>() {
            Ok(own) => *own,
            Err(other) => TrainError::Supply(other.to_string()),
        },
    }
}
