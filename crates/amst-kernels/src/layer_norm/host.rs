//! Layer normalisation of tensors in host memory, by this crate's kernels.

use std::sync::Arc;

use super::kernel::{self, BackwardInputs, Moments};
use super::operation::{InputGradients, Inputs};
use crate::dropout::Dropout;
use crate::host::HostTensor;

/// What is kept for the backward pass: of tensors of the input's size only the sum.
#[derive(Clone, Debug)]
pub struct State<T> {
    sum: T,
    gamma: T,
    moments: Arc<[Moments]>,
    dropout: Option<Dropout>,
}

/// The output, and what the backward pass needs.
pub fn forward<T: HostTensor>(
    inputs: Inputs<T>,
    dropout: Option<Dropout>,
    epsilon: f64,
) -> (T, State<T>) {
    let [x, shortcut] = [inputs.x, inputs.shortcut].map(T::contiguous);
    let [gamma, beta] = [inputs.gamma, inputs.beta].map(T::contiguous);
    let [mut sum, mut output] = [T::zeros(x.shape()), T::zeros(x.shape())];
    let moments = kernel::forward(
        [x.values(), shortcut.values()],
        dropout.as_ref(),
        [gamma.values(), beta.values()],
        epsilon,
        [sum.values_mut(), output.values_mut()],
    );
    let state = State {
        sum,
        gamma,
        moments: moments.into(),
        dropout,
    };
    (output, state)
}

/// The gradients from the output's; that of `x` only where it is wanted.
pub fn backward<T: HostTensor>(state: State<T>, gradient: T, x_wanted: bool) -> InputGradients<T> {
    let mut gradient = gradient.contiguous();
    let inputs = BackwardInputs {
        sums: state.sum.values(),
        moments: &state.moments,
        gamma: state.gamma.values(),
    };
    let [gamma, beta] =
        kernel::backward(inputs, gradient.values_mut()).map(|sums| T::vector(sums.into_iter()));
    let x = x_wanted.then(|| match &state.dropout {
        None => gradient.clone(),
        Some(dropout) => {
            let mut x = T::zeros(gradient.shape());
            kernel::before_dropout(gradient.values(), dropout, x.values_mut());
            x
        }
    });
    InputGradients {
        x,
        shortcut: gradient,
        gamma,
        beta,
    }
}
