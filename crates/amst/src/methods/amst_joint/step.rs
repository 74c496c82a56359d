//! Algorithm 2: one loss on the fused logits of the active modalities.

use amst_encoders::Encoder;
use amst_recipe::{Execution, Modality};
use burn::tensor::Device;

use crate::{
    Batch, Branch, EpochPlan, EpochScores, ForwardPass, HeadKind, Method, MethodError, MethodState,
    Net, Phase, SkipDecision, SkipSchedule, Skipping, StepContext, StepReport, cross_entropy,
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
            skipping: Skipping::new(schedule, execution),
        }
    }
}

impl<E: Encoder> Method<E> for Joint {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::Concat)]
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
        joint_step(&mut net.branches[0], modalities, batch, context)
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

/// One batch of Algorithm 2: the sub-head of the active modalities, one loss, one step of
/// everything that had a part in it. Where no modality is active, nothing moves.
pub fn joint_step<E: Encoder>(
    branch: &mut Branch<E>,
    modalities: &[Modality],
    batch: &Batch,
    context: &mut StepContext<'_>,
) -> StepReport {
    let pass = ForwardPass::run(branch, modalities, batch, context);
    let mut active = pass.embeddings.clone();
    active.retain(|(index, _)| context.plan.trains(modalities[*index]));
    if active.is_empty() {
        return pass.report(Vec::new());
    }
    let loss = context.clock.time(Phase::Forward, || {
        cross_entropy(branch.head.fused(&active), &batch.labels)
    });
    let report = pass.report_fused(&loss);
    if report.is_finite() {
        branch.train_on(&loss, context);
    }
    report
}
