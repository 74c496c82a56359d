//! Batch normalisation (Ioffe and Szegedy 2015).
//!
//! burn composes a training step's normalisation of about ten element-wise operations, each of
//! which reads and writes a whole feature map. Here a channel is read twice forward (once for its
//! statistics, once to be written) and twice backward, and what a ResNet does next to it comes for
//! free: [`Then::Relu`], or [`Then::AddRelu`] with the shortcut.
//!
//! - [`train`] normalises with the batch's own statistics and returns them,
//! - [`eval`] normalises with given ones.
//!
//! Statistics are stable where the mean is large and the deviation small.

#[cfg(feature = "flex")]
mod flex;
#[cfg(any(feature = "flex", feature = "tch"))]
mod host;
#[cfg(any(feature = "flex", feature = "tch"))]
mod kernel;
#[cfg(feature = "tch")]
mod libtorch;
#[cfg_attr(
    not(any(feature = "flex", feature = "tch")),
    allow(dead_code, unused_variables)
)]
// Of a build without kernels.
mod operation;

use burn::backend::Dispatch;
use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{DType, Tensor};

use crate::device::has_kernels;
use operation::BatchNormOps;

/// What happens to a normalised value before it is written.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // One at a time, made where it is used.
pub enum Then {
    /// Nothing.
    Nothing,
    /// `max(value, 0)`.
    Relu,
    /// `max(value + shortcut, 0)`: the end of a residual block. The shortcut has the input's shape.
    AddRelu(Tensor<4>),
}

/// What [`train`] returns.
#[derive(Clone, Debug)]
pub struct Normalised {
    /// `[batch, channels, height, width]`.
    pub output: Tensor<4>,
    /// Mean of the batch, `[channels]`; carries no gradient.
    pub mean: Tensor<1>,
    /// Biased variance of the batch, `[channels]`; carries no gradient.
    pub variance: Tensor<1>,
}

/// Normalises `[batch, channels, height, width]` with the batch's statistics:
/// `gamma (x - mean) / sqrt(variance + epsilon) + beta`, then `then`.
///
/// `gamma` and `beta` are `[channels]`.
///
/// # Panics
///
/// If shapes do not fit together, as burn's own operations do.
pub fn train(
    x: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
    then: Then,
) -> Normalised {
    check(&x, &[&gamma, &beta], &then);
    let floats = is_f32(&x, &[&gamma, &beta], &then);
    let (x, gamma, beta) = (
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
    );
    if !(floats && has_kernels(&x)) {
        let [x] = [x].map(Tensor::<4>::from_dispatch);
        let [gamma, beta] = [gamma, beta].map(Tensor::<1>::from_dispatch);
        let plain = batch_norm_train(x, gamma, beta, epsilon);
        return Normalised {
            output: followed(plain.output, then),
            mean: plain.mean,
            variance: plain.variance,
        };
    }
    let (output, mean, variance) = match then {
        Then::Nothing => Dispatch::norm_train(x, gamma, beta, epsilon, false),
        Then::Relu => Dispatch::norm_train(x, gamma, beta, epsilon, true),
        Then::AddRelu(shortcut) => {
            Dispatch::norm_add_train(x, shortcut.into_dispatch(), gamma, beta, epsilon)
        }
    };
    let [mean, variance] = [mean, variance].map(Tensor::from_dispatch);
    Normalised {
        output: Tensor::from_dispatch(output),
        mean,
        variance,
    }
}

/// Normalises `[batch, channels, height, width]` with given statistics, then `then`.
///
/// `gamma`, `beta`, `mean` and `variance` are `[channels]`; gradients flow through all of them.
///
/// # Panics
///
/// If shapes do not fit together, as burn's own operations do.
pub fn eval(
    x: Tensor<4>,
    [gamma, beta]: [Tensor<1>; 2],
    [mean, variance]: [Tensor<1>; 2],
    epsilon: f64,
    then: Then,
) -> Tensor<4> {
    check(&x, &[&gamma, &beta, &mean, &variance], &then);
    let floats = is_f32(&x, &[&gamma, &beta, &mean, &variance], &then);
    // Gradients of an affine map come from burn's own operations: nothing that trains asks for
    // them.
    if x.device().is_autodiff() || !floats {
        return followed(batch_norm(x, gamma, beta, mean, variance, epsilon), then);
    }
    let x = x.into_dispatch();
    if !has_kernels(&x) {
        return followed(
            batch_norm(
                Tensor::from_dispatch(x),
                gamma,
                beta,
                mean,
                variance,
                epsilon,
            ),
            then,
        );
    }
    let [gamma, beta, mean, variance] = [gamma, beta, mean, variance].map(Tensor::into_dispatch);
    Tensor::from_dispatch(match then {
        Then::Nothing => Dispatch::norm_eval(x, gamma, beta, mean, variance, epsilon, false),
        Then::Relu => Dispatch::norm_eval(x, gamma, beta, mean, variance, epsilon, true),
        Then::AddRelu(shortcut) => Dispatch::norm_add_eval(
            x,
            shortcut.into_dispatch(),
            gamma,
            beta,
            mean,
            variance,
            epsilon,
        ),
    })
}

/// The type that there are kernels for.
fn is_f32(x: &Tensor<4>, per_channel: &[&Tensor<1>], then: &Then) -> bool {
    let shortcut = !matches!(then, Then::AddRelu(shortcut) if shortcut.dtype() != DType::F32);
    shortcut
        && x.dtype() == DType::F32
        && per_channel
            .iter()
            .all(|vector| vector.dtype() == DType::F32)
}

fn followed(value: Tensor<4>, then: Then) -> Tensor<4> {
    match then {
        Then::Nothing => value,
        Then::Relu => relu(value),
        Then::AddRelu(shortcut) => relu(value + shortcut),
    }
}

fn check(x: &Tensor<4>, per_channel: &[&Tensor<1>], then: &Then) {
    let [_, channels, _, _] = x.dims();
    for vector in per_channel {
        assert_eq!(
            vector.dims(),
            [channels],
            "one value for each of {channels} channels is needed"
        );
    }
    if let Then::AddRelu(shortcut) = then {
        assert_eq!(
            shortcut.dims(),
            x.dims(),
            "a shortcut has the shape of what it is added to"
        );
    }
}
