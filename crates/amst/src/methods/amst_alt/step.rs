//! Algorithm 1: each modality has its own loss and its own turn.

use amst_encoders::Encoder;
use amst_recipe::{Execution, Modality};
use burn::tensor::Tensor;

use crate::Phase;
use crate::{
    Batch, Branch, HeadKind, Method, Net, SkipSchedule, Skipping, StepContext, StepReport,
    cross_entropy,
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
            skipping: Skipping {
                schedule,
                execution,
            },
        }
    }
}

impl<E: Encoder> Method<E> for Alternating {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::Shared)]
    }

    fn skipping(&self) -> &Skipping {
        &self.skipping
    }

    fn step(
        &mut self,
        mut net: Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> (Net<E>, StepReport) {
        let schedule = &self.skipping.schedule;
        let active = schedule.active(context.epoch);
        let report = alternating_step(
            &mut net.branches[0],
            &schedule.modalities(),
            &active,
            batch,
            context,
            &mut |_, g| g,
        );
        (net, report)
    }
}

/// What a method does to the gradient `[D, classes]` of a shared head's weights at a modality's
/// turn, given that modality's embeddings `[batch, D]`.
pub type HeadGradient<'a> = &'a mut dyn FnMut(&Tensor<2>, Tensor<2>) -> Tensor<2>;

/// Algorithm 1, lines 4-9, for one batch.
///
/// Modality after modality: forward, loss through the head as the modalities before left
/// it, backward, and a step of the head and of this encoder alone. Embedding a modality at
/// its turn equals embedding all of them first, because nobody else moves its encoder.
pub fn alternating_step<E: Encoder>(
    branch: &mut Branch<E>,
    modalities: &[Modality],
    active: &[Modality],
    batch: &Batch,
    context: &mut StepContext<'_>,
    head_gradient: HeadGradient<'_>,
) -> StepReport {
    let (head_before, place) = (branch.head.clone(), context.place());
    let mut embeddings: Vec<Option<Tensor<2>>> = vec![None; modalities.len()];
    let mut losses = Vec::new();
    for (index, modality) in modalities.iter().enumerate() {
        let Some(input) = batch.inputs.get(modality) else {
            continue;
        };
        let trains = active.contains(modality);
        let embedding = context.clock.time(Phase::Forward, || match trains {
            true => branch.embed_in_step(index, input, place),
            false => branch.embed_frozen_in_step(index, input, place),
        });
        embeddings[index] = Some(embedding.clone().detach());
        if trains {
            let loss = turn(branch, index, embedding, batch, context, head_gradient);
            losses.push((modality.name().to_string(), loss));
        }
    }
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

/// Loss, backward and update of one modality; a loss that is not finite is returned and moves
/// nothing.
fn turn<E: Encoder>(
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
            gradients.head.register(id, head_gradient(&seen, gradient));
        }
        let lr = context.lr;
        branch.descend(gradients, context, |_| lr);
    }
    value
}
