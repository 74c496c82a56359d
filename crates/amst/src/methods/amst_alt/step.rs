//! Algorithm 1: each modality has its own loss and its own turn.

use amst_encoders::Encoder;
use amst_recipe::{Execution, Modality};
use burn::tensor::{Device, Tensor};

use crate::{
    Batch, Branch, EpochPlan, EpochScores, HeadKind, Method, MethodError, MethodState, Net, Phase,
    SkipDecision, SkipSchedule, Skipping, StepContext, StepReport, cross_entropy,
};

/// The alternating module: one encoder a modality, a shared head, one loss each (Section 3.2).
#[derive(Clone, Debug)]
pub struct Alternating {
    skipping: Skipping,
}

impl Alternating {
    /// The module under a schedule.
    pub fn new(schedule: SkipSchedule, execution: Execution) -> Self {
        Self {
            skipping: Skipping::new(schedule, execution),
        }
    }
}

impl<E: Encoder> Method<E> for Alternating {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::Shared)]
    }

    fn modalities(&self) -> &[Modality] {
        self.skipping.schedule.modalities()
    }

    fn plan(&self, epoch: usize) -> EpochPlan {
        self.skipping.plan(epoch)
    }

    fn step(
        &mut self,
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport {
        let modalities = self.skipping.schedule.modalities();
        alternating_step(&mut net.branches[0], modalities, batch, context)
    }

    fn end_epoch(&mut self, _: &mut Net<E>, epoch: usize, scores: &EpochScores) -> Vec<Modality> {
        self.skipping.end_epoch(epoch, scores, &[""]);
        Vec::new()
    }

    fn take_decisions(&mut self) -> Vec<SkipDecision> {
        self.skipping.take_decisions()
    }

    fn state(&self) -> MethodState {
        self.skipping.schedule.state()
    }

    fn restore(
        &mut self,
        mut state: MethodState,
        _: &Net<E>,
        _: &Device,
    ) -> Result<(), MethodError> {
        self.skipping.schedule.restore(&mut state)?;
        state.end()
    }
}

/// Algorithm 1, lines 4-9, for one batch.
///
/// Modality after modality: forward, loss through the head as the modalities before left
/// it, backward, and a step of the head and of this encoder alone. Embedding a modality at
/// its turn equals embedding all of them first, because no other turn moves its encoder.
/// A modality that the epoch skips is forwarded if the batch holds it, and has no turn.
pub fn alternating_step<E: Encoder>(
    branch: &mut Branch<E>,
    modalities: &[Modality],
    batch: &Batch,
    context: &mut StepContext<'_>,
) -> StepReport {
    alternating_step_with(branch, modalities, batch, context, &mut |_, gradient| {
        gradient
    })
}

/// What a method does to the gradient `[D, classes]` of a shared head's weights at a modality's
/// turn, given that modality's embeddings `[batch, D]`.
pub type HeadGradient<'a> = &'a mut dyn FnMut(&Tensor<2>, Tensor<2>) -> Tensor<2>;

/// [`alternating_step`] with a change to the head's gradient at every turn.
pub fn alternating_step_with<E: Encoder>(
    branch: &mut Branch<E>,
    modalities: &[Modality],
    batch: &Batch,
    context: &mut StepContext<'_>,
    head_gradient: HeadGradient<'_>,
) -> StepReport {
    let (head_before, step) = (branch.head.clone(), context.training_step());
    let mut embeddings: Vec<Option<Tensor<2>>> = vec![None; modalities.len()];
    let mut losses = Vec::new();
    for (index, modality) in modalities.iter().enumerate() {
        let Some(input) = batch.inputs.get(modality) else {
            continue;
        };
        let trains = context.plan.trains(*modality);
        let embedding = context.clock.time(Phase::Forward, || {
            branch.embed_in_step(index, input, step, trains)
        });
        embeddings[index] = Some(embedding.clone().detach());
        if trains {
            let loss = take_turn(branch, index, embedding, batch, context, head_gradient);
            losses.push((modality.name().to_string(), loss));
        }
    }
    // Training metrics are of the head as it was before this batch.
    let before = Branch {
        encoders: Vec::<E>::new(),
        head: head_before,
    };
    let outputs = context
        .clock
        .time(Phase::Forward, || before.outputs(modalities, &embeddings));
    StepReport {
        losses,
        outputs,
        embeddings: vec![embeddings],
        ..StepReport::default()
    }
}

/// Loss, backward pass and update of one modality; a loss that is not finite is returned and moves
/// nothing.
fn take_turn<E: Encoder>(
    branch: &mut Branch<E>,
    index: usize,
    embedding: Tensor<2>,
    batch: &Batch,
    context: &mut StepContext<'_>,
    head_gradient: HeadGradient<'_>,
) -> f32 {
    let seen = embedding.clone().detach().inner();
    let loss = context.clock.time(Phase::Forward, || {
        cross_entropy(branch.head.modality(index, embedding), &batch.labels)
    });
    let value: f32 = loss.clone().into_scalar();
    if value.is_finite() {
        let mut gradients = branch.gradients(&loss, context);
        if let Some(id) = branch.head.shared_weight()
            && let Some(gradient) = gradients.head.remove::<2>(id)
        {
            let changed = head_gradient(&seen, gradient);
            gradients.head.register(id, changed);
        }
        branch.descend(gradients, context);
    }
    value
}
