use amst_encoders::{Normal, xavier_linear};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::sum;

/// One linear layer with a bias a modality, their logits added (docs/paper.md §2.2): what the
/// published code of Naive, OGM-GE, PMR and MSLR has (D5). It computes what one layer over the
/// concatenated embeddings computes whose bias is the sum of these.
#[derive(Module, Debug)]
pub struct LateSumHead {
    linears: Vec<Linear>,
}

impl LateSumHead {
    /// Xavier normal weights, bias 0.
    pub fn new(
        modalities: usize,
        embed: usize,
        classes: usize,
        normal: Normal<'_>,
        device: &Device,
    ) -> Self {
        Self {
            linears: (0..modalities)
                .map(|_| xavier_linear(embed, classes, true, normal, device))
                .collect(),
        }
    }

    /// `W_m e_m + b_m`.
    pub fn modality(&self, index: usize, embedding: Tensor<2>) -> Tensor<2> {
        self.linears[index].forward(embedding)
    }

    /// The sum over those present.
    pub fn fused(&self, present: &[(usize, Tensor<2>)]) -> Tensor<2> {
        sum(present
            .iter()
            .map(|(index, e)| self.modality(*index, e.clone())))
    }
}
