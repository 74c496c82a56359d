use amst_encoders::{Normal, xavier_linear};
use burn::module::{Module, ParamId};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::sum;

/// The alternating module's shared head: `o_m = W e_m + b` with one W and b for all
/// modalities, fused by averaging (Algorithm 1, line 18).
#[derive(Module, Debug)]
pub struct SharedHead {
    linear: Linear,
}

impl SharedHead {
    /// Xavier normal weights, bias 0.
    pub fn new(embed: usize, classes: usize, normal: Normal<'_>, device: &Device) -> Self {
        Self {
            linear: xavier_linear(embed, classes, true, normal, device),
        }
    }

    /// The identity of W.
    pub(super) fn weight(&self) -> ParamId {
        self.linear.weight.id
    }

    /// `[batch, D]` to `[batch, classes]`.
    pub fn forward(&self, embedding: Tensor<2>) -> Tensor<2> {
        self.linear.forward(embedding)
    }

    /// Mean of the logits of the modalities that are present.
    pub fn fused(&self, present: &[(usize, Tensor<2>)]) -> Tensor<2> {
        sum(present.iter().map(|(_, e)| self.forward(e.clone()))).div_scalar(present.len() as f64)
    }
}
