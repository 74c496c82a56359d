use amst_encoders::{Encoder, Input, TrainingStep};
use amst_recipe::Modality;
use burn::module::Module;
use burn::tensor::Tensor;

use crate::{Batch, Embeddings, FUSED, Head, Outputs, Probes};

/// One encoder a modality and a head: the paper's alternating module or joint module, or
/// the whole network of a method that has but one.
#[derive(Module, Debug)]
pub struct Branch<E: Encoder> {
    /// In training order of the modalities.
    pub encoders: Vec<E>,
    /// From embeddings to logits.
    pub head: Head,
}

/// Everything that trains: one branch, or several that learn side by side.
#[derive(Module, Debug)]
pub struct Net<E: Encoder> {
    /// The branches, in the order of the method's `branches`.
    pub branches: Vec<Branch<E>>,
    /// Linear probes beside them, which no method touches.
    pub probes: Option<Probes>,
}

impl<E: Encoder> Branch<E> {
    /// The embedding of one modality, `[batch, D]`.
    pub fn embed(&self, index: usize, input: &Input) -> Tensor<2> {
        self.encoders[index].embed(input)
    }

    /// The same in a step of training, with dropout where the encoder has any.
    ///
    /// Where the modality does not train, values and running statistics are the same and there are
    /// no gradients. burn keeps the activations of a graph through which nothing goes backward for
    /// as long as its parameters live, so that each step of a skipped epoch would add to them.
    pub fn embed_in_step(
        &self,
        index: usize,
        input: &Input,
        step: TrainingStep,
        trains: bool,
    ) -> Tensor<2> {
        if trains {
            self.encoders[index].embed_in_step(input, step)
        } else {
            // The clone shares the running statistics and gives up only the gradients.
            let frozen = self.encoders[index].clone().no_grad();
            frozen.embed_in_step(input, step)
        }
    }

    /// Logits of each present modality, and `fused` where all are present.
    pub fn outputs(&self, modalities: &[Modality], embeddings: &[Option<Tensor<2>>]) -> Outputs {
        if embeddings.iter().all(Option::is_some) {
            self.outputs_of_present(modalities, embeddings)
        } else {
            self.alone(modalities, embeddings).0
        }
    }

    /// Logits of each present modality, and `fused` over those: what the head makes of them.
    ///
    /// # Panics
    ///
    /// When nothing is present.
    pub fn outputs_of_present(
        &self,
        modalities: &[Modality],
        embeddings: &[Option<Tensor<2>>],
    ) -> Outputs {
        let (mut outputs, present) = self.alone(modalities, embeddings);
        outputs.push(FUSED, self.head.fused(&present));
        outputs
    }

    /// Logits of each present modality, and the embeddings that they come from.
    fn alone(
        &self,
        modalities: &[Modality],
        embeddings: &[Option<Tensor<2>>],
    ) -> (Outputs, Vec<(usize, Tensor<2>)>) {
        let mut outputs = Outputs::new();
        let present: Vec<(usize, Tensor<2>)> = embeddings
            .iter()
            .enumerate()
            .filter_map(|(i, e)| Some((i, e.clone()?)))
            .collect();
        for (index, embedding) in &present {
            outputs.push(
                modalities[*index].name(),
                self.head.modality(*index, embedding.clone()),
            );
        }
        (outputs, present)
    }
}

impl<E: Encoder> Net<E> {
    /// A network without probes.
    pub fn new(branches: Vec<Branch<E>>) -> Self {
        Self {
            branches,
            probes: None,
        }
    }

    /// Embeds the present modalities of a batch in every branch.
    pub fn embed(&self, modalities: &[Modality], batch: &Batch) -> Embeddings {
        let mut all = Embeddings::new();
        for branch in &self.branches {
            let embed = |(index, modality): (usize, &Modality)| {
                let input = batch.inputs.get(modality)?;
                Some(branch.embed(index, input))
            };
            all.push(modalities.iter().enumerate().map(embed).collect());
        }
        all
    }
}
