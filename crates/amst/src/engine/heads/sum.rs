use amst_encoders::{Normal, xavier_linear};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::sum;

/// One linear layer over the sum of the embeddings, which is how the paper words the Naive
/// baseline (D5): `out = W (sum of e_m) + b`, and `o_m = W e_m + b/M` for one modality.
#[derive(Module, Debug)]
pub struct SumHead {
    linear: Linear,
    bias: Param<Tensor<1>>,
    modalities: usize,
}

impl SumHead {
    /// Xavier normal weights, bias 0.
    pub fn new(
        modalities: usize,
        embed: usize,
        classes: usize,
        normal: Normal<'_>,
        device: &Device,
    ) -> Self {
        Self {
            linear: xavier_linear(embed, classes, false, normal, device),
            bias: Param::from_tensor(Tensor::zeros([classes], device)),
            modalities,
        }
    }

    /// `W e_m + b/M`.
    pub fn modality(&self, embedding: Tensor<2>) -> Tensor<2> {
        self.with_share(embedding, 1)
    }

    /// `W (sum of the k present) + (k/M) b`.
    pub fn fused(&self, present: &[(usize, Tensor<2>)]) -> Tensor<2> {
        self.with_share(sum(present.iter().map(|(_, e)| e.clone())), present.len())
    }

    fn with_share(&self, embedding: Tensor<2>, present: usize) -> Tensor<2> {
        let share = present as f64 / self.modalities as f64;
        self.linear.forward(embedding) + self.bias.val().mul_scalar(share).unsqueeze::<2>()
    }
}
