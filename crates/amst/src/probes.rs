//! Linear probes (METHODS 2.3): how much of the classes an embedding gives away.

use amst_encoders::{Encoder, Normal, xavier_linear};
use amst_recipe::Modality;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor};

use crate::{Embeddings, Net, Optimiser, Outputs, cross_entropy};

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
        self.each(
            branches,
            modalities,
            embeddings,
            |name, linear, embedding| {
                outputs.push(name, linear.forward(embedding));
            },
        );
        outputs
    }

    /// One step of every probe whose modality was forwarded; the losses before it. Where one of
    /// them is no number, nothing moves. A gradient is an embedding times something below 1, so it
    /// is a number wherever the loss is.
    pub fn step(
        self,
        lr: f64,
        optimiser: &mut Optimiser,
        (branches, modalities): (&[&str], &[Modality]),
        embeddings: &Embeddings,
        labels: &Tensor<1, Int>,
    ) -> (Self, Vec<(String, f32)>) {
        let mut losses = Vec::new();
        let mut total: Option<Tensor<1>> = None;
        self.each(
            branches,
            modalities,
            embeddings,
            |name, linear, embedding| {
                let loss = cross_entropy(linear.forward(embedding.detach()), labels);
                losses.push((name, loss.clone().into_scalar()));
                total = Some(total.take().map_or(loss.clone(), |sum| sum + loss));
            },
        );
        // The probes share nothing, so the gradients of the sum are those of each loss.
        let moved = match total.filter(|_| {
            losses
                .iter()
                .all(|(_, loss): &(String, f32)| loss.is_finite())
        }) {
            Some(sum) => {
                let mut gradients = sum.backward();
                optimiser.step(lr, self, &mut gradients)
            }
            None => self,
        };
        (moved, losses)
    }

    fn each(
        &self,
        branches: &[&str],
        modalities: &[Modality],
        embeddings: &Embeddings,
        mut visit: impl FnMut(String, &Linear, Tensor<2>),
    ) {
        for ((branch, linears), embeddings) in branches.iter().zip(&self.linears).zip(embeddings) {
            let prefix = if branch.is_empty() {
                String::new()
            } else {
                format!("{branch}.")
            };
            for ((modality, linear), embedding) in modalities.iter().zip(linears).zip(embeddings) {
                if let Some(embedding) = embedding {
                    visit(
                        format!("{prefix}probe.{modality}"),
                        linear,
                        embedding.clone(),
                    );
                }
            }
        }
    }
}

impl<E: Encoder> Net<E> {
    /// One step of the probes, if there are any; their losses before it. `places` are the
    /// names of the branches and the modalities in training order.
    pub fn step_probes(
        &mut self,
        lr: f64,
        optimiser: &mut Optimiser,
        places: (&[&str], &[Modality]),
        embeddings: &Embeddings,
        labels: &Tensor<1, Int>,
    ) -> Vec<(String, f32)> {
        let Some(probes) = self.probes.take() else {
            return Vec::new();
        };
        let (moved, losses) = probes.step(lr, optimiser, places, embeddings, labels);
        self.probes = Some(moved);
        losses
    }
}
