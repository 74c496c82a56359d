//! Batch normalisation of tensors in host memory, by this crate's kernels.

use super::kernel::{self, Affine, BackwardInputs, Dims, Moments, Relu};
use super::operation::{InputGradients, Inputs, TrainResult};
use crate::host::HostTensor;

/// What is kept for the backward pass: the input, and no tensor of its size that is not alive
/// anyway.
#[derive(Clone, Debug)]
pub struct State<T> {
    x: T,
    relu: Relu<T>,
    gamma: T,
    moments: Vec<Moments>,
    epsilon: f64,
    has_shortcut: bool,
}

/// As `Kernels::forward`.
pub fn forward<T: HostTensor>(
    inputs: Inputs<T>,
    epsilon: f64,
    relu: bool,
) -> TrainResult<T, State<T>> {
    let [x, gamma, beta] = [inputs.x, inputs.gamma, inputs.beta].map(T::contiguous);
    let shortcut = inputs.shortcut.map(T::contiguous);
    let dims = dims(&x);
    let mut output = T::zeros(x.shape());
    let moments = kernel::forward(
        x.values(),
        shortcut.as_ref().map(T::values),
        [gamma.values(), beta.values()],
        epsilon,
        relu,
        output.values_mut(),
        dims,
    );
    let relu = if !relu {
        Relu::None
    } else if shortcut.is_none() {
        Relu::Recomputed(beta)
    } else {
        Relu::Output(output.clone())
    };
    TrainResult {
        mean: T::vector(moments.iter().map(|m| m.mean as f32)),
        variance: T::vector(moments.iter().map(|m| m.variance() as f32)),
        state: State {
            x,
            relu,
            gamma,
            moments,
            epsilon,
            has_shortcut: shortcut.is_some(),
        },
        output,
    }
}

/// As `Kernels::backward`.
pub fn backward<T: HostTensor>(state: State<T>, gradient: T) -> InputGradients<T> {
    let mut gradient = gradient.contiguous();
    let (shape, dims) = (state.x.shape(), dims(&state.x));
    let inputs = BackwardInputs {
        x: state.x.values(),
        relu: match &state.relu {
            Relu::None => Relu::None,
            Relu::Recomputed(beta) => Relu::Recomputed(beta.values()),
            Relu::Output(output) => Relu::Output(output.values()),
        },
        moments: &state.moments,
        gamma: state.gamma.values(),
        epsilon: state.epsilon,
    };
    let mut separate = state.has_shortcut.then(|| T::zeros(shape));
    let channels = kernel::backward(
        inputs,
        gradient.values_mut(),
        separate.as_mut().map(T::values_mut),
        dims,
    );
    let (x, shortcut) = match separate {
        Some(x) => (x, Some(gradient)),
        None => (gradient, None),
    };
    InputGradients {
        x,
        shortcut,
        gamma: T::vector(channels.iter().map(|channel| channel.gamma)),
        beta: T::vector(channels.iter().map(|channel| channel.beta)),
    }
}

/// As `Kernels::affine`.
pub fn affine<T: HostTensor>(
    x: T,
    shortcut: Option<T>,
    channels: [T; 4],
    epsilon: f64,
    relu: bool,
) -> T {
    let (x, shortcut) = (x.contiguous(), shortcut.map(T::contiguous));
    let channels = channels.map(T::contiguous);
    let [gamma, beta, mean, variance] = channels.each_ref().map(T::values);
    let maps: Vec<_> = (0..gamma.len())
        .map(|c| {
            let (mean, variance) = (mean[c].into(), variance[c].into());
            Affine::new(mean, variance, [gamma[c], beta[c]], epsilon)
        })
        .collect();
    let mut output = T::zeros(x.shape());
    kernel::affine(
        x.values(),
        shortcut.as_ref().map(T::values),
        &maps,
        relu,
        output.values_mut(),
        dims(&x),
    );
    output
}

fn dims<T: HostTensor>(x: &T) -> Dims {
    let [batch, channels, height, width] = x.shape().dims();
    Dims {
        batch,
        channels,
        positions: height * width,
    }
}
