//! Algorithm 2: one loss on the fused logits of the active modalities.

use amst_encoders::Encoder;
use amst_recipe::Execution;
use burn::tensor::Tensor;

use crate::method::Phase;
use crate::{Batch, Branch, HeadKind, Method, Net, SkipSchedule, Skipping, StepContext, StepReport, cross_entropy};

/// The joint module: one encoder a modality, an independent head over the concatenated
/// embeddings, of which only the active part trains (Section 3.3).
#[derive(Clone, Debug)]
pub struct Joint {
    skipping: Skipping,
}

impl Joint {
    /// The module under a schedule.
    pub fn new(schedule: SkipSchedule, execution: Execution) -> Self {
        Self { skipping: Skipping { schedule, execution } }
    }
}

impl<E: Encoder> Method<E> for Joint {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::Concat)]
    }

    fn skipping(&self) -> &Skipping {
        &self.skipping
    }

    fn step(&mut self, mut net: Net<E>, batch: &Batch, context: &mut StepContext<'_>) -> (Net<E>, StepReport) {
        let report = joint_step(&mut net.branches[0], &self.skipping.schedule, batch, context);
        (net, report)
    }
}

/// One batch of Algorithm 2: the sub-head of the active modalities, one loss, one step of
/// everything that had a part in it. Where nothing is active, nothing moves.
pub(crate) fn joint_step<E: Encoder>(
    branch: &mut Branch<E>,
    schedule: &SkipSchedule,
    batch: &Batch,
    context: &mut StepContext<'_>,
) -> StepReport {
    let modalities = schedule.modalities();
    let (embeddings, active) = context.clock.time(Phase::Forward, || embed(branch, schedule, batch, context.epoch));
    let outputs = context.clock.time(Phase::Forward, || branch.outputs(&modalities, &embeddings));
    if active.is_empty() {
        return StepReport { losses: Vec::new(), outputs };
    }
    let clock = &mut *context.clock;
    let loss = clock.time(Phase::Forward, || cross_entropy(branch.head.fused(&active), &batch.labels));
    let value: f32 = loss.clone().into_scalar();
    let losses = vec![("fused".to_string(), value)];
    // What the update would do with such a loss could not be undone; the trainer stops at it.
    if !value.is_finite() {
        return StepReport { losses, outputs };
    }
    let mut gradients = clock.time(Phase::Backward, || loss.backward());
    clock.time(Phase::Update, || {
        branch.head = context.optimiser.step(context.lr, branch.head.clone(), &mut gradients);
        for (index, _) in &active {
            branch.change_encoder(*index, |encoder| context.optimiser.step(context.lr, encoder, &mut gradients));
        }
    });
    StepReport { losses, outputs }
}

/// Detached embeddings of everything present, and the active ones with their graph.
#[allow(clippy::type_complexity)] // Two lists of embeddings; a name for the pair would say less.
fn embed<E: Encoder>(
    branch: &Branch<E>,
    schedule: &SkipSchedule,
    batch: &Batch,
    epoch: usize,
) -> (Vec<Option<Tensor<2>>>, Vec<(usize, Tensor<2>)>) {
    let modalities = schedule.modalities();
    let mut detached = vec![None; modalities.len()];
    let mut active = Vec::new();
    for (index, modality) in modalities.iter().enumerate() {
        let Some(input) = batch.inputs.get(modality) else { continue };
        let embedding = branch.embed(index, input);
        detached[index] = Some(embedding.clone().detach());
        if schedule.is_active(*modality, epoch) {
            active.push((index, embedding));
        }
    }
    (detached, active)
}
