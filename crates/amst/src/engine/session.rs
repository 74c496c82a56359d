//! What trains: a method, its network and its optimisers, without files or loops over files.

use amst_encoders::Encoder;
use amst_recipe::{Modality, Optim, Recipe};
use burn::module::Module;

use crate::{
    Batch, Embeddings, EpochContext, EpochError, EpochPlan, EpochScores, LearningRate, Method, Net,
    Optimiser, Outputs, SkipDecision, StepContext, StepReport, Stopwatch, Supply, recalibrate,
};

/// A method and the network that it trains, epoch by epoch:
///
/// 1. [`Session::plan`] asks the method once what the epoch trains, reads and recalibrates,
/// 2. [`Session::begin_epoch`] lets it look at data (PMR's prototypes, gradient blending),
/// 3. [`Session::step`] for each batch of the modalities that the plan reads,
/// 4. [`Session::recalibrate`] for each of the epoch's last batches, if the plan says so,
/// 5. [`Session::embed`] and [`Session::outputs`] evaluate,
/// 6. [`Session::end_epoch`] gives the method the epoch's scores.
///
/// `amst_train::Trainer`, `amst replay`, the benches, the examples and the tests all train through
/// this; nothing else calls [`Method::step`].
pub struct Session<E: Encoder> {
    /// How the network is trained.
    pub method: Box<dyn Method<E>>,
    /// In training mode, on the device with autodiff.
    pub net: Net<E>,
    /// Velocities of what the method trains.
    pub optimiser: Optimiser,
    /// Velocities of the linear probes beside it.
    pub probe_optimiser: Optimiser,
    /// Where the time goes.
    pub clock: Stopwatch,
    settings: SessionSettings,
}

/// What a session has to know of a recipe.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    /// Momentum and weight decay.
    pub optim: Optim,
    /// Classes of the data set.
    pub classes: usize,
    /// Batches that a modality of a skip schedule reads again after an epoch in which it was
    /// trained; 0 for none.
    pub recalibrate: usize,
    /// Batches that every modality reads again after each epoch, whatever the method; 0 leaves
    /// that to `recalibrate`.
    pub precise_bn: usize,
}

impl SessionSettings {
    /// Those of a recipe, for a data set of so many classes.
    pub fn from_recipe(recipe: &Recipe, classes: usize) -> Self {
        Self {
            optim: recipe.optim.clone(),
            classes,
            recalibrate: recipe.skip.recalibrate,
            precise_bn: recipe.precise_bn,
        }
    }
}

/// Which step of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepNumber {
    /// Counted from 0.
    pub step: usize,
    /// Steps of the epoch.
    pub steps: usize,
}

impl<E: Encoder> Session<E> {
    /// A session before its first step.
    pub fn new(method: Box<dyn Method<E>>, net: Net<E>, settings: SessionSettings) -> Self {
        Self {
            method,
            net,
            optimiser: Optimiser::new(&settings.optim),
            probe_optimiser: Optimiser::new(&settings.optim),
            clock: Stopwatch::default(),
            settings,
        }
    }

    /// All modalities, in training order.
    pub fn modalities(&self) -> &[Modality] {
        self.method.modalities()
    }

    /// Names of the branches.
    pub fn branch_names(&self) -> Vec<&'static str> {
        let branches = self.method.branches();
        branches.into_iter().map(|(name, _)| name).collect()
    }

    /// What an epoch does: the method's plan, and precise BatchNorm where the settings ask for it.
    pub fn plan(&self, epoch: usize) -> EpochPlan {
        let mut plan = self.method.plan(epoch);
        if self.settings.precise_bn > 0 {
            plan.recalibrates = self.modalities().to_vec();
        } else if self.settings.recalibrate == 0 {
            plan.recalibrates.clear();
        }
        plan
    }

    /// How many of an epoch's last batches recalibration reads.
    pub fn recalibration_batches(&self) -> usize {
        if self.settings.precise_bn > 0 {
            self.settings.precise_bn
        } else {
            self.settings.recalibrate
        }
    }

    /// Lets the method look at the data before the first step of an epoch.
    ///
    /// # Errors
    ///
    /// Data that the method cannot work with, or that cannot be read.
    pub fn begin_epoch(
        &mut self,
        plan: &EpochPlan,
        rate: LearningRate,
        supply: &mut dyn Supply,
    ) -> Result<(), EpochError> {
        let mut context = EpochContext {
            epoch: plan.epoch,
            lr: rate.lr,
            classes: self.settings.classes,
            optimiser: &self.optimiser,
            clock: &mut self.clock,
            supply,
        };
        self.method.begin_epoch(&self.net, &mut context)
    }

    /// One batch, which holds the modalities that the plan reads: a step of the method, and one of
    /// the probes on the embeddings that it computed.
    pub fn step(
        &mut self,
        plan: &EpochPlan,
        number: StepNumber,
        rate: LearningRate,
        batch: &Batch,
    ) -> StepReport {
        let plan = plan.at_step(number);
        let read = plan.what_is_read(batch);
        let batch = read.as_ref();
        let mut context = StepContext {
            plan: &plan,
            step: number.step,
            steps: number.steps,
            rate,
            optimiser: &mut self.optimiser,
            clock: &mut self.clock,
            fault: None,
        };
        let mut report = self.method.step(&mut self.net, batch, &mut context);
        report.fault = context.fault;
        self.step_probes(rate.lr, batch, &mut report);
        report
    }

    fn step_probes(&mut self, lr: f64, batch: &Batch, report: &mut StepReport) {
        let Some(probes) = self.net.probes.take() else {
            return;
        };
        let (branches, modalities) = (self.branch_names(), self.method.modalities());
        let outputs = probes.outputs(&branches, modalities, &report.embeddings);
        report.outputs.extend(outputs);
        let (moved, losses) = probes.step(
            lr,
            &mut self.probe_optimiser,
            &branches,
            modalities,
            &report.embeddings,
            &batch.labels,
        );
        report.losses.extend(losses);
        self.net.probes = Some(moved);
    }

    /// Lets the modalities that a batch holds read it again, so that their BatchNorm statistics fit
    /// their final weights.
    pub fn recalibrate(&self, batch: &Batch) {
        recalibrate(&self.net, self.modalities(), batch);
    }

    /// Embeddings of a batch in evaluation mode, `[batch, D]` by branch and modality; the batch is
    /// on the device without autodiff.
    pub fn embed(&self, batch: &Batch) -> Embeddings {
        self.net.valid().embed(self.modalities(), batch)
    }

    /// Logits of every output, those of the probes included, from embeddings in evaluation mode.
    pub fn outputs(&self, embeddings: &Embeddings) -> Outputs {
        outputs_with_probes(self.method.as_ref(), &self.net.valid(), embeddings)
    }

    /// Gives the method the epoch's scores; returns the modalities whose encoders it changed.
    pub fn end_epoch(&mut self, epoch: usize, scores: &EpochScores) -> Vec<Modality> {
        self.method.end_epoch(&mut self.net, epoch, scores)
    }

    /// What the method decided about its skip schedule since this was last asked.
    pub fn take_decisions(&mut self) -> Vec<SkipDecision> {
        self.method.take_decisions()
    }
}

/// Logits of every output of a method and of the network's probes, if it has any.
pub fn outputs_with_probes<E: Encoder>(
    method: &dyn Method<E>,
    net: &Net<E>,
    embeddings: &Embeddings,
) -> Outputs {
    with_probes(method.outputs(net, embeddings), method, net, embeddings)
}

/// The same where modalities are missing for good.
pub fn outputs_of_present_with_probes<E: Encoder>(
    method: &dyn Method<E>,
    net: &Net<E>,
    embeddings: &Embeddings,
) -> Outputs {
    let outputs = method.outputs_of_present(net, embeddings);
    with_probes(outputs, method, net, embeddings)
}

fn with_probes<E: Encoder>(
    mut outputs: Outputs,
    method: &dyn Method<E>,
    net: &Net<E>,
    embeddings: &Embeddings,
) -> Outputs {
    if let Some(probes) = &net.probes {
        let branches = method.branches();
        let branches: Vec<&str> = branches.into_iter().map(|(name, _)| name).collect();
        outputs.extend(probes.outputs(&branches, method.modalities(), embeddings));
    }
    outputs
}
