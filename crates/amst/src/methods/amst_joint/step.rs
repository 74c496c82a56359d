//! Algorithm 2: one loss on the fused logits of the active modalities.

use amst_encoders::Encoder;
use amst_recipe::{Execution, Modality};

use crate::Phase;
use crate::{
    Batch, Branch, HeadKind, Method, Net, Pass, SkipSchedule, Skipping, StepContext, StepReport,
    cross_entropy,
};

/// The joint module: one encoder a modality, an independent head over the concatenated
/// embeddings, of which only the active part trains (Section 3.3).
#[derive(Clone, Debug)]
pub struct Joint {
    skipping: Skipping,
}

impl Joint {
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

impl<E: Encoder> Method<E> for Joint {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::Concat)]
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
        let report = joint_step(
            &mut net.branches[0],
            &schedule.modalities(),
            &active,
            batch,
            context,
        );
        (net, report)
    }
}

/// One batch of Algorithm 2: the sub-head of the active modalities, one loss, one step of
/// everything that had a part in it. Where nothing is active, nothing moves.
pub fn joint_step<E: Encoder>(
    branch: &mut Branch<E>,
    modalities: &[Modality],
    active: &[Modality],
    batch: &Batch,
    context: &mut StepContext<'_>,
) -> StepReport {
    let pass = Pass::forward_with_frozen(branch, modalities, active, batch, context);
    let training = pass.of(|index| active.contains(&modalities[index]));
    if training.is_empty() {
        return pass.report(modalities, Vec::new());
    }
    let loss = context.clock.time(Phase::Forward, || {
        cross_entropy(branch.head.fused(&training), &batch.labels)
    });
    let report = pass.report(
        modalities,
        vec![("fused".to_string(), loss.clone().into_scalar())],
    );
    if report.is_finite() {
        let gradients = branch.gradients(&loss, context);
        let lr = context.lr;
        branch.descend(gradients, context, |_| lr);
    }
    report
}
