//! On LibTorch: the normalisation that PyTorch's own layer runs, cuDNN's on a GPU, and its gradient.

use burn::backend::{LibTorch, TensorMetadata};

use super::operation::{InputGradients, Inputs, Kernels, Trained};
use crate::libtorch::{Saved, TchTensor, batch_norm, batch_norm_backward};

/// What is kept for the backward pass: nothing that is not alive anyway, but for the statistics.
#[derive(Clone, Debug)]
pub struct Memory {
    x: TchTensor,
    gamma: TchTensor,
    /// Where it was rectified.
    output: Option<TchTensor>,
    saved: Saved,
    epsilon: f64,
    added: bool,
}

impl Kernels for LibTorch {
    type Memory = Memory;

    fn forward(inputs: Inputs<Self>, epsilon: f64, relu: bool) -> Trained<Self> {
        let Inputs { x, shortcut, gamma, beta } = inputs;
        let (normalised, [mean, variance], saved) = batch_norm(&x, [&gamma, &beta], epsilon);
        let shape = x.shape();
        let count = (shape.num_elements() / shape[1]) as f64;
        // Of one number there is no unbiased variance; the biased one is 0.
        let variance = if count > 1.0 { &variance * ((count - 1.0) / count) } else { variance.zeros_like() };
        let output = followed(TchTensor::new(normalised), shortcut.as_ref(), relu);
        let memory =
            Memory { x, gamma, output: relu.then(|| output.clone()), saved, epsilon, added: shortcut.is_some() };
        Trained { output, mean: TchTensor::new(mean), variance: TchTensor::new(variance), memory }
    }

    fn backward(memory: Memory, gradient: TchTensor) -> InputGradients<Self> {
        let gradient = match &memory.output {
            Some(output) => TchTensor::new(output.tensor.threshold_backward(&gradient.tensor, 0.0)),
            None => gradient,
        };
        let inputs = [&memory.x, &memory.gamma];
        let [x, gamma, beta] = batch_norm_backward(&gradient, inputs, &memory.saved, memory.epsilon);
        InputGradients { x, gamma, beta, shortcut: memory.added.then_some(gradient) }
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

/// Adds and rectifies in place: no gradient of a normalisation reads its output.
fn followed(mut value: TchTensor, shortcut: Option<&TchTensor>, relu: bool) -> TchTensor {
    if let Some(shortcut) = shortcut {
        let _same = value.tensor.g_add_(&shortcut.tensor);
    }
    if relu {
        let _same = value.tensor.relu_();
    }
    value
}
