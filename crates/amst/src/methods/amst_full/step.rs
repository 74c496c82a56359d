//! Section 3.4: both modules on the same batches, their logits averaged.

use amst_encoders::Encoder;
use amst_recipe::{Execution, JointMode};

use crate::methods::amst_alt::alternating_step;
use crate::methods::amst_joint::joint_step;
use crate::{
    Batch, Embeddings, HeadKind, Method, Net, Outputs, SkipSchedule, Skipping, StepContext,
    StepReport,
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

const ALTERNATING: usize = 0;
const JOINT: usize = 1;

impl Full {
    /// Both modules under one schedule; `joint_mode` says how the joint one learns (D1).
    pub fn new(schedule: SkipSchedule, execution: Execution, joint_mode: JointMode) -> Self {
        Self {
            skipping: Skipping {
                schedule,
                execution,
            },
            joint_mode,
        }
    }
}

impl<E: Encoder> Method<E> for Full {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("alt", HeadKind::Shared), ("joint", HeadKind::Concat)]
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
        let (modalities, active) = (schedule.modalities(), schedule.active(context.epoch));
        let (first, second) = net.branches.split_at_mut(JOINT);
        let (alternating, joint) = (&mut first[ALTERNATING], &mut second[0]);
        let alternate = |branch, context: &mut _| {
            alternating_step(branch, &modalities, &active, batch, context, &mut |_, g| g)
        };
        let alternating = alternate(alternating, context);
        let joint = match self.joint_mode {
            JointMode::Joint => joint_step(joint, &modalities, &active, batch, context),
            JointMode::Alternating => alternate(joint, context),
        };
        let losses = |branch: &'static str, report: &StepReport| {
            report
                .losses
                .iter()
                .map(move |(name, loss)| (format!("{branch}.{name}"), *loss))
                .collect::<Vec<_>>()
        };
        let losses = [losses("alt", &alternating), losses("joint", &joint)].concat();
        let embeddings = [alternating.embeddings, joint.embeddings].concat();
        let modalities = modalities.len();
        let outputs = combine(modalities, alternating.outputs, joint.outputs);
        (
            net,
            StepReport {
                losses,
                outputs,
                embeddings,
                ..StepReport::default()
            },
        )
    }

    fn outputs(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        let modalities = self.skipping.schedule.modalities();
        let of = |branch: usize| net.branches[branch].outputs(&modalities, &embeddings[branch]);
        combine(modalities.len(), of(ALTERNATING), of(JOINT))
    }

    /// With k modalities there, the mean of their k alternating logits and the joint module's over
    /// them: `(k·A + J)/(k + 1)`, with A the average over those k and J with k/M of its bias.
    fn outputs_of_present(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        let modalities = self.skipping.schedule.modalities();
        let of = |branch: usize| {
            net.branches[branch].outputs_of_present(&modalities, &embeddings[branch])
        };
        combine(
            embeddings[JOINT].iter().flatten().count(),
            of(ALTERNATING),
            of(JOINT),
        )
    }
}

/// The outputs of both modules, and `fused` where both have it: the alternating one counts once
/// for each of `modalities`.
fn combine(modalities: usize, alternating: Outputs, joint: Outputs) -> Outputs {
    let modalities = modalities as f64;
    let fused = alternating
        .fused()
        .zip(joint.fused())
        .map(|(a, j)| (a.clone().mul_scalar(modalities) + j.clone()).div_scalar(modalities + 1.0));
    let mut outputs = Outputs::new();
    outputs.extend_under("alt", alternating);
    outputs.extend_under("joint", joint);
    if let Some(fused) = fused {
        outputs.push("fused", fused);
    }
    outputs
}
