//! Linear layers of tensors in host memory, by this crate's kernels.

use rayon::prelude::*;

use super::operation::{Activation, InputGradients, Inputs};
use crate::avx2::with_avx2;
use crate::functions::{gelu, gelu_derivative};
use crate::host::HostTensor;
use crate::matrix::{Matrix, SharedArray};
use crate::product::multiply;
use crate::rows::{rows_per_task, sum_of_rows};

/// What is kept for the backward pass: the input and the weight, which are alive anyway, and what
/// the activation was applied to.
#[derive(Clone, Debug)]
pub struct State<T> {
    x: T,
    weight: T,
    before_gelu: Option<T>,
}

/// The output, and what the backward pass needs, if there will be one.
pub fn forward<T: HostTensor>(
    inputs: Inputs<T>,
    activation: Activation,
    has_backward: bool,
) -> (T, State<T>) {
    let [x, weight, bias] = [inputs.x, inputs.weight, inputs.bias].map(T::contiguous);
    let [_, columns] = weight.shape().dims();
    let mut shape = x.shape();
    let last = shape.num_dims() - 1;
    shape[last] = columns;
    let keeps_before = has_backward && activation == Activation::Gelu;
    let mut before = keeps_before.then(|| T::zeros(shape.clone()));
    let mut output = T::zeros(shape);
    if !output.values().is_empty() {
        let factors = [&x, &weight].map(matrix);
        match &mut before {
            Some(before) => {
                let output = SharedArray::new(output.values_mut());
                product_with_bias(
                    factors,
                    bias.values(),
                    before.values_mut(),
                    |start, values| {
                        // SAFETY: every element is finished once.
                        let output = unsafe { output.part(start, values.len()) };
                        let pairs = output.iter_mut().zip(values);
                        pairs.for_each(|(to, value)| *to = gelu(*value));
                    },
                );
            }
            None => product_with_bias(factors, bias.values(), output.values_mut(), |_, values| {
                if activation == Activation::Gelu {
                    values.iter_mut().for_each(|value| *value = gelu(*value));
                }
            }),
        }
    }
    let state = State {
        x,
        weight,
        before_gelu: before,
    };
    (output, state)
}

/// Writes `left × right + bias`; `then` is called with parts of rows and where they begin.
fn product_with_bias(
    [left, right]: [Matrix<'_>; 2],
    bias: &[f32],
    output: &mut [f32],
    then: impl Fn(usize, &mut [f32]) + Sync,
) {
    multiply(left, right, output, |row, columns, values| {
        with_avx2(|| {
            let pairs = values.iter_mut().zip(&bias[columns.clone()]);
            pairs.for_each(|(value, &bias)| *value += bias);
            then(row * bias.len() + columns.start, values);
        });
    });
}

/// The wanted gradients, of input, weight and bias, from the output's.
pub fn backward<T: HostTensor>(
    state: State<T>,
    gradient: T,
    wanted: [bool; 3],
) -> InputGradients<T> {
    let mut gradient = gradient.contiguous();
    if let Some(before) = state.before_gelu {
        multiply_by_derivative(gradient.values_mut(), before.values());
    }
    let [x_wanted, weight_wanted, bias_wanted] = wanted;
    let (x, weight) = (&state.x, &state.weight);
    InputGradients {
        x: x_wanted.then(|| product(x, [matrix(&gradient), matrix(weight).transposed()])),
        weight: weight_wanted.then(|| product(weight, [matrix(x).transposed(), matrix(&gradient)])),
        bias: bias_wanted.then(|| {
            let [_, width] = weight.shape().dims();
            T::vector(sum_of_rows(gradient.values(), width).into_iter())
        }),
    }
}

/// `left × right` in the shape of a tensor.
fn product<T: HostTensor>(like: &T, [left, right]: [Matrix<'_>; 2]) -> T {
    let mut result = T::zeros(like.shape());
    if left.columns > 0 && !result.values().is_empty() {
        multiply(left, right, result.values_mut(), |_, _, _| {});
    }
    result
}

/// A tensor as a matrix of its last dimension's rows.
fn matrix<T: HostTensor>(tensor: &T) -> Matrix<'_> {
    let shape = tensor.shape();
    Matrix::whole(tensor.values(), shape[shape.num_dims() - 1])
}

fn multiply_by_derivative(gradient: &mut [f32], before: &[f32]) {
    let task = rows_per_task(1);
    gradient
        .par_chunks_mut(task)
        .zip(before.par_chunks(task))
        .for_each(|(gradient, before)| {
            with_avx2(|| {
                let pairs = gradient.iter_mut().zip(before);
                pairs.for_each(|(gradient, &before)| *gradient *= gelu_derivative(before));
            });
        });
}
