//! Linear layers with their bias and, where one follows, their activation.
//!
//! burn reads and writes the product once more to add the bias, and again for the activation. Here
//! both happen to a part of the product that is in the cache.

mod host;
mod operation;

use burn::backend::Dispatch;
use burn::tensor::activation::gelu;
use burn::tensor::{DType, Tensor, module};

use crate::device::is_flex;
pub use operation::Activation;
use operation::LinearOps;

/// `activation(x weight + bias)` of every row of `x`, `[…, inputs]`: `[…, outputs]`. The weight is
/// `[inputs, outputs]`, the bias `[outputs]`.
///
/// # Panics
///
/// If shapes do not fit together.
pub fn linear<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activation: Activation,
) -> Tensor<D> {
    let ([inputs, outputs], [biases], width) = (weight.dims(), bias.dims(), x.dims()[D - 1]);
    assert!(
        width == inputs && biases == outputs && inputs > 0 && outputs > 0,
        "a weight of {inputs}×{outputs} and a bias of {biases} do not fit to rows of {width}"
    );
    let is_f32 = [x.dtype(), weight.dtype(), bias.dtype()] == [DType::F32; 3];
    let x = x.into_dispatch();
    if !(is_f32 && is_flex(&x)) {
        let output = module::linear(Tensor::<D>::from_dispatch(x), weight, Some(bias));
        return match activation {
            Activation::Nothing => output,
            Activation::Gelu => gelu(output),
        };
    }
    Tensor::from_dispatch(Dispatch::linear_activated(
        x,
        weight.into_dispatch(),
        bias.into_dispatch(),
        activation,
    ))
}
