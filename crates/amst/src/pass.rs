use amst_encoders::Encoder;
use amst_recipe::Modality;
use burn::tensor::Tensor;

use crate::Phase;
use crate::{Batch, Branch, Outputs, StepContext, StepReport};

/// The forward pass of one branch over every modality of a batch, in training mode.
///
/// Each encoder reads the batch once: its BatchNorm statistics move by one batch, however
/// many losses are built on it afterwards.
pub struct Pass {
    /// Embeddings, `[batch, D]`, by index of the modality; those that train with their graph.
    pub embeddings: Vec<(usize, Tensor<2>)>,
    /// Logits before any update, without a graph.
    pub outputs: Outputs,
}

impl Pass {
    /// Embeds whatever the batch holds, all of it for training.
    pub fn forward<E: Encoder>(
        branch: &Branch<E>,
        modalities: &[Modality],
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> Self {
        Self::forward_with_frozen(branch, modalities, modalities, batch, context)
    }

    /// Embeds whatever the batch holds; only `active` modalities keep a graph and can go backward.
    pub fn forward_with_frozen<E: Encoder>(
        branch: &Branch<E>,
        modalities: &[Modality],
        active: &[Modality],
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> Self {
        let place = context.place();
        context.clock.time(Phase::Forward, || {
            let embed = |(index, modality): (usize, &Modality)| {
                let input = batch.inputs.get(modality)?;
                let embedding = match active.contains(modality) {
                    true => branch.embed_in_step(index, input, place),
                    false => branch.embed_frozen_in_step(index, input, place),
                };
                Some((index, embedding))
            };
            let embeddings: Vec<_> = modalities.iter().enumerate().filter_map(embed).collect();
            let outputs = branch.outputs(modalities, &detached(modalities.len(), &embeddings));
            Self {
                embeddings,
                outputs,
            }
        })
    }

    /// The embeddings without their graph, absent where a modality was not forwarded.
    pub fn detached(&self, modalities: &[Modality]) -> Vec<Option<Tensor<2>>> {
        detached(modalities.len(), &self.embeddings)
    }

    /// What a step that went through one branch reports, given its losses.
    pub fn report(&self, modalities: &[Modality], losses: Vec<(String, f32)>) -> StepReport {
        let (outputs, embeddings) = (self.outputs.clone(), vec![self.detached(modalities)]);
        StepReport {
            losses,
            outputs,
            embeddings,
            ..StepReport::default()
        }
    }

    /// The embeddings of these modalities only.
    pub fn of(&self, active: impl Fn(usize) -> bool) -> Vec<(usize, Tensor<2>)> {
        self.embeddings
            .iter()
            .filter(|(index, _)| active(*index))
            .cloned()
            .collect()
    }
}

fn detached(modalities: usize, embeddings: &[(usize, Tensor<2>)]) -> Vec<Option<Tensor<2>>> {
    let mut all = vec![None; modalities];
    for (index, embedding) in embeddings {
        all[*index] = Some(embedding.clone().detach());
    }
    all
}
