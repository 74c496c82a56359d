//! A step of stochastic gradient descent, as PyTorch's `SGD(momentum, weight_decay)` makes it.
//!
//! Composed of operations it reads and writes the parameters a dozen times; here three arrays are
//! read once and two written, in place of the gradient and of the old velocity.

#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "tch")]
mod libtorch;

use burn::backend::DispatchTensorKind;
use burn::tensor::{DType, Tensor};

use crate::device::has_kernels;
#[cfg(feature = "flex")]
use crate::flex::{from_dispatch as on_flex, into_dispatch as of_flex};
#[cfg(feature = "tch")]
use crate::libtorch::{from_dispatch as on_libtorch, into_dispatch as of_libtorch};

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

/// A step of many parameters, which LibTorch makes in one call: on a GPU each call has its price,
/// however little it computes.
///
/// ```
/// use amst_kernels::descent::{Descent, Sgd};
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let mut descent = Descent::new(Sgd { lr: 0.5, momentum: 0.9, weight_decay: 0.0 });
/// let (value, velocity) =
///     descent.step(Tensor::<2>::ones([2, 2], &device), Tensor::ones([2, 2], &device), None);
/// descent.finish();
/// assert_eq!(value.into_data().try_to_vec::<f32>().unwrap(), [0.5; 4]);
/// assert_eq!(velocity.dims(), [4]);
/// ```
#[must_use = "parameters have not moved before `finish`"]
pub struct Descent {
    sgd: Sgd,
    #[cfg(feature = "tch")]
    waiting: libtorch::Waiting,
}

impl Descent {
    /// A step without any parameter yet.
    pub fn new(sgd: Sgd) -> Self {
        Self {
            sgd,
            #[cfg(feature = "tch")]
            waiting: libtorch::Waiting::default(),
        }
    }

    /// The new value and velocity: `v ← momentum v + (g + weight_decay p)`, `p ← p − lr v`, and
    /// without a velocity yet `v ← g + weight_decay p`. **Their numbers are not to be read before
    /// [`Descent::finish`].**
    ///
    /// Velocities are flattened, `[numbers of the value]`. Nothing is to carry a gradient.
    ///
    /// # Panics
    ///
    /// If shapes or devices do not fit together.
    pub fn step<const D: usize>(
        &mut self,
        value: Tensor<D>,
        gradient: Tensor<D>,
        velocity: Option<Tensor<1>>,
    ) -> (Tensor<D>, Tensor<1>) {
        let (shape, size) = (value.dims(), value.dims().iter().product::<usize>());
        assert_eq!(
            shape,
            gradient.dims(),
            "a gradient has the shape of its parameter"
        );
        assert!(
            velocity.as_ref().is_none_or(|v| v.dims() == [size]),
            "a velocity has as many numbers as its parameter"
        );
        let velocity_fits = velocity.as_ref().is_none_or(|v| v.dtype() == DType::F32);
        let floats = value.dtype() == DType::F32 && gradient.dtype() == DType::F32 && velocity_fits;
        let plain = !value.device().is_autodiff() && !gradient.device().is_autodiff();
        let (value, gradient) = (value.into_dispatch(), gradient.into_dispatch());
        if !(floats && plain && has_kernels(&value)) {
            return composed(
                Tensor::from_dispatch(value),
                Tensor::from_dispatch(gradient),
                velocity,
                self.sgd,
            );
        }
        let velocity = velocity.map(Tensor::into_dispatch);
        let (value, velocity) = match value.kind {
            #[cfg(feature = "flex")]
            DispatchTensorKind::Flex(_) => {
                let (value, velocity) = flex::step(
                    on_flex(value),
                    on_flex(gradient),
                    velocity.map(on_flex),
                    self.sgd,
                );
                (of_flex(value), of_flex(velocity))
            }
            #[cfg(feature = "tch")]
            DispatchTensorKind::LibTorch(_) => {
                let (value, velocity) = (on_libtorch(value), velocity.map(on_libtorch));
                let (value, velocity) =
                    self.waiting
                        .step(value, on_libtorch(gradient), velocity, self.sgd);
                (of_libtorch(value), of_libtorch(velocity))
            }
            #[allow(unreachable_patterns)] // Where every device of the build has kernels.
            _ => unreachable!("a device with kernels"),
        };
        (
            Tensor::from_dispatch(value),
            Tensor::from_dispatch(velocity),
        )
    }

    /// Moves whatever has not moved yet.
    ///
    /// # Panics
    ///
    /// If parameters lie on more than one GPU.
    pub fn finish(self) {
        #[cfg(feature = "tch")]
        self.waiting.descend(self.sgd);
    }
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
    (
        value - velocity.clone().mul_scalar(sgd.lr),
        velocity.reshape([size]),
    )
}
