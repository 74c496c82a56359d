//! On Flex, burn's CPU device in Rust.

use burn::backend::{Flex, TensorMetadata};
use burn::tensor::Shape;

use super::kernel::{Affine, Dims, Incoming, Moments, Rectified, affine, backward, forward};
use super::operation::{InputGradients, Inputs, Kernels, Trained};
use crate::flex::{FlexTensor, contiguous, numbers, tensor};

/// What is kept for the backward pass: the input, and nothing of its size that is not alive anyway.
#[derive(Clone, Debug)]
pub struct Memory {
    x: FlexTensor,
    rectified: Kept,
    gamma: FlexTensor,
    moments: Vec<Moments>,
    epsilon: f64,
    added: bool,
}

/// What tells where the output was rectified.
#[derive(Clone, Debug)]
enum Kept {
    /// Nothing was.
    Nothing,
    /// Together with what is kept anyway.
    Beta(FlexTensor),
    /// With a shortcut added. The next block keeps it too.
    Output(FlexTensor),
}

impl Kernels for Flex {
    type Memory = Memory;

    fn forward(inputs: Inputs<Self>, epsilon: f64, relu: bool) -> Trained<Self> {
        let [x, gamma, beta] = [inputs.x, inputs.gamma, inputs.beta].map(contiguous);
        let shortcut = inputs.shortcut.map(contiguous);
        let (shape, dims) = (x.shape(), dims(&x));
        let mut output = vec![0.0; shape.num_elements()];
        let channels = [numbers(&gamma), numbers(&beta)];
        let moments = forward(numbers(&x), shortcut.as_ref().map(numbers), channels, epsilon, relu, &mut output, dims);
        let output = tensor(output, shape);
        let rectified = match (relu, &shortcut) {
            (false, _) => Kept::Nothing,
            (true, None) => Kept::Beta(beta),
            (true, Some(_)) => Kept::Output(output.clone()),
        };
        Trained {
            mean: per_channel(&moments, |m| m.mean as f32),
            variance: per_channel(&moments, |m| m.variance() as f32),
            memory: Memory { x, rectified, gamma, moments, epsilon, added: shortcut.is_some() },
            output,
        }
    }

    fn backward(memory: Memory, gradient: FlexTensor) -> InputGradients<Self> {
        let mut gradient = contiguous(gradient);
        let (shape, dims) = (memory.x.shape(), dims(&memory.x));
        let incoming = Incoming {
            x: numbers(&memory.x),
            rectified: match &memory.rectified {
                Kept::Nothing => Rectified::No,
                Kept::Beta(beta) => Rectified::Again(numbers(beta)),
                Kept::Output(output) => Rectified::Output(numbers(output)),
            },
            moments: &memory.moments,
            gamma: numbers(&memory.gamma),
            epsilon: memory.epsilon,
        };
        let mut split = memory.added.then(|| vec![0.0; shape.num_elements()]);
        // In place where nobody else holds the gradient; a copy otherwise.
        let of_channels = backward(incoming, gradient.storage_mut(), split.as_deref_mut(), dims);
        let [gamma, beta] = [0, 1].map(|which| per_channel(&of_channels, |pair| pair[which]));
        match split {
            Some(split) => InputGradients { x: tensor(split, shape), shortcut: Some(gradient), gamma, beta },
            None => InputGradients { x: gradient, shortcut: None, gamma, beta },
        }
    }

    fn affine(
        x: FlexTensor,
        shortcut: Option<FlexTensor>,
        channels: [FlexTensor; 4],
        epsilon: f64,
        relu: bool,
    ) -> FlexTensor {
        let (x, shortcut) = (contiguous(x), shortcut.map(contiguous));
        let channels = channels.map(contiguous);
        let [gamma, beta, mean, variance] = channels.each_ref().map(numbers);
        let map = |c: usize| Affine::new(mean[c].into(), variance[c].into(), [gamma[c], beta[c]], epsilon);
        let maps: Vec<_> = (0..gamma.len()).map(map).collect();
        let (shape, dims) = (x.shape(), dims(&x));
        let mut output = vec![0.0; shape.num_elements()];
        affine(numbers(&x), shortcut.as_ref().map(numbers), &maps, relu, &mut output, dims);
        tensor(output, shape)
    }
}

fn per_channel<T>(channels: &[T], of: impl Fn(&T) -> f32) -> FlexTensor {
    tensor(channels.iter().map(of).collect(), Shape::new([channels.len()]))
}

fn dims(x: &FlexTensor) -> Dims {
    let [batch, channels, height, width] = x.shape().dims();
    Dims { batch, channels, positions: height * width }
}
