//! On LibTorch: the normalisation that PyTorch's own layer runs, cuDNN's on a GPU, and its
//! gradient; on processors where this crate's kernels are faster, those.

use burn::backend::{LibTorch, TensorMetadata};

use super::host;
use super::operation::{InputGradients, Inputs, Kernels, Trained};
use crate::libtorch::{Saved, TchTensor, batch_norm, batch_norm_backward, is_slower_than_ours};

/// What is kept for the backward pass.
#[derive(Clone, Debug)]
pub enum Memory {
    /// Of this crate's kernels.
    Ours(host::Memory<TchTensor>),
    /// Of LibTorch's.
    LibTorchs(Kept),
}

/// Nothing that is not alive anyway, but for the statistics.
#[derive(Clone, Debug)]
pub struct Kept {
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

    fn forward(inputs: Inputs<TchTensor>, epsilon: f64, relu: bool) -> Trained<TchTensor, Memory> {
        if !is_slower_than_ours(&inputs.x.tensor) {
            return forward(inputs, epsilon, relu);
        }
        let Trained {
            output,
            mean,
            variance,
            memory,
        } = host::forward(inputs, epsilon, relu);
        Trained {
            output,
            mean,
            variance,
            memory: Memory::Ours(memory),
        }
    }

    fn backward(memory: Memory, gradient: TchTensor) -> InputGradients<TchTensor> {
        match memory {
            Memory::Ours(memory) => host::backward(memory, gradient),
            Memory::LibTorchs(kept) => backward(kept, gradient),
        }
    }

    fn affine(
        x: TchTensor,
        shortcut: Option<TchTensor>,
        channels: [TchTensor; 4],
        epsilon: f64,
        relu: bool,
    ) -> TchTensor {
        if is_slower_than_ours(&x.tensor) {
            return host::affine(x, shortcut, channels, epsilon, relu);
        }
        let [gamma, beta, mean, variance] = channels.each_ref().map(|t| Some(&t.tensor));
        let (normalised, _, _) = x
            .tensor
            .native_batch_norm(gamma, beta, mean, variance, false, 0.0, epsilon);
        followed(TchTensor::new(normalised), shortcut.as_ref(), relu)
    }
}

fn forward(inputs: Inputs<TchTensor>, epsilon: f64, relu: bool) -> Trained<TchTensor, Memory> {
    let Inputs {
        x,
        shortcut,
        gamma,
        beta,
    } = inputs;
    let (normalised, [mean, variance], saved) = batch_norm(&x, [&gamma, &beta], epsilon);
    let shape = x.shape();
    let count = (shape.num_elements() / shape[1]) as f64;
    // Of one number there is no unbiased variance; the biased one is 0.
    let variance = if count > 1.0 {
        &variance * ((count - 1.0) / count)
    } else {
        variance.zeros_like()
    };
    let output = followed(TchTensor::new(normalised), shortcut.as_ref(), relu);
    let kept = Kept {
        x,
        gamma,
        output: relu.then(|| output.clone()),
        saved,
        epsilon,
        added: shortcut.is_some(),
    };
    let [mean, variance] = [mean, variance].map(TchTensor::new);
    Trained {
        output,
        mean,
        variance,
        memory: Memory::LibTorchs(kept),
    }
}

fn backward(kept: Kept, gradient: TchTensor) -> InputGradients<TchTensor> {
    let gradient = match &kept.output {
        Some(output) => TchTensor::new(output.tensor.threshold_backward(&gradient.tensor, 0.0)),
        None => gradient,
    };
    let inputs = [&kept.x, &kept.gamma];
    let [x, gamma, beta] = batch_norm_backward(&gradient, inputs, &kept.saved, kept.epsilon);
    InputGradients {
        x,
        gamma,
        beta,
        shortcut: kept.added.then_some(gradient),
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
