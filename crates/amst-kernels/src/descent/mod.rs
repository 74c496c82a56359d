//! An SGD step as PyTorch's `SGD(momentum, weight_decay)` makes it, fused.
//!
//! Composed of operations, a step reads and writes the parameters a dozen times. Here three arrays
//! are read once and two written, in place of the gradient and of the old velocity.

#[cfg(feature = "cube")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "tch")]
mod libtorch;
mod sgd;

use burn::backend::DispatchTensorKind;
use burn::tensor::{DType, Tensor};

use crate::device::has_kernels;

pub use sgd::Sgd;

/// A step of many parameters. LibTorch makes it in one call, because on a GPU each call has a fixed
/// cost.
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
#[must_use = "parameters are not updated before `finish`"]
pub struct Descent {
    sgd: Sgd,
    #[cfg(feature = "tch")]
    pending: libtorch::Pending,
}

impl Descent {
    /// A step without parameters yet.
    pub fn new(sgd: Sgd) -> Self {
        Self {
            sgd,
            #[cfg(feature = "tch")]
            pending: libtorch::Pending::default(),
        }
    }

    /// The new value and velocity: `v ← momentum v + (g + weight_decay p)`, `p ← p − lr v`, and
    /// without a velocity yet `v ← g + weight_decay p`. **They must not be read before
    /// [`Descent::finish`].**
    ///
    /// Velocities are flattened, `[elements of the value]`. No tensor may carry a gradient.
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
            "a velocity has as many elements as its parameter"
        );
        let is_f32 = value.dtype() == DType::F32
            && gradient.dtype() == DType::F32
            && velocity.as_ref().is_none_or(|v| v.dtype() == DType::F32);
        let is_autodiff = value.device().is_autodiff() || gradient.device().is_autodiff();
        let (value, gradient) = (value.into_dispatch(), gradient.into_dispatch());
        if !is_f32 || is_autodiff || !has_kernels(&value) {
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
                use crate::flex::{from_dispatch, into_dispatch};
                let (value, velocity) = flex::step(
                    from_dispatch(value),
                    from_dispatch(gradient),
                    velocity.map(from_dispatch),
                    self.sgd,
                );
                (into_dispatch(value), into_dispatch(velocity))
            }
            #[cfg(feature = "tch")]
            DispatchTensorKind::LibTorch(_) => {
                use crate::libtorch::{from_dispatch, into_dispatch};
                let (value, velocity) = self.pending.step(
                    from_dispatch(value),
                    from_dispatch(gradient),
                    velocity.map(from_dispatch),
                    self.sgd,
                );
                (into_dispatch(value), into_dispatch(velocity))
            }
            #[cfg(feature = "cube")]
            DispatchTensorKind::Cube(_) => self.sgd.step_on_cube(value, gradient, velocity),
            #[allow(unreachable_patterns)] // Every device of the build has kernels.
            _ => unreachable!("the device has kernels"),
        };
        (
            Tensor::from_dispatch(value),
            Tensor::from_dispatch(velocity),
        )
    }

    /// Updates the parameters that are not updated yet.
    ///
    /// # Panics
    ///
    /// If parameters are on more than one GPU.
    pub fn finish(self) {
        #[cfg(feature = "tch")]
        self.pending.finish(self.sgd);
    }
}

/// The step from burn's own operations.
fn composed<const D: usize>(
    value: Tensor<D>,
    gradient: Tensor<D>,
    velocity: Option<Tensor<1>>,
    sgd: Sgd,
) -> (Tensor<D>, Tensor<1>) {
    let (shape, size) = (value.dims(), value.dims().iter().product::<usize>());
    let gradient = if sgd.weight_decay == 0.0 {
        gradient
    } else {
        value.clone().mul_scalar(sgd.weight_decay) + gradient
    };
    let velocity = match velocity {
        Some(before) => before.reshape(shape).mul_scalar(sgd.momentum) + gradient,
        None => gradient,
    };
    (
        value - velocity.clone().mul_scalar(sgd.lr),
        velocity.reshape([size]),
    )
}
