use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use amst_encoders::Encoder;
use amst_recipe::Modality;

use crate::{Batch, Embeddings, HeadKind, Net, Optimiser, Outputs, SkipSchedule, Skipping};

/// A way to train a network from several modalities.
///
/// The trainer owns the loop: it asks which modalities to load, hands over batches, and
/// turns embeddings into outputs when it evaluates. A method is one file.
pub trait Method<E: Encoder> {
    /// Names of the branches and the head of each. A method with one branch calls it `""`.
    fn branches(&self) -> Vec<(&'static str, HeadKind)>;

    /// When each modality trains, and what happens to it when it does not.
    fn skipping(&self) -> &Skipping;

    /// One batch: forward, loss, backward, update.
    fn step(&mut self, net: Net<E>, batch: &Batch, context: &mut StepContext<'_>) -> (Net<E>, StepReport);

    /// Logits from embeddings, for training metrics and evaluation alike. What stands here
    /// serves every method with a single branch.
    fn outputs(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        net.branches[0].outputs(&self.schedule().modalities(), &embeddings[0])
    }

    /// All modalities and when each trains.
    fn schedule(&self) -> &SkipSchedule {
        &self.skipping().schedule
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
    /// Learning rate of this epoch.
    pub lr: f64,
    /// Velocities of all parameters.
    pub optimiser: &'a mut Optimiser,
    /// Where the time goes.
    pub clock: &'a mut Stopwatch,
}

/// What a step did.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// Losses as they were backpropagated, in training order, by output.
    pub losses: Vec<(String, f32)>,
    /// Logits before any update of this step, detached, of the modalities that were forwarded.
    pub outputs: Outputs,
}

/// A part of the work whose time is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Waiting for a batch and moving it to the device.
    Load,
    /// Encoders, heads and losses.
    Forward,
    /// Gradients.
    Backward,
    /// The optimiser.
    Update,
    /// Bringing BatchNorm statistics up to date.
    Recalibrate,
    /// Validation and test.
    Evaluate,
}

impl Phase {
    /// The name in `events.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Load => "load",
            Phase::Forward => "forward",
            Phase::Backward => "backward",
            Phase::Update => "update",
            Phase::Recalibrate => "recalibrate",
            Phase::Evaluate => "evaluate",
        }
    }
}

/// Adds up time by phase. Devices that compute asynchronously show their time where the
/// program waits for them.
#[derive(Clone, Debug, Default)]
pub struct Stopwatch {
    spent: BTreeMap<Phase, Duration>,
}

impl Stopwatch {
    /// Runs `work` on the account of `phase`.
    pub fn time<T>(&mut self, phase: Phase, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = work();
        *self.spent.entry(phase).or_default() += start.elapsed();
        value
    }

    /// Seconds by phase, and back to zero.
    pub fn take_seconds(&mut self) -> BTreeMap<&'static str, f64> {
        std::mem::take(&mut self.spent).into_iter().map(|(phase, time)| (phase.name(), time.as_secs_f64())).collect()
    }
}
