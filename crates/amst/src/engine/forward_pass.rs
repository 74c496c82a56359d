use amst_encoders::Encoder;
use amst_recipe::Modality;
use burn::tensor::Tensor;

use crate::{Batch, Branch, FUSED, Outputs, Phase, StepContext, StepReport};

/// The forward pass of one branch over every modality of a batch, in training mode.
///
/// Each encoder reads the batch once: its BatchNorm statistics are updated by one batch, however
/// many losses are built on it afterwards.
pub struct ForwardPass {
    /// Embeddings, `[batch, D]`, by index of the modality; those that train with their graph.
    pub embeddings: Vec<(usize, Tensor<2>)>,
    /// Logits before any update, without a graph.
    pub outputs: Outputs,
    modalities: usize,
}

impl ForwardPass {
    /// Embeds every modality that the batch holds. Only the modalities that the epoch trains
    /// ([`StepContext::plan`]) keep a graph and can go backward.
    pub fn run<E: Encoder>(
        branch: &Branch<E>,
        modalities: &[Modality],
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> Self {
        let (plan, step) = (context.plan, context.training_step());
        context.clock.time(Phase::Forward, || {
            let mut embeddings = Vec::new();
            for (index, modality) in modalities.iter().enumerate() {
                if let Some(input) = batch.inputs.get(modality) {
                    let trains = plan.trains(*modality);
                    embeddings.push((index, branch.embed_in_step(index, input, step, trains)));
                }
            }
            let outputs = branch.outputs(modalities, &detached(modalities.len(), &embeddings));
            Self {
                embeddings,
                outputs,
                modalities: modalities.len(),
            }
        })
    }

    /// What a step that went through one branch reports, given its losses.
    pub fn report(&self, losses: Vec<(String, f32)>) -> StepReport {
        StepReport {
            losses,
            outputs: self.outputs.clone(),
            embeddings: vec![detached(self.modalities, &self.embeddings)],
            ..StepReport::default()
        }
    }

    /// The same for a step with one loss on the fused logits.
    pub fn report_fused(&self, loss: &Tensor<1>) -> StepReport {
        self.report(vec![(FUSED.into(), loss.clone().into_scalar())])
    }
}

/// The embeddings without their graph, absent where a modality was not forwarded.
fn detached(modalities: usize, embeddings: &[(usize, Tensor<2>)]) -> Vec<Option<Tensor<2>>> {
    let mut all = vec![None; modalities];
    for (index, embedding) in embeddings {
        all[*index] = Some(embedding.clone().detach());
    }
    all
}
