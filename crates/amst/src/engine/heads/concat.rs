use amst_encoders::{Normal, xavier_linear};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::sum;

/// The joint module's independent head: one linear layer over the concatenated embeddings,
/// kept as one block W_m a modality and a single bias b (D16).
///
/// With k of M modalities present the bias counts k/M (D13), so that the sub-head of a
/// skip epoch is exactly the sum of its modalities' shares and the rest of the head, having
/// no part in the loss, gets no gradient.
#[derive(Module, Debug)]
pub struct ConcatHead {
    blocks: Vec<Linear>,
    bias: Param<Tensor<1>>,
}

impl ConcatHead {
    /// Xavier normal blocks, bias 0.
    pub fn new(
        modalities: usize,
        embed: usize,
        classes: usize,
        normal: Normal<'_>,
        device: &Device,
    ) -> Self {
        let blocks = (0..modalities)
            .map(|_| xavier_linear(embed, classes, false, normal, device))
            .collect();
        Self {
            blocks,
            bias: Param::from_tensor(Tensor::zeros([classes], device)),
        }
    }

    /// `W_m e_m + b/M`.
    pub fn modality(&self, index: usize, embedding: Tensor<2>) -> Tensor<2> {
        self.fused(&[(index, embedding)])
    }

    /// `sum of W_m e_m over the k present + (k/M) b`.
    pub fn fused(&self, present: &[(usize, Tensor<2>)]) -> Tensor<2> {
        let logits = sum(present
            .iter()
            .map(|(index, e)| self.blocks[*index].forward(e.clone())));
        let share = present.len() as f64 / self.blocks.len() as f64;
        // A share of one multiplies by nothing, so that the full head is bit-equal to plain
        // concatenation.
        let bias = if present.len() == self.blocks.len() {
            self.bias.val()
        } else {
            self.bias.val().mul_scalar(share)
        };
        logits + bias.unsqueeze::<2>()
    }
}
