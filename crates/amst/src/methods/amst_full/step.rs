//! Section 3.4: both modules on the same batches, their logits averaged.

use amst_encoders::Encoder;
use amst_recipe::{Execution, JointMode, Modality};
use burn::tensor::Device;

use crate::{
    Batch, Embeddings, EpochPlan, EpochScores, FUSED, HeadKind, Method, MethodError, MethodState,
    Net, Outputs, SkipDecision, SkipSchedule, Skipping, StepContext, StepReport, alternating_step,
    joint_step,
};

/// AMST-Full: an alternating and a joint module with encoders of their own.
///
/// Its logits are the mean of the M alternating ones and the joint one,
/// `(M·A + J)/(M + 1)` with A the alternating module's average (D14).
#[derive(Clone, Debug)]
pub struct Full {
    skipping: Skipping,
    joint_mode: JointMode,
}

/// Index of the alternating module among the branches.
const ALTERNATING: usize = 0;
/// Index of the joint module.
const JOINT: usize = 1;
/// Names of the two.
const ALT: &str = "alt";
const JOINT_NAME: &str = "joint";

impl Full {
    /// Both modules under one schedule; `joint_mode` says how the joint one learns (D1).
    pub fn new(schedule: SkipSchedule, execution: Execution, joint_mode: JointMode) -> Self {
        Self {
            skipping: Skipping::new(schedule, execution),
            joint_mode,
        }
    }
}

impl<E: Encoder> Method<E> for Full {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![(ALT, HeadKind::Shared), (JOINT_NAME, HeadKind::Concat)]
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
        let alternating =
            alternating_step(&mut net.branches[ALTERNATING], modalities, batch, context);
        let joint_module = &mut net.branches[JOINT];
        let joint = match self.joint_mode {
            JointMode::Joint => joint_step(joint_module, modalities, batch, context),
            JointMode::Alternating => alternating_step(joint_module, modalities, batch, context),
        };
        let mut losses = Vec::new();
        for (branch, report) in [(ALT, &alternating), (JOINT_NAME, &joint)] {
            for (name, loss) in &report.losses {
                losses.push((format!("{branch}.{name}"), *loss));
            }
        }
        StepReport {
            losses,
            outputs: combine(modalities.len(), alternating.outputs, joint.outputs),
            embeddings: [alternating.embeddings, joint.embeddings].concat(),
            ..StepReport::default()
        }
    }

    fn end_epoch(&mut self, _: &mut Net<E>, epoch: usize, scores: &EpochScores) -> Vec<Modality> {
        self.skipping.end_epoch(epoch, scores, &[ALT, JOINT_NAME]);
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

    fn outputs(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        let modalities = self.skipping.schedule.modalities();
        let alternating = net.branches[ALTERNATING].outputs(modalities, &embeddings[ALTERNATING]);
        let joint = net.branches[JOINT].outputs(modalities, &embeddings[JOINT]);
        combine(modalities.len(), alternating, joint)
    }

    /// With k modalities there, the mean of their k alternating logits and the joint module's over
    /// them: `(k·A + J)/(k + 1)`, with A the average over those k and J with k/M of its bias.
    fn outputs_of_present(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        let modalities = self.skipping.schedule.modalities();
        let alternating =
            net.branches[ALTERNATING].outputs_of_present(modalities, &embeddings[ALTERNATING]);
        let joint = net.branches[JOINT].outputs_of_present(modalities, &embeddings[JOINT]);
        let present = embeddings[JOINT].iter().flatten().count();
        combine(present, alternating, joint)
    }
}

/// The outputs of both modules, and `fused` where both have it: the alternating one counts once
/// for each of `modalities`.
fn combine(modalities: usize, alternating: Outputs, joint: Outputs) -> Outputs {
    let modalities = modalities as f64;
    let both = alternating.fused().cloned().zip(joint.fused().cloned());
    let mut outputs = Outputs::new();
    outputs.extend_under(ALT, alternating);
    outputs.extend_under(JOINT_NAME, joint);
    if let Some((a, j)) = both {
        let sum = a.mul_scalar(modalities) + j;
        outputs.push(FUSED, sum.div_scalar(modalities + 1.0));
    }
    outputs
}
