//! In the processor's memory, by the kernels of this crate.

use super::kernel::{self, Affine, Dims, Incoming, Moments, Rectified};
use super::operation::{InputGradients, Inputs, Trained};
use crate::host::Host;

/// What is kept for the backward pass: the input, and nothing of its size that is not alive anyway.
#[derive(Clone, Debug)]
pub struct Memory<T> {
    x: T,
    rectified: Kept<T>,
    gamma: T,
    moments: Vec<Moments>,
    epsilon: f64,
    added: bool,
}

/// What tells where the output was rectified.
#[derive(Clone, Debug)]
enum Kept<T> {
    /// Nothing was.
    Nothing,
    /// Together with what is kept anyway.
    Beta(T),
    /// With a shortcut added. The next block keeps it too.
    Output(T),
}

/// As [`Kernels::forward`](super::operation::Kernels::forward).
pub fn forward<T: Host>(inputs: Inputs<T>, epsilon: f64, relu: bool) -> Trained<T, Memory<T>> {
    let [x, gamma, beta] = [inputs.x, inputs.gamma, inputs.beta].map(T::contiguous);
    let shortcut = inputs.shortcut.map(T::contiguous);
    let dims = dims(&x);
    let mut output = T::zeros(x.shape());
    let channels = [gamma.numbers(), beta.numbers()];
    let added = shortcut.as_ref().map(T::numbers);
    let moments = kernel::forward(
        x.numbers(),
        added,
        channels,
        epsilon,
        relu,
        output.numbers_mut(),
        dims,
    );
    let rectified = match (relu, &shortcut) {
        (false, _) => Kept::Nothing,
        (true, None) => Kept::Beta(beta),
        (true, Some(_)) => Kept::Output(output.clone()),
    };
    Trained {
        mean: T::vector(moments.iter().map(|m| m.mean as f32)),
        variance: T::vector(moments.iter().map(|m| m.variance() as f32)),
        memory: Memory {
            x,
            rectified,
            gamma,
            moments,
            epsilon,
            added: shortcut.is_some(),
        },
        output,
    }
}

/// As [`Kernels::backward`](super::operation::Kernels::backward).
pub fn backward<T: Host>(memory: Memory<T>, gradient: T) -> InputGradients<T> {
    let mut gradient = gradient.contiguous();
    let (shape, dims) = (memory.x.shape(), dims(&memory.x));
    let incoming = Incoming {
        x: memory.x.numbers(),
        rectified: match &memory.rectified {
            Kept::Nothing => Rectified::No,
            Kept::Beta(beta) => Rectified::Again(beta.numbers()),
            Kept::Output(output) => Rectified::Output(output.numbers()),
        },
        moments: &memory.moments,
        gamma: memory.gamma.numbers(),
        epsilon: memory.epsilon,
    };
    let mut split = memory.added.then(|| T::zeros(shape));
    // In place where nobody else holds the gradient; a copy otherwise.
    let of_channels = kernel::backward(
        incoming,
        gradient.numbers_mut(),
        split.as_mut().map(T::numbers_mut),
        dims,
    );
    let [gamma, beta] = [0, 1].map(|which| T::vector(of_channels.iter().map(|pair| pair[which])));
    match split {
        Some(split) => InputGradients {
            x: split,
            shortcut: Some(gradient),
            gamma,
            beta,
        },
        None => InputGradients {
            x: gradient,
            shortcut: None,
            gamma,
            beta,
        },
    }
}

/// As [`Kernels::affine`](super::operation::Kernels::affine).
pub fn affine<T: Host>(x: T, shortcut: Option<T>, channels: [T; 4], epsilon: f64, relu: bool) -> T {
    let (x, shortcut) = (x.contiguous(), shortcut.map(T::contiguous));
    let channels = channels.map(T::contiguous);
    let [gamma, beta, mean, variance] = channels.each_ref().map(T::numbers);
    let map = |c: usize| {
        Affine::new(
            mean[c].into(),
            variance[c].into(),
            [gamma[c], beta[c]],
            epsilon,
        )
    };
    let maps: Vec<_> = (0..gamma.len()).map(map).collect();
    let mut output = T::zeros(x.shape());
    kernel::affine(
        x.numbers(),
        shortcut.as_ref().map(T::numbers),
        &maps,
        relu,
        output.numbers_mut(),
        dims(&x),
    );
    output
}

fn dims<T: Host>(x: &T) -> Dims {
    let [batch, channels, height, width] = x.shape().dims();
    Dims {
        batch,
        channels,
        positions: height * width,
    }
}
