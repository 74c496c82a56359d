//! Linear probes (docs/paper.md §2.3): how much of the classes an embedding gives away.

use amst_encoders::{Normal, xavier_linear};
use amst_recipe::Modality;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor};

use crate::{Embeddings, Optimiser, Outputs, cross_entropy};

/// A linear layer a modality and branch, trained on detached embeddings with an optimiser of
/// its own. A diagnosis: nothing that the method trains ever sees it.
#[derive(Module, Debug)]
pub struct Probes {
    /// By branch, by modality in training order.
    pub linears: Vec<Vec<Linear>>,
}

impl Probes {
    /// Xavier normal weights, bias 0.
    pub fn new(
        branches: usize,
        modalities: usize,
        embed: usize,
        classes: usize,
        normal: Normal<'_>,
        device: &Device,
    ) -> Self {
        let mut branch = || {
            (0..modalities)
                .map(|_| xavier_linear(embed, classes, true, normal, device))
                .collect()
        };
        Self {
            linears: (0..branches).map(|_| branch()).collect(),
        }
    }

    /// Logits of every embedding that is there, as `probe.audio`, or `alt.probe.audio` in a named
    /// branch.
    pub fn outputs(
        &self,
        branches: &[&str],
        modalities: &[Modality],
        embeddings: &Embeddings,
    ) -> Outputs {
        let mut outputs = Outputs::new();
        for probe in self.named(branches, modalities, embeddings) {
            outputs.push(probe.name, probe.linear.forward(probe.embedding));
        }
        outputs
    }

    /// One step of every probe whose modality was forwarded; the losses before it. Where one of
    /// them is not finite, nothing moves. A gradient is an embedding times something below 1, so
    /// it is finite wherever the loss is.
    pub fn step(
        self,
        lr: f64,
        optimiser: &mut Optimiser,
        branches: &[&str],
        modalities: &[Modality],
        embeddings: &Embeddings,
        labels: &Tensor<1, Int>,
    ) -> (Self, Vec<(String, f32)>) {
        let mut losses = Vec::new();
        let mut total: Option<Tensor<1>> = None;
        for probe in self.named(branches, modalities, embeddings) {
            let logits = probe.linear.forward(probe.embedding.detach());
            let loss = cross_entropy(logits, labels);
            losses.push((probe.name, loss.clone().into_scalar::<f32>()));
            total = Some(match total {
                None => loss,
                Some(sum) => sum + loss,
            });
        }
        let is_finite = losses.iter().all(|(_, loss)| loss.is_finite());
        let moved = match total {
            // The probes share nothing, so the gradients of the sum are those of each loss.
            Some(sum) if is_finite => {
                let mut gradients = sum.backward();
                optimiser.step(lr, self, &mut gradients)
            }
            _ => self,
        };
        (moved, losses)
    }

    /// The probes for which there is an embedding, in order.
    fn named(
        &self,
        branches: &[&str],
        modalities: &[Modality],
        embeddings: &Embeddings,
    ) -> Vec<NamedProbe<'_>> {
        let mut named = Vec::new();
        for ((branch, linears), embeddings) in branches.iter().zip(&self.linears).zip(embeddings) {
            for ((modality, linear), embedding) in modalities.iter().zip(linears).zip(embeddings) {
                if let Some(embedding) = embedding {
                    let name = if branch.is_empty() {
                        format!("probe.{modality}")
                    } else {
                        format!("{branch}.probe.{modality}")
                    };
                    named.push(NamedProbe {
                        name,
                        linear,
                        embedding: embedding.clone(),
                    });
                }
            }
        }
        named
    }
}

/// A probe and what it reads.
struct NamedProbe<'a> {
    name: String,
    linear: &'a Linear,
    /// `[batch, D]`.
    embedding: Tensor<2>,
}
