use std::collections::BTreeMap;

use amst_encoders::{Encoder, TrainingStep};
use amst_recipe::Modality;
use burn::module::ParamId;
use burn::tensor::Device;

use crate::{
    Batch, Embeddings, EpochContext, EpochError, HeadKind, MethodError, MethodState, Net,
    Optimiser, Outputs, SkipSchedule, Skipping, Stopwatch,
};

/// A way to train a network from several modalities.
///
/// The trainer owns the loop: it asks which modalities to load, hands over batches, and
/// turns embeddings into outputs when it evaluates. A method is one file.
pub trait Method<E: Encoder> {
    /// Names of the branches and the head of each. A method with one branch calls it `""`.
    fn branches(&self) -> Vec<(&'static str, HeadKind)>;

    /// When each modality trains, and what happens to it when it does not.
    fn skipping(&self) -> &Skipping;

    /// Before the first step of an epoch: whatever the method wants to know of the data.
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

    /// One batch: forward, loss, backward, update.
    fn step(
        &mut self,
        net: Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> (Net<E>, StepReport);

    /// After an epoch's validation; the modalities whose encoders it changed.
    fn end_epoch(&mut self, net: &mut Net<E>, epoch: usize, validation: &Scores) -> Vec<Modality> {
        let _ = (net, epoch, validation);
        Vec::new()
    }

    /// What the method would have to know to go on in another process. Everything that a step, an
    /// epoch's begin or its end changes in `self` belongs in it: a run that is resumed ends in the
    /// bytes of one that was never interrupted.
    fn state(&self) -> MethodState {
        MethodState::new()
    }

    /// Takes in what [`Method::state`] gave. `net` is the network as it was then, `device` the one
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

    /// Logits from embeddings, for training metrics and evaluation alike. What stands here
    /// serves every method with a single branch.
    fn outputs(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        net.branches[0].outputs(&self.schedule().modalities(), &embeddings[0])
    }

    /// The same where modalities are missing for good: `fused` is then what this method makes of
    /// those that are there, and its very own where none is missing.
    ///
    /// # Panics
    ///
    /// When nothing is there.
    fn outputs_of_present(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        net.branches[0].outputs_of_present(&self.schedule().modalities(), &embeddings[0])
    }

    /// All modalities and when each trains.
    fn schedule(&self) -> &SkipSchedule {
        &self.skipping().schedule
    }

    /// The modalities that train in an epoch.
    fn active(&self, epoch: usize) -> Vec<Modality> {
        self.schedule().active(epoch)
    }

    /// Whether nothing will ever train again.
    fn is_finished(&self) -> bool {
        false
    }

    /// The modalities that this epoch's batches must hold.
    fn loads(&self, epoch: usize) -> Vec<Modality> {
        self.skipping().loads(epoch)
    }

    /// The modalities to [`recalibrate`](crate::recalibrate) after this epoch.
    fn recalibrates(&self, epoch: usize) -> Vec<Modality> {
        self.skipping().recalibrates(epoch)
    }
}

/// What a step may use besides the batch.
pub struct StepContext<'a> {
    /// Counted from 0.
    pub epoch: usize,
    /// Counted from 0 in the epoch.
    pub step: usize,
    /// Steps of the epoch.
    pub steps: usize,
    /// Learning rate of this epoch.
    pub lr: f64,
    /// What the schedule multiplies every learning rate by in this epoch.
    pub decay: f64,
    /// Velocities of all parameters.
    pub optimiser: &'a mut Optimiser,
    /// Where the time goes.
    pub clock: &'a mut Stopwatch,
    /// A parameter whose gradient was no number in this step.
    /// [`Branch::descend`](crate::Branch::descend) notes it and moves nothing from there on; the
    /// trainer stops.
    pub fault: Option<ParamId>,
}

impl<'a> StepContext<'a> {
    /// The first of one step at a learning rate that did not drop yet.
    pub fn new(
        epoch: usize,
        lr: f64,
        optimiser: &'a mut Optimiser,
        clock: &'a mut Stopwatch,
    ) -> Self {
        Self {
            epoch,
            step: 0,
            steps: 1,
            lr,
            decay: 1.0,
            optimiser,
            clock,
            fault: None,
        }
    }

    /// Which step this is, for encoders that draw random numbers in it.
    pub fn place(&self) -> TrainingStep {
        TrainingStep {
            epoch: self.epoch,
            step: self.step,
        }
    }
}

/// What the validation split said of each output.
pub type Scores = BTreeMap<String, Score>;

/// What a split said of one output.
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
    /// Losses as they were backpropagated, in training order, by output; then those that a
    /// method looked at besides.
    pub losses: Vec<(String, f32)>,
    /// Logits before any update of this step, detached, of the modalities that were forwarded.
    pub outputs: Outputs,
    /// The embeddings that these logits came from.
    pub embeddings: Embeddings,
    /// What the method did to balance the modalities, by name: coefficients, weights, ratios.
    pub balance: Vec<(String, f32)>,
}

impl StepReport {
    /// Whether every loss is a number. What an update would do with one that is not could not
    /// be undone, so a method moves nothing then, and the trainer stops.
    pub fn is_finite(&self) -> bool {
        self.losses.iter().all(|(_, loss)| loss.is_finite())
    }
}
