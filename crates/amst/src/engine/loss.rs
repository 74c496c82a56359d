use amst_kernels::sums::{log_softmax, mean_all};
use burn::tensor::{Int, Tensor};

/// Mean cross-entropy of `[batch, classes]` logits against `[batch]` class indices, in nats.
pub fn cross_entropy(logits: Tensor<2>, labels: &Tensor<1, Int>) -> Tensor<1> {
    let picked = log_softmax(logits).gather(1, labels.clone().unsqueeze_dim(1));
    mean_all(picked).neg()
}
