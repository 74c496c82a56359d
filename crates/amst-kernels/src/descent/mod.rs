//! A parameter's step of stochastic gradient descent, as PyTorch's `SGD(momentum, weight_decay)` makes it.
//!
//! Composed of operations it reads and writes the parameters a dozen times; here three arrays are
//! read once and two written, in place of the gradient and of the old velocity.

#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "tch")]
mod libtorch;
#[cfg_attr(not(any(feature = "flex", feature = "tch")), allow(dead_code, unused_variables))]
// Of a build without kernels.
mod operation;

use burn::backend::Dispatch;
use burn::tensor::{DType, Tensor};

use crate::device::has_kernels;
use operation::DescentOps;

/// Settings of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// How far along the velocity.
    pub lr: f64,
    /// Share of the old velocity in the new one.
    pub momentum: f64,
    /// Share of the value that is added to its gradient.
    pub weight_decay: f64,
}

/// The new value and velocity: `v ← momentum v + (g + weight_decay p)`, `p ← p − lr v`, and without a
/// velocity yet `v ← g + weight_decay p`.
///
/// Velocities are flattened, `[numbers of the value]`. Nothing is to carry a gradient.
///
/// # Panics
///
/// If shapes do not fit together.
pub fn step<const D: usize>(
    value: Tensor<D>,
    gradient: Tensor<D>,
    velocity: Option<Tensor<1>>,
    sgd: Sgd,
) -> (Tensor<D>, Tensor<1>) {
    let (shape, size) = (value.dims(), value.dims().iter().product::<usize>());
    assert_eq!(shape, gradient.dims(), "a gradient has the shape of its parameter");
    assert!(velocity.as_ref().is_none_or(|v| v.dims() == [size]), "a velocity has as many numbers as its parameter");
    let velocity_fits = velocity.as_ref().is_none_or(|v| v.dtype() == DType::F32);
    let floats = value.dtype() == DType::F32 && gradient.dtype() == DType::F32 && velocity_fits;
    let plain = !value.device().is_autodiff() && !gradient.device().is_autodiff();
    let (value, gradient) = (value.into_dispatch(), gradient.into_dispatch());
    if !(floats && plain && has_kernels(&value)) {
        return composed(Tensor::from_dispatch(value), Tensor::from_dispatch(gradient), velocity, sgd);
    }
    let (value, velocity) = match velocity {
        Some(velocity) => Dispatch::descend(value, gradient, velocity.into_dispatch(), sgd),
        None => Dispatch::first_descend(value, gradient, sgd),
    };
    (Tensor::from_dispatch(value), Tensor::from_dispatch(velocity))
}

fn composed<const D: usize>(
    value: Tensor<D>,
    gradient: Tensor<D>,
    velocity: Option<Tensor<1>>,
    sgd: Sgd,
) -> (Tensor<D>, Tensor<1>) {
    let (shape, size) = (value.dims(), value.dims().iter().product::<usize>());
    let decayed = match sgd.weight_decay {
        0.0 => gradient,
        decay => value.clone().mul_scalar(decay) + gradient,
    };
    let velocity = match velocity {
        Some(before) => before.reshape(shape).mul_scalar(sgd.momentum) + decayed,
        None => decayed,
    };
    (value - velocity.clone().mul_scalar(sgd.lr), velocity.reshape([size]))
}
