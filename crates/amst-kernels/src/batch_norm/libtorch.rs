//! On LibTorch: its `native_batch_norm`, and the gradients by its own graph.
//!
//! The gradient's kernel has no binding of its own, so that a pass of LibTorch's graph runs it: one
//! that begins and ends here, since what leaves is detached.

use burn::backend::tensor::FloatTensor;
use burn::backend::{LibTorch, TensorMetadata};

use super::operation::{InputGradients, Inputs, Kernels, Trained};

type TchTensor = FloatTensor<LibTorch>;

/// x, gamma and beta as leaves of LibTorch's graph, and what they led to before it was rectified.
///
/// The inputs are kept too: as long as they are, burn writes nothing into their memory.
#[derive(Clone, Debug)]
pub struct Memory {
    kept: [TchTensor; 3],
    leaves: [TchTensor; 3],
    normalised: TchTensor,
    /// Where it was rectified.
    output: Option<TchTensor>,
    added: bool,
}

impl Kernels for LibTorch {
    type Memory = Memory;

    fn forward(inputs: Inputs<Self>, epsilon: f64, relu: bool) -> Trained<Self> {
        let kept = [inputs.x, inputs.gamma, inputs.beta];
        let leaves = kept.each_ref().map(|t| TchTensor::new(t.tensor.detach().set_requires_grad(true)));
        let [x, gamma, beta] = leaves.each_ref().map(|t| &t.tensor);
        // With a momentum of 1 the running statistics are the batch's, and the variance is the unbiased one.
        let (mean, variance) = (kept[1].tensor.zeros_like(), kept[1].tensor.zeros_like());
        let running = (Some(&mean), Some(&variance));
        let (normalised, _, _) = x.native_batch_norm(Some(gamma), Some(beta), running.0, running.1, true, 1.0, epsilon);
        let shape = kept[0].shape();
        let count = (shape.num_elements() / shape[1]) as f64;
        // Of one number there is no unbiased variance; the biased one is 0.
        let variance = if count > 1.0 { &variance * ((count - 1.0) / count) } else { variance.zeros_like() };
        let output = followed(TchTensor::new(normalised.detach()), inputs.shortcut.as_ref(), relu);
        Trained {
            // A copy: the graph keeps the tensor that was written, and burn may write into what it is given.
            mean: TchTensor::new(mean.copy()),
            variance: TchTensor::new(variance),
            memory: Memory {
                kept,
                leaves,
                normalised: TchTensor::new(normalised),
                output: relu.then(|| output.clone()),
                added: inputs.shortcut.is_some(),
            },
            output,
        }
    }

    fn backward(memory: Memory, gradient: TchTensor) -> InputGradients<Self> {
        let gradient = match &memory.output {
            Some(output) => output.tensor.threshold_backward(&gradient.tensor, 0.0),
            None => gradient.tensor,
        };
        // The derivative of this number by `normalised` is `gradient`.
        memory.normalised.tensor.flatten(0, -1).dot(&gradient.flatten(0, -1)).backward();
        let [x, gamma, beta] = memory.leaves.map(|leaf| TchTensor::new(leaf.tensor.grad()));
        drop(memory.kept);
        InputGradients { x, gamma, beta, shortcut: memory.added.then(|| TchTensor::new(gradient)) }
    }

    fn affine(
        x: TchTensor,
        shortcut: Option<TchTensor>,
        channels: [TchTensor; 4],
        epsilon: f64,
        relu: bool,
    ) -> TchTensor {
        let [gamma, beta, mean, variance] = channels.each_ref().map(|t| Some(&t.tensor));
        let (normalised, _, _) = x.tensor.native_batch_norm(gamma, beta, mean, variance, false, 0.0, epsilon);
        followed(TchTensor::new(normalised), shortcut.as_ref(), relu)
    }
}

/// Adds and rectifies in place: LibTorch's gradient of the normalisation does not read its output.
fn followed(mut value: TchTensor, shortcut: Option<&TchTensor>, relu: bool) -> TchTensor {
    if let Some(shortcut) = shortcut {
        let _same = value.tensor.g_add_(&shortcut.tensor);
    }
    if relu {
        let _same = value.tensor.relu_();
    }
    value
}
