//! Batch normalisation (Ioffe and Szegedy 2015).
//!
//! burn composes a training step's normalisation of about ten element-wise operations, each of
//! which reads and writes a whole feature map. Here a channel is read twice forward (for its
//! statistics, and to be normalised) and twice backward, and the operations that follow it in a
//! ResNet are [`Fused`] into the same pass.
//!
//! - [`train`] normalises with the batch's own statistics and returns them,
//! - [`eval`] normalises with given ones.
//!
//! Statistics are numerically stable where the mean is large and the deviation small.

#[cfg(feature = "cube")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
mod host;
mod kernel;
#[cfg(feature = "tch")]
mod libtorch;
mod operation;

use burn::backend::Dispatch;
use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{DType, Tensor};

use crate::device::has_kernels;
use operation::BatchNormOps;

/// What is applied to a normalised value before it is written.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // Short-lived, one at a time.
pub enum Fused {
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
/// `gamma (x - mean) / sqrt(variance + epsilon) + beta`, then `fused`.
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
    fused: Fused,
) -> Normalised {
    check(&x, &[&gamma, &beta], &fused);
    let is_f32 = all_f32(&x, &[&gamma, &beta], &fused);
    let (x, gamma, beta) = (
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
    );
    if !(is_f32 && has_kernels(&x)) {
        let [gamma, beta] = [gamma, beta].map(Tensor::from_dispatch);
        let plain = batch_norm_train(Tensor::<4>::from_dispatch(x), gamma, beta, epsilon);
        return Normalised {
            output: apply(plain.output, fused),
            mean: plain.mean,
            variance: plain.variance,
        };
    }
    let (output, mean, variance) = match fused {
        Fused::Nothing => Dispatch::norm_train(x, gamma, beta, epsilon, false),
        Fused::Relu => Dispatch::norm_train(x, gamma, beta, epsilon, true),
        Fused::AddRelu(shortcut) => {
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

/// Normalises `[batch, channels, height, width]` with given statistics, then `fused`.
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
    fused: Fused,
) -> Tensor<4> {
    check(&x, &[&gamma, &beta, &mean, &variance], &fused);
    let is_f32 = all_f32(&x, &[&gamma, &beta, &mean, &variance], &fused);
    // With given statistics, gradients come from burn's own operations: training does not need
    // them.
    if x.device().is_autodiff() || !is_f32 {
        return apply(batch_norm(x, gamma, beta, mean, variance, epsilon), fused);
    }
    let x = x.into_dispatch();
    if !has_kernels(&x) {
        return apply(
            batch_norm(
                Tensor::from_dispatch(x),
                gamma,
                beta,
                mean,
                variance,
                epsilon,
            ),
            fused,
        );
    }
    let [gamma, beta, mean, variance] = [gamma, beta, mean, variance].map(Tensor::into_dispatch);
    Tensor::from_dispatch(match fused {
        Fused::Nothing => Dispatch::norm_eval(x, gamma, beta, mean, variance, epsilon, false),
        Fused::Relu => Dispatch::norm_eval(x, gamma, beta, mean, variance, epsilon, true),
        Fused::AddRelu(shortcut) => Dispatch::norm_add_eval(
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

fn all_f32(x: &Tensor<4>, per_channel: &[&Tensor<1>], fused: &Fused) -> bool {
    !matches!(fused, Fused::AddRelu(shortcut) if shortcut.dtype() != DType::F32)
        && x.dtype() == DType::F32
        && per_channel
            .iter()
            .all(|vector| vector.dtype() == DType::F32)
}

/// `fused` from burn's own operations.
fn apply(value: Tensor<4>, fused: Fused) -> Tensor<4> {
    match fused {
        Fused::Nothing => value,
        Fused::Relu => relu(value),
        Fused::AddRelu(shortcut) => relu(value + shortcut),
    }
}

fn check(x: &Tensor<4>, per_channel: &[&Tensor<1>], fused: &Fused) {
    let [_, channels, _, _] = x.dims();
    for vector in per_channel {
        assert_eq!(
            vector.dims(),
            [channels],
            "one value for each of {channels} channels is needed"
        );
    }
    if let Fused::AddRelu(shortcut) = fused {
        assert_eq!(
            shortcut.dims(),
            x.dims(),
            "a shortcut has the shape of what it is added to"
        );
    }
}
