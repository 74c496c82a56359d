use std::collections::BTreeMap;

use amst_encoders::{Encoder, TrainingStep};
use amst_recipe::Modality;
use burn::module::ParamId;
use burn::tensor::Device;

use crate::{
    Batch, Embeddings, EpochContext, EpochError, EpochPlan, HeadKind, MethodError, MethodState,
    Net, Optimiser, Outputs, SkipDecision, Stopwatch,
};

/// A way to train a network from several modalities.
///
/// A [`Session`](crate::Session) asks a method for its plan once an epoch, hands it batches, and
/// turns embeddings into outputs when it evaluates. Nothing else calls [`Method::step`].
pub trait Method<E: Encoder> {
    /// Names of the branches and the head of each. A method with one branch calls it `""`.
    fn branches(&self) -> Vec<(&'static str, HeadKind)>;

    /// All modalities, in training order.
    fn modalities(&self) -> &[Modality];

    /// What an epoch trains, reads and recalibrates. The default skips nothing.
    fn plan(&self, epoch: usize) -> EpochPlan {
        EpochPlan::everything(epoch, self.modalities())
    }

    /// Before the first step of an epoch: the method may look at the data.
    ///
    /// # Errors
    ///
    /// Data that the method cannot work with, or that cannot be read.
    fn begin_epoch(
        &mut self,
        net: &Net<E>,
        context: &mut EpochContext<'_>,
    ) -> Result<(), EpochError> {
        let _ = (net, context);
        Ok(())
    }

    /// One batch: forward pass, loss, backward pass, update.
    fn step(
        &mut self,
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport;

    /// After an epoch's validation; returns the modalities whose encoders it changed.
    fn end_epoch(&mut self, net: &mut Net<E>, epoch: usize, scores: &EpochScores) -> Vec<Modality> {
        let _ = (net, epoch, scores);
        Vec::new()
    }

    /// What it decided about its skip schedule since this was last asked, for the log. The default
    /// is of a schedule that no validation changes.
    fn take_decisions(&mut self) -> Vec<SkipDecision> {
        Vec::new()
    }

    /// Whether nothing will ever train again.
    fn is_finished(&self) -> bool {
        false
    }

    /// What the method would have to know to go on in another process. Everything that a step, an
    /// epoch's begin or its end changes in `self` belongs in it: a run that is resumed ends in the
    /// bytes of one that was never interrupted.
    fn state(&self) -> MethodState {
        MethodState::new()
    }

    /// Restores what [`Method::state`] gave. `net` is the network as it was then, `device` the one
    /// without autodiff.
    ///
    /// # Errors
    ///
    /// The state of another method.
    fn restore(
        &mut self,
        state: MethodState,
        net: &Net<E>,
        device: &Device,
    ) -> Result<(), MethodError> {
        let _ = (net, device);
        state.end()
    }

    /// Logits from embeddings, for training metrics and evaluation alike. The default serves every
    /// method with a single branch.
    fn outputs(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        net.branches[0].outputs(self.modalities(), &embeddings[0])
    }

    /// The same where modalities are missing for good: `fused` is then what this method makes of
    /// those that are there, and that of [`Method::outputs`] where none is missing.
    ///
    /// # Panics
    ///
    /// When no modality is there.
    fn outputs_of_present(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        net.branches[0].outputs_of_present(self.modalities(), &embeddings[0])
    }
}

/// What a step may use besides the batch.
pub struct StepContext<'a> {
    /// What this epoch trains and reads.
    pub plan: &'a EpochPlan,
    /// Counted from 0 in the epoch.
    pub step: usize,
    /// Steps of the epoch.
    pub steps: usize,
    /// The learning rate of this step.
    pub rate: LearningRate,
    /// Velocities of all parameters.
    pub optimiser: &'a mut Optimiser,
    /// Where the time goes.
    pub clock: &'a mut Stopwatch,
    /// A parameter whose gradient held NaN or infinity in this step.
    /// [`Branch::descend`](crate::Branch::descend) sets it and moves nothing from there on; the
    /// trainer stops.
    pub fault: Option<ParamId>,
}

impl StepContext<'_> {
    /// Which step this is, for encoders that draw random numbers in it.
    pub fn training_step(&self) -> TrainingStep {
        TrainingStep {
            epoch: self.plan.epoch,
            step: self.step,
        }
    }
}

/// The common learning rate of a step, and what it was multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    /// Of every parameter that has no rate of its own.
    pub lr: f64,
    /// What the schedule multiplies every learning rate by: 1 before the first drop.
    pub decay: f64,
}

impl LearningRate {
    /// A rate that did not drop yet.
    pub fn constant(lr: f64) -> Self {
        Self { lr, decay: 1.0 }
    }
}

/// Each output's score on a split.
pub type Scores = BTreeMap<String, Score>;

/// What a method gets to see of an epoch; nothing is of the test split.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpochScores {
    /// Over the epoch's steps, each before its update, of the outputs that were computed.
    pub training: Scores,
    /// After the epoch.
    pub validation: Scores,
}

/// One output's score on a split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Share of samples whose largest logit is their class.
    pub accuracy: f64,
}

/// What a step did.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// Losses that were backpropagated, in training order, by output; then those that a
    /// method computed besides.
    pub losses: Vec<(String, f32)>,
    /// Logits before any update of this step, detached, of the modalities that were forwarded.
    pub outputs: Outputs,
    /// The embeddings that these logits came from.
    pub embeddings: Embeddings,
    /// What the method did to balance the modalities, by name: coefficients, weights, ratios.
    pub balance: Vec<(String, f32)>,
    /// [`StepContext::fault`], which the session copies here.
    pub fault: Option<ParamId>,
}

impl StepReport {
    /// Whether no loss is NaN or infinite. An update by one that is could not be undone, so a
    /// method moves nothing then, and the trainer stops.
    pub fn is_finite(&self) -> bool {
        self.losses.iter().all(|(_, loss)| loss.is_finite())
    }

    /// Adds to [`StepReport::balance`] what the method did to each modality: `k.audio`, …
    pub fn balance_by_modality(&mut self, name: &str, modalities: &[Modality], values: &[f64]) {
        for (modality, value) in modalities.iter().zip(values) {
            self.balance
                .push((format!("{name}.{modality}"), *value as f32));
        }
    }
}
