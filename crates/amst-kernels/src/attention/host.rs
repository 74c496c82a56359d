//! Attention of tensors in host memory, by this crate's kernels.

use std::sync::Arc;

use super::kernel::{self, Dims};
use super::operation::Inputs;
use crate::dropout::Dropout;
use crate::host::HostTensor;

/// What is kept for the backward pass: the inputs, and the softmax, `[batch, heads, queries,
/// keys]`.
#[derive(Clone, Debug)]
pub struct State<T> {
    inputs: Inputs<T>,
    dropout: Option<Dropout>,
    weights: Arc<[f32]>,
    dims: Dims,
}

/// The output, and what the backward pass needs, if there will be one.
pub fn forward<T: HostTensor>(
    inputs: Inputs<T>,
    heads: usize,
    dropout: Option<Dropout>,
    has_backward: bool,
) -> (T, State<T>) {
    let inputs = inputs.map(T::contiguous);
    let [batch, queries, hidden] = inputs.query.shape().dims();
    let [_, keys, _] = inputs.key.shape().dims();
    let dims = Dims {
        batch,
        queries,
        keys,
        heads,
        width: hidden / heads,
    };
    let mut output = T::zeros(inputs.query.shape());
    let mut weights = vec![0.0; if has_backward { dims.weights() } else { 0 }];
    let kept = has_backward.then_some(&mut weights[..]);
    kernel::forward(
        on_slices(&inputs, dropout.as_ref(), dims),
        output.values_mut(),
        kept,
    );
    let state = State {
        inputs,
        dropout,
        weights: weights.into(),
        dims,
    };
    (output, state)
}

/// The gradients of queries, keys and values, from the output's.
pub fn backward<T: HostTensor>(state: State<T>, gradient: T) -> [T; 3] {
    let gradient = gradient.contiguous();
    let Inputs {
        query, key, value, ..
    } = &state.inputs;
    let mut gradients = [query, key, value].map(|t| T::zeros(t.shape()));
    kernel::backward(
        on_slices(&state.inputs, state.dropout.as_ref(), state.dims),
        &state.weights,
        gradient.values(),
        gradients.each_mut().map(T::values_mut),
    );
    gradients
}

fn on_slices<'a, T: HostTensor>(
    inputs: &'a Inputs<T>,
    dropout: Option<&'a Dropout>,
    dims: Dims,
) -> kernel::Inputs<'a> {
    kernel::Inputs {
        query: inputs.query.values(),
        key: inputs.key.values(),
        value: inputs.value.values(),
        mask: inputs.mask.values(),
        dropout,
        dims,
    }
}
