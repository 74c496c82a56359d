//! Batch normalisation on LibTorch: what PyTorch's own layer runs (cuDNN on a GPU), or this crate's
//! host kernels where those are faster.

use burn::backend::{LibTorch, TensorMetadata};
use tch::{IValue, Tensor};

use super::host;
use super::operation::{InputGradients, Inputs, Kernels, TrainResult};
use crate::libtorch::{TchTensor, argument, call, uses_host_kernels};

/// What is kept for the backward pass.
#[derive(Clone, Debug)]
pub enum State {
    /// By this crate's host kernels.
    Host(host::State<TchTensor>),
    /// By LibTorch's kernels.
    LibTorch(LibTorchState),
}

/// Tensors that are alive anyway, and the statistics.
#[derive(Clone, Debug)]
pub struct LibTorchState {
    x: TchTensor,
    gamma: TchTensor,
    /// With a ReLU.
    output: Option<TchTensor>,
    saved: Saved,
    epsilon: f64,
    has_shortcut: bool,
}

/// What LibTorch's forward pass returns for its backward pass.
#[derive(Clone, Debug)]
struct Saved {
    /// By channel, mean and inverse deviation; and memory that cuDNN reserved.
    tensors: [TchTensor; 3],
    /// Which implementation ran.
    implementation: i64,
}

impl Kernels for LibTorch {
    type State = State;

    fn forward(
        inputs: Inputs<TchTensor>,
        epsilon: f64,
        relu: bool,
    ) -> TrainResult<TchTensor, State> {
        if !uses_host_kernels(&inputs.x.tensor) {
            return forward(inputs, epsilon, relu);
        }
        let result = host::forward(inputs, epsilon, relu);
        TrainResult {
            output: result.output,
            mean: result.mean,
            variance: result.variance,
            state: State::Host(result.state),
        }
    }

    fn backward(state: State, gradient: TchTensor) -> InputGradients<TchTensor> {
        match state {
            State::Host(state) => host::backward(state, gradient),
            State::LibTorch(state) => backward(state, gradient),
        }
    }

    fn affine(
        x: TchTensor,
        shortcut: Option<TchTensor>,
        channels: [TchTensor; 4],
        epsilon: f64,
        relu: bool,
    ) -> TchTensor {
        if uses_host_kernels(&x.tensor) {
            return host::affine(x, shortcut, channels, epsilon, relu);
        }
        let [gamma, beta, mean, variance] = channels.each_ref().map(|t| Some(&t.tensor));
        let (normalised, _, _) = x
            .tensor
            .native_batch_norm(gamma, beta, mean, variance, false, 0.0, epsilon);
        add_and_relu(TchTensor::new(normalised), shortcut.as_ref(), relu)
    }
}

fn forward(inputs: Inputs<TchTensor>, epsilon: f64, relu: bool) -> TrainResult<TchTensor, State> {
    let Inputs {
        x,
        shortcut,
        gamma,
        beta,
    } = inputs;
    let (normalised, [mean, variance], saved) = batch_norm(&x, [&gamma, &beta], epsilon);
    let shape = x.shape();
    let count = (shape.num_elements() / shape[1]) as f64;
    // With one value a channel there is no unbiased variance; the biased one is 0.
    let variance = if count > 1.0 {
        &variance * ((count - 1.0) / count)
    } else {
        variance.zeros_like()
    };
    let output = add_and_relu(TchTensor::new(normalised), shortcut.as_ref(), relu);
    TrainResult {
        mean: TchTensor::new(mean),
        variance: TchTensor::new(variance),
        state: State::LibTorch(LibTorchState {
            x,
            gamma,
            output: relu.then(|| output.clone()),
            saved,
            epsilon,
            has_shortcut: shortcut.is_some(),
        }),
        output,
    }
}

/// A normalised `x`, and the batch's mean and unbiased variance.
fn batch_norm(
    x: &TchTensor,
    [gamma, beta]: [&TchTensor; 2],
    epsilon: f64,
) -> (Tensor, [Tensor; 2], Saved) {
    let statistics = [gamma.tensor.zeros_like(), gamma.tensor.zeros_like()];
    let [mean, variance] = statistics
        .each_ref()
        .map(|t| IValue::Tensor(t.shallow_clone()));
    let arguments = [
        argument(x),
        argument(gamma),
        argument(beta),
        mean,
        variance,
        IValue::Double(epsilon),
    ];
    use IValue::Tensor as T;
    if let IValue::Tuple(parts) = call("batch_norm", &arguments)
        && let Ok(
            [
                T(output),
                T(mean),
                T(deviation),
                T(reserved),
                IValue::Int(implementation),
            ],
        ) = <[IValue; 5]>::try_from(parts)
    {
        let saved = Saved {
            tensors: [mean, deviation, reserved].map(TchTensor::new),
            implementation,
        };
        return (output, statistics, saved);
    }
    unreachable!("`batch_norm` returns four tensors and a number")
}

fn backward(state: LibTorchState, gradient: TchTensor) -> InputGradients<TchTensor> {
    let gradient = match &state.output {
        Some(output) => TchTensor::new(output.tensor.threshold_backward(&gradient.tensor, 0.0)),
        None => gradient,
    };
    let saved = state.saved.tensors.map(|t| t.tensor);
    let arguments = [
        argument(&gradient),
        argument(&state.x),
        argument(&state.gamma),
        IValue::TensorList(saved.into()),
        IValue::Int(state.saved.implementation),
        IValue::Double(state.epsilon),
    ];
    let gradients = <(Tensor, Tensor, Tensor)>::try_from(call("batch_norm_backward", &arguments));
    let (x, gamma, beta) =
        gradients.unwrap_or_else(|_| unreachable!("`batch_norm_backward` returns three tensors"));
    InputGradients {
        x: TchTensor::new(x),
        gamma: TchTensor::new(gamma),
        beta: TchTensor::new(beta),
        shortcut: state.has_shortcut.then_some(gradient),
    }
}

/// Adds the shortcut and applies ReLU in place: no gradient of a normalisation reads its output.
fn add_and_relu(mut value: TchTensor, shortcut: Option<&TchTensor>, relu: bool) -> TchTensor {
    if let Some(shortcut) = shortcut {
        let _same = value.tensor.g_add_(&shortcut.tensor);
    }
    if relu {
        let _same = value.tensor.relu_();
    }
    value
}
